"""What the rest of Guestlist knows of payments: that an order is charged, and that it gets its money back."""

from typing import Literal, NamedTuple, Protocol

from chalicelib.errors import Unprocessable

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


class Payment(NamedTuple):
    """An order's one payment, as we keep it."""

    order_id: str
    amount_cents: int = 0
    currency: str = ""
    method: str = ""
    reference: str = ""
    """As in `Charge`."""
    state: str = ENDED
    """`ENDED`, or one that the provider gives it."""
    reason: str = ""
    """As in `Charge`."""

    def check(self, asked: "Payment") -> None:
        """`Unprocessable` where this, begun before, is not what is asked for now."""
        if self.amount_cents and self[:4] != asked[:4]:
            raise Unprocessable(f"The order {self.order_id} was to be charged something else before")


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
