import base64
import html
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from chalice.app import Request

from chalicelib import errors, settings
from chalicelib.aws.tables import Delete
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.slack.installations import Installations
from chalicelib.channels.slack.oauth import SCOPES, STATE_SECONDS, SlackInstall, States
from chalicelib.pages.page import Pages
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.unit.slack.test_installations import SEVERAL, TEAM, Secrets

TOKEN = "xoxb-1-2-abcdefghijkl"
GRANTED = {
    "ok": True,
    "access_token": TOKEN,
    "token_type": "bot",
    "scope": ",".join(SCOPES),
    "bot_user_id": "U0BOT",
    "app_id": "A0APP",
    "team": {"id": TEAM, "name": "Kroeg & <Vrienden>"},
    "enterprise": None,
    "is_enterprise_install": False,
}


class Slack(requests.adapters.BaseAdapter):
    """Answers the exchange as it is told, and remembers what it was asked."""

    def __init__(self):
        super().__init__()
        self.answer = GRANTED
        self.status = 200
        self.asked = []

    def send(self, request, **options):
        self.asked.append((request, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        answer = requests.Response()
        answer.status_code = self.status
        answer.raw = io.BytesIO(self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode())
        return answer

    def close(self):
        """Nothing is open."""


class Browser:
    """A person's browser, with its cookie, at an application with its clock, its table and its log."""

    def __init__(self, secret=None, base_url="https://fans.example/api"):
        self.clock, self.table, self.slack, self.lines = Clock(), MemoryTable(), Slack(), []
        self.cookie = ""
        self.language = "en-GB,en;q=0.9"
        session = requests.Session()
        session.mount("https://", self.slack)
        secrets = Secrets(**(SEVERAL if secret is None else secret))
        environ = {"STAGE": "prod", "AWS_REGION": "eu-west-1", "BASE_URL": base_url}
        environ |= {"MESSENGER_API_URL": "https://graph.example", "SLACK_API_URL": "https://slack.example"}
        self.installations = Installations(self.table, secrets, self.clock)
        self.app = SlackInstall(
            secrets,
            self.installations,
            States(self.table, self.clock),
            Pages(base_url),
            settings.read(environ),
            session,
            lambda event, **fields: self.lines.append((event, fields)),
        )

    def begin(self):
        """Follow the link; answers what Slack is asked."""
        answer = self.app.install(self._request())
        assert answer.status_code == 302
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.headers = answer.headers
        address = urlsplit(answer.headers["Location"])
        assert f"{address.scheme}://{address.netloc}{address.path}" == "https://slack.example/oauth/v2/authorize"
        return {name: value for name, [value] in parse_qs(address.query).items()}

    def come_back(self, state, code="4724.1", **asked):
        """Slack sends the browser back; answers the page's status and words."""
        answer = self.app.finish(self._request(**({"state": state, "code": code} | asked)))
        self.page = answer.body
        self.headers = answer.headers
        words = re.sub(r"<[^>]*>", " ", answer.body.partition("<body")[2])
        return answer.status_code, html.unescape(" ".join(words.split()))

    def _request(self, **asked):
        return Request(
            {
                "multiValueQueryStringParameters": {name: [value] for name, value in asked.items() if value is not None}
                or None,
                "headers": {"Cookie": f"other=1; {self.cookie}", "Accept-Language": self.language},
                "pathParameters": None,
                "requestContext": {"httpMethod": "GET", "resourcePath": "/slack/oauth"},
                "body": None,
                "stageVariables": None,
            }
        )


@pytest.fixture
def browser():
    return Browser()


def assert_nothing_was_installed(browser):
    with pytest.raises(Undeliverable):
        browser.installations.token(TEAM)


def test_a_browser_is_sent_to_slack_with_all_that_slack_needs(browser):
    asked = browser.begin()
    assert asked.pop("state")
    assert asked == {
        "client_id": "1.2",
        "scope": "app_mentions:read,chat:write,commands,im:history",
        "redirect_uri": "https://fans.example/api/slack/oauth",
    }
    assert browser.headers["Cache-Control"] == "no-store"


def test_whoever_allows_it_has_the_app_installed(browser):
    status, words = browser.come_back(browser.begin()["state"])
    assert (status, "Guestlist is in Kroeg & <Vrienden>" in words) == (200, True)
    assert 'href="https://slack.example/app_redirect?app=A0APP&amp;team=T0AAAAAAA"' in browser.page
    assert browser.installations.token(TEAM) == TOKEN
    [installation] = browser.installations.all()
    assert (installation.bot, installation.scopes) == ("U0BOT", SCOPES)
    assert browser.lines == [("installed", {"channel": "slack", "team": TEAM})]


def test_the_code_is_exchanged_as_slack_recommends(browser):
    browser.come_back(browser.begin()["state"], "4724.1&x")
    [(request, options)] = browser.slack.asked
    assert (request.method, request.url) == ("POST", "https://slack.example/api/oauth.v2.access")
    assert parse_qs(request.body) == {"code": ["4724.1&x"], "redirect_uri": ["https://fans.example/api/slack/oauth"]}
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"1.2:s"
    assert sum(options["timeout"]) < 15, "the function has 15 seconds"


def test_a_cookie_binds_the_installation_to_the_browser_that_began(browser):
    browser.begin()
    name, *attributes = browser.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-slack-install=")
    assert set(attributes) == {"Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure"}


def test_on_ones_own_machine_the_cookie_goes_without_tls():
    browser = Browser(base_url="http://127.0.0.1:8000")
    state = browser.begin()["state"]
    assert browser.headers["Set-Cookie"].startswith("slack-install=")
    assert "Secure" not in browser.headers["Set-Cookie"]
    assert browser.come_back(state)[0] == 200


@pytest.mark.parametrize(
    "cookie", ["", "__Host-slack-install=", "__Host-slack-install=AAAAAAAAAAAAAAAAAAAAAA", "=;=;;"]
)
def test_an_installation_that_another_browser_began_is_not_finished(browser, cookie):
    state = browser.begin()["state"]
    own, browser.cookie = browser.cookie, cookie
    status, words = browser.come_back(state)
    assert (status, "began in another browser" in words, browser.slack.asked) == (400, True, [])
    browser.cookie = own
    assert browser.come_back(state)[0] == 200, "nobody else can use it up, either"


def test_a_state_counts_once(browser):
    state = browser.begin()["state"]
    assert browser.come_back(state)[0] == 200
    status, words = browser.come_back(state)
    assert (status, "was done already" in words, len(browser.slack.asked)) == (400, True, 1)


class Overtaken(MemoryTable):
    """Between a state's reading and its end, `meanwhile` happens once."""

    meanwhile = None

    def get(self, pk, sk):
        found = super().get(pk, sk)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return found


class Careless(Overtaken):
    """Deletes whatever is there."""

    def write(self, *steps):
        super().write(*(step._replace(expect={}) if isinstance(step, Delete) else step for step in steps))


@pytest.mark.parametrize(("table", "ends"), [(Overtaken, [True, False]), (Careless, [True, True])])
def test_of_two_that_use_a_state_at_once_one_does_because_the_write_says_so(table, ends):
    table, ended = table(), []
    states = States(table, Clock())
    state, browser = states.begin("")
    table.meanwhile = lambda: ended.append(states.end(state, browser))
    ended.append(states.end(state, browser))
    assert ended == ends


def test_a_state_counts_for_ten_minutes_even_where_the_table_still_has_it(browser):
    states = [browser.begin()["state"] for _ in range(2)]
    browser.clock.now += STATE_SECONDS - 1
    assert browser.come_back(states[0])[0] == 200
    browser.clock.now += 1
    assert browser.come_back(states[1])[0] == 400


def test_two_tabs_of_a_browser_can_each_finish(browser):
    first, second = browser.begin()["state"], browser.begin()["state"]
    assert [browser.come_back(state)[0] for state in (first, second)] == [200, 200]


@pytest.mark.parametrize("state", [None, "", "A" * 22, "x" * 5_000, "é\ud800", "../turn"])
def test_a_state_that_is_not_ours_installs_nothing(browser, state):
    browser.begin()
    status, words = browser.come_back(state)
    assert (status, browser.slack.asked) == (400, [])
    assert "Try again" in words
    assert 'href="/api/slack/install"' in browser.page
    assert_nothing_was_installed(browser)


def test_who_cancels_is_told_that_nothing_was_kept(browser):
    status, words = browser.come_back(browser.begin()["state"], None, error="access_denied")
    assert (status, "Nothing was installed" in words, browser.slack.asked) == (200, True, [])
    assert_nothing_was_installed(browser)
    assert list(browser.table) == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ({"ok": False, "error": "invalid_code"}, 400, "invalid_code"),
        ({"ok": False, "error": "code_already_used"}, 400, "code_already_used"),
        ({"ok": False, "error": "bad_client_secret"}, 502, "bad_client_secret"),
        (GRANTED | {"expires_in": 43_200, "refresh_token": "xoxe-1"}, 502, "token_rotation"),
        (GRANTED | {"team": None, "enterprise": {"id": "E1"}}, 502, "no_workspace"),
        (GRANTED | {"access_token": None}, 502, "no_workspace"),
        ([], 502, "http_200"),
        (b"<html>", 502, "JSONDecodeError"),
        (requests.ConnectTimeout("https://slack.example"), 502, "ConnectTimeout"),
    ],
)
def test_what_slack_refuses_is_said_kindly_and_logged_by_its_code(browser, answer, status, code):
    browser.slack.answer = answer
    shown, words = browser.come_back(browser.begin()["state"])
    assert (shown, "ry again" in words) == (status, True)
    assert browser.lines == [("not_installed", {"level": "warning", "channel": "slack", "code": code})]
    assert_nothing_was_installed(browser)


