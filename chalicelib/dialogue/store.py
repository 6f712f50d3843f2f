"""Conversations, in the table `conversations`: one item a turn, written once and never changed.

| pk | sk | item |
| --- | --- | --- |
| `<conversation>` | `turn#<number>` | the state after the turn, its replies, the messages handled so far |
| `<conversation>` | `unreachable#<campaign>` | that the fan could not be reached while they played it |

Writing turn 8 says "there is no turn 8 yet", so of two that handle the same message, or two messages of one fan, only one can win. A
message costs one read (the newest turn) and one write. Everything expires 30 days after it was written.
"""

import contextlib
from typing import Any, NamedTuple

from chalicelib.aws.tables import ConditionFailed, Create, Delete, Item, Table
from chalicelib.dialogue.model import Message, Reply, State, Turn, packed, unpacked
from chalicelib.dialogue.waiting import WaitingList
from chalicelib.ids import digest

REMEMBERED = 16
"""Handled messages that each turn carries. Older ones are told by their time: see `Conversation.position`."""

KEEP_SECONDS = 30 * 24 * 60 * 60

_BLANK = State()
_DIGEST = 8
"""Characters; 48 bits, compared with a few others."""


class Handled(NamedTuple):
    """A message that some turn has handled."""

    id: str
    """A digest of the platform's id."""
    at: int
    """When it was sent, in the platform's milliseconds."""


class Conversation(NamedTuple):
    """A conversation as its newest turn left it."""

    state: State = State()
    turns: int = 0
    recent: tuple[Handled, ...] = ()
    """The last messages; the last of them was handled by turn number `turns`."""
    forgotten_at: int = 0
    """When the newest message that is not in `recent` any more was sent."""
    replies: tuple[Reply, ...] = ()
    """Of the newest turn."""

    def position(self, message: Message) -> int | None:
        """The number of the turn that handled this message, 0 when it is too long ago to tell, None when none has.

        A message that is older than the ones we forgot was handled too: its fan has sent that many newer ones since.
        """
        ids = [handled.id for handled in self.recent]
        if _digest(message) in ids:
            return self.turns - len(ids) + 1 + ids.index(_digest(message))
        return 0 if message.at <= self.forgotten_at else None


class Exchange(NamedTuple):
    """One turn as it looks in a transcript."""

    said: str
    at: int
    """Milliseconds since the epoch."""
    replies: tuple[Reply, ...]


class Moved(Exception):
    """Someone else has written this turn."""


