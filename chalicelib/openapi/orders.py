"""Orders, for the organiser's shop and back office."""

from chalicelib import http
from chalicelib.http import ORGANISER, SERVICE
from chalicelib.openapi.entry import IDEMPOTENCY_KEY, LOCATION, Answer, Entry, path, problem
from chalicelib.orders.api import OrderAccepted, OrderShown
from chalicelib.orders.model import NewOrder, OrderId

_ID = "0f8e7d6c5b4a39281706f5e4"
_NEW = {
    "customerId": "5Zr9TfWc4mB2xYpL8gkq3v",
    "items": [{"productId": "tour-shirt", "quantity": 2}],
    "paymentMethod": "pm_card_visa",
}
_EXAMPLE = {
    "orderId": _ID,
    "status": "PLACED",
    "customerId": "5Zr9TfWc4mB2xYpL8gkq3v",
    "items": [{"productId": "tour-shirt", "quantity": 2, "name": "Tour shirt", "priceCents": 1999}],
    "totalCents": 3998,
    "currency": "EUR",
    "paymentMethod": "pm_card_visa",
    "createdAt": "2026-11-30T00:53:20.000Z",
    "updatedAt": "2026-11-30T00:53:21.250Z",
    "timeline": [
        {"at": "2026-11-30T00:53:20.000Z", "what": "ACCEPTED"},
        {"at": "2026-11-30T00:53:20.500Z", "what": "BEGUN"},
        {"at": "2026-11-30T00:53:20.900Z", "what": "PAID"},
        {"at": "2026-11-30T00:53:21.100Z", "what": "RESERVED"},
        {"at": "2026-11-30T00:53:21.250Z", "what": "PLACED"},
    ],
}

ENTRIES = (
    Entry(
        "POST",
        "/orders",
        "Order products",
        (SERVICE,),
        says=(
            "It is accepted, and processed afterwards: charged, reserved and placed, usually within seconds. Its prices are the products' "
            "at this moment. An order that cannot be charged or reserved ends, and what it was charged goes back."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body={http.JSON: NewOrder},
        example=_NEW,
        answers={
            202: Answer(
                "It is accepted",
                {http.JSON: OrderAccepted},
                {http.JSON: {"orderId": _ID, "status": "ACCEPTED"}},
                (LOCATION,),
            ),
            400: problem(
                400,
                "There is no such customer, or no such product",
                "The order cannot be accepted",
                errors=[{"field": "items[0].productId", "message": "There is no product tour-shirt"}],
            ),
        },
    ),
    Entry(
        "GET",
        "/orders/{order}",
        "See what has become of an order",
        (ORGANISER, SERVICE),
        parameters=(path("order", OrderId, "The order's id", _ID),),
        answers={
            200: Answer("The order, and when what happened", {http.JSON: OrderShown}, {http.JSON: _EXAMPLE}),
            404: problem(404, "There is no such order"),
        },
    ),
)
