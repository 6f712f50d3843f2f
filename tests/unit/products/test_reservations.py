"""Pieces that orders reserve: each order once, never more than there are, and none lost."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict
from chalicelib.idempotency import Act
from chalicelib.products.model import Product
from chalicelib.products.service import Products
from chalicelib.products.store import ProductStore
from tests.fakes.table import MemoryTable

BOTH = {"shirt": 2, "cap": 1}


def a_shop(**stock):
    products = Products(ProductStore(MemoryTable()))
    for product_id, number in stock.items():
        product = Product(product_id=product_id, name=product_id, price_cents=1, stock=number)
        products.create(product, Act("anna", 0, product_id))
    return products


@pytest.fixture
def products():
    return a_shop(shirt=3, cap=1)


def rooms(products, product_id):
    product = products.get(product_id).product
    return product.stock, product.reserved, product.sold


def test_pieces_of_several_products_are_reserved_together_or_not_at_all(products):
    assert not products.reserve("o-1", {"shirt": 2, "cap": 2})
    assert rooms(products, "shirt") == (3, 0, 0)
    assert products.reserve("o-1", BOTH)
    assert (rooms(products, "shirt"), rooms(products, "cap")) == ((1, 2, 0), (0, 1, 0))


def test_an_order_reserves_once_however_often_it_asks(products):
    assert products.reserve("o-1", BOTH)
    assert products.reserve("o-1", BOTH), "although none of the cap is left"
    assert rooms(products, "shirt") == (1, 2, 0)


def test_a_product_that_is_not_there_cannot_be_reserved(products):
    assert not products.reserve("o-1", {"shirt": 1, "hat": 1})
    assert rooms(products, "shirt") == (3, 0, 0)


def test_released_pieces_can_be_bought_by_others_and_by_that_order_never_again(products):
    products.reserve("o-1", BOTH)
    for _ in range(2):
        products.release("o-1", BOTH)
    assert rooms(products, "shirt") == (3, 0, 0)
    assert not products.reserve("o-1", BOTH)
    assert products.reserve("o-2", BOTH)


def test_an_order_that_is_released_before_it_reserves_gets_nothing(products):
    products.release("o-1", BOTH)
    assert not products.reserve("o-1", BOTH)
    assert rooms(products, "shirt") == (3, 0, 0)


def test_reserved_pieces_are_sold_once_and_stay_so(products):
    products.reserve("o-1", BOTH)
    assert [products.sell("o-1", BOTH) for _ in range(2)] == [True, False]
    assert rooms(products, "shirt") == (1, 0, 2)
    with pytest.raises(Conflict):
        products.release("o-1", BOTH)
    assert rooms(products, "shirt") == (1, 0, 2)


@pytest.mark.parametrize("before", ["nothing", "release"])
def test_what_is_not_reserved_cannot_be_sold(products, before):
    if before == "release":
        products.release("o-1", BOTH)
    with pytest.raises(Conflict):
        products.sell("o-1", BOTH)
    assert rooms(products, "shirt") == (3, 0, 0)


def test_twenty_who_want_the_last_three_get_three(products):
    got = []
    threads = [
        threading.Thread(target=lambda n=n: got.append(products.reserve(f"o-{n}", {"shirt": 1}))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 3
    assert rooms(products, "shirt") == (0, 3, 0)


DOINGS = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "sell", "adjust"]), st.integers(1, 4), st.integers(-2, 2)),
    max_size=40,
)


@given(doings=DOINGS)
def test_whatever_orders_do_no_piece_appears_or_is_lost(doings):
    products, held = a_shop(shirt=3, cap=1), 3
    for number, (do, order, delta) in enumerate(doings):
        pieces = {"shirt": order, "cap": 1} if order % 2 else {"shirt": order}
        try:
            if do == "adjust":
                products.adjust("shirt", delta, "Counted", Act("anna", number, str(number)))
                held += delta
            else:
                getattr(products, do)(f"o-{order}", pieces)
        except Conflict:
            pass
        assert sum(rooms(products, "shirt")) == held
        assert sum(rooms(products, "cap")) == 1
        assert min(*rooms(products, "shirt"), *rooms(products, "cap")) >= 0
