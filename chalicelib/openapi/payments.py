"""Payments: what Stripe tells of them (https://docs.stripe.com/api/events/object), and where payers come to."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import FAN, PLATFORM
from chalicelib.openapi.entry import HTML, LOCATION, TEXT, Answer, Entry, path, problem


class StripeEvent(Struct):
    type: Annotated[str, Meta(examples=["payment_intent.succeeded", "refund.failed"])]
    data: Annotated[dict[str, Any], Meta(description="`object` is what the event is about")]


class PaidWith(Struct):
    method: Annotated[
        str, Meta(description="The payment provider's name for a card, as its script in the page makes it")
    ] = ""


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
        "Pay for what was ordered in a chat",
        FAN,
        says=(
            "The payer says here how they pay, confirms a payment, comes back from doing so at their bank, and sees what became of it. "
            "Where no money moves (`PAYMENTS` is local), buttons stand for cards."
        ),
        parameters=(_ORDER,),
        answers={
            200: Answer("What is ordered, and what is to be done or became of it", {HTML: str}),
            404: problem(404, "There is no such order"),
        },
    ),
    Entry(
        "POST",
        "/payments/{order}",
        "Say how an order is paid",
        FAN,
        says="Only where the order waits for it. Without a body it confirms a payment that waits for that, where no money moves.",
        parameters=(_ORDER,),
        body={http.FORM: PaidWith},
        example={"method": "pm_card_visa"},
        answers={
            303: Answer("It is being processed, or was before: look at it", {TEXT: str}, headers=(LOCATION,)),
            400: problem(
                400,
                "The order waits for a payment method, and none was sent",
                "The payment cannot be begun",
                errors=[{"field": "method", "message": "must be the payment provider's name for a card"}],
            ),
            404: problem(404, "There is no such order"),
        },
    ),
)
