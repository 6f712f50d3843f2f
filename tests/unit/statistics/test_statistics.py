"""What was counted, summed up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.aws.tables import Put
from chalicelib.statistics.model import Answers, Question, Statistics, Tally
from chalicelib.statistics.service import FINAL, SHOP, StatisticsService
from chalicelib.statistics.store import SHARDS, StatisticsStore
from tests.fakes.table import MemoryTable

CAMPAIGN = "birthday-bash"
AMSTERDAM, KATHMANDU = ZoneInfo("Europe/Amsterdam"), ZoneInfo("Asia/Kathmandu")


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def now():
    """A clock's hand."""
    return [datetime(2026, 11, 22, 12, tzinfo=UTC)]


@pytest.fixture
def counted(table, now):
    return StatisticsService(StatisticsStore(table), lambda: now[0].timestamp())  # noqa: PLW0108  # it moves


def put(table, quarter, campaign=CAMPAIGN, shard=0, **amounts):
    names = {name.replace("_", "/"): amount for name, amount in amounts.items()}
    table.write(Put({"pk": f"counts#{campaign}#{shard}", "sk": quarter, **names}))


def test_of_nothing_there_is_nothing(counted):
    assert counted.total(CAMPAIGN) == Statistics()


def test_every_counter_and_dimension_comes_back_by_its_name(table, counted):
    put(table, "2026-11-22T10:15", s=3, b=2, f=2, w=1, t=1, r=1, i=9, o=10, n=1, c=2500)
    put(table, "2026-11-22T10:30", c_web_i=9, s_poster_s=3, s__b=2, l_nl_f=1, q_venue_r=2, q_venue_w=1)
    put(table, "2026-11-22T11:30", c_web_q_venue_w=1, s__q_venue_r=2, l_nl_q_venue_r=1)
    whole = Tally(3, 2, 2, 1, 1, 1, 9, 10, 1, 2500)
    assert counted.total(CAMPAIGN) == Statistics(
        whole,
        by_hour={10: whole},
        by_channel={"web": Tally(messages_in=9)},
        by_source={"": Tally(starts=2), "poster": Tally(scans=3)},
        by_language={"nl": Tally(finishes=1)},
        by_question={
            "venue": Question(
                Answers(2, 1),
                by_hour={10: Answers(2, 1)},
                by_channel={"web": Answers(wrong=1)},
                by_source={"": Answers(right=2)},
                by_language={"nl": Answers(right=1)},
            )
        },
    )


def test_all_shards_count(table, counted):
    for shard in range(SHARDS):
        put(table, "2026-11-22T10:15", shard=shard, i=1)
    assert counted.total(CAMPAIGN).whole.messages_in == SHARDS


def test_a_campaign_shows_its_own_orders_and_those_of_no_campaign_and_no_others(table, counted):
    for campaign, orders in ((CAMPAIGN, 1), (SHOP, 2), ("other", 4)):
        put(table, "2026-11-22T10:15", campaign, n=orders)
    assert counted.total(CAMPAIGN).whole.orders == 3


def test_a_day_begins_at_midnight_of_its_time_zone(table, counted):
    for quarter, messages in {"21T18:00": 1, "21T18:15": 2, "22T18:00": 4, "22T18:15": 8}.items():
        put(table, f"2026-11-{quarter}", i=messages)
    midnight = datetime(2026, 11, 22, tzinfo=KATHMANDU)  # 5:45 before UTC's
    day = counted.between(CAMPAIGN, midnight, midnight + timedelta(days=1))
    assert (day.whole.messages_in, day.by_hour) == (6, {0: Tally(messages_in=2), 23: Tally(messages_in=4)})


def test_a_day_on_which_the_clock_is_put_back_has_an_hour_twice(table, counted):
    for quarter in ("24T22:00", "25T00:45", "25T01:45", "25T22:45", "25T23:00"):
        put(table, f"2026-10-{quarter}", i=1)
    day = (datetime(2026, 10, of, tzinfo=AMSTERDAM) for of in (25, 26))
    hours = counted.between(CAMPAIGN, *day).by_hour
    assert {hour: tally.messages_in for hour, tally in hours.items()} == {0: 1, 2: 2, 23: 1}


# ─── reads ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_day_takes_as_many_reads_with_a_hundred_thousand_messages_as_with_none(table, counted):
    day = datetime(2026, 11, 21, tzinfo=AMSTERDAM), datetime(2026, 11, 22, tzinfo=AMSTERDAM)
    counted.between(CAMPAIGN, *day)
    of_none, table.reads = table.reads, 0
    for quarter in range(96):
        at = day[0].astimezone(UTC) + quarter * timedelta(minutes=15)
        for shard in range(SHARDS):
            put(table, f"{at:%Y-%m-%dT%H:%M}", shard=shard, i=131)
    assert counted.between(CAMPAIGN, *day).whole.messages_in == 96 * SHARDS * 131 > 100_000
    assert table.reads == of_none == 2 * SHARDS


def test_the_total_of_a_long_campaign_reads_no_quarter_twice_once_it_is_final(table, counted, now):
    for day in range(1, 22):
        put(table, f"2026-11-{day:02}T10:15", i=1)
    assert counted.total(CAMPAIGN, AMSTERDAM).whole.messages_in == 21
    for day in range(1, 21):  # whoever reads them again finds nothing
        put(table, f"2026-11-{day:02}T10:15")
    assert counted.total(CAMPAIGN, AMSTERDAM).by_hour == {11: Tally(messages_in=21)}
    now[0] += timedelta(days=2)
    assert counted.total(CAMPAIGN, AMSTERDAM).whole.messages_in == 21


def test_what_may_still_be_counted_is_not_taken_for_final(table, counted, now):
    late = now[0] - timedelta(seconds=FINAL)
    put(table, f"{late:%Y-%m-%dT%H:%M}", i=1)
    assert counted.total(CAMPAIGN).whole.messages_in == 1
    put(table, f"{late:%Y-%m-%dT%H:%M}", i=2)
    assert counted.total(CAMPAIGN).whole.messages_in == 2


def test_in_another_time_zone_the_hours_are_others(table, counted):
    put(table, "2026-11-01T10:15", i=1)
    hours = [list(counted.total(CAMPAIGN, zone).by_hour) for zone in (UTC, KATHMANDU, AMSTERDAM, UTC)]
    assert hours == [[10], [16], [11], [10]]
