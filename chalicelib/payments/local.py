"""A provider of payments that moves no money: what is charged and given back stands in our own table.

It treats Stripe's test payment methods as Stripe does, so that a local stage and a rehearsal take the ways of a real one:
https://docs.stripe.com/testing#cards .
"""

import re

from chalicelib import ids
from chalicelib.errors import NotFound
from chalicelib.payments.model import ACTION_REQUIRED, DECLINED, ENDED, PAID, Charge, Payment
from chalicelib.payments.store import PaymentStore

REFUNDED = "refunded"

_DECLINED = re.compile("pm_card_(?:visa_)?chargeDeclined([A-Za-z]*)")
_ACTION = re.compile("pm_card_(?:authenticationRequired|threeDSecure(?:2)?Required)")
_PAYS = re.compile("pm_card_[a-z_]+")


class LocalPayments:
    """`Payments` without money. The payer confirms a payment that requires it by `confirm`."""

    def __init__(self, store: PaymentStore, base_url: str) -> None:
        self._store = store
        self._base_url = base_url

    def charge(self, order_id: str, amount_cents: int, currency: str, method: str) -> Charge:
        """See `Payments.charge`."""
        state, reason = _outcome(method)
        asked = Payment(order_id, amount_cents, currency, method, f"local_{ids.digest(order_id)}", state, reason)
        held = self._store.begin(asked)
        held.check(asked)
        return self._charge(held)

    def refund(self, order_id: str) -> bool:
        """See `Payments.refund`."""
        held = self._store.begin(Payment(order_id))
        while held.state not in {ENDED, REFUNDED}:
            held = self._store.bring(held, REFUNDED if held.state == PAID else ENDED)
        return held.state == REFUNDED

    def find(self, order_id: str) -> Charge:
        """What has become of an order's payment; `NotFound` where there is none."""
        return self._charge(self._held(order_id))

    def confirm(self, order_id: str) -> None:
        """Have a payment paid that waits for its payer; any other stays as it is. `NotFound` where there is none."""
        held = self._held(order_id)
        if held.state == ACTION_REQUIRED:
            self._store.bring(held, PAID)

    def _held(self, order_id: str) -> Payment:
        held = self._store.find(order_id)
        if held is None:
            raise NotFound("There is no such payment")
        return held

    def _charge(self, held: Payment) -> Charge:
        if held.state == PAID:
            return Charge(PAID, held.reference)
        if held.state == ACTION_REQUIRED:
            return Charge(ACTION_REQUIRED, held.reference, url=f"{self._base_url}/payments/{held.order_id}")
        return Charge(DECLINED, held.reference, held.reason if held.state == DECLINED else ENDED)


def _outcome(method: str) -> tuple[str, str]:
    """The state to which charging a method leads, and the reason, in Stripe's words: https://docs.stripe.com/declines/codes ."""
    if _ACTION.fullmatch(method):
        return ACTION_REQUIRED, ""
    if declined := _DECLINED.fullmatch(method):
        return DECLINED, re.sub("(?<!^)(?=[A-Z])", "_", declined[1]).lower() or "generic_decline"
    return (PAID, "") if _PAYS.fullmatch(method) else (DECLINED, "resource_missing")
