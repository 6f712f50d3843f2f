"""What comes back from SES, and whom it lets us mail no more."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Unavailable
from chalicelib.mailing.listeners import MailEvents
from chalicelib.mailing.service import Mailing
from chalicelib.mailing.store import MailStore
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable
from tests.unit.mailing.ses import ANNA, BOUNCE, bounce, complaint

LATER = 1_800_000_000.0
"""Than all these events, in seconds."""


class World:
    def __init__(self):
        self.table = MemoryTable()
        self.mailing = Mailing(MailStore(self.table), {}, "https://guestlist.example", Clock(LATER))
        self.lines = []

    def told(self, *bodies):
        """Handles a batch; answers the numbers of the messages that come again."""
        records = [
            {"messageId": str(n), "receiptHandle": f"r{n}", "body": body, "attributes": {}}
            for n, body in enumerate(bodies)
        ]
        listener = MailEvents(MemoryQueue(), self.mailing, lambda event, **fields: self.lines.append((event, fields)))
        failures = listener.handle({"Records": records}, lambda: 30_000)["batchItemFailures"]
        return [int(failure["itemIdentifier"]) for failure in failures]


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("event", [bounce(), bounce(bounceSubType="Suppressed"), complaint()])
def test_who_cannot_be_reached_or_complains_is_mailed_no_more(world, event):
    assert world.mailing.may_mail(ANNA)
    assert world.told(event) == []
    assert not world.mailing.may_mail(ANNA)
    assert not world.mailing.may_mail(ANNA, "birthday-bash")
    assert world.mailing.may_mail("ben@example.org")


@pytest.mark.parametrize(
    "event",
    [
        bounce(bounceType="Transient", bounceSubType="MailboxFull"),
        bounce(bounceType="Undetermined"),
        complaint(complaintFeedbackType="not-spam"),
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
)
def test_a_full_mailbox_praise_and_a_greeting_change_nothing(world, event):
    assert world.told(event) == []
    assert world.mailing.may_mail(ANNA)
    assert world.table.writes == []


@pytest.mark.parametrize(
    "malformed",
    [
        "not JSON",
        "{}",
        "[]",
        json.dumps({**BOUNCE, "eventType": "Complaint"}),
        json.dumps({**BOUNCE, "eventType": "Delivery"}),
        json.dumps({"eventType": "Bounce"}),
        bounce(timestamp="yesterday"),
        bounce(timestamp="2026-12-05T00:41:02"),
        bounce(address="nobody"),
        bounce(bouncedRecipients="anna@example.org"),
    ],
)
def test_what_is_no_event_fails_alone(world, malformed):
    assert world.told(bounce("ben@example.org"), malformed, bounce()) == [1]
    assert not world.mailing.may_mail(ANNA)
    assert not world.mailing.may_mail("ben@example.org")


@pytest.mark.parametrize("written", ["Anna@Example.ORG", "Anna Jansen <anna@example.org>", "<anna@example.org>"])
def test_an_address_is_found_however_it_is_written(world, written):
    world.told(bounce(written))
    assert not world.mailing.may_mail("ANNA@example.org")


def test_a_domain_is_found_in_both_alphabets(world):
    world.told(bounce("anna@xn--exmple-cua.org"))
    assert not world.mailing.may_mail("anna@exämple.org")


def test_no_address_is_kept_or_logged(world):
    world.told(bounce(), complaint())
    assert "anna" not in repr([list(world.table), world.table.writes, world.lines]).lower()


def test_news_is_measured_and_what_comes_again_is_not(world):
    for _ in range(3):
        world.told(bounce(), complaint())
    assert [(event, fields["outcome"], fields["mails"]) for event, fields in world.lines] == [
        ("mail", "bounce", 1),
        ("mail", "complaint", 1),
    ]


def test_an_operators_word_counts_until_a_later_event(world):
    world.told(bounce())
    world.mailing.allow(ANNA)
    assert world.mailing.may_mail(ANNA)
    world.told(bounce())
    assert world.mailing.may_mail(ANNA)
    world.told(bounce(timestamp="2027-06-01T00:00:00.000Z"))
    assert not world.mailing.may_mail(ANNA)


EVENTS = {
    "a bounce": lambda world: world.told(bounce()),
    "a later complaint": lambda world: world.told(complaint()),
    "an operator's word": lambda world: world.mailing.allow(ANNA),
    "a bounce after it": lambda world: world.told(bounce(timestamp="2027-06-01T00:00:00.000Z")),
}


@given(st.lists(st.sampled_from(sorted(EVENTS)), min_size=1, max_size=8))
def test_the_latest_word_counts_in_whichever_order_and_however_often_they_come(order):
    world = World()
    for event in order:
        EVENTS[event](world)
    latest = next(event for event in reversed(EVENTS) if event in order)
    assert world.mailing.may_mail(ANNA) == (latest == "an operator's word")


def test_two_who_say_something_at_once_do_not_undo_each_other(world):
    """The later word is written between the other's look and its write, which then fails, comes again, and finds it."""
    world.told(bounce())
    table, between = world.table, itertools.chain([lambda: world.told(bounce(timestamp="2027-06-01T00:00:00.000Z"))])

    class Interrupted:
        def get(self, *key):
            return table.get(*key)

        def write(self, *steps):
            next(between, lambda: None)()
            table.write(*steps)

    slow = Mailing(MailStore(Interrupted()), {}, "https://guestlist.example", Clock(LATER))
    with pytest.raises(Unavailable):
        slow.allow(ANNA)
    slow.allow(ANNA)
    assert not world.mailing.may_mail(ANNA)
