"""What was counted, in the table `statistics`.

| pk | sk | item |
| --- | --- | --- |
| `counts#<campaign>#<shard>` | `<quarter of an hour>` | what was counted of it, see `model`; under no campaign, the orders of none |
| `total#<campaign>` | `<time zone>` | the sum of all quarters up to `until`, which do not change any more |
| `counted#<record>` | `counted` | that a record of a stream was counted; it cannot come any more when this expires |

Quarters, because the days of all time zones are made of them. Eight shards, so that functions which count at once seldom meet.
"""

import calendar
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.aws.tables import Add, ConditionFailed, Create, Put, Table
from chalicelib.clock import iso
from chalicelib.statistics.facts import Fact
from chalicelib.statistics.model import Amounts

QUARTER = 15 * 60
"""Seconds."""
SHARDS = 8

AT_ONCE = 50
"""Facts: each takes two steps at most, and a transaction has a hundred."""
MOST_NAMES = 250
"""Amounts that one step adds to: an update's expression has 4 KB and 300 operators, and a name takes 11 bytes of it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
"""
KEEP_SECONDS = 48 * 60 * 60
FINAL = 30 * 60 * 60
"""Seconds after which a quarter does not change any more: what happened is in a stream for 24 hours, and then was counted, or set aside.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""
LATEST = FINAL - 60 * 60
"""What a person brings again still later is counted as if it had happened so many seconds ago."""

_KEY = ("pk", "sk")


class Quarter(NamedTuple):
    """What one shard counted in a quarter of an hour."""

    at: int
    """Its beginning, in seconds since the epoch."""
    amounts: Amounts


class Sum(NamedTuple):
    until: int = 0
    """Seconds since the epoch: quarters that begin earlier are in it."""
    amounts: Amounts = MappingProxyType({})


class StatisticsStore:
    """`shard` is the one to count in: each container has one."""

    def __init__(self, table: Table, shard: int = 0) -> None:
        self._table = table
        self._shard = shard

    def quarters(self, campaign_id: str, start: int, end: int) -> Iterator[Quarter]:
        """What was counted in the quarters that begin from `start` on and before `end`, in seconds: one query a shard."""
        for shard in range(SHARDS):
            for item in self._table.query(
                _partition(campaign_id, shard), between=(_sort_key(start), _sort_key(end - 1))
            ):
                yield Quarter(_seconds(item["sk"]), {name: n for name, n in item.items() if name not in _KEY})

    def total(self, campaign_id: str, zone: str) -> Sum:
        """The sum that was kept last."""
        item = self._table.get(f"total#{campaign_id}", zone)
        return Sum(item["until"], item["amounts"]) if item else Sum()

    def keep(self, campaign_id: str, zone: str, total: Sum) -> None:
        """Keep a sum: one of an earlier time, by somebody slower, is as true."""
        self._table.write(Put({"pk": f"total#{campaign_id}", "sk": zone, **total._asdict()}))

    def count(self, facts: Iterable[Fact], now: int) -> None:
        """Count facts, each once however often it comes: its mark is written in the same transaction as what it adds."""
        for batch in _batches({fact.id: fact for fact in facts}.values()):
            self._count(batch, now)

    def _count(self, waiting: list[Fact], now: int) -> None:
        while waiting:
            marks = [
                Create({"pk": f"counted#{fact.id}", "sk": "counted", "expiresAt": now + KEEP_SECONDS})
                for fact in waiting
            ]
            try:
                self._table.write(*marks, *self._added(waiting, now - LATEST))
            except ConditionFailed as failed:
                waiting = [fact for position, fact in enumerate(waiting) if position not in failed.steps]
            else:
                return

    def _added(self, facts: Iterable[Fact], earliest: int) -> list[Add]:
        sums: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for fact in facts:
            sums[_partition(fact.campaign_id, self._shard), _sort_key(max(fact.at, earliest))].update(fact.amounts)
        return [Add(pk, sk, amounts) for (pk, sk), amounts in sums.items()]


def _batches(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """What one transaction can count."""
    batch: list[Fact] = []
    names: set[str] = set()
    for fact in facts:
        if len(batch) == AT_ONCE or len(names | fact.amounts.keys()) > MOST_NAMES:
            yield batch
            batch, names = [], set()
        batch.append(fact)
        names |= fact.amounts.keys()
    if batch:
        yield batch


def _partition(campaign_id: str, shard: int) -> str:
    return f"counts#{campaign_id}#{shard}"


def _sort_key(at: int) -> str:
    """The quarter that this second belongs to: `2026-12-05T19:45`."""
    return iso((at - at % QUARTER) * 1000)[:16]


def _seconds(sort_key: str) -> int:
    return calendar.timegm(time.strptime(sort_key, "%Y-%m-%dT%H:%M"))
