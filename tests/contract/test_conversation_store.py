"""A conversation is its newest turn; who writes a turn that someone else has written is told."""

import contextlib
import json
import threading
import uuid

import pytest

from chalicelib.aws.tables import Delete, _attributes
from chalicelib.dialogue.model import Card, Choice, Message, Reply, State, Turn
from chalicelib.dialogue.store import KEEP_SECONDS, REMEMBERED, Conversation, ConversationStore, Exchange, Moved
from ops.bench.items import size

NOW = 1_796_000_000.5
AT = 1_796_000_000_000
REPLIES = (Reply("Right!", (Choice("A", "a"), Choice("B", "b"))),)
STATE = State("nl", "birthday-bash", "poster", "question", 2, 1, 1, last_at=AT)
TICKET = "1.BIRTHDAY-BASH.7KQ2M4XPRT.K1." + "A" * 103


@pytest.fixture
def of_table():
    return "conversations"


@pytest.fixture
def store(table):
    return ConversationStore(table)


@pytest.fixture
def fan():
    return f"messenger:1000:{uuid.uuid4().int}"


@pytest.fixture
def say(store, fan):
    """Handles messages m_1, m_2, …, each a second after the one before."""
    count = 0

    def say(many=1, *, state=STATE, replies=REPLIES, conversation=fan, **fields):
        nonlocal count
        for _ in range(many):
            count += 1
            message = a_message(conversation, count, **fields)
            store.append(message, store.load(conversation), Turn(state, replies), NOW)
        return message

    return say


def a_message(fan, number, **fields):
    return Message(**{"conversation": fan, "id": f"m_{number}", "at": AT + number * 1000, "kind": "text", **fields})


# ─── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_conversation_that_never_was_is_blank(store, fan):
    assert store.load(fan) == Conversation()
    assert store.transcript(fan) == ()
    assert store.replies(fan, 1) == ()


@pytest.mark.parametrize(
    "state",
    [
        State(),
        STATE,
        State("en", "c", "", "consent", 0, 0, 0, "", stopped=True, deleting=True, last_at=1),
        State("en", "c", "story", "finished", 0, 3, 10, TICKET),
    ],
)
def test_every_member_of_the_state_and_of_the_replies_is_kept(store, say, fan, state):
    card = Card("title", "subtitle", "https://x/i.png", "https://x/l", "open")
    replies = (Reply("één 🎉", (Choice("A", "a"),)), Reply("", (), card))
    say(state=state, replies=replies)
    kept = store.load(fan)
    assert (kept.state, kept.replies, kept.turns) == (state, replies, 1)
    assert isinstance(kept.state, State)


def test_the_newest_turn_counts_and_earlier_replies_can_still_be_read(store, say, fan):
    for number in range(1, 13):
        say(replies=(Reply(f"reply {number}"),), state=STATE._replace(question=number))
    newest = store.load(fan)
    assert (newest.turns, newest.state.question, newest.replies) == (12, 12, (Reply("reply 12"),))
    assert store.replies(fan, 9) == (Reply("reply 9"),)
    assert store.replies(fan, 13) == store.replies(fan, 0) == ()


def test_fans_do_not_see_each_other(store, say, fan):
    say(conversation=fan)
    say(conversation=f"{fan}0")
    store.delete(fan)
    assert store.load(fan) == Conversation()
    assert store.load(f"{fan}0").turns == 1


def test_who_comes_second_to_a_turn_is_told_and_changes_nothing(store, say, fan):
    say()
    before = store.load(fan)
    store.append(a_message(fan, 2), before, Turn(STATE, (Reply("first"),)), NOW)
    with pytest.raises(Moved):
        store.append(a_message(fan, 3), before, Turn(STATE, (Reply("second"),)), NOW)
    assert store.load(fan).replies == (Reply("first"),)
    assert store.load(fan).turns == 2


def test_of_many_that_write_a_turn_at_once_one_does(store, fan):
    before, barrier, written = store.load(fan), threading.Barrier(8), []

    def write(number):
        barrier.wait()
        try:
            store.append(a_message(fan, number), before, Turn(STATE, (Reply(str(number)),)), NOW)
        except Moved:
            return
        written.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = written
    assert store.load(fan).replies == (Reply(winner),)


# ─── handled messages ──────────────────────────────────────────────────────────────────────────────────────────────


def test_each_of_the_last_messages_is_found_at_its_turn(store, say, fan):
    messages = [say() for _ in range(REMEMBERED + 4)]
    conversation = store.load(fan)
    remembered = messages[-REMEMBERED:]
    assert [conversation.position(message) for message in remembered] == list(range(5, REMEMBERED + 5))
    assert len(conversation.recent) == REMEMBERED


def test_a_message_is_new_until_it_is_handled(store, say, fan):
    assert store.load(fan).position(a_message(fan, 1)) is None
    say()
    assert store.load(fan).position(a_message(fan, 1)) == 1
    assert store.load(fan).position(a_message(fan, 2)) is None


def test_a_message_that_is_older_than_the_forgotten_ones_was_handled_long_ago(store, say, fan):
    messages = [say() for _ in range(REMEMBERED + 3)]
    conversation = store.load(fan)
    assert conversation.forgotten_at == messages[2].at
    assert [conversation.position(message) for message in messages[:3]] == [0, 0, 0]
    unknown = a_message(fan, 99, at=messages[2].at + 1)
    assert conversation.position(unknown) is None


