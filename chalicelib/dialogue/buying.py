"""What a fan buys in the chat, in words."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from chalicelib.dialogue import texts
from chalicelib.pages.money import money

if TYPE_CHECKING:
    from chalicelib.orders.model import Order

_REASONS = {
    "not_paid": "order_not_paid",
    "not_confirmed": "order_not_confirmed",
    "out_of_stock": "order_out_of_stock",
}
"""Why an order came to nothing, where that is not the payment's fault."""


class Piece(Protocol):
    @property
    def quantity(self) -> int: ...
    @property
    def name(self) -> str: ...


def standing(language: str, order: "Order") -> str:
    """How an order stands, for who made it."""
    values = {
        "items": listed(order.items),
        "total": money(order.total_cents, language),
        "url": order.payment_url,
        "why": _why(language, order.reason),
    }
    key = order.status.lower()
    if order.status == "ACCEPTED":
        key = "waits" if order.payment_url else "accepted"
    return texts.say(language, f"order_{key}", **values)


def listed(pieces: Iterable[Piece]) -> str:
    """`2 x VIP package, 1 x Cap`."""
    return ", ".join(f"{piece.quantity} x {piece.name}" for piece in pieces)


def _why(language: str, reason: str) -> str:
    invalid = "order_invalid" if reason.startswith("invalid_") else "order_declined"
    return texts.say(language, _REASONS.get(reason, invalid))
