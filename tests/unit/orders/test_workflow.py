"""What becomes of an order: every way through the real definition of the workflow, on tables in memory."""

import json

import pytest

from chalicelib.errors import Conflict, Unavailable
from chalicelib.orders.service import CONFIRM_WITHIN
from tests.shop import Shop
from tests.workflow import DEFINITION, Failed

WHOLE = ["ACCEPTED", "BEGUN", "PAID", "RESERVED", "PLACED"]


@pytest.fixture
def shop():
    return Shop(shirt=3, cap=1)


def failing(error, *, times=1000):
    """A step that fails so often, and then does nothing."""

    def fail(_event):
        nonlocal times
        times -= 1
        if times >= 0:
            raise error

    return fail


def test_an_order_is_paid_reserved_and_placed(shop):
    order_id = shop.buy(shirt=2, cap=1)
    assert shop.told(order_id) == ("PLACED", "", WHOLE)
    assert shop.order(order_id).total_cents == 3 * 1999
    assert (shop.pieces("shirt"), shop.pieces("cap")) == ((1, 2, 0), (0, 1, 0))
    assert shop.paid(order_id)


def test_a_declined_payment_rejects_the_order_and_takes_nothing(shop):
    order_id = shop.buy(method="pm_card_chargeDeclinedInsufficientFunds")
    assert shop.told(order_id)[:2] == ("REJECTED", "insufficient_funds")
    assert shop.pieces() == (3, 0, 0)
    assert not shop.paid(order_id)


def test_an_order_for_more_than_there_is_gets_its_money_back(shop):
    order_id = shop.buy(shirt=1, cap=2)
    assert shop.told(order_id)[:2] == ("REFUNDED", "out_of_stock")
    assert "PAID" in shop.told(order_id)[2]
    assert (shop.pieces("shirt"), shop.pieces("cap")) == ((3, 0, 0), (1, 0, 0))
    assert not shop.paid(order_id)


def test_an_order_that_costs_nothing_is_placed_without_a_payment(shop):
    shop.price("cap", 0)
    order_id = shop.buy(method="pm_card_chargeDeclined", cap=1)
    assert shop.told(order_id)[0] == "PLACED"
    assert not shop.paid(order_id)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"customerId": "nobody"}, "invalid_customerId"),
        ({"items": [{"productId": "no-such", "quantity": 1}]}, "invalid_items[0].productId"),
        ({"items": [{"productId": "cap", "quantity": 1000}]}, "invalid_items"),
    ],
)
def test_an_order_from_the_queue_that_cannot_be_is_rejected_and_never_charged(shop, wrong, reason):
    shop.price("cap", 100_000_000)
    message = {
        "orderId": "o-1",
        "customerId": "anna",
        "items": [{"productId": "shirt", "quantity": 1}],
        "paymentMethod": "pm_card_visa",
    }
    shop.put(json.dumps(message | wrong))
    assert shop.process() == set()
    shop.run("o-1")
    assert shop.told("o-1")[:2] == ("REJECTED", reason)
    assert not shop.paid("o-1")


def test_a_customer_who_confirms_the_payment_in_time_gets_the_order(shop):
    order_id = shop.accept(method="pm_card_authenticationRequired")
    shop.process()
    links = []

    def confirm_at_last(seconds):
        shop.sleep(seconds)
        links.append(shop.order(order_id).payment_url)
        if len(links) == 5:
            shop.payments.confirm(order_id)

    shop.workflow.wait = confirm_at_last
    shop.run(order_id)
    assert shop.told(order_id)[0] == "PLACED"
    assert links[-1].startswith("https://")
    assert shop.order(order_id).payment_url == ""


def test_a_customer_who_does_not_confirm_the_payment_has_no_order_and_no_payment(shop):
    began = shop.clock()
    order_id = shop.buy(method="pm_card_authenticationRequired")
    assert shop.told(order_id)[:2] == ("REJECTED", "not_confirmed")
    assert CONFIRM_WITHIN / 1000 < shop.clock() - began < DEFINITION["TimeoutSeconds"] - 60
    shop.payments.confirm(order_id)
    assert not shop.paid(order_id), "it is too late now"


