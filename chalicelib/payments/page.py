"""Where payers come to: back from the pages at which Stripe had them confirm; and, where no money moves, to confirm here.

What became of a payment is told where the order was made, as a payer may close the browser any time.
"""

from typing import TYPE_CHECKING

from chalice.app import Request, Response

from chalicelib.errors import NotFound
from chalicelib.http import response
from chalicelib.pages.language import preferred
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.payments.model import ACTION_REQUIRED

if TYPE_CHECKING:
    from chalicelib.payments.local import LocalPayments

_WORDS = {
    "en": {
        "back": "Thank you",
        "back_text": "You read what became of your payment where you ordered. You can close this page.",
        "confirm": "Confirm your payment",
        "confirm_text": "This is a test: no money moves.",
        "action": "Confirm",
    },
    "nl": {
        "back": "Dank je wel",
        "back_text": "Wat er met je betaling is gebeurd, lees je waar je hebt besteld. Je kunt deze pagina sluiten.",
        "confirm": "Bevestig je betaling",
        "confirm_text": "Dit is een test: er wordt niets betaald.",
        "action": "Bevestig",
    },
}


class PaymentPage:
    """`local` is the provider where no money moves; None where Stripe has pages of its own."""

    def __init__(self, pages: Pages, local: "LocalPayments | None") -> None:
        self._pages = pages
        self._local = local

    def show(self, order_id: str, request: Request) -> Response:
        """`GET /payments/{order}`: a button, as long as the payment of the order waits for it; else thanks."""
        language = preferred(request.headers.get("accept-language", ""), list(_WORDS))
        waits = self._local is not None and self._local.find(order_id).status == ACTION_REQUIRED
        values: dict[str, object] = {"words": _WORDS[language], "step": "confirm" if waits else "back"}
        return self._pages.show("payment.html", language, values, PRIVATE)

    def confirm(self, order_id: str) -> Response:
        """`POST /payments/{order}`: the button was pressed. `NotFound` where it cannot have been."""
        if self._local is None:
            raise NotFound("Payments are confirmed at the payment provider")
        self._local.confirm(order_id)
        return response("", "text/plain", {**PRIVATE, "Location": self._pages.url(f"/payments/{order_id}")}, 303)
