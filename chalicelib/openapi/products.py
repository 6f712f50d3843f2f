"""Products, for those who sell them."""

from msgspec import Struct

from chalicelib import http
from chalicelib.http import ORGANISER
from chalicelib.openapi.collection import Collection
from chalicelib.openapi.entry import CURSOR, IDEMPOTENCY_KEY, LIMIT, Answer, Entry, path, problem
from chalicelib.products.api import ProductBody, ProductChange, StockChange
from chalicelib.products.model import Adjustment, Product, ProductId


class ProductPage(Struct, rename="camel", omit_defaults=True):
    products: list[Product]
    next_cursor: str = ""


class AdjustmentPage(Struct, rename="camel", omit_defaults=True):
    adjustments: list[Adjustment]
    next_cursor: str = ""


_EXAMPLE = {
    "productId": "tour-shirt",
    "name": "Tour shirt",
    "priceCents": 1999,
    "currency": "EUR",
    "stock": 48,
    "reserved": 1,
    "sold": 1,
}
_NEW = {"productId": "tour-shirt", "name": "Tour shirt", "priceCents": 1999, "stock": 50}
_ADJUSTMENT = {
    "adjustmentId": "1796000000000-5Zr9TfWc4mB2xYpL8gkq3v",
    "at": "2026-11-30T00:53:20.000Z",
    "by": "back office",
    "delta": 50,
    "reason": "Made",
}
_PRODUCT = path("product", ProductId, "The product's id", "tour-shirt")
_PRODUCTS = Collection("/products", "product", (ORGANISER,), _PRODUCT, Product, _EXAMPLE)
_NOT_YOURS = problem(
    409,
    "It names another id, or other numbers of reserved or sold pieces, than the product has",
    "Only orders change how many are sold: it is 1. Send it as it is, or leave it out",
    reason="not_yours",
)

ENTRIES = (
    _PRODUCTS.list(ProductPage, _EXAMPLE, "By id."),
    _PRODUCTS.make(
        ProductBody,
        _NEW,
        {
            409: problem(
                409,
                "Another product has this id; or it is new, and has reserved or sold pieces (`reason` is not_yours)",
                "There is a product tour-shirt already",
                reason="product_exists",
            ),
        },
        "Without a `productId` it gets one.",
    ),
    _PRODUCTS.see(),
    _PRODUCTS.replace(
        ProductBody,
        {"name": "Tour shirt", "priceCents": 1499},
        {409: _NOT_YOURS},
        "Its stock stays where it is left out. A stock that orders take from at the same time is better changed by a delta.",
    ),
    _PRODUCTS.change(ProductChange, {"priceCents": 1499}, {409: _NOT_YOURS}, "A merge patch (RFC 7396)."),
    _PRODUCTS.delete(
        "Delete a product",
        {
            204: Answer("It is gone"),
            409: problem(
                409,
                "Orders hold pieces of it, or have bought some",
                "The product is in orders: 1 reserved, 1 sold. Set its stock to 0 to end its sale",
                reason="in_orders",
                reserved=1,
                sold=1,
            ),
        },
    ),
    Entry(
        "POST",
        "/products/{product}/stock",
        "Adjust a product's stock",
        (ORGANISER,),
        says="By a delta, so that nobody else's is lost, and with a reason, which is kept.",
        parameters=(_PRODUCT, IDEMPOTENCY_KEY),
        body={http.JSON: StockChange},
        example={"delta": -2, "reason": "Damaged on the way"},
        answers={
            200: _PRODUCTS.as_it_is,
            404: _PRODUCTS.unknown,
            409: problem(
                409,
                "The stock would pass below zero",
                "50 cannot be taken away: 48 are in stock",
                reason="below_zero",
                stock=48,
            ),
        },
    ),
    Entry(
        "GET",
        "/products/{product}/stock",
        "See what was done to a product",
        (ORGANISER,),
        says="Every adjustment and every other change, oldest first.",
        parameters=(_PRODUCT, LIMIT, CURSOR),
        answers={
            200: Answer("A page of it", {http.JSON: AdjustmentPage}, {http.JSON: {"adjustments": [_ADJUSTMENT]}}),
            404: _PRODUCTS.unknown,
        },
    ),
)