@pytest.mark.parametrize(
    ("language", "title"),
    [("nl-BE,nl;q=0.9", "Guestlist staat in Kroeg"), ("de", "Guestlist is in Kroeg")],
)
def test_the_page_speaks_the_browsers_language(browser, language, title):
    browser.language = language
    _, words = browser.come_back(browser.begin()["state"])
    assert title in words
    assert f'<html lang="{"nl" if "nl" in language else "en"}">' in browser.page


def test_a_workspaces_name_cannot_bring_markup_into_the_page(browser):
    browser.slack.answer = GRANTED | {"team": {"id": TEAM, "name": "<script>alert(1)</script>{title}"}}
    browser.come_back(browser.begin()["state"])
    assert "<script>" not in browser.page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{title}" in browser.page
    assert "script-src 'self'" in browser.headers["Content-Security-Policy"]


def test_neither_code_nor_token_is_logged(browser):
    browser.come_back(browser.begin()["state"], "a-code")
    browser.slack.answer = {"ok": False, "error": "invalid_code"}
    browser.come_back(browser.begin()["state"], "another-code")
    assert [secret for secret in ("a-code", "another-code", TOKEN, "xoxb") if secret in str(browser.lines)] == []


def test_a_stage_for_one_workspace_says_how_it_gets_more():
    browser = Browser({"bot_token": "xoxb-one"})
    for visit in (browser.begin, lambda: browser.come_back("A" * 22)):
        with pytest.raises(errors.NotFound, match=r"docs/slack\.md"):
            visit()


@pytest.mark.parametrize("missing", ["client_secret", "token_keys"])
def test_a_stage_that_cannot_finish_does_not_begin(missing):
    browser = Browser(SEVERAL | {missing: ""})
    with pytest.raises(errors.Unavailable, match=f"has no {missing}"):
        browser.begin()
    assert browser.table.writes == []
