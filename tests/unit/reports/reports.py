"""Reports with what a test is about."""

from datetime import date
from zoneinfo import ZoneInfo

from chalicelib.reports import days
from chalicelib.reports.model import Report
from chalicelib.statistics.model import Statistics
from tests.builders import a_campaign

DAY, ZONE = date(2026, 11, 29), ZoneInfo("Europe/Amsterdam")


def a_report(**changes):
    """Of a quiet Sunday, with these fields changed."""
    report = Report(
        a_campaign(),
        {},
        DAY,
        str(ZONE),
        days.begins(DAY, ZONE).astimezone(ZONE),
        days.ends(DAY, ZONE).astimezone(ZONE),
        days.before(DAY, ZONE),
        Statistics(),
        Statistics(),
        Statistics(),
        25,
    )
    return report._replace(**changes)
