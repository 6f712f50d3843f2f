"""What payments need of others. Types only."""

from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib.payments.model import Charge


class Orders(Protocol):
    """Whoever waits for payments that end later: when the payer has confirmed, or never will."""

    def payment_ended(self, order_id: str, charge: Charge) -> None:
        """Take note of what became of an order's payment.

        It is told of every payment: perhaps twice, or late; of an order whose charge was answered already; of one that has ended, and then
        wants `Payments.refund`. `NotFound` where it is no order of ours; `Unavailable` to be told again later.
        """


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""
