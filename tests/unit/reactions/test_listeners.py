"""A batch of events: each is reacted to, handed back, or parked."""

import json

import pytest

from chalicelib.batch import Later
from chalicelib.errors import InDoubt, Unavailable
from chalicelib.reactions.listeners import OnceReaction, Reaction, read
from tests.fakes.queue import MemoryQueue
from tests.unit.reactions.events import DETAIL, PLACE, body, heard


@pytest.fixture
def parked():
    return MemoryQueue()


@pytest.fixture
def lines():
    return []


@pytest.fixture
def handle(parked, lines):
    """Answers the numbers of the messages that come again, and what was reacted to."""

    def handle(*bodies, react=lambda _: None):
        queue = MemoryQueue()
        event = {
            "Records": [
                {"messageId": str(n), "receiptHandle": f"r{n}", "body": body, "attributes": {}}
                for n, body in enumerate(bodies)
            ]
        }
        reaction = OnceReaction(queue, parked, react, lambda event, **fields: lines.append((event, fields)))
        failures = reaction.handle(event, lambda: 30_000)["batchItemFailures"]
        return [int(failure["itemIdentifier"]) for failure in failures]

    return handle


def test_an_event_is_read_with_the_place_that_it_comes_from():
    assert read(body()) == heard()


@pytest.mark.parametrize(
    "wrong",
    [
        "not JSON",
        "{}",
        body(source="somebody.else"),
        body(**{"detail-type": "Order Refunded"}),
        body(detail={**DETAIL, "version": 2}),
        body(detail={**DETAIL, "items": []}),
        body(detail={name: value for name, value in DETAIL.items() if name != "orderId"}),
    ],
)
def test_what_is_none_of_our_events_fails_alone(handle, wrong):
    seen = []
    assert handle(body(), wrong, body(), react=seen.append) == [1]
    assert seen == [heard(), heard()]


def test_fields_that_came_later_are_no_matter():
    assert read(body(detail={**DETAIL, "giftWrap": True})).place == PLACE


@pytest.mark.parametrize("error", [Unavailable("not now"), Later(5, "busy"), KeyError("a bug")])
def test_what_fails_comes_again(handle, parked, error):
    def react(_):
        raise error

    assert handle(body(), react=react) == [0]
    assert parked.messages == []


def test_what_is_in_doubt_is_parked_and_does_not_come_again(handle, parked, lines):
    def react(_):
        raise InDoubt("send-email was begun, and nobody knows whether it was done")

    assert handle(body(), react=react) == []
    assert [json.loads(message.body)["detail"]["orderId"] for message in parked.messages] == ["o-1"]
    assert [event for event, _ in lines] == ["parked"]


def test_what_cannot_be_parked_comes_again(handle, parked):
    def react(_):
        raise InDoubt("nobody knows")

    parked.refuses = True
    assert handle(body(), react=react) == [0]


def test_a_reaction_that_is_never_in_doubt_parks_nothing(parked):
    def react(_):
        raise InDoubt("nobody knows")

    record = {"messageId": "1", "receiptHandle": "r1", "body": body(), "attributes": {}}
    failures = Reaction(MemoryQueue(), react).handle({"Records": [record]}, lambda: 30_000)
    assert failures == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert parked.messages == []
