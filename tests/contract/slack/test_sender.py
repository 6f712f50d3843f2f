import pytest

from chalicelib import errors
from chalicelib.batch import LONGEST_DELAY, Later
from chalicelib.channels.delivery import Delivery, Undeliverable
from chalicelib.channels.slack.sender import MOST_BEGUN, SlackSender
from chalicelib.dialogue.model import Card, Choice, Reply
from chalicelib.pace import LONGEST_PAUSE
from chalicelib.settings import Settings
from tests.contract.sending import Bench, benches
from tests.contract.slack.web_api import WebApi, error, taken, too_fast
from tests.fakes.platform import Answer

TOKEN = "xoxb-a-bot-token"
FAN = "U2147483697"
DIRECT = "D024BE91L"
PUBLIC = "C02ACCEPT1"
CONVERSATION = f"slack:T061EG9R6:{FAN}"
NEIGHBOUR = "slack:T061EG9R6:U1357913579"
ELSEWHERE = "slack:T099999999:U1357913579"
TRACE = "trace00001"
PRESSED = {"channel": DIRECT, "ts": "1795340000.000200", "text": "Blue or red?", "title": "Blue"}
MENTIONED = {"mentioned": PUBLIC, "thread": "1795340000.000100"}


class Tokens:
    def __init__(self, failure=None):
        self.failure = failure
        self.forgotten = []

    def token(self, _team):
        if self.failure:
            raise self.failure
        return TOKEN

    def forget(self, team):
        self.forgotten.append(team)


@pytest.fixture
def slack():
    slack = WebApi()
    yield slack
    slack.close()


class SlackBench(Bench):
    """A sender at the fake platform, with its tokens in hand."""

    def __init__(self, slack, tokens=None):
        super().__init__()
        self.tokens = tokens or Tokens()
        settings = Settings("local", "eu-west-1", "https://example.test", "", 1.0, False, slack.url, "")
        self.sender = SlackSender(
            self.session,
            settings,
            self.tokens,
            self.clock,
            self.log,
        )

    def deliver(self, text="Hello", conversation=CONVERSATION, trace=TRACE, **fields):
        """A second after whatever was sent before."""
        self.clock.now += 1
        self.deliver_now(text, conversation, trace, **fields)

    def deliver_now(self, text="Hello", conversation=CONVERSATION, trace=TRACE, *, card=None, page=(), **fields):
        self.sender.deliver(Delivery(conversation, Reply(text, (), card, page), trace, **fields))

    def sent(self):
        return [fields for event, fields in self.lines if event == "sent"]


@pytest.fixture
def make(slack):
    with benches(SlackBench, slack) as make:
        yield make


@pytest.fixture
def bench(make):
    return make()


def test_a_reply_goes_to_slacks_own_method_with_the_workspaces_token_in_a_header(slack, bench):
    bench.deliver(origin={"channel": DIRECT})
    [asked] = slack.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/api/chat.postMessage", {})
    assert asked.token == f"Bearer {TOKEN}"
    assert (asked.body["channel"], asked.body["text"]) == (DIRECT, "Hello")


def test_a_page_is_published_for_the_fan(slack, bench):
    bench.deliver("", page=(Reply("Your tickets"), Reply("Go on", (Choice("Go on", "start:bash"),))))
    [body] = slack.bodies("views.publish")
    assert body["user_id"] == FAN
    assert [block["type"] for block in body["view"]["blocks"]] == ["section", "section", "actions"]


def test_a_send_leaves_one_line_that_names_nobody(slack, bench):
    slack.plan = [error("is_archived")]
    with pytest.raises(Undeliverable):
        bench.deliver()
    assert bench.lines == [
        (
            "sent",
            {
                "trace": TRACE,
                "channel": "slack",
                "method": "chat.postMessage",
                "sends": 1,
                "status": 200,
                "ms": 0,
                "outcome": "unreachable",
                "code": "is_archived",
                "reference": "b3d1a2",
                "reply_ms": None,
            },
        )
    ]


def test_the_last_call_of_a_reply_tells_how_long_the_fan_has_waited(bench):
    bench.deliver("word " * 1_000, received_at=int((bench.clock.now - 2) * 1000))
    assert [line["reply_ms"] for line in bench.sent()] == [None, 3_000]
    assert [line["outcome"] for line in bench.sent()] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("word", "kind", "ours"),
    [
        ("channel_not_found", "unreachable", False),
        ("user_not_found", "unreachable", False),
        ("invalid_blocks", "permanent", True),
        ("msg_too_long", "permanent", True),
    ],
)
def test_what_can_never_be_sent_is_said_to_be_so(slack, bench, word, kind, ours):
    slack.plan = [error(word)]
    with pytest.raises(Undeliverable) as undeliverable:
        bench.deliver()
    assert (undeliverable.value.kind, undeliverable.value.ours) == (kind, ours)
    bench.deliver(conversation=NEIGHBOUR)
    assert len(slack.asked) == 2


