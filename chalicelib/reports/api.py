"""The HTTP edge of reports."""

import contextlib
import re
from datetime import date
from typing import Any

from chalice.app import Request, Response

from chalicelib import http
from chalicelib.errors import FieldError, Invalid
from chalicelib.reports.model import Report
from chalicelib.reports.service import Reports
from chalicelib.statistics.api import shown


class ReportsApi:
    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def show(self, campaign_id: str, day: str, _request: Request) -> Response:
        """`GET /reports/{campaign}/{date}`: the report of a day in the campaign's time zone; 404 for one that has not begun."""
        return http.json_response(_shown(self._reports.of(campaign_id, _read(day))))


def _read(day: str) -> date:
    if re.fullmatch(r"20\d\d-\d\d-\d\d", day):
        with contextlib.suppress(ValueError):  # the 30th of February
            return date.fromisoformat(day)
    raise Invalid("There is no such day", (FieldError("date", "must be a day such as 2026-12-05"),))


def _shown(report: Report) -> dict[str, Any]:
    return {
        "campaignId": report.campaign.campaign_id,
        "name": report.campaign.name,
        "date": report.day.isoformat(),
        "timezone": report.timezone,
        "beginsAt": report.begins.isoformat(),
        "endsAt": report.ends.isoformat(),
        "day": shown(report.of_day),
        "dayBefore": shown(report.of_day_before),
        "total": shown(report.total),
        "ticketsLeft": report.tickets_left,
        "busiestHours": report.busiest(),
        "hardestQuestion": report.hardest(),
        "attention": [need._asdict() for need in report.needs],
    }
