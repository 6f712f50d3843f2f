"""What payments need of others. Types only."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from chalicelib.payments.model import Charge


class Orders(Protocol):
    """Whoever waits for payments that end later: when the payer has confirmed, or never will."""

    def payment_ended(self, order_id: str, charge: Charge) -> None:
        """Take note of what became of an order's payment.

        It is told of every payment: perhaps twice, or late; of an order whose charge was answered already; of one that has ended, and then
        wants `Payments.refund`. `NotFound` where it is no order of ours; `Unavailable` to be told again later.
        """


class Item(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def quantity(self) -> int: ...


class Order(Protocol):
    @property
    def status(self) -> str: ...
    @property
    def items(self) -> Sequence[Item]: ...
    @property
    def total_cents(self) -> int: ...
    @property
    def language(self) -> Literal["", "en", "nl"]: ...
    @property
    def payment_url(self) -> str: ...
    @property
    def awaits_method(self) -> bool:
        """Whether it waits for its payer to say how they pay."""


class PaidOrders(Protocol):
    """The orders that payers pay for on our page."""

    def get(self, order_id: str) -> Order:
        """The order as it is now, or `NotFound`."""

    def pay_with(self, order_id: str, method: str) -> Order:
        """Have an order processed that waited for this payment method; any other stays as it is."""


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""
