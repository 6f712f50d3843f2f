"""A product: what it costs, and how much of it there is."""

from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from chalicelib.validation import NOT_BLANK

MOST_CENTS = 100_000_000
MOST_PIECES = 1_000_000_000

ProductId = Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$", description="1 to 40 of a-z, 0-9 and -")]
Name = Annotated[
    str, Meta(max_length=100, pattern=NOT_BLANK, description="a text of 1 to 100 characters that is not blank")
]
Reason = Annotated[
    str, Meta(max_length=200, pattern=NOT_BLANK, description="a text of 1 to 200 characters that is not blank")
]
Cents = Annotated[int, Meta(ge=0, le=MOST_CENTS)]
Pieces = Annotated[int, Meta(ge=0, le=MOST_PIECES)]
Delta = Annotated[int, Meta(ge=-MOST_PIECES, le=MOST_PIECES, description="Added to the stock; negative to take away")]
Currency = Literal["EUR"]

Room = Literal["reserved", "sold", "released"]
RESERVED: Room = "reserved"
SOLD: Room = "sold"
RELEASED: Room = "released"
"""Back in stock, for good: nothing can be reserved for that order again."""


class Product(Struct, frozen=True, kw_only=True, rename="camel"):
    """As its organiser sees it. Orders move pieces from `stock` to `reserved`, and on to `sold` or back."""

    product_id: ProductId
    name: Name
    price_cents: Cents
    currency: Currency = "EUR"
    stock: Annotated[int, Meta(ge=0, description="Pieces that can be bought")] = 0
    reserved: Annotated[int, Meta(ge=0, description="Pieces in orders that are not paid yet")] = 0
    sold: Annotated[int, Meta(ge=0)] = 0


class Stored(NamedTuple):
    product: Product
    version: int
    """Raised by every write."""


class Adjustment(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was done to a product, by whom. The deltas of a product add up to its stock, reserved and sold pieces."""

    adjustment_id: str
    at: Annotated[str, Meta(description="2026-12-05T19:00:00.000Z")]
    by: Annotated[str, Meta(description="The name of the token that asked for it")]
    delta: int
    reason: str
