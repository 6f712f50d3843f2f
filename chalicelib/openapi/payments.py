"""Payments: what Stripe tells of them (https://docs.stripe.com/api/events/object), and where payers come to."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import FAN, PLATFORM
from chalicelib.openapi.entry import HTML, LOCATION, TEXT, Answer, Entry, path, problem


class StripeEvent(Struct):
    type: Annotated[str, Meta(examples=["payment_intent.succeeded", "refund.failed"])]
    data: Annotated[dict[str, Any], Meta(description="`object` is what the event is about")]


_ORDER = path("order", str, "The order's id", "5f0c7c1f8d5e4a0b9c3d2e1f")

_EVENT = {
    "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    "object": "event",
    "type": "payment_intent.succeeded",
    "data": {
        "object": {
            "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
            "object": "payment_intent",
            "status": "succeeded",
            "metadata": {"order_id": "5f0c7c1f8d5e4a0b9c3d2e1f"},
        }
    },
}

ENTRIES = (
    Entry(
        "POST",
        "/webhooks/stripe",
        "Take what became of a payment",
        PLATFORM,
        says="Signed in `Stripe-Signature`, at most five minutes ago.",
        body={http.JSON: StripeEvent},
        example=_EVENT,
        answers={
            200: Answer("Taken", {TEXT: str}),
            401: problem(
                401,
                "The request is not signed with this endpoint's secret within the last five minutes (Stripe-Signature)",
            ),
        },
    ),
    Entry(
        "GET",
        "/payments/{order}",
        "Come back from paying",
        FAN,
        says="Where no money moves (`PAYMENTS` is local), a payment that its payer must confirm is confirmed here.",
        parameters=(_ORDER,),
        answers={
            200: Answer("Thanks; or a button that confirms", {HTML: str}),
            404: problem(404, "There is no such payment"),
        },
    ),
    Entry(
        "POST",
        "/payments/{order}",
        "Confirm a payment where no money moves",
        FAN,
        parameters=(_ORDER,),
        answers={
            303: Answer("It is confirmed, unless it had ended: look at it", {TEXT: str}, headers=(LOCATION,)),
            404: problem(404, "There is no such payment; or payments are confirmed at the payment provider"),
        },
    ),
)
