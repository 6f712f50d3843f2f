"""Orders in the table `orders`.

| pk | sk | item |
| --- | --- | --- |
| `order#<order id>` | `order` | the order, its timeline, its version |
| `open-orders` | `<since when>#<order id>` | that the order is to be processed, and something of it is still to be done |
| `unpaid-orders` | `<since when>#<order id>` | that the order waits for its customer to say how they pay |

Every write of an order is one transaction with its place in one of the others, where it stands exactly as long as it is ACCEPTED, or its
fan is still to be told what became of it.
"""

from collections.abc import Iterator

import msgspec

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Step, Table
from chalicelib.orders.model import Order, Waiting

_ORDER, _OPEN, _UNPAID = "order", "open-orders", "unpaid-orders"


class OrderStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, order_id: str) -> Order | None:
        item = self._table.get(_partition(order_id), _ORDER)
        return _read(item) if item else None

    def create(self, order: Order) -> bool:
        """False where there is an order of this id."""
        return self._done(Create(_row(order)), Create(_place(order)))

    def replace(self, old: Order, new: Order) -> bool:
        """Write the new order, as open as the old one, over this version of it; False where it is not in this version any more."""
        return self._done(_over(old, new))

    def end(self, old: Order, new: Order) -> bool:
        """As `replace`, where the new order has ended. It gives up its place once nobody is to be told."""
        return self._done(_over(old, new), *([] if new.conversation else [Delete(**_place(old))]))

    def put_forward(self, old: Order, new: Order) -> bool:
        """As `replace`, where the new order is to be processed, and the old one was not yet."""
        return self._done(_over(old, new), Delete(**_place(old)), Create(_place(new)))

    def waiting(self) -> Iterator[Waiting]:
        """The orders that are to be processed and are not done with, oldest first."""
        return self._standing(_OPEN)

    def unpaid(self) -> Iterator[Waiting]:
        """The orders that wait for their customers to say how they pay, oldest first."""
        return self._standing(_UNPAID)

    def _standing(self, place: str) -> Iterator[Waiting]:
        for item in self._table.query(place):
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


def _place(order: Order) -> Item:
    return {"pk": _OPEN if order.payment_method else _UNPAID, "sk": f"{order.since:013}#{order.order_id}"}
