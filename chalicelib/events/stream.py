"""A row's change in the stream of the table `orders` becomes an event, or nothing."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.aws.tables import as_item
from chalicelib.clock import iso
from chalicelib.events.catalogue import Event, Line, OrderFailed, OrderPlaced, OrderRefunded, OrderRejected


class Unreadable(ValueError):
    """A record that makes no event however often it is read. Its text names the field, and no value."""


class _Order(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What of an order's row its events tell. Money is in cents, time in milliseconds since the epoch."""

    status: str
    customer_id: str
    items: list[Line]
    total_cents: int
    currency: str
    updated_at: int
    reason: str = ""


_TELLING = frozenset({"PLACED", "REJECTED", "REFUNDED", "FAILED"})


def event_of(record: Mapping[str, Any]) -> Event | None:
    """The event that a record tells; `Unreadable` where it ought to tell one and cannot.

    A record: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html . Its event is made of the row alone, so the same record makes
    the same event again.
    """
    try:
        change = record["dynamodb"]
        pk, sk = (change["Keys"][name]["S"] for name in ("pk", "sk"))
        kind, _, order_id = pk.partition("#")
        if (kind, sk) != ("order", "order"):
            return None
        new, old = (as_item(change.get(image) or {}) for image in ("NewImage", "OldImage"))
        status = new.get("status")
        if status not in _TELLING or status == old.get("status"):
            return None
        return _event(order_id, msgspec.convert(new, _Order))
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(type(error).__name__) from error


def _event(order_id: str, order: _Order) -> Event:
    about: dict[str, Any] = {"order_id": order_id, "customer_id": order.customer_id, "timestamp": iso(order.updated_at)}
    total: dict[str, Any] = {"amount": order.total_cents / 100, "currency": order.currency}
    match order.status:
        case "PLACED":
            return OrderPlaced(**about, **total, items=order.items)
        case "REJECTED":
            return OrderRejected(**about, reason=order.reason)
        case "FAILED":
            return OrderFailed(**about, reason=order.reason)
    return OrderRefunded(**about, **total, reason=order.reason)
