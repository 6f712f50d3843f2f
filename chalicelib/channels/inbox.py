"""Messages on their way in: from a webhook into the queue, and from the queue into the dialogue.

The queue's group is the conversation: a fan's messages are handled in order, and fans never wait for each other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib import batch
from chalicelib.aws.queues import Outgoing, Queue
from chalicelib.dialogue.model import Message, Reply
from chalicelib.ids import digest
from chalicelib.logs import Log


class Inbox:
    """The webhook's side."""

    def __init__(self, queue: Queue, log: Log) -> None:
        self._queue = queue
        self._log = log

    def accept(self, messages: Sequence[Message]) -> None:
        """Keep all messages, or raise `Unavailable`: then the platform sends them again, and none is kept twice."""
        self._queue.send([Outgoing(_packed(message), message.conversation, message.id) for message in messages])
        for message in messages:
            self._log("received", trace=message.trace, conversation=digest(message.conversation), kind=message.kind)

    def forget(self, conversation: str, code: str, at: int) -> None:
        """Have all that is kept of a conversation deleted, in order with its messages; `code` names this wish, of `at` milliseconds."""
        self.accept([Message(conversation, code, at, kind="deletion", trace=digest(conversation, code))])

    def tell(self, conversation: str, order_id: str, at: int) -> None:
        """Have a fan told what has become of their order: it has ended `at` this time, in milliseconds. Again changes nothing."""
        trace = digest(conversation, order_id)
        self.accept([Message(conversation, f"order:{order_id}", at, kind="order", order=order_id, trace=trace)])


class Answer(Protocol):
    @property
    def replies(self) -> tuple[Reply, ...]: ...
    @property
    def newest(self) -> bool: ...
    @property
    def forget(self) -> bool: ...


class Dialogue(Protocol):
    def turn(self, message: Message) -> Answer:
        """The replies to a message, whether it is the newest of its conversation, and whether that is to be forgotten now."""

    def forget(self, conversation: str) -> None:
        """Delete all that is kept of a conversation, and the users whose it is."""


class Outbox(Protocol):
    def send(self, message: Message, replies: Sequence[Reply]) -> None:
        """Keep the replies to this message for the sender, or raise `Unavailable`."""


class Deletions(Protocol):
    def done(self, code: str) -> None:
        """Everything about the person is gone."""


class Bot:
    """The function's side."""

    def __init__(self, queue: Queue, dialogue: Dialogue, outbox: Outbox, deletions: Deletions) -> None:
        self._queue = queue
        self._dialogue = dialogue
        self._outbox = outbox
        self._deletions = deletions

    def handle(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> batch.Failures:
        """Answer a batch of messages (an SQS event); see `batch.process`."""
        answered: set[str] = set()
        return batch.process(event, remaining, self._queue, lambda record: self._answer(record, answered))

    def _answer(self, record: batch.Record, answered: set[str]) -> None:
        """The replies are kept before the message is given up, and are kept once however often this is done."""
        message = _unpacked(record.body)
        turn = self._dialogue.turn(message)
        if turn.forget and message.conversation in answered:
            raise batch.Later(0, "to forget, once the messages before it cannot come again")
        answered.add(message.conversation)
        # else they were kept before the next message was begun; or the page of the web chat reads them from the transcript
        if turn.newest and message.channel != "web":
            self._outbox.send(message, turn.replies)
        if turn.forget:
            self._dialogue.forget(message.conversation)
        if message.kind == "deletion":
            self._deletions.done(message.id)


def _packed(message: Message) -> str:
    return json.dumps({name: value for name, value in message._asdict().items() if value}, separators=(",", ":"))


def _unpacked(body: str) -> Message:
    """What `_packed` packed, also in a newer release that knows more."""
    members = json.loads(body)
    return Message(**{name: members[name] for name in Message._fields if name in members})
