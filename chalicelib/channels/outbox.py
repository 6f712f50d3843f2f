"""Replies on their way out: from the dialogue into the queue, and from the queue to the platforms.

The queue's group is the conversation, so replies arrive in the order of the turns. A platform that is slow or down fills the queue,
and never holds up a turn.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib import batch
from chalicelib.aws.queues import Outgoing, Queue
from chalicelib.channels import outcomes
from chalicelib.channels.delivery import Channel, Delivery, Undeliverable
from chalicelib.clock import Clock
from chalicelib.dialogue.model import Message, Reply, packed, unpacked
from chalicelib.errors import Unavailable
from chalicelib.logs import Log

LONGEST_SEND = 16_000
"""Milliseconds: the time that a channel gives a platform to connect and to answer, and some."""


class Outbox:
    """The dialogue's side."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def send(self, message: Message, replies: Sequence[Reply]) -> None:
        """Keep the replies to this message, in order, or raise `Unavailable`; keeping them again changes nothing."""
        self._queue.send(
            [
                Outgoing(_body(message, reply, position), message.conversation, f"{message.id}:{position}")
                for position, reply in enumerate(packed(replies))
            ]
        )


class Conversations(Protocol):
    def lose(self, conversation: str, now: float) -> None:
        """Keep that its fan cannot be reached, or raise `Unavailable`; again is fine."""


class Sender:
    """The function's side. `parked` is where replies wait that we got wrong: an operator sees them and can send them again."""

    def __init__(
        self,
        queue: Queue,
        parked: Queue,
        channels: Mapping[str, Channel],
        conversations: Conversations,
        clock: Clock,
        log: Log,
    ) -> None:
        self._queue = queue
        self._parked = parked
        self._channels = channels
        self._conversations = conversations
        self._clock = clock
        self._log = log

    def handle(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> batch.Failures:
        """Send a batch of replies (an SQS event); see `batch.process`."""
        return batch.process(event, remaining, self._queue, self._send, repeatable=False, reserve=LONGEST_SEND)

    def _send(self, record: batch.Record) -> None:
        delivery = _unpacked(record)
        channel = self._channels[delivery.conversation.partition(":")[0]]
        try:
            channel.deliver(delivery)
        except Undeliverable as undeliverable:
            self._log(
                "undeliverable",
                trace=delivery.trace,
                reason=undeliverable.kind,
                level="alarm" if undeliverable.ours else "warning",
            )
            if undeliverable.ours:
                self._parked.send([Outgoing(record.body, delivery.conversation, record.id)])
            if undeliverable.kind == outcomes.UNREACHABLE:
                self._lose(delivery)

    def _lose(self, delivery: Delivery) -> None:
        """For the statistics only: a reply does not come again for that."""
        try:
            self._conversations.lose(delivery.conversation, self._clock())
        except Unavailable as error:
            self._log("not_counted", trace=delivery.trace, error=str(error), level="warning")


def _body(message: Message, reply: Mapping[str, Any], position: int) -> str:
    body = {
        "conversation": message.conversation,
        "trace": message.trace,
        "received_at": message.received_at,
        "position": position,
        "origin": message.origin,
        "reply": reply,
    }
    return json.dumps({name: value for name, value in body.items() if value}, separators=(",", ":"))


def _unpacked(record: batch.Record) -> Delivery:
    """What `_body` packed, also in a release that knew less, or knows more."""
    body = json.loads(record.body)
    [reply] = unpacked([body.pop("reply")])
    known = {name: body[name] for name in Delivery._fields if name in body}
    return Delivery(**known, reply=reply, receives=record.receives)
