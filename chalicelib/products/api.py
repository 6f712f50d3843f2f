"""The HTTP edge of products."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chalice.app import Request, Response
from msgspec import UNSET, UnsetType, to_builtins
from msgspec.structs import replace

from chalicelib import http, validation
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import Conflict
from chalicelib.idempotency import Act, Idempotency
from chalicelib.ids import unguessable
from chalicelib.products.model import (
    Adjustment,
    Cents,
    Currency,
    Delta,
    Name,
    Pieces,
    Product,
    ProductId,
    Reason,
    Stored,
)
from chalicelib.products.service import Products
from chalicelib.validation import Body


class ProductChange(Body, frozen=True, kw_only=True):
    """What is left out stays as it is. What only we change may be sent back as it was read."""

    name: Name | UnsetType = UNSET
    price_cents: Cents | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    stock: Pieces | UnsetType = UNSET
    product_id: ProductId | UnsetType = UNSET
    reserved: Pieces | UnsetType = UNSET
    sold: Pieces | UnsetType = UNSET


class ProductBody(ProductChange, frozen=True, kw_only=True):
    name: Name
    price_cents: Cents


class StockChange(Body, frozen=True, kw_only=True):
    delta: Delta
    reason: Reason


class ProductsApi:
    def __init__(
        self,
        products: Products,
        idempotency: Idempotency,
        base_url: str,
        clock: Clock,
        new_id: Callable[[], str] = unguessable,
    ) -> None:
        self._products = products
        self._idempotency = idempotency
        self._base_url = base_url
        self._clock = clock
        self._new_id = new_id

    def list(self, request: Request) -> Response:
        """`GET /products`: pages, by id."""
        limit, after = http.page(request, "products")
        products, last = self._products.page(after, limit)
        return _page("products", products, http.cursor("products", last))

    def create(self, request: Request) -> Response:
        """`POST /products`: 201; 409 for an id that another product has. Without an id it gets one."""
        body = validation.decode(http.raw_body(request), ProductBody)
        return self._idempotency.once(request, lambda act: self._created(body, act))

    def show(self, product_id: str, _request: Request) -> Response:
        """`GET /products/{id}`, or 404."""
        return _shown(self._products.get(product_id))

    def replace(self, product_id: str, request: Request) -> Response:
        """`PUT /products/{id}`: 200, in the version of If-Match or else 412."""
        return self._change(product_id, request, ProductBody)

    def change(self, product_id: str, request: Request) -> Response:
        """`PATCH /products/{id}` with a merge patch (https://www.rfc-editor.org/rfc/rfc7396), as `replace`."""
        return self._change(product_id, request, ProductChange)

    def delete(self, product_id: str, request: Request) -> Response:
        """`DELETE /products/{id}`: 204; 409 while it is in orders."""
        self._products.delete(product_id, http.if_match(request), self._act(request))
        return http.Text("", {"Cache-Control": "no-store"}, 204)

    def adjust(self, product_id: str, request: Request) -> Response:
        """`POST /products/{id}/stock`: 200 with the product as it is then; 409 where the stock would pass below zero."""
        body = validation.decode(http.raw_body(request), StockChange)
        adjust = partial(self._products.adjust, product_id, body.delta, body.reason)
        return self._idempotency.once(request, lambda act: _shown(adjust(act)))

    def adjustments(self, product_id: str, request: Request) -> Response:
        """`GET /products/{id}/stock`: pages of what was done, oldest first."""
        of = f"adjustments of {product_id}"
        limit, after = http.page(request, of)
        adjustments, last = self._products.adjustments(product_id, after, limit)
        return _page("adjustments", adjustments, http.cursor(of, last))

    def _created(self, body: ProductBody, act: Act) -> Response:
        product_id = body.product_id or hashlib.sha256(act.id.encode()).hexdigest()[:16]
        blank = Product(product_id=product_id, name=body.name, price_cents=body.price_cents)
        stored = self._products.create(_changed(blank, body), act)
        return _shown(stored, 201, {"Location": f"{self._base_url}/products/{product_id}"})

    def _change(self, product_id: str, request: Request, kind: type[ProductChange]) -> Response:
        version, body = http.if_match(request), validation.decode(http.raw_body(request), kind)
        changed = partial(_changed, body=body)
        return _shown(self._products.change(product_id, version, self._act(request), changed))

    def _act(self, request: Request) -> Act:
        return Act(http.principal(request).name, milliseconds(self._clock), self._new_id())


def _changed(product: Product, body: ProductChange) -> Product:
    """The product with what was sent, or `Conflict` where that is not the caller's to change."""
    sent = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}
    for name, why in _OURS.items():
        now = getattr(product, name)
        if sent.get(name, now) != now:
            raise Conflict(f"{why}: it is {now}. Send it as it is, or leave it out", reason="not_yours")
    return replace(product, **sent)


_OURS = {
    "product_id": "A product's id never changes",
    "reserved": "Only orders change how many are reserved",
    "sold": "Only orders change how many are sold",
}


def _shown(stored: Stored, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return http.json_response(
        to_builtins(stored.product), status, {"ETag": http.etag(stored.version), **(headers or {})}
    )


def _page(name: str, items: Sequence[Product | Adjustment], cursor: str) -> Response:
    return http.json_response({name: to_builtins(items)} | ({"nextCursor": cursor} if cursor else {}))