@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place"])
@pytest.mark.parametrize("error", [Unavailable("for ever"), KeyError("a bug")])
def test_whichever_step_fails_for_good_what_was_taken_is_given_back(shop, step, error):
    shop.workflow.steps[f"{step}_order"] = failing(error)
    order_id = shop.buy()
    was_paid = step in ("reserve", "place")
    assert shop.told(order_id)[:2] == ("REFUNDED" if was_paid else "FAILED", "failed")
    assert shop.pieces() == (3, 0, 0)
    assert not shop.paid(order_id)


@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place", "undo"])
def test_a_step_that_is_unavailable_is_tried_again(shop, step):
    real, tries = shop.workflow.steps[f"{step}_order"], []

    def flaky(event):
        tries.append(event)
        if len(tries) < 3:
            raise Unavailable("for the moment")
        return real(event)

    shop.workflow.steps[f"{step}_order"] = flaky
    order_id = shop.buy(shirt=9 if step == "undo" else 1)
    assert shop.told(order_id)[0] == ("REFUNDED" if step == "undo" else "PLACED")
    assert len(tries) == 3


def test_a_bug_is_not_tried_again(shop):
    tries = []

    def broken(event):
        tries.append(event)
        raise KeyError("a bug")

    shop.workflow.steps["reserve_order"] = broken
    shop.buy()
    assert len(tries) == 1


def test_an_order_that_was_placed_although_nobody_heard_of_it_stays_placed(shop):
    place = shop.workflow.steps["place_order"]

    def placed_and_lost(event):
        place(event)
        raise KeyError("the answer")

    shop.workflow.steps["place_order"] = placed_and_lost
    order_id = shop.buy()
    assert shop.told(order_id) == ("PLACED", "", WHOLE)
    assert (shop.pieces(), shop.paid(order_id)) == ((2, 1, 0), True)


def test_an_order_that_cannot_be_undone_lies_with_the_dead_letters_and_is_undone_when_it_is_sent_again(shop):
    shop.payments.refund, refund = failing(Unavailable("the bank sleeps")), shop.payments.refund
    order_id = shop.accept(shirt=9)
    shop.process()
    with pytest.raises(Failed, match="NotUndone"):
        shop.workflow.run(order_id)
    assert (shop.told(order_id)[0], shop.paid(order_id)) == ("ACCEPTED", True)
    [message] = shop.workflow.set_aside
    assert message == shop.order(order_id).message()
    shop.payments.refund = refund
    shop.put(json.dumps(message))
    assert shop.process() == set()
    assert shop.told(order_id)[:2] == ("REFUNDED", "out_of_stock")
    assert not shop.paid(order_id)


def test_a_fan_who_ordered_in_a_chat_is_told_once_and_the_chats_name_is_not_kept(shop):
    order_id = shop.buy_in_chat()
    assert shop.told(order_id) == (
        "PLACED",
        "",
        ["ACCEPTED", "METHOD_REQUIRED", "METHOD_GIVEN", *WHOLE[1:], "NOTIFIED"],
    )
    assert shop.customers.told == [("web:bash:s", order_id)]
    assert shop.order(order_id).conversation == ""
    shop.orders.notify(order_id)
    assert len(shop.customers.told) == 1


@pytest.mark.parametrize(
    ("method", "pieces", "status"), [("pm_card_chargeDeclined", 1, "REJECTED"), ("pm_card_visa", 9, "REFUNDED")]
)
def test_a_fan_whose_order_came_to_nothing_is_told_too(shop, method, pieces, status):
    order_id = shop.buy_in_chat(method, shirt=pieces)
    assert shop.told(order_id)[0] == status
    assert shop.customers.told == [("web:bash:s", order_id)]


def test_a_fan_whom_the_workflow_does_not_tell_any_more_is_told_by_the_sweeper(shop):
    shop.workflow.steps["notify_order"] = failing(KeyError("ended from outside"))
    order_id = shop.buy_in_chat()
    assert shop.customers.told == []
    shop.sweep(minutes=16)
    shop.sweep(minutes=5)
    assert shop.customers.told == [("web:bash:s", order_id)]
    assert shop.told(order_id)[2][-2:] == ["PLACED", "NOTIFIED"]


def test_nobody_is_told_of_an_order_that_came_by_the_api(shop):
    assert "NOTIFIED" not in shop.told(shop.buy())[2]
    assert shop.customers.told == []


