"""The daily check of the channels: one that fails costs no other, and what nobody can mend is told."""

import datetime as dt

import pytest

from chalicelib.channels.checks import ChannelChecks, Problem
from chalicelib.channels.silence import LOUD, Silence
from chalicelib.errors import Unavailable
from chalicelib.statistics.model import Statistics, Tally
from tests.builders import a_campaign

NOW = 1_796_000_123
HOUR = 3600


class Log(list):
    def __call__(self, event, **fields):
        self.append((event, fields))

    def count(self):
        return [fields["channel_problems"] for event, fields in self if event == "channels"]


def no_answer():
    raise Unavailable("no answer")


def broken():
    raise KeyError("data")


def half():
    yield Problem("token_dead", "T1")
    raise Unavailable("no answer of T2")


def test_a_day_on_which_all_is_well_says_so():
    log = Log()
    ChannelChecks({"messenger": list, "slack": list}, log).handle()
    assert log.count() == [0]


def test_what_is_wrong_is_told_and_counted():
    log = Log()
    ChannelChecks({"slack": lambda: [Problem("token_dead", "T1"), Problem("token_dead", "T2")]}, log).handle()
    assert [fields["team"] for event, fields in log if event == "channel_wrong"] == ["T1", "T2"]
    assert log.count() == [2]


@pytest.mark.parametrize(("fails", "found"), [(no_answer, 1), (broken, 1), (half, 2)])
def test_a_platform_that_cannot_be_asked_costs_the_other_nothing_and_is_asked_again(fails, found):
    for order in (("messenger", "slack"), ("slack", "messenger")):
        log, checks = Log(), {"messenger": fails, "slack": lambda: [Problem("token_dead")]}
        with pytest.raises(Unavailable, match="Not checked: messenger"):
            ChannelChecks({name: checks[name] for name in order}, log).handle()
        assert log.count() == [found]


# ─── silence ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Counted:
    """Messages by campaign, channel and how many hours ago."""

    def __init__(self, messages):
        self._messages = messages

    def between(self, campaign_id, start, end):
        for moment in (start, end):
            assert moment.timestamp() % 900 == 0
        found = {}
        for campaign, channel, hours, count in self._messages:
            at = dt.datetime.fromtimestamp(NOW - hours * HOUR, dt.UTC)
            if campaign == campaign_id and start <= at < end:
                found[channel] = Tally(messages_in=found.get(channel, Tally()).messages_in + count)
        return Statistics(by_channel=found)


class Campaigns:
    def __init__(self, *campaigns):
        self._campaigns = campaigns

    def every(self):
        return list(self._campaigns)


def silent(*messages, **changes):
    campaigns = Campaigns(a_campaign(**changes), a_campaign(campaign_id="other"))
    return [problem.what for problem in Silence(campaigns, Counted(messages), lambda: NOW).problems()]


def test_a_channel_that_was_heard_and_fell_silent_is_told():
    assert silent(("birthday-bash", "messenger", 20, LOUD)) == ["silent_messenger"]
    assert silent(("birthday-bash", "messenger", 20, LOUD), ("birthday-bash", "slack", 20, LOUD)) == [
        "silent_messenger",
        "silent_slack",
    ]


@pytest.mark.parametrize("hours", [0, 1, 11])
def test_one_message_is_not_silence_in_whichever_campaign_it_came(hours):
    assert silent(("birthday-bash", "messenger", 20, LOUD), ("other", "messenger", hours, 1)) == []


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [("birthday-bash", "messenger", 20, LOUD - 1)],
        [("birthday-bash", "messenger", 40, LOUD)],
        [("birthday-bash", "web", 20, LOUD)],
        [("birthday-bash", "messenger", 20, LOUD - 1), ("birthday-bash", "slack", 20, LOUD - 1)],
    ],
)
def test_a_channel_that_was_hardly_heard_before_is_not_called_silent(messages):
    assert silent(*messages) == []


@pytest.mark.parametrize("closed", [{"state": "paused"}, {"state": "ended"}, {"closes_at": "2026-01-01T20:00"}])
def test_after_a_campaign_silence_is_as_it_should_be(closed):
    assert silent(("birthday-bash", "messenger", 20, LOUD), **closed) == []
