"""Days as they are where a reader of the report lives, and which of them is to be reported now.

A day begins with the first moment that bears its date, and lasts until the next one begins: 23, 24 or 25 hours, where the clocks change.
A date that a place skipped (Samoa's 30 December 2011) is no day. What the clocks skip or repeat is read as PEP 495 has it
(https://peps.python.org/pep-0495/): a time that they skip is as much later, one that they repeat is the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

MORNING = time(8)
"""When a day's report is sent, on the morning after it."""

OLDEST = 7
"""Days back that are reported late: after a longer silence, those before are nobody's news any more."""

_DAY = timedelta(days=1)


def begins(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day, in UTC; of a date that was skipped, the moment at which it was."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def ends(day: date, zone: tzinfo) -> datetime:
    """The moment, in UTC, from which on it is another day."""
    return begins(day + _DAY, zone)


def exists(day: date, zone: tzinfo) -> bool:
    return begins(day, zone) < ends(day, zone)


def is_over(day: date, zone: tzinfo, now: float) -> bool:
    return ends(day, zone).timestamp() <= now


def before(day: date, zone: tzinfo) -> date:
    """The day before a day."""
    day -= _DAY
    return day if exists(day, zone) else before(day, zone)


def current(now: float, zone: tzinfo) -> date:
    """The day at a moment, in seconds since the epoch."""
    return datetime.fromtimestamp(now, zone).date()


def due(now: float, zone: tzinfo, last: date) -> date | None:
    """The day that is to be reported next, where `last` was reported: the oldest after it whose morning after has come, or None."""
    day = max(last + _DAY, current(now, zone) - OLDEST * _DAY)
    while datetime.combine(day + _DAY, MORNING, zone).timestamp() <= now:
        if exists(day, zone):
            return day
        day += _DAY
    return None