@pytest.mark.parametrize("word", ["channel_not_found", "not_in_channel"])
def test_a_reply_to_a_command_in_other_peoples_direct_message_goes_to_the_fan_instead(slack, bench, word):
    slack.plan = [error(word)]
    bench.deliver(origin={"channel": "D0OTHERS00"})
    assert [body["channel"] for body in slack.bodies("chat.postMessage")] == ["D0OTHERS00", FAN]
    assert slack.texts == ["Hello", "Hello"]


def test_a_fan_who_cannot_be_reached_either_way_is_given_up(slack, bench):
    slack.plan = [error("channel_not_found"), error("user_not_found")]
    with pytest.raises(Undeliverable, match="unreachable"):
        bench.deliver(origin={"channel": DIRECT})
    assert len(slack.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        error("internal_error"),
        error("a_word_of_next_year"),
        error("invalid_blocks", "[ERROR] downloading image failed [json-pointer:/blocks/1/image_url]"),
        Answer(503, b"busy"),
    ],
)
def test_a_bad_moment_of_slack_delays_this_fan_alone_and_longer_each_time(slack, bench, answer):
    for receives, seconds in ((1, 1), (2, 2), (5, 16), (50, LONGEST_DELAY)):
        slack.plan = [answer]
        with pytest.raises(Later) as later:
            bench.deliver(receives=receives)
        assert later.value.seconds == seconds
    bench.deliver(conversation=NEIGHBOUR)


def test_a_workspace_that_is_too_fast_pauses_as_long_as_slack_says_for_all_its_fans(slack, bench):
    slack.plan = [too_fast(30)]
    with pytest.raises(Later) as later:
        bench.deliver()
    assert later.value.seconds == 30
    bench.clock.now += 10
    with pytest.raises(Later) as later:
        bench.deliver_now(conversation=NEIGHBOUR)
    assert (later.value.seconds, str(later.value)) == (20, "rate_limited")
    assert len(slack.asked) == 1
    bench.deliver(conversation=ELSEWHERE)
    bench.clock.now += 20
    bench.deliver(conversation=NEIGHBOUR)
    assert len(slack.asked) == 3


def test_a_429_that_names_no_delay_pauses_the_workspace_briefly(slack, bench):
    slack.plan = [Answer(429, b"")]
    with pytest.raises(Later) as later:
        bench.deliver(receives=90)
    assert later.value.seconds == LONGEST_PAUSE


def test_a_dead_token_rings_the_alarm_once_is_read_anew_and_keeps_the_replies(slack, bench):
    slack.plan = [error("token_revoked")]
    for conversation in (CONVERSATION, NEIGHBOUR):
        with pytest.raises(Later, match="token_dead"):
            bench.deliver(conversation=conversation)
    assert len(slack.asked) == 1
    assert bench.tokens.forgotten == ["T061EG9R6"]
    assert bench.lines.count(("token_dead", {"level": "alarm", "channel": "slack"})) == 1
    bench.clock.now += LONGEST_DELAY
    bench.deliver()
    assert slack.texts == ["Hello", "Hello"]


def test_a_missing_scope_rings_the_alarm_and_keeps_the_reply(slack, bench):
    slack.plan = [error("missing_scope")]
    with pytest.raises(Later, match="not_permitted") as later:
        bench.deliver()
    assert later.value.seconds == LONGEST_DELAY
    assert ("not_permitted", {"level": "alarm", "channel": "slack"}) in bench.lines


def test_a_lost_connection_pauses_the_workspace_and_is_tried_again(slack, bench):
    slack.plan = [Answer(drop=True)]
    with pytest.raises(Later, match="no answer"):
        bench.deliver(receives=2)
    [line] = bench.sent()
    assert (line["outcome"], line["error"], line["sends"]) == ("no_answer", "ConnectionError", 1)
    assert slack.url not in str(bench.lines)
    with pytest.raises(Later):
        bench.deliver(conversation=NEIGHBOUR)
    bench.clock.now += 2
    bench.deliver()
    assert len(slack.asked) == 2


@pytest.mark.parametrize(
    "failure", [errors.Unavailable("no token"), Undeliverable("not_installed", ours=False)], ids=["unread", "left"]
)
def test_without_a_token_nothing_is_sent(slack, make, failure):
    with pytest.raises(type(failure)):
        make(tokens=Tokens(failure)).deliver()
    assert slack.asked == []


