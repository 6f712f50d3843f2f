"""Where payers come to: to say how they pay for what they ordered in a chat, to confirm a payment, and to see what became of it.

Whoever holds the order's id may pay for it. The page asks again by itself while the order is being processed; a payer may close the browser
any time, and is told in the chat too. Where no money moves, it has a button for each way that a payment can go.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from chalice.app import Request, Response

from chalicelib.errors import FieldError, Invalid, Unavailable
from chalicelib.http import raw_body, response
from chalicelib.pages.language import preferred
from chalicelib.pages.money import money
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.payments.needs import Order, PaidOrders, Secrets
from chalicelib.payments.texts import PAYMENT

if TYPE_CHECKING:
    from chalicelib.payments.local import LocalPayments

TEST_METHODS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired")
"""Cards that Stripe has for tests, and the local provider treats alike: https://docs.stripe.com/testing#cards ."""

AGAIN = {"Refresh": "2"}
"""Seconds until the browser looks again: https://html.spec.whatwg.org/multipage/document-lifecycle.html#the-refresh-header ."""

STRIPE_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' https://js.stripe.com; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' https://api.stripe.com; frame-src https://js.stripe.com https://hooks.stripe.com; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}
"""Where a card is entered, in frames of Stripe's: https://docs.stripe.com/security/guide#content-security-policy ."""

_METHOD = re.compile("[!-~]{1,100}")


class PaymentPage:
    """`local` is the provider where no money moves; None where Stripe takes the cards."""

    def __init__(self, pages: Pages, orders: PaidOrders, secrets: Secrets, local: "LocalPayments | None") -> None:
        self._pages = pages
        self._orders = orders
        self._secrets = secrets
        self._local = local

    def show(self, order_id: str, request: Request) -> Response:
        """`GET /payments/{order}`: what was ordered, and what is to be done; or what became of it."""
        order = self._orders.get(order_id)
        accepted = preferred(request.headers.get("accept-language", ""), list(PAYMENT))
        language = order.language or accepted
        step = _step(order)
        key = self._publishable_key() if step == "pay" and self._local is None else ""
        values: dict[str, object] = {
            "words": PAYMENT[language],
            "step": step,
            "items": [f"{item.quantity} x {item.name}" for item in order.items],
            "total": money(order.total_cents, language),
            "local": self._local is not None,
            "methods": TEST_METHODS,
            "key": key,
            "confirm_at": order.payment_url,
        }
        headers = {**PRIVATE, **(STRIPE_SECURITY if key else {}), **(AGAIN if step in {"confirm", "working"} else {})}
        return self._pages.show("payment.html", language, values, headers)

    def take(self, order_id: str, request: Request) -> Response:
        """`POST /payments/{order}`, a form: the payer's `method`, where the order waits for it; elsewhere the button that confirms.

        Again changes nothing. `NotFound` where there is no such order, `Invalid` without a method.
        """
        order = self._orders.get(order_id)
        if order.awaits_method:
            self._orders.pay_with(order_id, _method(request))
        elif order.payment_url and self._local:
            self._local.confirm(order_id)
        return response("", "text/plain", {**PRIVATE, "Location": self._pages.url(f"/payments/{order_id}")}, 303)

    def _publishable_key(self) -> str:
        key = self._secrets.get("stripe").get("publishable_key")
        if not key:
            raise Unavailable("The secret stripe has no publishable_key: an operator must set it")
        return str(key)


def _step(order: Order) -> str:
    if order.awaits_method:
        return "pay"
    if order.status != "ACCEPTED":
        return order.status.lower()
    return "confirm" if order.payment_url else "working"


def _method(request: Request) -> str:
    form = parse_qs(raw_body(request).decode("utf-8", "replace"))
    method = form.get("method", [""])[0]
    if not _METHOD.fullmatch(method):
        raise Invalid(
            "The payment cannot be begun", (FieldError("method", "must be the payment provider's name for a card"),)
        )
    return method
