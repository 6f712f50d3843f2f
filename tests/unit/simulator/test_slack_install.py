"""OAuth: somebody allows the app into a workspace, or does not."""

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tests.unit.simulator.fake_application import a_simulator, until
from tests.unit.simulator.slack_side import Slack

CLIENT = {"client_id": "1000.2000", "client_secret": "local-slack-client-secret"}
BEACH = "T0BEACH"


@pytest.fixture
def simulator():
    with a_simulator() as running:
        yield running


@pytest.fixture
def slack(simulator):
    return Slack(simulator.url)


def asked(simulator, **changes):
    redirect_uri = f"{simulator.app_url}/slack/oauth"
    return {
        "client_id": CLIENT["client_id"],
        "scope": "chat:write,commands",
        "state": "once",
        "redirect_uri": redirect_uri,
        **changes,
    }


def decided(simulator, decision, **changes):
    """Where the browser is sent, and what the application is told there."""
    form = asked(simulator, decision=decision, **changes)
    answer = requests.post(f"{simulator.url}/oauth/v2/authorize", data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{simulator.app_url}/slack/oauth"
    return dict(parse_qsl(address.query))


def exchanged(simulator, code, **changes):
    form = {**CLIENT, "code": code, "redirect_uri": f"{simulator.app_url}/slack/oauth", **changes}
    return requests.post(f"{simulator.url}/api/oauth.v2.access", data=form, timeout=5).json()


def installed(simulator, team=BEACH):
    return exchanged(simulator, decided(simulator, "allow", team=team)["code"])


def test_the_page_asks_in_words_and_runs_no_script(simulator):
    page = simulator.get("/oauth/v2/authorize", **asked(simulator, state='"><script>alert(1)</script>'))
    assert page.status_code == 200
    assert "Send messages as @guestlist" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"], "none is allowed by default"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "7"}, "Invalid client_id"),
        ({"scope": ""}, "invalid_scope"),
        ({"redirect_uri": "https://evil.example"}, "redirect_uri did not match"),
    ],
)
def test_a_wrong_request_is_an_error_page_and_leads_nowhere(simulator, changes, words):
    wrong = asked(simulator, **changes)
    page = simulator.get("/oauth/v2/authorize", **wrong)
    assert page.status_code == 400
    assert words in page.text
    form = wrong | {"decision": "allow"}
    assert requests.post(f"{simulator.url}/oauth/v2/authorize", data=form, timeout=5).status_code == 400


def test_who_allows_gives_a_code_that_is_a_token_of_that_workspace_once(simulator, slack):
    told = decided(simulator, "allow", team=BEACH)
    assert told["state"] == "once"
    granted = exchanged(simulator, told["code"])
    assert (granted["ok"], granted["team"]) == (True, {"id": BEACH, "name": "Beach Bar"})
    assert (granted["token_type"], granted["scope"]) == ("bot", "chat:write,commands")
    who = slack.answer("auth.test", token=granted["access_token"])
    assert (who.json()["team_id"], who.json()["user_id"]) == (BEACH, granted["bot_user_id"])
    assert who.headers["X-OAuth-Scopes"] == "chat:write,commands"
    assert exchanged(simulator, told["code"])["error"] == "invalid_code"


def test_who_cancels_gives_nothing(simulator):
    assert decided(simulator, "cancel") == {"error": "access_denied", "state": "once"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "7"}, "invalid_client_id"),
        ({"client_secret": "guessed"}, "bad_client_secret"),
        ({"redirect_uri": "https://evil.example"}, "bad_redirect_uri"),
        ({"code": "guessed"}, "invalid_code"),
    ],
)
def test_a_wrong_exchange_is_refused(simulator, changes, error):
    code = decided(simulator, "allow")["code"]
    assert exchanged(simulator, **{"code": code, **changes}) == {"ok": False, "error": error}


def test_client_and_secret_may_come_as_basic_authentication(simulator):
    form = {"code": decided(simulator, "allow")["code"], "redirect_uri": f"{simulator.app_url}/slack/oauth"}
    address = f"{simulator.url}/api/oauth.v2.access"
    assert requests.post(address, data=form, auth=tuple(CLIENT.values()), timeout=5).json()["ok"]
    wrong = requests.post(address, data=form, headers={"Authorization": "Basic ?"}, timeout=5)
    assert wrong.json()["error"] == "invalid_client_id"


def test_a_code_lasts_ten_minutes():
    clock = {"now": 1_795_000_000_000}
    with a_simulator(now=lambda: clock["now"]) as simulator:
        early, late = (decided(simulator, "allow")["code"] for _ in range(2))
        clock["now"] += 600_000
        assert exchanged(simulator, early)["ok"]
        clock["now"] += 1
        assert exchanged(simulator, late)["error"] == "invalid_code"


def test_a_token_outlives_a_restart_of_the_simulator_and_cannot_be_made_up(simulator):
    token = installed(simulator, "T0FRIDAY")["access_token"]
    with a_simulator() as again:
        assert Slack(again.url).call("auth.test", token=token)["ok"]
        made_up = token.replace("T0FRIDAY", "T0OTHERS")
        assert Slack(again.url).call("auth.test", token=made_up)["error"] == "invalid_auth"


def test_a_message_goes_to_the_tokens_workspace(simulator, slack):
    token = installed(simulator)["access_token"]
    slack.call("chat.postMessage", token=token, channel="U7", text="Ahoy")
    texts = {
        team: [post["text"] for post in slack.screen("U7", team)["rooms"][0]["posts"]] for team in (BEACH, "T0FRIDAY")
    }
    assert texts == {BEACH: ["Ahoy"], "T0FRIDAY": []}


def test_removing_the_app_is_told_and_ends_its_tokens(simulator, slack):
    token = installed(simulator)["access_token"]
    assert slack.happen(BEACH, "uninstall") == {"statuses": [200, 200]}
    revoked, removed = [each.notice for each in simulator.app.slack.requests]
    assert (revoked["event"]["type"], revoked["event"]["tokens"]["bot"]) == ("tokens_revoked", ["U0BEACHBOT"])
    assert (removed["event"]["type"], removed["team_id"]) == ("app_uninstalled", BEACH)
    assert slack.call("auth.test", token=token)["error"] == "account_inactive"
    assert slack.attempt("U7", "message", team=BEACH, text="Hello?").status_code == 400
    assert slack.happen(BEACH, "install") == {"statuses": []}
    assert slack.do("U7", "message", team=BEACH, text="Hello?")["status"] == 200


def test_the_app_can_remove_itself(simulator, slack):
    token = installed(simulator)["access_token"]
    form = CLIENT | {"token": token}
    assert requests.post(f"{simulator.url}/api/apps.uninstall", data=form, timeout=5).json() == {"ok": True}
    assert slack.screen("U7", BEACH)["installed"] is False
    until(lambda: len(simulator.app.slack.requests) == 2)
    assert {each.event["type"] for each in simulator.app.slack.requests} == {"tokens_revoked", "app_uninstalled"}


def test_revoked_tokens_alone_are_told_too(simulator, slack):
    assert slack.happen("T0FRIDAY", "revoke") == {"statuses": [200]}
    assert simulator.app.slack.requests[0].event["type"] == "tokens_revoked"