def test_a_fan_gets_one_message_a_second_and_no_neighbour_waits(slack, bench):
    bench.deliver_now()
    for wait in (1, 2):
        with pytest.raises(Later, match="pace") as later:
            bench.deliver_now()
        assert later.value.seconds == wait
    bench.deliver_now(conversation=NEIGHBOUR)
    bench.deliver_now(conversation=ELSEWHERE)
    assert len(slack.asked) == 3
    bench.deliver()
    assert len(slack.asked) == 4


def test_a_page_waits_for_no_message(slack, bench):
    bench.deliver_now("word " * 1_000)
    bench.deliver_now("", page=(Reply("Your tickets"),))
    assert slack.methods == ["chat.postMessage", "chat.postMessage", "views.publish"]


def test_a_reply_in_parts_is_sent_whole_or_waits_whole(slack, bench):
    bench.deliver_now()
    with pytest.raises(Later):
        bench.deliver_now("word " * 1_000, origin=PRESSED)
    assert len(slack.asked) == 1
    bench.deliver("word " * 1_000, origin=PRESSED)
    assert slack.methods[1:] == ["chat.update", "chat.postMessage", "chat.postMessage"]


def test_a_fault_between_two_parts_does_not_repeat_what_was_done(slack, bench):
    card = Card("Bash", "Admits one", "https://example.test/x.png", "https://example.test/x", "Open")
    slack.plan = [taken(), taken(), error("internal_error")]
    with pytest.raises(Later):
        bench.deliver("You won!", card=card, origin=PRESSED)
    bench.clock.now += 1
    bench.deliver("You won!", card=card, origin=PRESSED)
    assert slack.methods == ["chat.update", *["chat.postMessage"] * 3]
    assert slack.texts == ["You won!", "*Bash*\nAdmits one", "*Bash*\nAdmits one"]
    bench.clock.now += 1
    bench.deliver("You won!", card=card, origin=PRESSED)
    assert slack.methods[4:] == ["chat.update", *["chat.postMessage"] * 2]


def test_the_second_reply_to_a_message_is_not_taken_for_the_first(slack, bench):
    slack.plan = [taken(), error("internal_error")]
    with pytest.raises(Later):
        bench.deliver("word " * 1_000)
    bench.clock.now += 1
    bench.deliver("Your ticket", position=1)
    assert slack.texts[-1] == "Your ticket"


def test_the_memory_of_begun_replies_is_bounded(slack, bench):
    for n in range(MOST_BEGUN + 10):
        slack.plan = [error("internal_error")]
        with pytest.raises(Later):
            bench.deliver(trace=str(n))
    assert len(bench.sender._begun) == MOST_BEGUN  # noqa: SLF001  # nothing else shows it


@pytest.mark.parametrize(
    ("origin", "method"), [(PRESSED, "chat.update"), (MENTIONED, "chat.postMessage")], ids=["pressed", "mentioned"]
)
@pytest.mark.parametrize("answer", [error("message_not_found"), error("invalid_blocks"), Answer(503, b"busy")])
def test_a_reply_does_not_wait_for_a_courtesy_that_fails(slack, bench, origin, method, answer):
    slack.plan = [answer]
    bench.deliver(origin=origin)
    assert slack.methods == [method, "chat.postMessage"]
    assert slack.texts[-1] == "Hello"
    assert [line["outcome"] == "ok" for line in bench.sent()] == [False, True]


@pytest.mark.parametrize("origin", [PRESSED, MENTIONED], ids=["pressed", "mentioned"])
@pytest.mark.parametrize("answer", [too_fast(7), Answer(drop=True)], ids=["too fast", "no answer"])
def test_a_courtesy_that_slack_has_no_time_for_comes_again_with_its_reply(slack, bench, origin, answer):
    slack.plan = [answer]
    with pytest.raises(Later):
        bench.deliver(origin=origin)
    bench.clock.now += 7
    bench.deliver(origin=origin)
    assert slack.methods == [slack.methods[0], slack.methods[0], "chat.postMessage"]
    assert slack.texts[-1] == "Hello"


def test_a_crowd_that_mentions_the_app_in_one_channel_gets_its_replies_and_one_hint_a_second(slack, bench):
    bench.clock.now += 1
    for n in range(5):
        bench.deliver_now(conversation=f"slack:T061EG9R6:U{n}", trace=str(n), origin=MENTIONED)
    posts = [body["channel"] for body in slack.bodies("chat.postMessage")]
    assert posts == [PUBLIC, "U0", "U1", "U2", "U3", "U4"]
    assert [event for event, _ in bench.lines].count("left_out") == 4
