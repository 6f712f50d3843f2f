"""The schedule's round: which reports are due, whose, and of which day. Each goes into a queue of its own message, and is sent from there.

A round keeps until which day it has asked, after the queue has taken the messages. One that dies between leaves it to the next one to ask
again, and so do two rounds at once: what is asked for twice is sent once (`mails`).
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.aws.queues import Outgoing
from chalicelib.campaigns.model import Stored
from chalicelib.clock import Clock
from chalicelib.errors import NotFound
from chalicelib.logs import Log
from chalicelib.reports import days
from chalicelib.reports.model import Task, reader_id, zone_of
from chalicelib.reports.store import Asked

RESERVE = 5_000
"""Milliseconds that asking for one campaign's reports takes at most."""


class Campaigns(Protocol):
    def ids(self) -> list[str]: ...
    def stored(self, campaign_id: str) -> Stored:
        """The campaign as it is now, or `NotFound`."""


class Queue(Protocol):
    def send(self, messages: list[Outgoing]) -> None:
        """Keep them, or raise `Unavailable`."""


class Rounds:
    def __init__(self, campaigns: Campaigns, asked: Asked, queue: Queue, clock: Clock, log: Log) -> None:
        self._campaigns = campaigns
        self._asked = asked
        self._queue = queue
        self._clock = clock
        self._log = log

    def make(self, remaining: Callable[[], int]) -> None:
        """Ask for all reports that are due; one campaign's failure costs no other. `remaining`: the function's milliseconds."""
        asked = failed = 0
        for campaign_id in self._campaigns.ids():
            if remaining() < RESERVE:  # it is left to the next round, as what fails is
                failed += 1
                continue
            try:
                asked += self._ask(campaign_id)
            except NotFound:  # deleted a moment ago
                continue
            except Exception as error:  # noqa: BLE001  # the edge: whatever is wrong with one campaign must not cost the others
                self._log("report_not_asked", campaign=campaign_id, reason=type(error).__name__)
                failed += 1
        self._log("report_round", asked=asked, reports_unsent=failed)

    def _ask(self, campaign_id: str) -> int:
        stored = self._campaigns.stored(campaign_id)
        if not stored.campaign.reports or stored.campaign.opening(self._clock()) in {"draft", "early"}:
            return 0
        before = self._asked.of(campaign_id)
        after, tasks = dict[str, date](), list[Task]()
        for reader in stored.campaign.reports:
            name, zone = reader_id(reader), ZoneInfo(zone_of(stored.campaign, reader))
            after[name] = before.get(name) or days.before(days.current(self._clock(), zone), zone)
            for day in self._due(stored, zone, after[name]):
                tasks.append(Task(campaign_id, day, name))
                after[name] = day
        self._queue.send([Outgoing(msgspec.json.encode(task).decode()) for task in tasks])
        if after != before:
            self._asked.put(campaign_id, after)
        return len(tasks)

    def _due(self, stored: Stored, zone: ZoneInfo, last: date) -> Iterator[date]:
        """The days to be reported where `last` was reported: until the one on which the campaign was over."""
        now = self._clock()
        over = stored.over_since(now)
        end = (
            date.max if over is None else days.current(over - 0.001, zone)
        )  # a campaign that closes at midnight ends the day before
        while (day := days.due(now, zone, last)) is not None and day <= end:
            yield day
            last = day
