"""The queues that order events come by: each has one reaction, and dead letters of its own."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from chalicelib import batch
from chalicelib.aws.queues import Outgoing
from chalicelib.aws.topics import Place
from chalicelib.errors import InDoubt
from chalicelib.events.catalogue import SOURCE, OrderPlaced
from chalicelib.logs import Log


class Heard(NamedTuple):
    """An order was placed, as the bus tells it: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html ."""

    order: OrderPlaced
    place: Place


class Parked(Protocol):
    def send(self, messages: list[Outgoing]) -> None:
        """Keep them for a person, or raise `Unavailable`."""


class Reaction:
    """Reacts to each order of a batch; or to what else `reading` makes of a message."""

    def __init__(
        self, queue: batch.Queue, react: Callable[[Any], object], reading: Callable[[str], Any] | None = None
    ) -> None:
        self._queue = queue
        self._react = react
        self._reading = reading or read

    def handle(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> batch.Failures:
        """Handle an SQS event; see `batch.process`."""
        return batch.process(event, remaining, self._queue, self._handled, reserve=LONGEST)

    def _handled(self, record: batch.Record) -> None:
        self._react(self._reading(record.body))


class OnceReaction(Reaction):
    """Where nobody knows whether it was done before, the message is parked for a person."""

    def __init__(
        self,
        queue: batch.Queue,
        parked: Parked,
        react: Callable[[Any], object],
        log: Log,
        reading: Callable[[str], Any] | None = None,
    ) -> None:
        super().__init__(queue, react, reading)
        self._parked = parked
        self._log = log

    def _handled(self, record: batch.Record) -> None:
        try:
            super()._handled(record)
        except InDoubt as doubt:
            self._parked.send([Outgoing(record.body)])
            self._log("parked", message=record.id, reason=str(doubt))


LONGEST = 15_000
"""Milliseconds."""


class _Envelope(msgspec.Struct, frozen=True, rename={"detail_type": "detail-type"}):
    source: str
    detail_type: str
    account: str
    region: str
    detail: OrderPlaced


def read(body: str) -> Heard:
    """What a message of a queue tells; `ValueError` where it is no event of the catalogue."""
    envelope = msgspec.json.decode(body, type=_Envelope)
    if (envelope.source, envelope.detail_type) != (SOURCE, OrderPlaced.detail_type):
        raise ValueError(f"{envelope.detail_type} of {envelope.source} is none of our events")
    return Heard(envelope.detail, Place(envelope.region, envelope.account))
