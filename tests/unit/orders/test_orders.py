"""Orders are accepted once, and end: whoever dies, answers late, or asks twice."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.payments.model import PAID, Charge
from tests.shop import STEPS, Shop

ENDS = ("PLACED", "REJECTED", "REFUNDED", "FAILED")


@pytest.fixture
def shop():
    return Shop(shirt=3, cap=1)


# ─── accepted ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_accepted_order_costs_what_its_products_cost_at_that_moment(shop):
    order_id = shop.accept(shirt=2, cap=1)
    shop.price("shirt", 1)
    order = shop.order(order_id)
    assert (order.status, order.total_cents) == ("ACCEPTED", 3 * 1999)
    assert [(item.name, item.price_cents) for item in order.items] == [("Shirt", 1999), ("Cap", 1999)]


def test_the_same_act_is_the_same_order(shop):
    assert shop.accept("one act") == shop.accept("one act") != shop.accept("another")


def test_everything_that_there_is_not_is_told_at_once_and_nothing_is_kept(shop):
    written = len(shop.table.writes)
    with pytest.raises(Invalid) as refused:
        shop.accept(customer="nobody", shirt=1, hat=1)
    assert [wrong.field for wrong in refused.value.errors] == ["customerId", "items[1].productId"]
    assert (len(shop.table.writes), shop.queue.messages) == (written, [])


def test_an_order_that_the_queue_refuses_is_kept_and_sent_later(shop):
    shop.queue.refuses = True
    order_id = shop.accept()
    assert shop.order(order_id).status == "ACCEPTED"
    shop.queue.refuses = False
    shop.sweep(minutes=2)
    shop.process()
    shop.run(order_id)
    assert shop.told(order_id)[0] == "PLACED"


# ─── accepted in a chat ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_of_a_chat_waits_for_its_payment_method_and_holds_nothing(shop):
    order = shop.order_in_chat(shirt=2)
    assert (order.status, order.awaits_method, order.campaign_id, order.language) == ("ACCEPTED", True, "bash", "nl")
    assert order.payment_url == f"https://fans.example/payments/{order.order_id}"
    assert shop.order_in_chat(shirt=2) == order, "the same id is the same order"
    shop.sweep(minutes=23 * 60)
    assert (shop.queue.messages, shop.pieces()) == ([], (3, 0, 0))
    assert shop.order(order.order_id) == order


def test_an_order_that_is_not_paid_within_a_day_is_rejected_and_its_fan_is_told(shop):
    order_id = shop.order_in_chat().order_id
    shop.sweep(minutes=24 * 60 + 1)
    assert shop.told(order_id)[:2] == ("REJECTED", "not_paid")
    assert shop.customers.told == [("web:bash:s", order_id)]
    assert (list(shop.orders._store.waiting()), list(shop.orders._store.unpaid())) == ([], [])  # noqa: SLF001
    shop.orders.pay_with(order_id, "pm_card_visa")
    assert shop.queue.messages == [], "it is too late now"
    assert shop.pieces() == (3, 0, 0)


def test_who_pays_late_has_as_much_time_as_everybody(shop):
    order_id = shop.order_in_chat().order_id
    shop.sweep(minutes=23 * 60)
    shop.orders.pay_with(order_id, "pm_card_visa")
    shop.sweep(minutes=2)
    assert shop.told(order_id)[0] == "ACCEPTED"
    assert len(shop.queue.messages) == 2, "sent by who paid, and again by the sweeper, as nobody has begun it"
    shop.sweep(minutes=15)
    assert shop.told(order_id)[:2] == ("FAILED", "hung")


def test_paying_twice_charges_the_method_that_came_first(shop):
    order_id = shop.order_in_chat().order_id
    shop.orders.pay_with(order_id, "pm_card_visa")
    shop.orders.pay_with(order_id, "pm_card_chargeDeclined")
    shop.process()
    shop.run(order_id)
    assert (shop.told(order_id)[0], shop.order(order_id).payment_method) == ("PLACED", "pm_card_visa")


def test_what_costs_nothing_needs_no_payment_method(shop):
    shop.price("cap", 0)
    order = shop.order_in_chat(cap=1)
    shop.process()
    shop.run(order.order_id)
    assert shop.told(order.order_id)[0] == "PLACED"


@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_payment_that_was_interrupted_can_be_sent_again(shop, fault):
    order_id = shop.order_in_chat().order_id
    shop.faults[:] = [None, fault]
    with pytest.raises(Unavailable):
        shop.orders.pay_with(order_id, "pm_card_visa")
    shop.orders.pay_with(order_id, "pm_card_visa")
    assert shop.process() == set()
    shop.run(order_id)
    assert shop.told(order_id)[0] == "PLACED"


def test_an_order_that_nobody_made_is_not_found(shop):
    with pytest.raises(NotFound):
        shop.order("no-such")


# ─── from the queue ────────────────────────────────────────────────────────────────────────────────────────────────


def message(order_id="o-1", **fields):
    whole = {
        "orderId": order_id,
        "customerId": "anna",
        "items": [{"productId": "shirt", "quantity": 1}],
        "paymentMethod": "pm_card_visa",
    }
    return json.dumps(whole | fields)


def test_a_malformed_message_among_ten_fails_alone(shop):
    for number in range(10):
        shop.put("{broken" if number == 4 else message(f"o-{number}"))
    assert shop.process() == {4}
    assert len(shop.workflow.started) == 9


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"items": [{"productId": "shirt", "quantity": 0}]},
        {"items": [{"productId": "shirt", "quantity": 1}] * 2},
        {"orderId": "no spaces"},
        {"paymentMethod": None},
        {"customerId": 7},
        {"totalCents": 1},
    ],
)
def test_what_is_no_order_is_a_failed_record(shop, wrong):
    shop.put(message(**wrong))
    assert shop.process() == {0}
    assert shop.workflow.started == {}


def test_a_message_without_an_order_makes_it(shop):
    shop.put(message())
    shop.process()
    shop.run("o-1")
    assert shop.told("o-1")[0] == "PLACED"


# ─── swept ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_that_nobody_has_begun_is_sent_again(shop):
    order_id = shop.accept()
    shop.queue.clear()
    shop.sweep()
    assert shop.queue.messages == [], "it was sent just now"
    shop.sweep(minutes=2)
    [again] = shop.queue.messages
    assert json.loads(again.body)["orderId"] == order_id


def test_an_order_that_hangs_is_undone(shop):
    order_id = shop.accept()
    for step in ("validate", "pay", "reserve"):
        getattr(shop.orders, step)(order_id)
    assert (shop.pieces(), shop.paid(order_id)) == ((2, 1, 0), True)
    shop.sweep(minutes=14)
    assert shop.told(order_id)[0] == "ACCEPTED"
    shop.sweep(minutes=2)
    assert shop.told(order_id)[:2] == ("REFUNDED", "hung")
    assert (shop.pieces(), shop.paid(order_id)) == ((3, 0, 0), False)


def test_an_order_that_hangs_unpaid_has_failed(shop):
    order_id = shop.accept()
    shop.sweep(minutes=16)
    assert shop.told(order_id)[:2] == ("FAILED", "hung")


def test_an_order_that_cannot_be_undone_holds_up_no_other_and_is_tried_again(shop):
    first, second = shop.accept("1"), shop.accept("2")
    shop.faults[:] = [None, "before"]
    shop.sweep(minutes=16)
    assert {shop.told(first)[0], shop.told(second)[0]} == {"ACCEPTED", "FAILED"}
    assert ("unswept", 1) in [(event, fields.get("failures")) for event, fields in shop.lines]
    shop.sweep()
    assert shop.told(first)[0] == shop.told(second)[0] == "FAILED"


def test_a_sweep_that_runs_short_of_time_leaves_the_rest(shop):
    orders = [shop.accept(str(number)) for number in range(3)]
    shop.clock.now += 16 * 60
    left = iter([20_000, 12_000, 9_000])
    shop.orders.sweep(lambda: next(left), 10_000)
    assert sorted(shop.told(order_id)[0] for order_id in orders) == ["ACCEPTED", "FAILED", "FAILED"]


def test_an_order_that_ended_is_swept_no_more(shop):
    shop.buy()
    shop.buy("2", method="pm_card_chargeDeclined")
    before = len(shop.table.writes)
    shop.sweep(minutes=60)
    assert (len(shop.table.writes), shop.queue.messages) == (before, [])


# ─── late ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place"])
def test_a_step_that_comes_after_the_end_takes_nothing(shop, step):
    order_id = shop.accept()
    shop.orders.validate(order_id)
    shop.orders.undo(order_id, "hung")
    told = shop.told(order_id)
    outcome = getattr(shop.orders, step)(order_id)
    assert outcome in (False, "declined", "FAILED")
    assert (shop.told(order_id), shop.pieces(), shop.paid(order_id)) == (told, (3, 0, 0), False)


def test_an_order_is_not_placed_while_it_is_being_undone(shop):
    order_id = shop.accept()
    for step in ("validate", "pay", "reserve"):
        getattr(shop.orders, step)(order_id)
    shop.faults[:] = [None, None, "before"]
    with pytest.raises(Unavailable):
        shop.orders.undo(order_id)
    assert shop.orders.place(order_id) == "ACCEPTED"
    shop.faults.clear()
    assert shop.orders.undo(order_id) == "REFUNDED"


@pytest.mark.parametrize("missing", ["pay", "reserve"])
def test_an_order_is_not_placed_before_it_is_paid_and_reserved(shop, missing):
    order_id = shop.accept()
    for step in ("validate", "pay", "reserve"):
        if step != missing:
            getattr(shop.orders, step)(order_id)
    assert shop.orders.place(order_id) == "ACCEPTED"


def test_a_payment_that_is_told_of_too_late_is_given_back(shop):
    asked = []
    order_id = shop.accept()
    shop.orders.undo(order_id, "hung")
    shop.payments.refund = asked.append
    shop.orders.payment_ended(order_id, Charge(PAID, "pi_1"))
    assert asked == [order_id]


def test_a_payment_that_is_told_of_in_time_is_left_to_the_workflow(shop):
    order_id = shop.buy()
    shop.orders.payment_ended(order_id, Charge(PAID, "pi_1"))
    assert shop.paid(order_id)
    with pytest.raises(NotFound):
        shop.orders.payment_ended("no-such", Charge(PAID, "pi_1"))


# ─── whatever happens ──────────────────────────────────────────────────────────────────────────────────────────────

FAULTS = st.lists(st.sampled_from([None, None, None, "before", "after"]), max_size=60)
DOINGS = st.lists(
    st.tuples(st.sampled_from([*STEPS, "process", "sweep", "run"]), st.integers(0, 3), st.integers(0, 8)), max_size=60
)
BOUGHT = (
    ("pm_card_visa", {"shirt": 2}),
    ("pm_card_visa", {"shirt": 2, "cap": 1}),
    ("pm_card_chargeDeclined", {"cap": 1}),
    ("pm_card_authenticationRequired", {"cap": 1}),
)


def play(shop, doings, faults):
    """Let it all happen, in any order and with these faults; then let time pass without any."""
    orders = [shop.accept(str(act), method, **items) for act, (method, items) in enumerate(BOUGHT)]
    shop.faults[:] = faults
    for do, number, minutes in doings:
        shop.clock.now += 60 * minutes
        try:
            do_one(shop, do, orders[number])
        except (Unavailable, KeyError):  # comes again, or nothing was started
            continue
    shop.faults.clear()
    shop.process()
    for order_id in shop.workflow.started:
        shop.run(order_id)
    for _ in range(3):
        shop.sweep(minutes=20)
    return orders


def do_one(shop, do, order_id):
    match do:
        case "process":
            shop.process()
        case "sweep":
            shop.sweep()
        case "run":
            shop.run(order_id)
        case step:
            shop.workflow.steps[f"{step}_order"]({"orderId": order_id})


def complaints(shop, orders):
    """Every order that did not end as it must, and every product with too many pieces or too few."""
    for order_id in orders:
        status, _, story = shop.told(order_id)
        if status not in ENDS:
            yield f"{order_id} has not ended: {story}"
        if shop.paid(order_id) != (status == "PLACED"):
            yield f"{order_id} is {status}, and its money is on the wrong side"
        if len(set(story)) < len(story):
            yield f"{order_id} tells something twice: {story}"
    for product_id, number in (("shirt", 3), ("cap", 1)):
        placed = [shop.order(each).pieces.get(product_id, 0) for each in orders if shop.told(each)[0] == "PLACED"]
        if shop.pieces(product_id) != (number - sum(placed), sum(placed), 0):
            yield f"{product_id}: {shop.pieces(product_id)} of {number}, and {sum(placed)} placed"


@given(doings=DOINGS, faults=FAULTS)
def test_whatever_happens_every_order_ends_paid_and_reserved_or_with_nothing_taken(doings, faults):
    shop = Shop(shirt=3, cap=1)
    assert list(complaints(shop, play(shop, doings, faults))) == []


@pytest.mark.parametrize("kind", ["before", "after"])
def test_every_single_fault_and_every_pair_on_the_way_of_two_orders_is_survived(kind):
    doings = [("process", 0, 0), ("run", 0, 0), ("run", 1, 0)]
    calls = 45  # and some of what is made up for them
    for first, second in itertools.combinations_with_replacement(range(calls), 2):
        faults = [None] * calls
        faults[first] = faults[second] = kind
        shop = Shop(shirt=3, cap=1)
        assert list(complaints(shop, play(shop, doings, faults))) == [], (first, second)


def test_an_order_that_is_undone_without_saying_so_first_would_be_found():
    """The negative control: who gives back without a mark lets the order be placed all the same."""
    shop = Shop(shirt=3, cap=1)
    order_id = shop.accept(shirt=1)
    for step in ("validate", "pay", "reserve"):
        getattr(shop.orders, step)(order_id)
    shop.payments.refund(order_id)
    shop.products.release(order_id, {"shirt": 1})
    shop.orders.place(order_id)
    assert len(list(complaints(shop, [order_id]))) == 2
