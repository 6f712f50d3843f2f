"""Every event that we publish: past-tense facts of orders, a class each. docs/events.md is made of this module.

They are published on the bus `guestlist-<stage>-order-events`. An event may come more than once and in any order: whoever acts on one
does so once for its `orderId`. Fields are only ever added; whatever else changes is a new version.
"""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

SOURCE = "order.service"

OrderId = Annotated[str, Meta(description="The order, as `GET /orders/{orderId}` shows it")]
CustomerId = Annotated[str, Meta(description="The user who ordered")]
Amount = Annotated[float, Meta(ge=0, description="The total in units of the currency: 1000.01")]
Currency = Annotated[str, Meta(description="ISO 4217", examples=["EUR"])]
Timestamp = Annotated[str, Meta(description="When it happened: 2026-12-05T19:00:00.000Z")]
Reason = Annotated[str, Meta(description="A short constant, for programs")]


class Line(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was ordered of one product."""

    product_id: str
    quantity: Annotated[int, Meta(ge=1)]


class OrderPlaced(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order is paid, and its products are reserved."""

    detail_type: ClassVar[str] = "Order Placed"

    order_id: OrderId
    customer_id: CustomerId
    amount: Amount
    currency: Currency
    items: Annotated[list[Line], Meta(min_length=1)]
    timestamp: Timestamp
    version: Literal[1] = 1


class OrderRejected(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order was refused before anybody paid: it is invalid, or its payment was declined."""

    detail_type: ClassVar[str] = "Order Rejected"

    order_id: OrderId
    customer_id: CustomerId
    reason: Reason
    timestamp: Timestamp
    version: Literal[1] = 1


class OrderRefunded(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order was paid and could not be kept: the money went back."""

    detail_type: ClassVar[str] = "Order Refunded"

    order_id: OrderId
    customer_id: CustomerId
    amount: Amount
    currency: Currency
    reason: Reason
    timestamp: Timestamp
    version: Literal[1] = 1


class OrderFailed(Struct, frozen=True, kw_only=True, rename="camel"):
    """An order ended by a fault of ours before anybody paid."""

    detail_type: ClassVar[str] = "Order Failed"

    order_id: OrderId
    customer_id: CustomerId
    reason: Reason
    timestamp: Timestamp
    version: Literal[1] = 1


Event = OrderPlaced | OrderRejected | OrderRefunded | OrderFailed

CATALOGUE: tuple[type[Event], ...] = (OrderPlaced, OrderRejected, OrderRefunded, OrderFailed)
