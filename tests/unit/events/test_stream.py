"""A change of an order tells an event, or nothing, or is set aside."""

import msgspec
import pytest

from chalicelib.events.catalogue import OrderFailed, OrderPlaced, OrderRefunded, OrderRejected
from chalicelib.events.stream import Unreadable, event_of
from tests.unit.events.rows import an_order, changed, placed


def told(new, old):
    event = event_of(changed(new, old))
    return event and msgspec.to_builtins(event)


ACCEPTED = an_order(status="ACCEPTED")
PLACED = {
    "orderId": "o-1",
    "customerId": "u-1",
    "amount": 100.0,
    "currency": "EUR",
    "items": [{"productId": "vip", "quantity": 2}],
    "timestamp": "2026-11-30T00:53:20.123Z",
    "version": 1,
}


def test_an_order_that_becomes_placed_is_told_as_the_contract_has_it():
    assert told(an_order(), ACCEPTED) == PLACED
    assert isinstance(event_of(changed(an_order(), ACCEPTED)), OrderPlaced)


def test_an_order_that_is_placed_from_the_first_is_told_too():
    assert told(an_order(), None) == PLACED


def test_a_rejected_order_is_told_with_its_reason():
    rejected = an_order(status="REJECTED", reason="declined")
    assert isinstance(event_of(changed(rejected, ACCEPTED)), OrderRejected)
    assert told(rejected, ACCEPTED)["reason"] == "declined"


def test_a_refunded_order_is_told_with_what_went_back():
    refunded = an_order(status="REFUNDED", reason="sold_out", totalCents=1)
    assert isinstance(event_of(changed(refunded, ACCEPTED)), OrderRefunded)
    assert told(refunded, ACCEPTED)["amount"] == 0.01


def test_an_order_that_failed_by_our_fault_is_told_with_its_reason():
    failed = an_order(status="FAILED", reason="hung")
    assert isinstance(event_of(changed(failed, ACCEPTED)), OrderFailed)
    assert told(failed, ACCEPTED)["reason"] == "hung"


@pytest.mark.parametrize(("cents", "written"), [(100_000, b"1000.0"), (100_001, b"1000.01"), (99_999, b"999.99")])
def test_the_amount_is_exact_to_the_cent(cents, written):
    event = event_of(placed(totalCents=cents))
    assert b'"amount":' + written + b"," in msgspec.json.encode(event)


@pytest.mark.parametrize(
    "record",
    [
        changed(ACCEPTED),
        changed(an_order(version=4), an_order()),
        changed(None, an_order()),
        changed(an_order(sk="reaction#send-email"), None),
        changed(an_order(pk="open-orders", sk="2026#o-1"), None),
        changed({**ACCEPTED, "totalCents": "many"}, None),
    ],
    ids=["accepted", "placed before", "deleted", "a reaction", "an index", "unreadable, and nothing to tell"],
)
def test_other_changes_tell_nothing(record):
    assert event_of(record) is None


def test_the_same_record_tells_the_same_event_again():
    assert event_of(placed()) == event_of(placed())


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("totalCents", "many", "Expected `int`, got `str` - at `$.totalCents`"),
        ("items", [{"productId": "vip"}], "Object missing required field `quantity` - at `$.items[0]`"),
        ("customerId", None, "Expected `str`, got `null` - at `$.customerId`"),
    ],
)
def test_an_order_that_cannot_be_read_is_refused_by_the_name_of_the_field(field, value, reason):
    with pytest.raises(Unreadable, match=r".*") as refused:
        event_of(placed(**{field: value}))
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": None},
        {"dynamodb": {"Keys": {}}},
        {"dynamodb": {"Keys": {"pk": {"S": "order#1"}, "sk": {"S": "order"}}, "NewImage": {"status": {"N": "1.5"}}}},
        {"dynamodb": {"Keys": {"pk": {"S": "order#1"}, "sk": {"S": "order"}}, "NewImage": {"status": {}}}},
    ],
)
def test_what_is_no_record_is_refused_without_a_word_of_its_values(record):
    with pytest.raises(Unreadable, match=r"^(AttributeError|KeyError|TypeError|ValueError)$"):
        event_of(record)