class ConversationStore:
    def __init__(self, table: Table) -> None:
        self._table = table
        self.waiting = WaitingList(table)

    def load(self, conversation: str) -> Conversation:
        """The conversation as it is now; a blank one where there is none."""
        newest = next(self._table.query(conversation, begins="turn#", newest_first=True, limit=1), None)
        return _conversation(newest) if newest else Conversation()

    def replies(self, conversation: str, turn: int) -> tuple[Reply, ...]:
        """The replies of an earlier turn; none where it is not known any more."""
        item = self._table.get(conversation, _sort_key(turn))
        return unpacked(item["replies"]) if item else ()

    def append(self, message: Message, before: Conversation, turn: Turn, now: float) -> None:
        """Write the turn to which this message led, or raise `Moved`, where there is such a turn, or the one before is gone.

        Before, the fan joins the waiting list that the new state names; afterwards, they leave the one that the old state does.

        That can be in the web chat only, whose messages do not wait in the queue behind a deletion. Of a deletion and a turn that is being
        written, one sees the other: this looks for the turn before once it has written, and `delete` looks again once it has deleted.
        """
        recent = (*before.recent, Handled(_digest(message), message.at))
        item: Item = {
            "pk": message.conversation,
            "sk": _sort_key(before.turns + 1),
            "state": _written(turn.state),
            "recent": " ".join(f"{handled.id}{handled.at:x}" for handled in recent[-REMEMBERED:]),
            "forgottenAt": max((before.forgotten_at, *(handled.at for handled in recent[:-REMEMBERED]))),
            "replies": packed(turn.replies),
            "at": message.at,
            "expiresAt": int(now) + KEEP_SECONDS,
        }
        if turn.answered:
            item["answered"] = turn.answered
        if message.kind in {"notice", "order"}:
            item["unasked"] = True
        if message.channel == "web":  # its page shows it again; elsewhere the platform keeps it, and we need not
            item["said"] = message.text or _title(before, message.payload)
        waited, waits = (before.state.campaign, before.state.waits), (turn.state.campaign, turn.state.waits)
        if waits[1] and waits != waited:
            self.waiting.join(*waits, message.conversation, message.at, item["expiresAt"])
        try:
            self._table.write(Create(item))
        except ConditionFailed as failed:
            raise Moved from failed
        if waited[1] and waits != waited:
            self.waiting.leave(*waited, message.conversation)
        if message.channel == "web" and before.turns and not self._table.get(item["pk"], _sort_key(before.turns)):
            self._table.write(Delete(item["pk"], item["sk"]))  # the conversation was deleted meanwhile
            raise Moved

    def transcript(self, conversation: str) -> tuple[Exchange, ...]:
        """All turns, oldest first."""
        turns = self._table.query(conversation, begins="turn#")
        return tuple(Exchange(turn.get("said", ""), turn["at"], unpacked(turn["replies"])) for turn in turns)

    def campaigns(self, conversation: str) -> tuple[str, ...]:
        """The ids of the campaigns that the fan has come to, the latest first."""
        turns = self._table.query(conversation, begins="turn#", newest_first=True)
        return tuple(dict.fromkeys(turn["state"]["campaign"] for turn in turns if "campaign" in turn["state"]))

    def lose(self, conversation: str, now: float) -> None:
        """Keep, once, that the fan could not be reached in the campaign that they play. Of a fan who was forgotten nothing is kept."""
        state = self.load(conversation).state
        if state.campaign:
            came = {"channel": conversation.partition(":")[0], "source": state.source, "language": state.language}
            key = {"pk": conversation, "sk": f"unreachable#{state.campaign}"}
            with contextlib.suppress(ConditionFailed):
                self._table.write(Create(key | came | {"expiresAt": int(now) + KEEP_SECONDS}))

    def delete(self, conversation: str) -> None:
        """Delete everything, what is written meanwhile too (see `append`); again is fine."""
        while items := list(self._table.query(conversation)):
            states = [item["state"] for item in items if "state" in item]
            for campaign_id, act in {(state["campaign"], state["waits"]) for state in states if "waits" in state}:
                self.waiting.leave(campaign_id, act, conversation)
            for item in items:
                self._table.write(Delete(item["pk"], item["sk"]))


def _title(before: Conversation, payload: str) -> str:
    """What stood on the button that was pressed, if it was one of the newest."""
    choices = (choice for reply in before.replies for choice in reply.choices)
    return next((choice.title for choice in choices if choice.payload == payload), "")


def _digest(message: Message) -> str:
    return digest(message.id, length=_DIGEST)


def _sort_key(turn: int) -> str:
    return f"turn#{turn:07}"


def _conversation(item: Item) -> Conversation:
    return Conversation(
        state=_BLANK._replace(**{name: item["state"][name] for name in State._fields if name in item["state"]}),
        turns=int(item["sk"].removeprefix("turn#")),
        recent=tuple(Handled(word[:_DIGEST], int(word[_DIGEST:], 16)) for word in item["recent"].split()),
        forgotten_at=item["forgottenAt"],
        replies=unpacked(item["replies"]),
    )


def _written(state: State) -> dict[str, Any]:
    """Only what differs from a blank state: the item stays small."""
    return {name: value for name, value in state._asdict().items() if value != getattr(_BLANK, name)}
