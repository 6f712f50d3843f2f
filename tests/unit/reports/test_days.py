"""Which day is reported when, all over the world."""

import random
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.reports import days

ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def sent(zone, runs, last, due=days.due):
    """What a schedule that runs at these moments reports: each day and the moment. A run is as long as one that repeats what it read."""
    reports = []
    for now in runs:
        while (day := due(now.timestamp(), zone, last)) is not None:
            reports.append((day, now))
            last = day
    return reports


def all_days(zone, first, last):
    """The dates that clocks show, told without any rule of ours: by looking at them each half hour."""
    found, at = [], datetime.combine(first, datetime.min.time(), UTC) - 2 * DAY
    while at < datetime.combine(last, datetime.min.time(), UTC) + 2 * DAY:
        shown = at.astimezone(zone).date()
        if first <= shown <= last and (not found or shown > found[-1]):
            found.append(shown)
        at += 2 * QUARTER
    return found


def around_eight(zone, year):
    """The schedule's runs of a year that are near 08:00 there, where the time can go wrong: from an hour before to an hour after."""
    for number in range(366):
        eight = datetime.combine(date(year, 1, 4) + number * DAY, days.MORNING, zone).astimezone(UTC)
        yield from (eight + quarters * QUARTER for quarters in (-4, -1, 0, 1, 4))


@pytest.mark.parametrize("name", ZONES)
def test_each_day_of_a_year_is_reported_once_at_eight_on_the_morning_after_in_every_time_zone(name):
    """Both changes of the clock included."""
    zone, first = ZoneInfo(name), date(2026, 1, 3)
    reports = sent(zone, around_eight(zone, 2026), last=first - DAY)
    assert [day for day, _ in reports] == [first + n * DAY for n in range(366)]
    for day, at in reports:
        local = at.astimezone(zone)
        assert (local.date(), local.hour, local.minute) == (day + DAY, 8, 0)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 2**32), st.dates(date(2011, 1, 1), date(2027, 12, 31)))
@example("Pacific/Apia", 0, date(2011, 12, 1))
def test_whatever_runs_are_missed_or_repeated_each_day_is_reported_once_in_order_and_never_before_its_morning(
    name, seed, start
):
    zone, chance, at = ZoneInfo(name), random.Random(seed), datetime.combine(start, datetime.min.time(), UTC)
    runs = []
    while at.date() < start + 60 * DAY:
        runs += [at] * chance.choice([1, 1, 2])
        at += chance.choice([QUARTER, QUARTER * 4, QUARTER * 37, DAY, 3 * DAY, 6 * DAY])
    last = days.before(days.current(runs[0].timestamp(), zone), zone)
    reports = sent(zone, runs, last)
    told = [day for day, _ in reports]
    assert told == all_days(zone, last + DAY, told[-1])
    for day, now in reports:
        assert now.astimezone(zone).replace(tzinfo=None) >= datetime.combine(day + DAY, days.MORNING)


@given(st.sampled_from(ZONES), st.integers(1_300_000_000, 1_900_000_000))
def test_days_follow_each_other_without_a_gap_and_every_moment_is_in_its_own(name, seconds):
    zone, now = ZoneInfo(name), datetime.fromtimestamp(seconds, UTC)
    day = days.current(now.timestamp(), zone)
    assert days.begins(day, zone) <= now < days.ends(day, zone) or is_told_twice(now, zone)
    assert days.ends(days.before(day, zone), zone) == days.begins(day, zone)


def is_told_twice(now, zone):
    """Clocks that go back over midnight show a date, the one before, and the first again."""
    return now.astimezone(zone).replace(fold=1).utcoffset() != now.astimezone(zone).replace(fold=0).utcoffset()


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Amsterdam", "2026-03-29", 23),
        ("Europe/Amsterdam", "2026-10-25", 25),
        ("Europe/Amsterdam", "2026-07-01", 24),
        ("Africa/Cairo", "2026-04-24", 23),
        ("America/Havana", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Pacific/Apia", "2011-12-30", 0),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(name, day, hours):
    zone, day = ZoneInfo(name), date.fromisoformat(day)
    assert days.ends(day, zone) - days.begins(day, zone) == timedelta(hours=hours)
    assert days.exists(day, zone) == (hours > 0)


def test_samoa_never_had_a_30th_of_december_2011_so_nobody_reports_it():
    zone = ZoneInfo("Pacific/Apia")
    runs = [datetime(2011, 12, 28, tzinfo=UTC) + number * QUARTER for number in range(5 * 96)]
    told = [day.isoformat() for day, _ in sent(zone, runs, last=date(2011, 12, 26))]
    assert told == ["2011-12-27", "2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]
    assert days.before(date(2011, 12, 31), zone) == date(2011, 12, 29)


def test_eight_in_kathmandu_is_a_quarter_past_two():
    zone = ZoneInfo("Asia/Kathmandu")
    yesterday = date(2026, 11, 29)
    assert days.due(moment("2026-11-30T02:14:59Z"), zone, yesterday - DAY) is None
    assert days.due(moment("2026-11-30T02:15:00Z"), zone, yesterday - DAY) == yesterday
    assert days.due(moment("2026-11-30T02:15:00Z"), zone, yesterday) is None


def test_after_a_long_silence_the_last_seven_days_are_reported_and_none_before():
    zone = ZoneInfo("Europe/Amsterdam")
    told = [day.day for day, _ in sent(zone, [datetime(2026, 11, 30, 12, tzinfo=UTC)], last=date(2026, 11, 1))]
    assert told == [23, 24, 25, 26, 27, 28, 29]


def test_a_rule_by_the_hours_since_the_last_report_would_be_caught():
    """A control: the proof above tells a rule that forgets the changes of the clock from ours."""

    def every_24_hours(now, zone, last):
        day = last + DAY
        offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset()
        due = datetime.combine(day + DAY, days.MORNING, UTC) - offset
        return day if due.timestamp() <= now else None

    zone = ZoneInfo("Europe/Amsterdam")
    wrong = [
        at
        for _, at in sent(zone, around_eight(zone, 2026), date(2026, 1, 2), every_24_hours)
        if at.astimezone(zone).hour != 8
    ]
    assert len(wrong) > 200
