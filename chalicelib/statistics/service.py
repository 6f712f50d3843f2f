"""Statistics, for whoever shows them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from chalicelib.campaigns.model import Counts
from chalicelib.clock import Clock
from chalicelib.statistics.facts import Fact
from chalicelib.statistics.model import Statistics, at_hour, statistics
from chalicelib.statistics.store import FINAL, Quarter, StatisticsStore, Sum

SHOP = ""
"""Instead of a campaign: the orders of none. They belong to everybody who sells something, so every campaign shows them."""

_HOUR = 60 * 60


class StatisticsService:
    def __init__(self, store: StatisticsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def between(self, campaign_id: str, start: datetime, end: datetime) -> Statistics:
        """What was counted from `start` on and before `end`; hours are on the clock of `start`'s time zone.

        Both begin a quarter of an hour, as every day in every time zone does.
        """
        first, last = int(start.timestamp()), int(end.timestamp())
        own, shop = (_sum(self._store.quarters(of, first, last), start.tzinfo) for of in (campaign_id, SHOP))
        return statistics(own + shop)

    def total(self, campaign_id: str, zone: tzinfo = UTC) -> Statistics:
        """All that was ever counted; hours are on the clock of this time zone."""
        return statistics(self._total(campaign_id, zone) + self._total(SHOP, zone))

    def by_source(self, campaign_id: str) -> dict[str, Counts]:
        """How many fans came from each source and how far; under the empty one, those who came without."""
        tallies = statistics(self._total(campaign_id, UTC)).by_source
        counted = {source: Counts(*tally[: len(Counts._fields)]) for source, tally in tallies.items()}
        return {source: counts for source, counts in counted.items() if any(counts)}

    def count(self, facts: Sequence[Fact]) -> None:
        """Count facts, each once however often it comes; `Unavailable` where some may not have been counted: let all come again."""
        self._store.count(facts, int(self._clock()))

    def _total(self, campaign_id: str, zone: tzinfo) -> Counter[str]:
        """Made of the sum of what is final, and the quarters since: who reads it takes the sum on, so nobody reads more than two days."""
        now = int(self._clock())
        until = (now - FINAL) // _HOUR * _HOUR
        kept = self._store.total(campaign_id, str(zone))
        quarters = list(self._store.quarters(campaign_id, kept.until, now + _HOUR))
        final = Counter(kept.amounts) + _sum((quarter for quarter in quarters if quarter.at < until), zone)
        if final != kept.amounts:
            self._store.keep(campaign_id, str(zone), Sum(until, final))
        return final + _sum((quarter for quarter in quarters if quarter.at >= until), zone)


def _sum(quarters: Iterable[Quarter], zone: tzinfo | None) -> Counter[str]:
    amounts: Counter[str] = Counter()
    for quarter in quarters:
        amounts += at_hour(quarter.amounts, datetime.fromtimestamp(quarter.at, zone).hour)
    return amounts
