"""What the rest of Guestlist knows of payments: that an order is charged, and that it gets its money back."""

from typing import Literal, NamedTuple, Protocol

Status = Literal["paid", "declined", "action_required"]

PAID: Status = "paid"
DECLINED: Status = "declined"
ACTION_REQUIRED: Status = "action_required"

ENDED = "payment_ended"
"""Why an order is not charged any more: `Payments.refund` came first."""


class Charge(NamedTuple):
    """What became of charging an order."""

    status: Status
    reference: str
    """The provider's name for the payment, for people who look it up there; empty where it never knew of one."""
    reason: str = ""
    """Why it was declined: the provider's word, such as `insufficient_funds`, or `ENDED`."""
    url: str = ""
    """Where the payer confirms it, if an action is required: until then nothing is charged."""


class Payments(Protocol):
    """Charges orders and gives their money back, each at most once, however often and in whatever order it is asked."""

    def charge(self, order_id: str, amount_cents: int, currency: str, method: str) -> Charge:
        """Charge an order (its amount is above 0), or say what became of it when it was charged before.

        `Unavailable` where that is not known: ask again. `Unprocessable` where the order was to be charged something else before.
        """

    def refund(self, order_id: str) -> bool:
        """Give back what the order was charged; true where that was something, now or before.

        Afterwards it cannot be charged. So this ends a payment whose outcome was never learnt, too: a charge that is still on its way is
        undone or refused. `Unavailable` where it is not done for certain: ask again.
        """


class Orders(Protocol):
    """Whoever waits for payments that end later: when the payer has confirmed, or never will."""

    def payment_ended(self, order_id: str, charge: Charge) -> None:
        """Take note of what became of a payment; it may be told twice, late, or of an order that has ended (which then refunds it).

        `NotFound` where it is no order of ours; `Unavailable` to be told again later.
        """
