"""Products and their adjustments: each write has its record, and no stock passes below zero."""

import itertools
import threading
import uuid

import pytest
from msgspec.structs import replace

from chalicelib.aws.tables import Change
from chalicelib.errors import Conflict, NotFound
from chalicelib.products.model import Adjustment, Product, Stored
from chalicelib.products.store import ProductStore

moments = itertools.count(1_796_000_000_000)


@pytest.fixture
def store(table):
    return ProductStore(table)


@pytest.fixture
def shirt(store):
    """A new product with 5 in stock."""
    product = Product(product_id=f"shirt-{uuid.uuid4().hex[:8]}", name="Shïrt 🎉", price_cents=1999, stock=5)
    store.create(product, an_adjustment(5))
    return Stored(product, 1)


def an_adjustment(delta, act=None, reason="Delivered"):
    act = act or f"{next(moments)}-{uuid.uuid4().hex}"
    return Adjustment(adjustment_id=act, at="2026-11-30T00:53:20.000Z", by="anna", delta=delta, reason=reason)


def deltas(store, product_id):
    adjustments, last = store.adjustments(product_id, "", 100)
    assert last == ""
    return [adjustment.delta for adjustment in adjustments]


def changed(stored, **changes):
    return replace(stored.product, **changes)


def test_a_product_comes_back_as_it_was_made(store, shirt):
    assert store.get(shirt.product.product_id) == shirt
    assert deltas(store, shirt.product.product_id) == [5]


def test_a_product_that_was_never_made_is_not_found(store):
    with pytest.raises(NotFound):
        store.get("no-such")
    assert not store.adjust("no-such", an_adjustment(1))
    assert deltas(store, "no-such") == []


def test_a_second_product_with_the_same_id_is_not_made(store, shirt):
    with pytest.raises(Conflict) as refused:
        store.create(changed(shirt, name="Another"), an_adjustment(9))
    assert refused.value.facts == {"reason": "product_exists"}
    assert store.get(shirt.product.product_id) == shirt
    assert deltas(store, shirt.product.product_id) == [5]


def test_products_and_adjustments_have_pages(store, shirt):
    product_id = shirt.product.product_id
    assert [shirt.product] == [product for product in every_product(store) if product.product_id == product_id]
    acts = [an_adjustment(number, f"189600000000{number}-x") for number in (3, 1, 2)]
    for adjustment in acts:
        store.adjust(product_id, adjustment)
    first, after = store.adjustments(product_id, "", 3)
    rest, end = store.adjustments(product_id, after, 3)
    assert [adjustment.delta for adjustment in first + rest] == [5, 1, 2, 3]
    assert rest == [acts[0]]
    assert end == ""


def every_product(store):
    found, after = [], ""
    while True:
        products, after = store.page(after, 2)
        found += products
        if not after:
            return found


def test_a_product_is_replaced_in_its_version_only(store, shirt):
    new = changed(shirt, name="Cap", price_cents=0, stock=7)
    assert store.replace(shirt, new, an_adjustment(2))
    assert store.get(new.product_id) == Stored(new, 2)
    assert not store.replace(shirt, changed(shirt, name="Bag"), an_adjustment(0))
    assert store.get(new.product_id) == Stored(new, 2)
    assert deltas(store, new.product_id) == [5, 2]


def test_what_is_not_there_is_neither_replaced_nor_deleted(store, shirt):
    assert store.delete(shirt, an_adjustment(-5))
    assert not store.replace(shirt, changed(shirt, name="Bag"), an_adjustment(0))
    assert not store.delete(shirt, an_adjustment(-5))
    assert deltas(store, shirt.product.product_id) == [5, -5]


def test_a_product_that_was_changed_is_not_deleted_in_its_old_version(store, shirt):
    store.adjust(shirt.product.product_id, an_adjustment(1))
    assert not store.delete(shirt, an_adjustment(-5))
    assert store.get(shirt.product.product_id).product.stock == 6


@pytest.mark.parametrize(("delta", "left"), [(-5, 0), (-1, 4), (3, 8), (0, 5)])
def test_a_stock_goes_down_to_zero(store, shirt, delta, left):
    assert store.adjust(shirt.product.product_id, an_adjustment(delta))
    assert store.get(shirt.product.product_id) == Stored(changed(shirt, stock=left), 2)


def test_a_stock_never_goes_below_zero_and_leaves_no_record_of_the_try(store, shirt):
    assert not store.adjust(shirt.product.product_id, an_adjustment(-6))
    assert store.get(shirt.product.product_id) == shirt
    assert deltas(store, shirt.product.product_id) == [5]


def test_the_same_adjustment_again_is_done_and_changes_nothing(store, shirt):
    taken = an_adjustment(-4)
    for _ in range(3):  # the second time it would pass below zero, too
        assert store.adjust(shirt.product.product_id, taken)
    assert store.get(shirt.product.product_id).product.stock == 1
    made = an_adjustment(5, act=store.adjustments(shirt.product.product_id, "", 1)[0][0].adjustment_id)
    store.create(shirt.product, made)
    assert store.get(shirt.product.product_id).product.stock == 1


class CarelessStore(ProductStore):
    """Looks first and writes then, without the condition."""

    def __init__(self, table, writers):
        super().__init__(table)
        self._records = table
        self._looked = threading.Barrier(writers)

    def adjust(self, product_id, adjustment):
        stock = self.get(product_id).product.stock
        self._looked.wait()
        if stock + adjustment.delta < 0:
            return False
        self._records.write(Change("products", product_id, put={"stock": stock + adjustment.delta}))
        return True


def race(store, product_id, delta, writers=12):
    """Let so many adjust the stock by `delta` at once; answers how many did."""
    barrier, done = threading.Barrier(writers), []

    def adjust():
        barrier.wait()
        if store.adjust(product_id, an_adjustment(delta)):
            done.append(delta)

    threads = [threading.Thread(target=adjust) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def test_of_many_who_take_from_a_stock_at_once_as_many_get_one_as_there_are(store, shirt):
    product_id = shirt.product.product_id
    assert race(store, product_id, -1) == 5
    assert store.get(product_id).product.stock == 0
    assert deltas(store, product_id).count(-1) == 5


def test_of_many_who_add_to_a_stock_at_once_every_piece_is_counted(store, shirt):
    product_id = shirt.product.product_id
    assert race(store, product_id, 3) == 12
    assert store.get(product_id) == Stored(changed(shirt, stock=5 + 12 * 3), 13)


def test_without_the_condition_more_is_taken_than_there_is(table, shirt):
    """The negative control."""
    product_id = shirt.product.product_id
    store = CarelessStore(table, writers=12)
    assert race(store, product_id, -1) == 12
    assert store.get(product_id).product.stock == 4
