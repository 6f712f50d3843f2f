"""Installations and states on the table that ships, and the whole way through Slack as the simulator plays it."""

import re
import sys
import threading
import uuid
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from chalice.app import Request

from chalicelib import settings
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.slack.installations import Installations
from chalicelib.channels.slack.oauth import SCOPES, SlackInstall, States
from chalicelib.pages.page import Pages
from ops.local import launch, processes
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.local_runtime import answers, free_port, wait_until

OLD_KEY, NEW_KEY = token_urlsafe(32), token_urlsafe(32)
TOKEN = "xoxb-1-2-abcdefghijkl"
CLIENT = {"client_id": "1000.2000", "client_secret": "local-slack-client-secret"}


class Secrets:
    def __init__(self, keys):
        self.members = CLIENT | {"token_keys": keys}

    def get(self, _name):
        return self.members


@pytest.fixture
def of_table():
    return "conversations"


@pytest.fixture
def team(table):
    """A workspace of this test's own: the emulator's table is shared."""
    team = f"T{uuid.uuid4().hex[:8].upper()}"
    yield team
    Installations(table, Secrets(OLD_KEY), Clock()).remove(team)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(table, clock):
    return lambda keys=OLD_KEY: Installations(table, Secrets(keys), clock)


def install(installations, team, token=TOKEN):
    installations.install(team, token, "U0BOT", SCOPES)


# ─── on the table ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_container_reads_the_token_that_one_has_kept(make, team):
    install(make(), team)
    assert make().token(team) == TOKEN
    [kept] = [each for each in make().all() if each.team == team]
    assert (kept.bot, kept.scopes) == ("U0BOT", SCOPES)


def test_a_workspace_that_leaves_is_gone_and_a_later_installation_is_not(make, team, clock):
    install(make(), team)
    left = int(clock.now * 1000) + 1_000
    clock.now += 2
    install(make(), team, "xoxb-newer")
    make().revoke(team, left)
    assert make().token(team) == "xoxb-newer"
    make().revoke(team, left + 2_000)
    with pytest.raises(Undeliverable):
        make().token(team)


def test_the_old_key_can_go_once_every_token_is_encrypted_anew(make, team):
    install(make(), team)
    make([OLD_KEY, NEW_KEY]).encrypt_anew()
    assert make(NEW_KEY).token(team) == TOKEN


def test_of_many_that_use_a_state_at_once_one_does(table, clock):
    states = States(table, clock)
    state, browser = states.begin("")
    ended = []
    threads = [threading.Thread(target=lambda: ended.append(states.end(state, browser))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False] * 7 + [True]


def test_a_state_is_the_browsers_that_began(table, clock):
    states = States(table, clock)
    (state, browser), (_, another) = states.begin(""), states.begin("")
    assert [states.end(state, other) for other in ("", another)] == [False, False]
    assert states.end(state, browser) is True


# ─── through Slack ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def slack():
    """The simulator's URL."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    environ = {"SIM_PORT": str(port), "APP_URL": "http://127.0.0.1:1"}
    process = processes.start([sys.executable, "-m", "ops.simulator"], environ, folder=launch.PROJECT)
    wait_until(lambda: answers(url), process=process)
    yield url
    processes.end([process], patience=3.0)


class Person:
    """Walks through an installation: our address, Slack's question, back to us."""

    def __init__(self, slack, secrets=None):
        environ = {"STAGE": "prod", "AWS_REGION": "eu-west-1", "BASE_URL": "http://127.0.0.1:1"}
        environ |= {"MESSENGER_API_URL": slack, "SLACK_API_URL": slack}
        secrets, table, clock = secrets or Secrets(OLD_KEY), MemoryTable(), Clock()
        self.slack = slack
        self.session = requests.Session()
        self.installations = Installations(table, secrets, clock)
        self.app = SlackInstall(
            secrets,
            self.installations,
            States(table, clock),
            Pages("http://127.0.0.1:1"),
            settings.read(environ),
            self.session,
            log=lambda *_, **__: None,
        )

    def decides(self, decision):
        """Answers what Slack told the browser to come back with, and the page that it came back to."""
        answer = self.app.install(self.request({}, ""))
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        question = self.session.get(answer.headers["Location"], timeout=5)
        assert question.status_code == 200, question.text
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', question.text))
        sent = self.session.post(
            f"{self.slack}/oauth/v2/authorize", fields | {"decision": decision}, timeout=5, allow_redirects=False
        )
        back = urlsplit(sent.headers["Location"])
        assert back.path == "/slack/oauth"
        told = parse_qs(back.query)
        return told, self.app.finish(self.request(told, cookie))

    def request(self, query, cookie):
        return Request(
            {
                "multiValueQueryStringParameters": query or None,
                "headers": {"Cookie": cookie},
                "pathParameters": None,
                "requestContext": {"httpMethod": "GET", "resourcePath": "/slack/oauth"},
                "body": None,
                "stageVariables": None,
            }
        )


@pytest.fixture
def make_person(slack):
    people = []

    def make_person(secrets=None):
        people.append(Person(slack, secrets))
        return people[-1]

    yield make_person
    for person in people:
        person.session.close()


def test_whoever_allows_it_gives_us_a_token_that_slack_takes(make_person, slack):
    person = make_person()
    _, page = person.decides("allow")
    assert page.status_code == 200
    [installation] = person.installations.all()
    assert set(SCOPES) <= set(installation.scopes)
    token = person.installations.token(installation.team)
    header = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{slack}/api/auth.test", headers=header, timeout=5).json()
    assert (answer["ok"], answer["team_id"], answer["user_id"]) == (True, installation.team, installation.bot)


def test_whoever_cancels_gives_us_nothing(make_person):
    person = make_person()
    told, page = person.decides("cancel")
    assert (told["error"], page.status_code) == (["access_denied"], 200)
    assert person.installations.all() == []


def test_slack_refuses_a_client_that_it_does_not_know(make_person):
    secrets = Secrets(OLD_KEY)
    secrets.members["client_secret"] = "another"
    person = make_person(secrets)
    _, page = person.decides("allow")
    assert (page.status_code, person.installations.all()) == (502, [])
