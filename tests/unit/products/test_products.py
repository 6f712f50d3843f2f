"""What becomes of products, whoever changes them at the same moment."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.aws.tables import Change, ConditionFailed
from chalicelib.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from chalicelib.idempotency import Act
from chalicelib.products.model import Product
from chalicelib.products.service import ATTEMPTS, Products
from chalicelib.products.store import ProductStore
from tests.fakes.table import MemoryTable

SHIRT = Product(product_id="shirt", name="Shirt", price_cents=1999, stock=5)
ROOMS = ("stock", "reserved", "sold")


class Acts:
    def __init__(self):
        self._numbers = itertools.count(1_796_000_000_000)

    def __call__(self, by="anna"):
        at = next(self._numbers)
        return Act(by, at, f"act-{at}")


class Meeting(MemoryTable):
    """Lets somebody else write just before a write."""

    def __init__(self):
        super().__init__()
        self.others = []

    def write(self, *steps):
        others, self.others = self.others, []
        if others:
            others.pop()()
        self.others = others
        super().write(*steps)


@pytest.fixture
def table():
    return Meeting()


@pytest.fixture
def act():
    return Acts()


@pytest.fixture
def products(table, act):
    products = Products(ProductStore(table))
    products.create(SHIRT, act())
    return products


@pytest.fixture
def order(table):
    """Moves pieces as an order does: from stock to reserved, or on to sold."""

    def order(**moved):
        table.write(Change("products", "shirt", add=moved | {"version": 1}))

    return order


def renamed(name):
    return lambda product: replace(product, name=name)


def story(products):
    return [(done.by, done.delta, done.reason) for done in products.adjustments("shirt", "", 100)[0]]


def test_every_act_is_told_in_order_with_who_did_it(products, act):
    products.adjust("shirt", -2, "Damaged", act("ben"))
    products.change("shirt", None, act("carla"), lambda product: replace(product, price_cents=999, stock=10))
    products.delete("shirt", None, act("anna"))
    products.create(SHIRT, act("anna"))
    assert story(products) == [
        ("anna", 5, "Made"),
        ("ben", -2, "Damaged"),
        ("carla", 7, "Changed priceCents, stock"),
        ("anna", -10, "Deleted"),
        ("anna", 5, "Made"),
    ]
    assert products.adjustments("shirt", "", 1)[0][0].at == "2026-11-30T00:53:20.000Z"


def test_a_change_of_nothing_is_not_written(products, act, table):
    written = len(table.writes)
    assert products.change("shirt", 1, act(), lambda product: product).version == 1
    assert len(table.writes) == written


def test_of_two_who_change_the_same_version_one_does(products, act):
    assert products.change("shirt", 1, act(), renamed("Cap")).version == 2
    with pytest.raises(PreconditionFailed):
        products.change("shirt", 1, act(), renamed("Bag"))
    with pytest.raises(PreconditionFailed):
        products.delete("shirt", 1, act())
    assert products.get("shirt").product.name == "Cap"


def test_who_changes_their_version_while_another_does_is_told_so(products, act, table):
    table.others = [lambda: products.adjust("shirt", -1, "Damaged", act())]
    with pytest.raises(PreconditionFailed):
        products.change("shirt", 1, act(), renamed("Cap"))
    assert products.get("shirt").product == replace(SHIRT, stock=4)


def test_who_changes_whichever_version_undoes_nothing_that_another_does_meanwhile(products, act, table):
    table.others = [lambda: products.adjust("shirt", -1, "Damaged", act())]
    stored = products.change("shirt", None, act(), renamed("Cap"))
    assert stored == products.get("shirt")
    assert stored.product == replace(SHIRT, name="Cap", stock=4)


def test_a_stock_that_is_set_while_another_takes_from_it_is_what_it_was_set_to(products, act, table):
    table.others = [lambda: products.adjust("shirt", -1, "Damaged", act())]
    products.change("shirt", None, act(), lambda product: replace(product, stock=9))
    assert products.get("shirt").product.stock == 9
    assert sum(delta for _, delta, _ in story(products)) == 9


def test_who_is_always_overtaken_is_asked_to_try_again(products, act, table):
    table.others = [lambda: products.adjust("shirt", 1, "Delivered", act())] * ATTEMPTS
    with pytest.raises(Unavailable):
        products.change("shirt", None, act(), renamed("Cap"))
    table.others = [lambda: products.adjust("shirt", 1, "Delivered", act())] * ATTEMPTS
    with pytest.raises(Unavailable):
        products.delete("shirt", None, act())


def test_a_product_with_pieces_in_orders_stays(products, act, table, order):
    order(stock=-2, reserved=2)
    with pytest.raises(Conflict) as refused:
        products.delete("shirt", None, act())
    assert refused.value.facts == {"reason": "in_orders", "reserved": 2, "sold": 0}
    order(reserved=-2, sold=2)
    with pytest.raises(Conflict):
        products.delete("shirt", None, act())
    order(sold=-2)
    products.delete("shirt", None, act())
    with pytest.raises(NotFound):
        products.get("shirt")


def test_an_order_that_comes_just_before_the_deletion_keeps_the_product(products, act, table, order):
    table.others = [lambda: order(stock=-1, reserved=1)]
    with pytest.raises(Conflict):
        products.delete("shirt", None, act())
    assert products.get("shirt").product == replace(SHIRT, stock=4, reserved=1)


def test_taking_more_than_there_is_tells_how_much_there_is(products, act):
    with pytest.raises(Conflict) as refused:
        products.adjust("shirt", -6, "Damaged", act())
    assert refused.value.facts == {"reason": "below_zero", "stock": 5}
    assert story(products) == [("anna", 5, "Made")]


@pytest.mark.parametrize("method", ["get", "adjust", "delete", "adjustments", "change"])
def test_a_product_that_is_not_there_is_not_found(products, act, method):
    arguments = {
        "adjust": (1, "Delivered", act()),
        "delete": (None, act()),
        "adjustments": ("", 1),
        "change": (None, act(), renamed("Cap")),
    }
    with pytest.raises(NotFound):
        getattr(products, method)("no-such", *arguments.get(method, ()))


def adjust_twice(products, table, number, act):
    for _ in range(2):
        products.adjust("shirt", number, "Counted", act)


def set_stock(products, table, number, act):
    products.change("shirt", None, act, lambda product: replace(product, stock=abs(number)))


def move(one, other):
    """As orders do."""

    def moved(products, table, number, act):
        add, at_least = {one: -abs(number), other: abs(number), "version": 1}, {one: abs(number)}
        table.write(Change("products", "shirt", add=add, at_least=at_least))

    return moved


def make_anew(products, table, number, act):
    products.delete("shirt", None, act)
    products.create(SHIRT, act._replace(id="anew"))


DOINGS = [adjust_twice, set_stock, make_anew, *itertools.starmap(move, itertools.permutations(ROOMS, 2))]


@given(doings=st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(-8, 8)), max_size=30))
def test_whatever_is_done_the_deltas_add_up_and_nothing_is_below_zero(doings):
    table, act = MemoryTable(), Acts()
    products = Products(ProductStore(table))
    products.create(SHIRT, act())
    for do, number in doings:
        before = products.get("shirt"), story(products)
        try:
            do(products, table, number, act())
        except (Conflict, ConditionFailed):
            assert (products.get("shirt"), story(products)) == before
        pieces = [getattr(products.get("shirt").product, room) for room in ROOMS]
        assert min(pieces) >= 0
        assert sum(delta for _, delta, _ in story(products)) == sum(pieces)
