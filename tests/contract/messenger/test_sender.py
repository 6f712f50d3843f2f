import pytest

from chalicelib import errors
from chalicelib.batch import LONGEST_DELAY, Later
from chalicelib.channels.delivery import Delivery, Undeliverable
from chalicelib.channels.messenger.sender import API_VERSION, MOST_BEGUN, MessengerSender
from chalicelib.dialogue.model import Card, Reply
from chalicelib.pace import LONGEST_PAUSE
from chalicelib.settings import Settings
from tests.contract.messenger.graph import Answer, Graph, error
from tests.contract.sending import Bench, benches

TOKEN = "a page token"
FAN = "24680"
CONVERSATION = f"messenger:1000:{FAN}"
NEIGHBOUR = "messenger:1000:13579"
TRACE = "trace00001"


class Secrets:
    def __init__(self, **members):
        self.members = members

    def get(self, _name):
        return self.members


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()


class GraphBench(Bench):
    """A sender at the fake platform."""

    def __init__(self, graph, *, per_second=100.0, mark_seen=False, secrets=None):
        super().__init__()
        settings = Settings("local", "eu-west-1", "https://example.test", graph.url, per_second, mark_seen, "", "")
        self.sender = MessengerSender(
            self.session,
            settings,
            secrets or Secrets(page_token=TOKEN),
            self.clock,
            self.log,
        )

    def deliver(self, text="Hello", conversation=CONVERSATION, trace=TRACE, receives=1, card=None):
        self.sender.deliver(Delivery(conversation, Reply(text, (), card), trace, receives=receives))

    def events(self):
        return [event for event, _ in self.lines]


@pytest.fixture
def make(graph):
    with benches(GraphBench, graph) as make:
        yield make


@pytest.fixture
def bench(make):
    return make()


def test_a_reply_goes_to_the_pages_own_endpoint_with_its_token_in_a_header(graph, bench):
    bench.deliver()
    [asked] = graph.asked
    assert (asked.method, asked.path, asked.query) == ("POST", f"/{API_VERSION}/me/messages", {})
    assert asked.token == f"Bearer {TOKEN}"
    assert asked.body == {"recipient": {"id": FAN}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}


def test_a_send_leaves_one_line_that_names_nobody(graph, bench):
    graph.plan = [error(100, 2018001)]
    with pytest.raises(Undeliverable):
        bench.deliver()
    [(event, fields)] = bench.lines
    assert event == "sent"
    assert (fields["trace"], fields["status"], fields["outcome"], fields["code"]) == (
        TRACE,
        400,
        "unreachable",
        "100/2018001",
    )
    assert FAN not in str(bench.lines)
    assert TOKEN not in str(bench.lines)


@pytest.mark.parametrize(
    ("answer", "kind", "ours"),
    [
        (error(10, 2018278), "window_closed", False),
        (error(10, 2534022), "window_closed", False),
        (error(551), "unreachable", False),
        (error(100, 2018001), "unreachable", False),
        (error(100), "permanent", True),
        (Answer(404, b"<html>"), "permanent", True),
        (Answer(302, b"", (("Location", "https://example.test"),)), "permanent", True),
    ],
)
def test_what_can_never_be_sent_is_said_to_be_so(graph, bench, answer, kind, ours):
    graph.plan = [answer]
    with pytest.raises(Undeliverable) as undeliverable:
        bench.deliver()
    assert (undeliverable.value.kind, undeliverable.value.ours) == (kind, ours)
    bench.deliver(conversation=NEIGHBOUR)
    assert len(graph.sends) == 2


@pytest.mark.parametrize("answer", [error(1), error(2), error(2, status=500), Answer(503, b"busy"), Answer(502, b"")])
def test_a_bad_moment_of_the_platform_delays_this_fan_alone_and_longer_each_time(graph, bench, answer):
    for receives, seconds in ((1, 1), (2, 2), (5, 16), (50, LONGEST_DELAY)):
        graph.plan = [answer]
        with pytest.raises(Later) as later:
            bench.deliver(receives=receives)
        assert later.value.seconds == seconds
    bench.deliver(conversation=NEIGHBOUR)


@pytest.mark.parametrize("answer", [error(4), error(613), Answer(429, b"")])
def test_a_page_that_is_too_fast_pauses_for_all_its_fans(graph, bench, answer):
    graph.plan = [answer]
    with pytest.raises(Later) as later:
        bench.deliver(receives=3)
    assert later.value.seconds == 4
    with pytest.raises(Later) as later:
        bench.deliver(conversation=NEIGHBOUR)
    assert (later.value.seconds, str(later.value)) == (4, "rate_limited")
    assert len(graph.sends) == 1
    bench.deliver(conversation="messenger:1001:7")
    bench.clock.now += 4
    bench.deliver(conversation=NEIGHBOUR)
    assert len(graph.sends) == 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17), ("100000", LONGEST_DELAY), ("Sun, 22 Nov 2026 15:00:00 GMT", 1), ("²", 1), ("9" * 5000, 1)],
)
def test_the_platforms_own_delay_is_honoured(graph, bench, header, seconds):
    headers = (("Retry-After", header.encode("utf-8").decode("latin-1")),)
    graph.plan = [error(613, status=429, headers=headers)]
    with pytest.raises(Later) as later:
        bench.deliver()
    assert later.value.seconds == seconds


