"""Payments: where payers come to."""

from chalicelib.http import FAN
from chalicelib.openapi.entry import HTML, LOCATION, TEXT, Answer, Entry, path, problem

_ORDER = path("order", str, "The order's id", "5f0c7c1f8d5e4a0b9c3d2e1f")

ENTRIES = (
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