def test_what_was_forgotten_is_judged_by_the_newest_of_it(store, say, fan):
    late = say(at=AT + 500_000)
    say(REMEMBERED)
    assert store.load(fan).forgotten_at == late.at
    say()
    assert store.load(fan).forgotten_at == late.at, "the one forgotten now is older"


# ─── what is kept, and for how long ────────────────────────────────────────────────────────────────────────────────


def rows(table, fan):
    return list(table.query(fan))


def test_every_turn_expires_thirty_days_after_it_was_written(table, say, fan):
    say(2)
    assert [row["expiresAt"] for row in rows(table, fan)] == [int(NOW) + KEEP_SECONDS] * 2
    assert KEEP_SECONDS == 30 * 24 * 3600


def test_a_fan_who_could_not_be_reached_is_kept_once_and_as_long(table, store, say, fan):
    say()
    for _ in range(2):
        store.lose(fan, NOW)
    [_, lost] = rows(table, fan)
    came = {"channel": "messenger", "source": "poster", "language": "nl"}
    assert lost == {"pk": fan, "sk": "unreachable#birthday-bash", "expiresAt": int(NOW) + KEEP_SECONDS} | came
    say()
    assert store.load(fan).turns == 2


def test_the_tables_own_expiry_reads_that_attribute(resources):
    described = resources.client("dynamodb").describe_time_to_live(TableName="guestlist-local-conversations")
    assert described["TimeToLiveDescription"]["AttributeName"] == "expiresAt"


def test_a_turn_that_asks_a_question_is_at_most_one_kilobyte_with_all_that_is_remembered(table, say, fan):
    choices = tuple(Choice("x" * 15, f"answer:birthday-bash:1:first-set:{name}") for name in ("kitchen", "boat", "gym"))
    say(REMEMBERED + 4)
    say(replies=(Reply("x" * 150, choices),))
    say(state=STATE._replace(ticket=TICKET, step="finished"))
    assert [json.loads(json.dumps(row)) for row in rows(table, fan)] == rows(table, fan)
    assert max(size(_attributes(row)) for row in rows(table, fan)) <= 1024


def test_a_transcript_has_what_was_said_on_our_own_page_and_only_there(store, say, fan):
    web = f"web:birthday-bash:{uuid.uuid4()}"
    first, second = say(conversation=web, text="één"), say(conversation=web, text="twee")
    assert store.transcript(web) == (Exchange("één", first.at, REPLIES), Exchange("twee", second.at, REPLIES))
    message = say(text="a secret wish")
    assert store.transcript(fan) == (Exchange("", message.at, REPLIES),)


def test_the_campaigns_that_a_fan_came_to_are_known_the_latest_first(store, say, fan):
    for campaign in ("a", "b", "", "a"):
        say(state=State(campaign=campaign))
    assert store.campaigns(fan) == ("a", "b")
    assert store.campaigns("messenger:1000:none") == ()


def test_a_deleted_conversation_leaves_nothing_and_begins_anew(table, store, say, fan):
    say(12)
    store.lose(fan, NOW)
    store.delete(fan)
    store.delete(fan)
    assert rows(table, fan) == []
    assert store.load(fan) == Conversation()
    say()
    assert store.load(fan).turns == 1


class Interrupted:
    """A table at which something happens before its nth call."""

    def __init__(self, table, number, happens):
        self._table, self._left, self._happens = table, number, happens

    def __getattr__(self, name):
        member = getattr(self._table, name)

        def call(*arguments, **options):
            self._left -= 1
            if self._left == 0:
                self._happens()
            return member(*arguments, **options)

        return call


class ForgetfulStore(ConversationStore):
    """Deletes what it sees at first."""

    def delete(self, conversation):
        for turn in list(self._table.query(conversation)):
            self._table.write(Delete(turn["pk"], turn["sk"]))


def left_after(table, store, number, *, interrupts):
    """What is left of a web chat that is deleted while a turn of it is being written, or the other way round."""
    web = f"web:birthday-bash:{uuid.uuid4()}"
    plain = ConversationStore(table)
    for each in (1, 2):
        plain.append(a_message(web, each), plain.load(web), Turn(STATE, REPLIES), NOW)
    before = plain.load(web)

    def turn(at):
        with contextlib.suppress(Moved):
            at.append(a_message(web, 3), before, Turn(STATE, REPLIES), NOW)

    def deletion(at):
        at.delete(web)

    outer, inner = (turn, deletion) if interrupts == "a deletion" else (deletion, turn)
    outer(store(Interrupted(table, number, lambda: inner(store(table)))))
    return rows(table, web)


@pytest.mark.parametrize(
    ("interrupts", "number"), [("a deletion", 1), ("a deletion", 2), *(("a turn", number) for number in range(1, 5))]
)
def test_a_turn_that_is_being_written_does_not_outlive_the_deletion_of_its_web_chat(table, number, interrupts):
    assert left_after(table, ConversationStore, number, interrupts=interrupts) == []


def test_who_deletes_only_what_is_there_at_first_leaves_a_turn_behind(table):
    """The negative control."""
    assert any(left_after(table, ForgetfulStore, number, interrupts="a turn") for number in range(1, 5))
