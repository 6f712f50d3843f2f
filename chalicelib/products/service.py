"""Products, for those who sell them."""

from collections.abc import Callable, Mapping

import msgspec

from chalicelib.clock import iso
from chalicelib.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from chalicelib.idempotency import Act
from chalicelib.products.model import RELEASED, SOLD, Adjustment, Product, Room, Stored
from chalicelib.products.store import ProductStore

ATTEMPTS = 8
"""At changing a product that others change at the same moment: each time, one of them has done it."""


class Products:
    def __init__(self, store: ProductStore) -> None:
        self._store = store

    def get(self, product_id: str) -> Stored:
        """The product as it is now, or `NotFound`."""
        return self._store.get(product_id)

    def page(self, after: str, limit: int) -> tuple[list[Product], str]:
        """Products by id, and where the next page begins."""
        return self._store.page(after, limit)

    def adjustments(self, product_id: str, after: str, limit: int) -> tuple[list[Adjustment], str]:
        """What was done to a product, oldest first, and where the next page begins; or `NotFound`."""
        self._store.get(product_id)
        return self._store.adjustments(product_id, after, limit)

    def create(self, product: Product, act: Act) -> Stored:
        """Keep a new product, or raise `Conflict` where another has its id."""
        self._store.create(product, _adjustment(act, product.stock, "Made"))
        return self._store.get(product.product_id)

    def change(self, product_id: str, version: int | None, act: Act, changed: Callable[[Product], Product]) -> Stored:
        """Write what `changed` makes of the product, where that is something else.

        `PreconditionFailed` where it is not in this version; None is whichever it is in.
        """
        for _ in range(ATTEMPTS):
            old = self._in_version(product_id, version)
            new = changed(old.product)
            if new == old.product:
                return old
            if self._store.replace(old, new, _change(act, old.product, new)):
                return Stored(new, old.version + 1)
        raise _busy(product_id)

    def adjust(self, product_id: str, delta: int, reason: str, act: Act) -> Stored:
        """Change the stock by so much, however many others do; `Conflict` where it would pass below zero."""
        self._store.get(product_id)
        for _ in range(ATTEMPTS):
            done = self._store.adjust(product_id, _adjustment(act, delta, reason))
            now = self._store.get(product_id)
            if done:
                return now
            stock = now.product.stock
            if stock + delta < 0:
                raise Conflict(f"{-delta} cannot be taken away: {stock} are in stock", reason="below_zero", stock=stock)
        raise _busy(product_id)

    def delete(self, product_id: str, version: int | None, act: Act) -> None:
        """Take the product out of the list; `Conflict` while orders hold pieces of it, or have bought some."""
        for _ in range(ATTEMPTS):
            old = self._in_version(product_id, version)
            reserved, sold = old.product.reserved, old.product.sold
            if reserved or sold:
                raise Conflict(
                    f"The product is in orders: {reserved} reserved, {sold} sold. Set its stock to 0 to end its sale",
                    reason="in_orders",
                    reserved=reserved,
                    sold=sold,
                )
            if self._store.delete(old, _adjustment(act, -old.product.stock, "Deleted")):
                return
        raise _busy(product_id)

    def reserve(self, order_id: str, pieces: Mapping[str, int]) -> bool:
        """Keep pieces of products (id to number) for an order: all of them, or none and False. Asked again, the answer is the same.

        False as well where they were released: whoever asks so late has missed that the order has ended.
        """
        for _ in range(ATTEMPTS):
            if self._store.reserve(order_id, pieces):
                return True
            if room := self._room(order_id, pieces):
                return room != RELEASED
            if not all(self._has(product_id, number) for product_id, number in pieces.items()):
                return False
        raise Unavailable("Too many are buying the same products at once: try again")

    def release(self, order_id: str, pieces: Mapping[str, int]) -> None:
        """Give an order's pieces back, if any were reserved; it gets none afterwards. `Conflict` where they are sold."""
        for _ in range(ATTEMPTS):
            if self._store.refuse(order_id, pieces) or self._store.move(order_id, pieces, RELEASED):
                return
            if self._room(order_id, pieces) == RELEASED:
                return
            if self._room(order_id, pieces) == SOLD:
                raise Conflict(f"The order {order_id} is sold: its pieces cannot be released")
        raise Unavailable("Too many are buying the same products at once: try again")

    def sell(self, order_id: str, pieces: Mapping[str, int]) -> bool:
        """Count an order's reserved pieces as sold; True where this call did it, False where it was done before.

        `Conflict` where they are not reserved.
        """
        if self._store.move(order_id, pieces, SOLD):
            return True
        if self._room(order_id, pieces) != SOLD:
            raise Conflict(f"Nothing is reserved for the order {order_id}")
        return False

    def _room(self, order_id: str, pieces: Mapping[str, int]) -> Room | None:
        """An order's pieces move together, so any of its products tells."""
        return self._store.room(order_id, next(iter(pieces)))

    def _has(self, product_id: str, number: int) -> bool:
        try:
            return self._store.get(product_id).product.stock >= number
        except NotFound:
            return False

    def _in_version(self, product_id: str, version: int | None) -> Stored:
        stored = self._store.get(product_id)
        if version not in (None, stored.version):
            raise PreconditionFailed("The product was changed since you read it: read it again, and decide anew")
        return stored


def _change(act: Act, old: Product, new: Product) -> Adjustment:
    before = msgspec.to_builtins(old)
    names = [name for name, value in msgspec.to_builtins(new).items() if value != before[name]]
    return _adjustment(act, new.stock - old.stock, f"Changed {', '.join(names)}")


def _adjustment(act: Act, delta: int, reason: str) -> Adjustment:
    return Adjustment(
        adjustment_id=f"{act.at:013}-{act.id}",  # so they are in the order of their time
        at=iso(act.at),
        by=act.by,
        delta=delta,
        reason=reason,
    )


def _busy(product_id: str) -> Unavailable:
    return Unavailable(f"Too many are changing the product {product_id} at once: try again")
