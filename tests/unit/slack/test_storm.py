"""Slack answers 429 again and again: every reply arrives once, and each fan's in order, through the real outbox, batches and sender."""

import itertools
import json
from collections import Counter, defaultdict
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.batch import Later
from chalicelib.channels.outbox import Outbox, Sender
from chalicelib.channels.slack.sender import SlackSender
from chalicelib.dialogue.model import Message, Reply
from chalicelib.dialogue.store import ConversationStore
from chalicelib.settings import Settings
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable

TEAM = "T061EG9R6"
MOST_RECEIVES = 100
"""As in infra/resources.yaml: then a message goes to the dead letters."""
PATIENCE = 3_600
"""Seconds after which a storm should long be over."""


class Tokens:
    def token(self, _team):
        return "xoxb-a-bot-token"

    def forget(self, _team):
        raise AssertionError("Nothing was wrong with the token")


class FifoQueue(MemoryQueue):
    """Hands out as SQS does: ten at most, nothing before its time, and nothing of a group before what came earlier in it."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock
        self._hidden_until = defaultdict(float)
        self.received = Counter()

    def return_in(self, receipts, seconds):
        for receipt in receipts:
            self._hidden_until[receipt] = self._clock() + seconds

    def batch(self):
        records, waiting = [], set()
        for record in self.event()["Records"]:
            group, receipt = record["attributes"]["MessageGroupId"], record["receiptHandle"]
            if self._hidden_until[receipt] > self._clock() or self.is_kept_back(group, waiting):
                waiting.add(group)
            elif len(records) < 10:
                self.received[receipt] += 1
                record["attributes"]["ApproximateReceiveCount"] = str(self.received[receipt])
                records.append(record)
        return {"Records": records}

    def is_kept_back(self, group, waiting):
        return group in waiting


class Answer(NamedTuple):
    status_code: int
    content: bytes
    headers: dict


class StormySlack:
    """In the place of a session: `weather` has the next answers, a Retry-After each, or None where the call is taken.

    Besides, it takes one message a second in a channel, as Slack does.
    """

    def __init__(self, clock, weather):
        self.taken = defaultdict(list)
        self.refusals = 0
        self._clock = clock
        self._weather = iter(weather)
        self._last = defaultdict(float)

    def post(self, address, *, json, **_):
        delay = next(self._weather, None)
        posted = address.endswith("/chat.postMessage")
        if delay is None and posted and self._clock() - self._last[json["channel"]] < 1:
            delay = 1
        if delay is not None:
            self.refusals += 1
            return Answer(429, b'{"ok":false,"error":"ratelimited"}', {"Retry-After": str(delay)} if delay else {})
        if posted:
            self._last[json["channel"]] = self._clock()
            self.taken[json["channel"]].append(json["text"])
        return Answer(200, b'{"ok":true}', {})


class Storm:
    """Fans who get replies by two containers, neither of which knows what the other has met."""

    def __init__(self, weather, *, queue=FifoQueue, channel=lambda sender: sender):
        self.clock = Clock(1_795_340_000.0)
        self.slack = StormySlack(self.clock, weather)
        self.queue = queue(self.clock)
        self.parked = MemoryQueue()
        self.wanted = defaultdict(list)
        self._outbox = Outbox(self.queue)
        settings = Settings("local", "eu-west-1", "https://example.test", "", 1.0, False, "https://slack.test", "")
        self._containers = itertools.cycle(
            Sender(
                self.queue,
                self.parked,
                {"slack": channel(SlackSender(self.slack, settings, Tokens(), self.clock, silent))},
                ConversationStore(MemoryTable()),
                self.clock,
                silent,
            )
            for _ in range(2)
        )

    def reply(self, fan, count):
        """So many replies to a button that the fan pressed."""
        number = len(self.wanted[fan])
        texts = [f"Reply {number + position} to {fan}" for position in range(count)]
        origin = {"channel": fan, "ts": f"{number}.000200", "text": "Blue or red?", "title": "Blue"}
        message = Message(f"slack:{TEAM}:{fan}", f"Ev{number}", 0, "choice", trace=f"{fan}-{number}", origin=origin)
        self._outbox.send(message, [Reply(text) for text in texts])
        self.wanted[fan] += texts

    def pass_over(self):
        """Until the queue is empty, or patience is at its end."""
        for _ in range(4 * PATIENCE):
            if not self.queue.messages:
                return
            event = self.queue.batch()
            if event["Records"]:
                next(self._containers).handle(json.loads(json.dumps(event)), lambda: 30_000)
            else:
                self.clock.now += 0.25

    def check(self):
        assert self.slack.taken == self.wanted
        assert self.parked.messages == []
        assert max(self.queue.received.values()) <= MOST_RECEIVES


def silent(_event, **_fields):
    """A storm is long."""


WEATHER = st.lists(st.none() | st.integers(min_value=0, max_value=60), max_size=40)
REPLIES = st.lists(st.tuples(st.sampled_from(["DANNA", "DBERT", "DCARO"]), st.integers(1, 2)), min_size=1, max_size=15)


@given(WEATHER, REPLIES)
def test_a_storm_of_429s_loses_no_reply_repeats_none_and_keeps_each_fans_order(weather, replies):
    storm = Storm(weather)
    for fan, count in replies:
        storm.reply(fan, count)
    storm.pass_over()
    storm.check()


def test_the_storm_is_one():
    storm = Storm([5] * 30)
    storm.reply("DANNA", 12)
    storm.pass_over()
    storm.check()
    assert storm.slack.refusals >= 30


class GivesUp:
    """Control: a channel that does not put back what must wait."""

    def __init__(self, sender):
        self._sender = sender

    def deliver(self, delivery):
        try:
            self._sender.deliver(delivery)
        except Later:
            return


class Doubtful:
    """Control: a channel that takes a reply for refused the first time that it is taken."""

    def __init__(self, sender):
        self._sender = sender
        self._doubted = set()

    def deliver(self, delivery):
        self._sender.deliver(delivery)
        if delivery.trace not in self._doubted:
            self._doubted.add(delivery.trace)
            raise Later(1, "in doubt")


class Disorderly(FifoQueue):
    """Control: a queue that hands out what came later while what came earlier waits."""

    def is_kept_back(self, group, waiting):
        return False


@pytest.mark.parametrize(
    "broken", [{"channel": GivesUp}, {"channel": Doubtful}, {"queue": Disorderly}], ids=["lost", "twice", "disorder"]
)
def test_the_check_notices_what_is_lost_twice_or_out_of_order(broken):
    storm = Storm([30, None, 0, 5], **broken)
    storm.reply("DANNA", 12)
    storm.pass_over()
    with pytest.raises(AssertionError):
        storm.check()
