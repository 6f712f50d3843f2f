"""Products in the table `products`.

| pk | sk | item |
| --- | --- | --- |
| `products` | `<product id>` | the product, its version |
| `product#<id>` | `adjustment#<adjustment id>` | who did what to it, why, and by how much the stock changed |
| `product#<id>` | `reservation#<order id>` | in which room an order's pieces are: `reserved`, `sold`, or `released` again |

Every write of a product is one transaction with its adjustment, whose id is the write's own: done again, it is found to be done. So it is
with reservations: all of an order's are written in one transaction with the pieces that they move, and are never deleted. One that was
released stays so: a reservation that comes late, after its order has ended, takes nothing.
"""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Step, Table
from chalicelib.errors import Conflict, NotFound
from chalicelib.products.model import RELEASED, RESERVED, Adjustment, Product, Room, Stored

_PRODUCTS = "products"
_ADJUSTMENT, _RESERVATION = "adjustment#", "reservation#"
_FROM_ORDERS = {"reserved", "sold"}

Kept = TypeVar("Kept", Product, Adjustment)


class ProductStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, product_id: str) -> Stored:
        """The product, or `NotFound`."""
        item = self._table.get(_PRODUCTS, product_id)
        if item is None:
            raise NotFound(f"There is no product {product_id}")
        return Stored(_read(item, Product), item["version"])

    def page(self, after: str, limit: int) -> tuple[list[Product], str]:
        items, last = self._table.page(_PRODUCTS, after=after, limit=limit)
        return [_read(item, Product) for item in items], last

    def adjustments(self, product_id: str, after: str, limit: int) -> tuple[list[Adjustment], str]:
        items, last = self._table.page(_partition(product_id), begins=_ADJUSTMENT, after=after, limit=limit)
        return [_read(item, Adjustment) for item in items], last

    def create(self, product: Product, adjustment: Adjustment) -> None:
        """`Conflict` where another product has this id."""
        row = {"pk": _PRODUCTS, "sk": product.product_id, **msgspec.to_builtins(product), "version": 1}
        if not self._write(Create(row), product.product_id, adjustment):
            raise Conflict(f"There is a product {product.product_id} already", reason="product_exists")

    def replace(self, old: Stored, new: Product, adjustment: Adjustment) -> bool:
        """Write the new product over this version of the old one; False where it is not in this version any more."""
        kept = {name: value for name, value in msgspec.to_builtins(new).items() if name not in _FROM_ORDERS}
        expect = {"version": old.version}
        step = Change(_PRODUCTS, new.product_id, put=kept, add={"version": 1}, expect=expect)
        return self._write(step, new.product_id, adjustment)

    def adjust(self, product_id: str, adjustment: Adjustment) -> bool:
        """Change the stock by the adjustment's delta; False where it would pass below zero, or there is no such product."""
        add = {"stock": adjustment.delta, "version": 1}
        step = Change(_PRODUCTS, product_id, add=add, at_least={"stock": -adjustment.delta})
        return self._write(step, product_id, adjustment)

    def delete(self, old: Stored, adjustment: Adjustment) -> bool:
        """False where it is not in this version any more."""
        product_id = old.product.product_id
        return self._write(Delete(_PRODUCTS, product_id, {"version": old.version}), product_id, adjustment)

    def room(self, order_id: str, product_id: str) -> Room | None:
        """Where the order's pieces are; None where it has reserved none yet."""
        item = self._table.get(_partition(product_id), _RESERVATION + order_id)
        return item["room"] if item else None

    def reserve(self, order_id: str, pieces: Mapping[str, int]) -> bool:
        """Move an order's pieces, by product, from stock to reserved: all or none.

        False where a product has too few left, or the order has a reservation.
        """
        moved = [
            Change(_PRODUCTS, product_id, add={"stock": -n, "reserved": n, "version": 1}, at_least={"stock": n})
            for product_id, n in pieces.items()
        ]
        return self._done(*moved, *(Create(_reservation(order_id, product_id, RESERVED)) for product_id in pieces))

    def move(self, order_id: str, pieces: Mapping[str, int], room: Room) -> bool:
        """Move an order's reserved pieces on to `sold`, or release them into the stock; False where they are not reserved."""
        into = "stock" if room == RELEASED else room
        moved = [
            Change(_PRODUCTS, product_id, add={"reserved": -n, into: n, "version": 1})
            for product_id, n in pieces.items()
        ]
        kept = [
            Change(_partition(product_id), _RESERVATION + order_id, put={"room": room}, expect={"room": RESERVED})
            for product_id in pieces
        ]
        return self._done(*moved, *kept)

    def refuse(self, order_id: str, pieces: Mapping[str, int]) -> bool:
        """See to it that an order that has reserved nothing never will; False where it has."""
        return self._done(*(Create(_reservation(order_id, product_id, RELEASED)) for product_id in pieces))

    def _done(self, *steps: Step) -> bool:
        try:
            self._table.write(*steps)
        except ConditionFailed:
            return False
        return True

    def _write(self, step: Step, product_id: str, adjustment: Adjustment) -> bool:
        """Do the step with its adjustment, and answer whether it is done, now or before; False where it may not be."""
        row = {"pk": _partition(product_id), "sk": _ADJUSTMENT + adjustment.adjustment_id}
        try:
            self._table.write(step, Create(row | msgspec.to_builtins(adjustment)))
        except ConditionFailed as failed:
            _, the_adjustment = range(2)
            return the_adjustment in failed.steps
        return True


def _read(item: Item, kind: type[Kept]) -> Kept:
    """Its limits were checked when it was written, and are not checked again."""
    return kind(**{field.name: item[field.encode_name] for field in msgspec.structs.fields(kind)})


def _partition(product_id: str) -> str:
    return f"product#{product_id}"


def _reservation(order_id: str, product_id: str, room: Room) -> Item:
    return {"pk": _partition(product_id), "sk": _RESERVATION + order_id, "room": room}
