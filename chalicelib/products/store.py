"""Products in the table `products`.

| pk | sk | item |
| --- | --- | --- |
| `products` | `<product id>` | the product, its version |
| `product#<id>` | `adjustment#<adjustment id>` | who did what to it, why, and by how much the stock changed |

Every write of a product is one transaction with its adjustment, whose id is the write's own: done again, it is found to be done.
"""

from typing import TypeVar

import msgspec

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Step, Table
from chalicelib.errors import Conflict, NotFound
from chalicelib.products.model import Adjustment, Product, Stored

_PRODUCTS = "products"
_ADJUSTMENT = "adjustment#"
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
