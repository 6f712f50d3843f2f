"""From the stream of a table to the bus: every event at least once, and no record that holds up the others.

State is written once, and its stream makes the event: so none is forgotten, and none tells what did not happen. What the bus refuses for
the moment is sent again, at once and then by the stream; what it can never take, or nobody can read, is set aside in a queue for a person.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from chalicelib.aws.events import BATCH, FOR_EVER, Outgoing
from chalicelib.batch import Failures
from chalicelib.errors import Unavailable
from chalicelib.events.aside import Queue, Record, failures, set_aside
from chalicelib.events.catalogue import SOURCE
from chalicelib.events.stream import Unreadable, event_of
from chalicelib.logs import Log

ROUNDS = 3
"""How often we send what the bus refuses. The stream then comes with it again, for longer than we could wait."""


class Bus(Protocol):
    def put(self, events: Sequence[Outgoing]) -> list[str]:
        """Publish up to `BATCH` events: for each the code of its refusal, empty where it is kept. `Unavailable` is all of them."""


class _Told(NamedTuple):
    record: Record
    event: Outgoing


class Publisher:
    def __init__(self, bus: Bus, aside: Queue, log: Log, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._aside = aside
        self._log = log
        self._sleep = sleep

    def publish(self, event: Mapping[str, Any]) -> Failures:
        """Publish what the records of a stream tell; answer with those that must come again, and with all behind them."""
        again: list[Record] = []
        told: list[_Told] = []
        for record in event["Records"]:
            try:
                fact = event_of(record)
            except Unreadable as unreadable:
                again += set_aside(record, str(unreadable), self._aside, self._log)
            else:
                if fact is not None:
                    outgoing = Outgoing(SOURCE, fact.detail_type, msgspec.json.encode(fact).decode())
                    told.append(_Told(record, outgoing))
        for start in range(0, len(told), BATCH):
            again += self._published(told[start : start + BATCH])
        if told or again:
            self._log("published", events=len(told) - len(again), failures=len(again) or None)
        return failures(again)

    def _published(self, waiting: list[_Told]) -> list[Record]:
        """Publish up to `BATCH` events; answers the records whose events must come again."""
        aside: list[Record] = []
        for round_ in range(ROUNDS):
            if round_:
                self._sleep(0.1 * 2**round_)
            try:
                codes = self._bus.put([told.event for told in waiting])
            except Unavailable:
                break  # the client has tried again by itself
            refused = [(told, code) for told, code in zip(waiting, codes, strict=True) if code]
            for told, code in refused:
                if code in FOR_EVER:
                    aside += set_aside(told.record, code, self._aside, self._log)
            waiting = [told for told, code in refused if code not in FOR_EVER]
            if not waiting:
                break
        return [*aside, *(told.record for told in waiting)]
