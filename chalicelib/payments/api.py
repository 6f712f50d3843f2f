"""The HTTP edge of Stripe: how payments ended that were not over when their order was charged (https://docs.stripe.com/webhooks).

An event that cannot be passed on is answered 503, and Stripe sends it again for three days. It may come twice, late, or out of order:
what it leads to is the same, as an order takes note of how its payment ended once.
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any, cast

from chalice.app import Request, Response

from chalicelib import errors
from chalicelib.clock import Clock
from chalicelib.http import response
from chalicelib.logs import Log
from chalicelib.payments import intent, signature
from chalicelib.payments.needs import Orders, Secrets


class StripeWebhook:
    def __init__(self, secrets: Secrets, orders: Orders, *, clock: Clock, log: Log) -> None:
        self._secrets = secrets
        self._orders = orders
        self._clock = clock
        self._log = log

    def receive(self, request: Request) -> Response:
        """Tell the orders how a payment ended, and a person of a refund that a bank refused.

        `Unauthenticated` unless Stripe signed it just now; `Unavailable` when the orders cannot take note, so that it comes again.
        """
        raw = cast("bytes", request.raw_body)  # Chalice's type says `str | bytes`; it always gives bytes
        self._verify(raw, request)
        kind, told = _event(raw)
        match kind:
            case "payment_intent.succeeded" | "payment_intent.payment_failed" | "payment_intent.canceled":
                self._tell(kind, told)
            case "refund.failed":  # https://docs.stripe.com/refunds#failed-refunds
                self._log("refund_failed", level="alarm", order=_order_id(told), refunds_failed=1)
            case _:
                self._log("ignored", provider="stripe", kind=kind)
        return response("", "text/plain")

    def _verify(self, raw: bytes, request: Request) -> None:
        secret = signature.signing_secret(self._secrets.get("stripe"))
        reason = signature.refusal(raw, request.headers.get("stripe-signature"), secret, self._clock())
        if reason:
            self._log("refused", route="stripe", reason=reason, refusals=1)
            raise errors.Unauthenticated(
                "The request is not signed with this endpoint's secret within the last five minutes (Stripe-Signature)"
            )

    def _tell(self, kind: str, told: Mapping[str, Any]) -> None:
        """The account may have payments that are not ours: other stages' and other programs'."""
        order_id, charge, ours = _order_id(told), intent.charge(told), False
        if order_id and charge:
            with contextlib.suppress(errors.NotFound):
                self._orders.payment_ended(order_id, charge)
                ours = True
        self._log("payment_ended", kind=kind, order=order_id, ours=int(ours))


def _event(raw: bytes) -> tuple[str, Mapping[str, Any]]:
    """An event's type, and the object that it is about: https://docs.stripe.com/api/events/object ."""
    try:
        event = json.loads(raw)
        kind, told = event["type"], event["data"]["object"]
    except (ValueError, RecursionError, LookupError, TypeError):
        kind = told = None
    if not isinstance(kind, str) or not isinstance(told, dict):
        raise errors.Invalid("The body is not an event of Stripe's")
    return kind, told


def _order_id(told: Mapping[str, Any]) -> str:
    """As we gave it to Stripe with what we asked for."""
    metadata = told.get("metadata")
    value = metadata.get("order_id") if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""
