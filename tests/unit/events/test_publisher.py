"""Every change reaches the bus at least once; none that cannot holds up its neighbours."""

import itertools
import json

import pytest

from chalicelib.aws.client import AwsError
from chalicelib.aws.events import BATCH, FOR_EVER, EventBus, Outgoing
from chalicelib.errors import Unavailable
from chalicelib.events.publisher import ROUNDS, Publisher
from tests.unit.events.rows import an_order, changed, placed


class Bus:
    """Keeps events; `plan` holds, for each call, the codes of its events, or an error. A missing code is none."""

    def __init__(self):
        self.kept = []
        self.calls = []
        self.plan = []

    def put(self, events):
        self.calls.append(len(events))
        answer = self.plan.pop(0) if self.plan else []
        if isinstance(answer, Exception):
            raise answer
        codes = [code for code, _ in itertools.zip_longest(answer, events, fillvalue="")]
        self.kept += [event for event, code in zip(events, codes, strict=True) if not code]
        return codes

    @property
    def orders(self):
        return [json.loads(event.detail)["orderId"] for event in self.kept]


class Aside:
    def __init__(self):
        self.bodies = []
        self.refuses = False

    def send(self, messages):
        if self.refuses:
            raise Unavailable("The queue refuses messages")
        self.bodies += [json.loads(message.body) for message in messages]


@pytest.fixture
def bus():
    return Bus()


@pytest.fixture
def aside():
    return Aside()


@pytest.fixture
def lines():
    return []


@pytest.fixture
def publish(bus, aside, lines):
    """Answers the numbers of the records that must come again."""

    def log(event, **fields):
        lines.append({"event": event, **fields})

    publisher = Publisher(bus, aside, log, sleep=lambda _: None)

    def publish(*records):
        failures = publisher.publish({"Records": list(records)})["batchItemFailures"]
        return [int(failure["itemIdentifier"]) for failure in failures]

    return publish


UNREADABLE = {"totalCents": "many"}


def test_a_placed_order_is_published_under_our_name(publish, bus):
    assert publish(placed()) == []
    [event] = bus.kept
    assert (event.source, event.detail_type) == ("order.service", "Order Placed")
    assert json.loads(event.detail)["orderId"] == "o-1"


def test_changes_that_tell_nothing_ask_nothing_of_the_bus(publish, bus, lines):
    assert publish(changed(an_order(status="ACCEPTED"))) == []
    assert bus.calls == []
    assert lines == []


def test_events_are_published_ten_at_a_time(publish, bus):
    assert publish(*(placed(number) for number in range(1, 24))) == []
    assert bus.calls == [BATCH, BATCH, 3]
    assert bus.orders == [f"o-{number}" for number in range(1, 24)]


def test_only_what_was_refused_is_sent_again(publish, bus):
    bus.plan = [["", "ThrottlingException", ""], ["InternalFailure"]]
    assert publish(placed(1), placed(2), placed(3)) == []
    assert bus.calls == [3, 1, 1]
    assert sorted(bus.orders) == ["o-1", "o-2", "o-3"]


def test_what_is_refused_to_the_end_comes_again_by_the_stream(publish, bus, aside):
    bus.plan = [["", "ThrottlingException"], *[["ThrottlingException"]] * (ROUNDS - 1)]
    assert publish(placed(1), placed(2), placed(3)) == [2]
    assert sorted(bus.orders) == ["o-1", "o-3"]
    assert aside.bodies == []


def test_where_the_bus_does_not_answer_all_of_the_ten_come_again_and_others_are_published(publish, bus):
    bus.plan = [AwsError("PutEvents", "TimeoutError", {}, in_doubt=True)]
    assert publish(*(placed(number) for number in range(1, 13))) == list(range(1, 11))
    assert bus.orders == ["o-11", "o-12"]


def test_a_record_that_nobody_can_read_is_set_aside_and_its_neighbours_are_published(publish, bus, aside, lines):
    poison = placed(2, **UNREADABLE)
    assert publish(placed(1), poison, placed(3)) == []
    assert bus.orders == ["o-1", "o-3"]
    assert aside.bodies == [{"reason": "Expected `int`, got `str` - at `$.totalCents`", "record": poison}]
    assert "set_aside" in [line["event"] for line in lines]


def test_without_setting_aside_the_poison_would_hold_up_its_shard(publish, bus, aside):
    """The negative control: where it cannot be set aside, it comes again."""
    aside.refuses = True
    assert publish(placed(1), placed(2, **UNREADABLE), placed(3)) == [2]
    assert bus.orders == ["o-1", "o-3"]


@pytest.mark.parametrize("code", sorted(FOR_EVER))
def test_an_event_that_the_bus_can_never_take_is_set_aside(publish, bus, aside, code):
    bus.plan = [["", code]]
    assert publish(placed(1), placed(2), placed(3)) == []
    assert bus.calls == [3]
    assert [(body["reason"], body["record"]["dynamodb"]["SequenceNumber"]) for body in aside.bodies] == [(code, "2")]


def test_what_was_set_aside_is_published_once_it_is_mended(publish, bus, aside):
    publish(placed(2, **UNREADABLE))
    [body] = aside.bodies
    body["record"]["dynamodb"]["NewImage"]["totalCents"] = {"N": "10000"}
    assert publish(body["record"]) == []
    assert bus.orders == ["o-2"]


def test_a_line_of_log_counts_and_names_nobody(publish, bus, lines):
    bus.plan = [["", *["ThrottlingException"]], *[["ThrottlingException"]] * ROUNDS]
    publish(placed(1), placed(2))
    assert lines == [{"event": "published", "events": 1, "failures": 1}]


# ─── the bus itself ────────────────────────────────────────────────────────────────────────────────────────────────


class Client:
    def __init__(self, answer):
        self.asked = []
        self._answer = answer

    def call(self, operation, **parameters):
        self.asked.append((operation, parameters))
        return self._answer


EVENTS = [Outgoing("order.service", "Order Placed", "{}"), Outgoing("order.service", "Order Refunded", "{}")]


def test_the_bus_is_named_in_every_entry():
    client = Client({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}, {"EventId": "2"}]})
    assert EventBus(client, "guestlist-prod-order-events").put(EVENTS) == ["", ""]
    [(operation, parameters)] = client.asked
    assert operation == "PutEvents"
    assert {entry["EventBusName"] for entry in parameters["Entries"]} == {"guestlist-prod-order-events"}


def test_a_200_with_failed_entries_is_no_success():
    entries = [{"EventId": "1"}, {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]
    assert EventBus(Client({"FailedEntryCount": 1, "Entries": entries}), "b").put(EVENTS) == ["", "ThrottlingException"]
