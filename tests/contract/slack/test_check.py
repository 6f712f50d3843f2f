"""The check of Slack's tokens, workspace by workspace."""

import pytest
import requests

from chalicelib.channels.checks import Problem
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.slack.check import BUDGET, SlackCheck
from chalicelib.channels.slack.installations import Installation
from chalicelib.channels.slack.oauth import SCOPES
from chalicelib.errors import Unavailable
from chalicelib.settings import Settings
from tests.contract.slack.web_api import WebApi, error, too_fast
from tests.fakes.clock import Clock
from tests.fakes.platform import Answer

ALL = (("X-OAuth-Scopes", ",".join(SCOPES)),)
WELL = Answer(200, {"ok": True, "team_id": "T1"}, ALL)
SEVERAL = {"client_id": "1.2"}


class Workspaces(WebApi):
    """Each workspace's answer, by its token's end; all is well without one."""

    def __init__(self):
        super().__init__()
        self.answers = {}

    def answer(self, asked):
        return self.answers.get(asked.token.rpartition("-")[2], WELL)


class Installations:
    def __init__(self, teams):
        self.teams = teams
        self.failures = {}

    def all(self):
        return [Installation(team, "U1", SCOPES, 1) for team in self.teams]

    def token(self, team):
        if team in self.failures:
            raise self.failures[team]
        return f"xoxb-{team}"


class Bench:
    def __init__(self, slack, *teams, **secret):
        self.clock = Clock(1_796_000_000.0)
        self.lines = []
        self.installations = Installations(teams)
        self.secret = secret or SEVERAL
        settings = Settings("local", "eu-west-1", "https://fans.example", "", 1.0, False, slack.url, "")
        self.check = SlackCheck(requests.Session(), settings, self, self.installations, self.clock, self._log)

    def get(self, _name):
        if self.secret == {"no": "value"}:
            raise Unavailable("it has no value")
        return self.secret

    def _log(self, event, **fields):
        self.lines.append((event, fields))


@pytest.fixture
def slack():
    slack = Workspaces()
    yield slack
    slack.close()


def test_where_every_token_counts_nothing_is_wrong(slack):
    assert list(Bench(slack, "T1", "T2").check.problems()) == []
    assert sorted(asked.token for asked in slack.asked) == ["Bearer xoxb-T1", "Bearer xoxb-T2"]
    assert {asked.path for asked in slack.asked} == {"/api/auth.test"}


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (error("token_revoked"), "token_dead"),
        (error("account_inactive"), "token_dead"),
        (error("missing_scope"), "not_permitted"),
        (Answer(200, {"ok": True}, (("X-OAuth-Scopes", "chat:write"),)), "not_permitted"),
    ],
)
def test_a_workspace_whose_token_is_wrong_is_told_by_name(slack, answer, what):
    slack.answers["T2"] = answer
    assert list(Bench(slack, "T1", "T2", "T3").check.problems()) == [Problem(what, "T2")]


@pytest.mark.parametrize("answer", [too_fast(30), Answer(503, b"<html>"), Answer(200, b"<html>"), Answer(drop=True)])
def test_a_workspace_of_which_slack_does_not_say_costs_the_others_nothing(slack, answer):
    slack.answers |= {"T1": answer, "T2": error("token_revoked")}
    bench, found = Bench(slack, "T1", "T2", "T3"), []
    with pytest.raises(Unavailable, match="did not say of 1 workspaces"):
        found.extend(bench.check.problems())
    assert found == [Problem("token_dead", "T2")]
    assert "xoxb" not in str(bench.lines)


def test_a_workspace_that_leaves_meanwhile_is_no_problem_and_one_whose_token_no_key_opens_is_not_passed_over(slack):
    bench = Bench(slack, "T1", "T2")
    bench.installations.failures["T1"] = Undeliverable("not_installed", ours=False)
    assert list(bench.check.problems()) == []
    bench.installations.failures["T2"] = Unavailable("no key opens it")
    with pytest.raises(Unavailable):
        list(bench.check.problems())


def test_a_stage_of_one_workspace_checks_its_own_token(slack):
    slack.answers["own"] = error("invalid_auth")
    assert list(Bench(slack, bot_token="xoxb-own").check.problems()) == [Problem("token_dead")]


@pytest.mark.parametrize("secret", [{"signing_secret": "s"}, {"no": "value"}])
def test_a_stage_without_the_app_asks_nobody(slack, secret):
    assert list(Bench(slack, "T1", **secret).check.problems()) == []
    assert slack.asked == []


def test_those_for_whom_time_is_short_have_their_turn_on_another_day(slack):
    teams = [f"T{number}" for number in range(10)]
    bench = Bench(slack, *teams)
    checked = set()
    for _ in range(20):
        began = bench.clock.now
        slack.asked.clear()
        bench.installations.token = lambda team: (setattr(bench.clock, "now", bench.clock.now + BUDGET / 4), team)[1]
        assert list(bench.check.problems()) == []
        assert len(slack.asked) == 5
        checked |= {asked.token for asked in slack.asked}
        bench.clock.now = began + 86_400
    assert checked == {f"Bearer {team}" for team in teams}