def test_a_passing_fault_pauses_the_page_briefly_however_often_a_reply_came(graph, bench):
    graph.plan = [error(613)]
    with pytest.raises(Later) as later:
        bench.deliver(receives=90)
    assert later.value.seconds == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("answer", "event"),
    [(error(190, 463), "token_dead"), (error(10, 1893063), "page_restricted"), (error(10), "not_permitted")],
)
def test_what_needs_an_operator_rings_the_alarm_and_keeps_the_reply(graph, bench, answer, event):
    graph.plan = [answer]
    with pytest.raises(Later) as later:
        bench.deliver()
    assert later.value.seconds == LONGEST_DELAY
    assert (event, {"level": "alarm", "channel": "messenger"}) in bench.lines
    bench.clock.now += LONGEST_DELAY
    bench.deliver()
    assert graph.texts == ["Hello", "Hello"]


def test_a_dead_token_is_not_tried_for_every_fan(graph, bench):
    graph.plan = [error(190)]
    for conversation in (CONVERSATION, NEIGHBOUR):
        with pytest.raises(Later, match="token_dead"):
            bench.deliver(conversation=conversation)
    assert len(graph.sends) == 1
    assert bench.events().count("token_dead") == 1


def test_a_lost_connection_pauses_the_page_and_is_tried_again(graph, bench):
    graph.plan = [Answer(drop=True)]
    with pytest.raises(Later, match="no answer"):
        bench.deliver(receives=2)
    assert bench.lines[0][1] == {
        "trace": TRACE,
        "outcome": "no_answer",
        "error": "ConnectionError",
        "ms": 0,
        "sends": 1,
    }
    with pytest.raises(Later):
        bench.deliver(conversation=NEIGHBOUR)
    bench.clock.now += 2
    bench.deliver()
    assert len(graph.sends) == 2


def test_a_platform_that_is_not_there_costs_no_reply(make):
    nobody = Graph()
    nobody.close()
    bench = make()
    bench.sender = GraphBench(nobody).sender
    with pytest.raises(Later):
        bench.deliver()


def test_a_page_sends_no_faster_than_its_settings_say_and_never_sleeps(graph, make):
    bench = make(per_second=3.0)
    for _ in range(3):
        bench.deliver()
    waits = []
    for _ in range(4):
        with pytest.raises(Later, match="pace") as later:
            bench.deliver()
        waits.append(later.value.seconds)
    assert waits == [1, 1, 1, 2]
    assert len(graph.sends) == 3
    bench.clock.now += 1
    bench.deliver()


def test_a_reply_in_parts_is_sent_whole_or_waits_whole(graph, make):
    bench = make(per_second=3.0)
    bench.deliver()
    with pytest.raises(Later):
        bench.deliver("word " * 1_000)
    assert len(graph.sends) == 1
    bench.clock.now += 1
    bench.deliver("word " * 1_000)
    assert len(graph.sends) == 4


def test_a_fault_between_two_parts_does_not_repeat_the_first(graph, bench):
    card = Card("Bash", "Admits one", "https://example.test/x.png", "https://example.test/x", "Open")
    graph.plan = [Answer(), error(2)]
    with pytest.raises(Later):
        bench.deliver("You won!", card=card)
    bench.deliver("You won!", card=card)
    assert graph.texts == ["You won!", "📎", "📎"]
    bench.deliver("You won!", card=card)
    assert graph.texts[3:] == ["You won!", "📎"]


def test_the_memory_of_begun_replies_is_bounded(graph, bench):
    for n in range(MOST_BEGUN + 10):
        graph.plan = [error(2)]
        bench.clock.now += 1
        with pytest.raises(Later):
            bench.deliver(trace=str(n))
    assert len(bench.sender._begun) == MOST_BEGUN  # noqa: SLF001  # nothing else shows it


def test_the_name_is_asked_for_only_where_it_is_said_and_only_once(graph, bench):
    bench.deliver("Hello")
    bench.deliver("Hello {name}!")
    bench.deliver("Bye {name}!")
    assert graph.texts == ["Hello", "Hello Anna!", "Bye Anna!"]
    [asked] = [asked for asked in graph.asked if asked.method == "GET"]
    assert (asked.path, asked.query, asked.token) == (
        f"/{API_VERSION}/{FAN}",
        {"fields": ["first_name"]},
        f"Bearer {TOKEN}",
    )


@pytest.mark.parametrize(
    "profile",
    [error(100, 33), Answer(200, b"not json"), Answer(200, []), Answer(200, {"first_name": 7}), Answer(drop=True)],
)
def test_a_reply_goes_without_a_name_when_the_platform_tells_none(graph, bench, profile):
    graph.profile = profile
    bench.deliver("Hello {name}!")
    assert graph.texts == ["Hello!"]
    assert FAN not in str(bench.lines)


def test_the_fan_sees_that_their_message_was_read_where_that_is_set(graph, make):
    make(mark_seen=True).deliver()
    assert [asked.body.get("sender_action") for asked in graph.asked] == ["mark_seen", None]


@pytest.mark.parametrize("answer", [error(2, status=500), Answer(drop=True)])
def test_a_reply_does_not_wait_for_a_sender_action_that_fails(graph, make, answer):
    graph.action = answer
    bench = make(mark_seen=True)
    bench.deliver()
    assert graph.texts == ["Hello"]
    assert bench.events() == ["action_failed", "sent"]


@pytest.mark.parametrize("secrets", [Secrets(), Secrets(page_token=""), Secrets(page_token=None)])
def test_a_stage_without_a_page_token_keeps_its_replies(graph, make, secrets):
    with pytest.raises(errors.Unavailable):
        make(secrets=secrets).deliver()
    assert graph.asked == []
