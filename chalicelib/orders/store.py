"""Orders in the table `orders`.

| pk | sk | item |
| --- | --- | --- |
| `order#<order id>` | `order` | the order, its timeline, its version |
| `open-orders` | `<when it was accepted>#<order id>` | that the order has not ended |

Every write of an order is one transaction with the second, which is there exactly as long as the order is ACCEPTED.
"""

from collections.abc import Iterator

import msgspec

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Step, Table
from chalicelib.orders.model import Order, Waiting

_ORDER, _OPEN = "order", "open-orders"


class OrderStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, order_id: str) -> Order | None:
        item = self._table.get(_partition(order_id), _ORDER)
        return _read(item) if item else None

    def create(self, order: Order) -> bool:
        """False where there is an order of this id."""
        return self._done(Create(_row(order)), Create({"pk": _OPEN, "sk": _place(order)}))

    def replace(self, old: Order, new: Order) -> bool:
        """Write the new order, as open as the old one, over this version of it; False where it is not in this version any more."""
        return self._done(_over(old, new))

    def end(self, old: Order, new: Order) -> bool:
        """As `replace`, where the new order has ended."""
        return self._done(_over(old, new), Delete(_OPEN, _place(old)))

    def waiting(self) -> Iterator[Waiting]:
        """The orders that have not ended, oldest first."""
        for item in self._table.query(_OPEN):
            since, _, order_id = item["sk"].partition("#")
            yield Waiting(order_id, int(since))

    def _done(self, *steps: Step) -> bool:
        try:
            self._table.write(*steps)
        except ConditionFailed:
            return False
        return True


def _over(old: Order, new: Order) -> Step:
    row = {name: value for name, value in _row(new).items() if name not in ("pk", "sk")}
    return Change(_partition(old.order_id), _ORDER, put=row, expect={"version": old.version})


def _row(order: Order) -> Item:
    return {"pk": _partition(order.order_id), "sk": _ORDER, **msgspec.to_builtins(order)}


def _read(item: Item) -> Order:
    return msgspec.convert(item, Order)


def _partition(order_id: str) -> str:
    return f"order#{order_id}"


def _place(order: Order) -> str:
    return f"{order.created_at:013}#{order.order_id}"
