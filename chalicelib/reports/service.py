"""The report of a campaign's day, from a constant number of reads however much happened on it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from chalicelib.campaigns.model import Stored
from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.reports import days
from chalicelib.reports.model import Need, Report
from chalicelib.statistics.model import Statistics


class Campaigns(Protocol):
    def stored(self, campaign_id: str) -> Stored: ...
    def tickets_left(self, campaign_id: str) -> int: ...


class Counters(Protocol):
    def between(self, campaign_id: str, start: datetime, end: datetime) -> Statistics:
        """What happened from `start` until just before `end`; by hours on the clock of their time zone."""

    def total(self, campaign_id: str, zone: tzinfo) -> Statistics:
        """All that happened until now, by hours on the clock of this time zone."""


class Watch(Protocol):
    """Something that knows whether a person should look at something."""

    def needs(self, report: Report) -> Iterable[Need]: ...


class Reports:
    def __init__(self, campaigns: Campaigns, counters: Counters, watches: Sequence[Watch], clock: Clock) -> None:
        self._campaigns = campaigns
        self._counters = counters
        self._watches = watches
        self._clock = clock

    def of(self, campaign_id: str, day: date, timezone: str = "") -> Report:
        """The report of a day, as days are in an IANA time zone, else in the campaign's; `NotFound` for one that has not begun.

        Of a day that is not over yet, it says what there is by now.
        """
        stored = self._campaigns.stored(campaign_id)
        campaign = stored.campaign
        zone = ZoneInfo(timezone or campaign.timezone)
        if not days.exists(day, zone) or days.begins(day, zone).timestamp() > self._clock():
            raise NotFound(f"{day} has no report: it has not begun in {zone}, or there is no such day")
        day_before = days.before(day, zone)
        begins, ends = days.begins(day, zone).astimezone(zone), days.ends(day, zone).astimezone(zone)
        over = stored.over_since(self._clock())
        report = Report(
            campaign,
            stored.sources,
            day,
            str(zone),
            begins,
            ends,
            day_before,
            self._counters.between(campaign_id, begins, ends),
            self._counters.between(campaign_id, days.begins(day_before, zone).astimezone(zone), begins),
            self._counters.total(campaign_id, zone),
            self._campaigns.tickets_left(campaign_id),
            is_last=over is not None and over <= ends.timestamp(),
        )
        return report._replace(needs=tuple(need for watch in self._watches for need in watch.needs(report)))
