"""What was counted, in the table `statistics`.

| pk | sk | item |
| --- | --- | --- |
| `counts#<campaign>#<shard>` | `<quarter of an hour>` | what was counted of it, see `model`; under no campaign, the orders of none |
| `total#<campaign>` | `<time zone>` | the sum of all quarters up to `until`, which do not change any more |

Quarters, because the days of all time zones are made of them. Eight shards, so that functions which count at once seldom meet.
"""

import calendar
import contextlib
import time
from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from chalicelib.aws.tables import Change, ConditionFailed, Create, Table
from chalicelib.clock import iso
from chalicelib.statistics.model import Amounts

QUARTER = 15 * 60
"""Seconds."""
SHARDS = 8

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
    def __init__(self, table: Table) -> None:
        self._table = table

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

    def keep(self, campaign_id: str, zone: str, old: Sum, new: Sum) -> None:
        """Keep a sum over the old one, unless somebody has been faster."""
        pk, kept = f"total#{campaign_id}", new._asdict()
        step = (
            Change(pk, zone, put=kept, expect={"until": old.until})
            if old.until
            else Create({"pk": pk, "sk": zone, **kept})
        )
        with contextlib.suppress(ConditionFailed):
            self._table.write(step)


def _partition(campaign_id: str, shard: int) -> str:
    return f"counts#{campaign_id}#{shard}"


def _sort_key(at: int) -> str:
    """The quarter that this second belongs to: `2026-12-05T19:45`."""
    return iso((at - at % QUARTER) * 1000)[:16]


def _seconds(sort_key: str) -> int:
    return calendar.timegm(time.strptime(sort_key, "%Y-%m-%dT%H:%M"))
