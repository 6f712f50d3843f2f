"""What a campaign is to a fan at a certain time, in a certain language."""

from datetime import datetime

import pytest

from chalicelib.campaigns.model import Stored
from tests.builders import a_campaign


def at(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


WINDOW = {"opens_at": "2026-12-05T20:00", "closes_at": "2026-12-06T02:00"}


@pytest.mark.parametrize(
    ("state", "now", "opening"),
    [
        ("live", "2026-12-05T19:59:59+01:00", "early"),
        ("live", "2026-12-05T20:00+01:00", "open"),
        ("live", "2026-12-06T01:59:59+01:00", "open"),
        ("live", "2026-12-06T02:00+01:00", "ended"),
        ("paused", "2026-12-05T12:00+01:00", "paused"),
        ("paused", "2026-12-05T21:00+01:00", "paused"),
        ("paused", "2026-12-07T21:00+01:00", "ended"),
        ("draft", "2026-12-05T21:00+01:00", "draft"),
        ("draft", "2026-12-07T21:00+01:00", "draft"),
        ("ended", "2026-12-05T12:00+01:00", "ended"),
        ("ended", "2026-12-05T21:00+01:00", "ended"),
    ],
)
def test_a_fan_finds_the_state_and_the_window(state, now, opening):
    assert a_campaign(state=state, **WINDOW).opening(at(now)) == opening


@pytest.mark.parametrize(
    ("state", "ended", "now", "over_since"),
    [
        ("live", "", "2026-12-05T21:00+01:00", None),
        ("paused", "", "2026-12-05T21:00+01:00", None),
        ("draft", "", "2026-12-07T21:00+01:00", None),
        ("live", "", "2026-12-07T21:00+01:00", "2026-12-06T02:00+01:00"),
        ("ended", "2026-12-05T21:00+01:00", "2026-12-07T21:00+01:00", "2026-12-05T21:00+01:00"),
        ("ended", "2026-12-06T02:04+01:00", "2026-12-07T21:00+01:00", "2026-12-06T02:00+01:00"),
    ],
)
def test_a_campaign_is_over_since_it_was_closed_or_ended_whichever_came_first(state, ended, now, over_since):
    ended_at = int(at(ended) * 1000) if ended else 0
    found = Stored(a_campaign(state=state, **WINDOW), "salt", ended_at=ended_at).over_since(at(now))
    assert found == (at(over_since) if over_since else None)


def test_without_a_window_a_live_campaign_is_always_open():
    assert a_campaign().opening(0) == a_campaign().opening(4e9) == "open"


def test_the_window_is_in_the_time_zone_of_the_campaign():
    campaign = a_campaign(timezone="America/New_York", opens_at="2026-12-05T20:00")
    assert campaign.opening(at("2026-12-06T00:59+00:00")) == "early"
    assert campaign.opening(at("2026-12-06T01:00+00:00")) == "open"


def test_the_opening_is_told_in_words_and_in_the_local_time_of_the_campaign():
    now = at("2026-12-01T12:00+01:00")
    this_year, next_year = a_campaign(opens_at="2026-12-05T19:00Z"), a_campaign(opens_at="2027-01-01T04:05")
    assert this_year.opens("en", now) == "Saturday 5 December at 20:00"
    assert this_year.opens("nl", now) == "zaterdag 5 december om 20:00"
    assert next_year.opens("en", now) == "Friday 1 January 2027 at 04:05"
    assert next_year.opens("nl", now) == "vrijdag 1 januari 2027 om 04:05"


def test_the_year_is_left_out_by_the_clock_of_the_campaign():
    campaign = a_campaign(opens_at="2027-01-01T20:00")
    assert campaign.opens("en", at("2026-12-31T22:59+00:00")) == "Friday 1 January 2027 at 20:00"
    assert campaign.opens("en", at("2026-12-31T23:00+00:00")) == "Friday 1 January at 20:00"


def test_without_a_window_there_is_no_time_to_tell():
    assert a_campaign().opens("en", 0) == ""


@pytest.mark.parametrize(
    ("languages", "locale", "language"),
    [
        (("en", "nl"), "nl", "nl"),
        (("en", "nl"), "nl_BE", "nl"),
        (("en", "nl"), "NL-nl", "nl"),
        (("en", "nl"), "de_DE", "en"),
        (("en", "nl"), "", "en"),
        (("nl", "en"), "fr", "nl"),
        (("nl",), "en_GB", "nl"),
    ],
)
def test_a_fan_is_spoken_to_in_their_language_where_the_campaign_has_it(languages, locale, language):
    assert a_campaign(languages=languages).language(locale) == language
