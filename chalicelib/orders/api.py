"""The HTTP edge of orders."""

from typing import Annotated

from chalice.app import Request, Response
from msgspec import Meta, Struct, to_builtins

from chalicelib import http, validation
from chalicelib.clock import iso
from chalicelib.idempotency import Act, Idempotency
from chalicelib.orders.model import Item, NewOrder, Order, Status, Step
from chalicelib.orders.service import Orders

Time = Annotated[str, Meta(description="2026-12-05T19:00:00.000Z")]


class EventShown(Struct, frozen=True):
    at: Time
    what: Step


class OrderShown(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    order_id: str
    status: Status
    customer_id: str
    items: tuple[Item, ...]
    total_cents: int
    currency: str
    payment_method: Annotated[str, Meta(description="Empty while the customer has yet to say how they pay")]
    created_at: Time
    updated_at: Time
    timeline: tuple[EventShown, ...]
    reason: Annotated[str, Meta(description="Why it was not placed, such as `card_declined` or `out_of_stock`")] = ""
    payment_url: Annotated[str, Meta(description="Where the customer pays, or confirms it, while that is needed")] = ""
    campaign_id: Annotated[str, Meta(description="The campaign that sold it, where there is one")] = ""


class OrderAccepted(Struct, frozen=True, rename="camel"):
    order_id: str
    status: Status


class OrdersApi:
    def __init__(self, orders: Orders, idempotency: Idempotency, base_url: str) -> None:
        self._orders = orders
        self._idempotency = idempotency
        self._base_url = base_url

    def create(self, request: Request) -> Response:
        """`POST /orders`: 202, as it is processed afterwards; 400 names products and customers that there are not."""
        new = validation.decode(http.raw_body(request), NewOrder)
        return self._idempotency.once(request, lambda act: self._accepted(new, act))

    def show(self, order_id: str, _request: Request) -> Response:
        """`GET /orders/{order}`: what has become of it, or 404."""
        return http.json_response(to_builtins(_shown(self._orders.get(order_id))))

    def _accepted(self, new: NewOrder, act: Act) -> Response:
        order = self._orders.accept(new, act)
        accepted = OrderAccepted(order.order_id, "ACCEPTED")
        return http.json_response(to_builtins(accepted), 202, {"Location": f"{self._base_url}/orders/{order.order_id}"})


def _shown(order: Order) -> OrderShown:
    return OrderShown(
        order_id=order.order_id,
        status=order.status,
        customer_id=order.customer_id,
        items=order.items,
        total_cents=order.total_cents,
        currency=order.currency,
        payment_method=order.payment_method,
        created_at=iso(order.created_at),
        updated_at=iso(order.updated_at),
        timeline=tuple(EventShown(iso(event.at), event.what) for event in order.timeline),
        reason=order.reason,
        payment_url=order.payment_url,
        campaign_id=order.campaign_id,
    )