@pytest.mark.parametrize("error", [Unavailable("the queue sleeps"), KeyError("a bug")])
def test_an_order_whose_fan_cannot_be_told_is_placed_all_the_same_and_told_when_it_is_sent_again(shop, error):
    tell = shop.customers.tell

    def broken(conversation, order_id):  # of `orders.service.Customers`
        raise error

    shop.customers.tell = broken
    order_id = shop.buy_in_chat()
    assert shop.told(order_id)[0] == "PLACED"
    [message] = shop.workflow.set_aside
    shop.customers.tell = tell
    for _ in range(2):
        shop.put(json.dumps(message))
        assert shop.process() == set()
    assert shop.customers.told == [("web:bash:s", order_id)]
    assert (shop.told(order_id)[0], shop.pieces()) == ("PLACED", (2, 1, 0))


class TimedOut(BaseException):
    """Step Functions ends an execution after its `TimeoutSeconds`, wherever it is: nothing catches that.

    https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
    """


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place"])
def test_an_order_whose_execution_timed_out_is_undone_by_the_sweeper_unless_it_was_placed(shop, step, moment):
    act = shop.workflow.steps[f"{step}_order"]

    def ended_here(event):
        if moment == "after":
            act(event)
        raise TimedOut

    shop.workflow.steps[f"{step}_order"] = ended_here
    with pytest.raises(TimedOut):
        shop.buy()
    order_id = next(iter(shop.workflow.started))
    as_it_was_left = shop.told(order_id)
    shop.sweep(minutes=DEFINITION["TimeoutSeconds"] / 60)
    assert shop.told(order_id) == as_it_was_left, "until now, the execution could be at work"
    shop.sweep(minutes=11)
    if (step, moment) == ("place", "after"):
        assert (shop.told(order_id)[0], shop.pieces(), shop.paid(order_id)) == ("PLACED", (2, 1, 0), True)
    else:
        was_paid = "PAID" in as_it_was_left[2]
        assert shop.told(order_id)[:2] == ("REFUNDED" if was_paid else "FAILED", "hung")
        assert (shop.pieces(), shop.paid(order_id)) == ((3, 0, 0), False)


def test_an_order_whose_execution_failed_as_it_could_not_be_undone_is_undone_by_the_sweeper(shop):
    undo = shop.workflow.steps["undo_order"]
    shop.workflow.steps |= {"reserve_order": failing(KeyError), "undo_order": failing(Unavailable("no answer"))}
    order_id = shop.accept()
    shop.process()
    assert shop.run(order_id) == "NotUndone"
    assert shop.paid(order_id)
    shop.workflow.steps["undo_order"] = undo
    shop.sweep(minutes=16)
    assert (shop.told(order_id)[0], shop.pieces(), shop.paid(order_id)) == ("REFUNDED", (3, 0, 0), False)


def test_an_order_is_started_once_however_often_it_is_in_the_queue(shop):
    order_id = shop.accept()
    shop.put(json.dumps(shop.order(order_id).message()))
    shop.process()
    assert list(shop.workflow.started) == [order_id]


def test_the_pieces_of_an_order_that_was_placed_are_never_released(shop):
    order_id = shop.buy()
    shop.products.sell(order_id, {"shirt": 1})
    with pytest.raises(Conflict):
        shop.products.release(order_id, {"shirt": 1})
    assert shop.orders.undo(order_id) == "PLACED"
    assert shop.pieces() == (2, 0, 1)


def test_every_state_of_the_definition_is_reached_by_these_tests():
    """What the tests above take, taken together."""
    visited = set()
    for prepare in (
        lambda shop: shop.buy(),
        lambda shop: shop.buy(method="pm_card_authenticationRequired"),
        lambda shop: (
            shop.workflow.steps.update(undo_order=failing(KeyError("a bug"))),
            shop.buy(shirt=9),
        ),
        lambda shop: (shop.workflow.steps.update(notify_order=failing(KeyError("a bug"))), shop.buy()),
    ):
        shop = Shop(shirt=3)
        prepare(shop)
        visited |= shop.workflow.visited
    assert visited == DEFINITION["States"].keys()


def test_every_task_is_a_step_of_ours_with_retries_and_a_way_out():
    tasks = [state for state in DEFINITION["States"].values() if "${Function}" in state.get("Resource", "")]
    assert {task["Resource"] for task in tasks} == {f"${{Function}}-{name}" for name in Shop().workflow.steps}
    for task in tasks:
        [retry], [catch] = task["Retry"], task["Catch"]
        assert "States.ALL" not in retry["ErrorEquals"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert catch["Next"] in ("Undo", "SetAside", "SetAsideUntold")
