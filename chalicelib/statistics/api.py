"""The HTTP edge of statistics."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from chalice.app import Request, Response

from chalicelib import http
from chalicelib.campaigns.model import Campaign
from chalicelib.clock import Clock
from chalicelib.errors import FieldError, Invalid
from chalicelib.statistics.model import Answers, Question, Statistics, Tally
from chalicelib.statistics.service import StatisticsService

MOST_DAYS = 92
"""That can be asked for at once: longer takes seconds to read. The whole is kept, so it takes no longer than a day."""

_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Campaigns(Protocol):
    def get(self, campaign_id: str) -> Campaign:
        """The campaign, or `NotFound`."""


class StatisticsApi:
    def __init__(self, statistics: StatisticsService, campaigns: Campaigns, clock: Clock) -> None:
        self._statistics = statistics
        self._campaigns = campaigns
        self._clock = clock

    def show(self, campaign_id: str, request: Request) -> Response:
        """`GET /campaigns/{campaign}/stats?from=&to=`: all that was counted, or what on these days in the campaign's time zone."""
        zone = ZoneInfo(self._campaigns.get(campaign_id).timezone)
        asked = http.query(request)
        if "from" not in asked and "to" not in asked:
            return http.json_response(shown(self._statistics.total(campaign_id, zone)))
        first, last = _days(asked, datetime.fromtimestamp(self._clock(), zone).date())
        start, end = (datetime.combine(day, datetime.min.time(), zone) for day in (first, last + timedelta(days=1)))
        return http.json_response(shown(self._statistics.between(campaign_id, start, end)))


def shown(statistics: Statistics) -> dict[str, Any]:
    """As JSON: every counter of the whole, and in its parts those that are not zero."""
    questions = statistics.by_question.items()
    return _shown(statistics) | {"byQuestion": {question: _shown(answers) for question, answers in questions}}


def _shown(counted: Statistics | Question) -> dict[str, Any]:
    return {
        **_json(counted.whole),
        "byHour": {f"{hour:02}": _json(part, zeros=False) for hour, part in counted.by_hour.items()},
        "byChannel": {channel: _json(part, zeros=False) for channel, part in counted.by_channel.items()},
        "bySource": {source: _json(part, zeros=False) for source, part in counted.by_source.items()},
        "byLanguage": {language: _json(part, zeros=False) for language, part in counted.by_language.items()},
    }


def _json(counters: Tally | Answers, *, zeros: bool = True) -> dict[str, int]:
    return {_camel(name): n for name, n in counters._asdict().items() if n or zeros}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


def _days(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    """The first and the last day that is asked for, which is today unless it is named."""
    first, last = (_day(asked.get(name, "")) for name in ("from", "to"))
    wrong = [
        FieldError(name, "must be a day such as 2026-12-05")
        for name, day in (("from", first), ("to", last))
        if day is None and name in asked
    ]
    if "from" not in asked:
        wrong.append(FieldError("from", "is missing: the first of the days"))
    first, last = first or today, last or today
    if not wrong and not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        wrong.append(FieldError("to", f"must not be before `from`, nor {MOST_DAYS} days or more after it"))
    if wrong:
        raise Invalid("There are no such days", tuple(wrong))
    return first, last


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
