"""The streams' edge: facts are counted, whatever comes twice, in pieces or again; and nothing that cannot be read holds up the others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.batch import Failures
from chalicelib.errors import Unavailable
from chalicelib.events.aside import Queue, Record, failures, set_aside
from chalicelib.events.stream import Unreadable
from chalicelib.logs import Log
from chalicelib.statistics.facts import Fact, fact_of
from chalicelib.statistics.service import StatisticsService


class _Told(NamedTuple):
    record: Record
    fact: Fact


class StreamCounter:
    """Counts what the stream of one table tells; `aside` is its own dead-letter queue."""

    def __init__(self, statistics: StatisticsService, aside: Queue, log: Log) -> None:
        self._statistics = statistics
        self._aside = aside
        self._log = log

    def handle(self, event: Mapping[str, Any]) -> Failures:
        """Count what the records tell; answer with those that must come again, and with all behind them."""
        again: list[Record] = []
        told: list[_Told] = []
        for record in event["Records"]:
            try:
                fact = fact_of(record)
            except Unreadable as unreadable:
                again += set_aside(record, str(unreadable), self._aside, self._log)
            else:
                if fact is not None:
                    told.append(_Told(record, fact))
        again += self._counted(told)
        if told or again:
            self._log("counted", facts=len(told), failures=len(again) or None)
        return failures(again)

    def _counted(self, told: list[_Told]) -> list[Record]:
        """Count facts; answers the records that must come again: all, as those that were counted are not counted twice."""
        try:
            self._statistics.count([each.fact for each in told])
        except Unavailable as error:
            self._log("uncounted", reason=str(error), facts=len(told))
            return [each.record for each in told]
        return []
