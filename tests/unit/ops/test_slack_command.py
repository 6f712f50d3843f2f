"""`python -m ops slack`, at an application and a Slack that answer as they are told."""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from chalicelib.channels.slack.installations import Installations
from chalicelib.channels.slack.oauth import SCOPES
from chalicelib.channels.slack.signature import refusal
from chalicelib.clock import system
from chalicelib.settings import read
from ops.slack import EVENTS, manifest_of
from tests.fakes.secrets import MemorySecrets, ReadSecrets
from tests.fakes.table import MemoryTable
from tests.operators import a_stage

SIGNING = "0123456789abcdef0123456789abcdef"
ONE = {"signing_secret": SIGNING, "bot_token": "xoxb-of-the-secret"}
SEVERAL = {"signing_secret": SIGNING, "client_id": "12.34", "client_secret": "c" * 32, "token_keys": "k" * 43}
VALID = {"ok": True, "team": "Kroeg", "team_id": "T1"}


class World:
    """The application's webhook and Slack's methods on one port. `said` holds Slack's answers by token, None for silence."""

    def __init__(self):
        self.said = {}
        self.scopes = ",".join(SCOPES)
        self.asked = []
        self.accepted = (SIGNING,)
        self.webhook_status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def webhook(self, raw, headers):
        proof = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
        if refusal(raw, *proof, self.accepted, system()):
            return 401, b"{}"
        return self.webhook_status, json.loads(raw)["challenge"].encode() if self.webhook_status == 200 else b""

    def method(self, name, raw, headers):
        token = headers["Authorization"].removeprefix("Bearer ")
        self.asked.append((name, token, parse_qs(raw.decode())))
        said = self.said.get(token, {"ok": False, "error": "invalid_auth"})
        return 200, said if isinstance(said, bytes) else json.dumps(said).encode()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _handler(world):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/webhooks/slack/events":
                status, body = world.webhook(raw, self.headers)
            else:
                status, body = world.method(self.path.removeprefix("/api/"), raw, self.headers)
            self.send_response(status)
            self.send_header("x-oauth-scopes", world.scopes)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Tests read what was asked, not a log."""

    return Handler


@pytest.fixture
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture
def kept():
    return {"slack": dict(SEVERAL)}


@pytest.fixture
def installed(kept):
    """The stage's workspaces: T1 has the app."""
    installations = Installations(MemoryTable(), ReadSecrets(kept), lambda: 1_796_000_000.0)
    installations.install("T1", "xoxb-of-t1", "U0BOT", SCOPES)
    return installations


@pytest.fixture
def run(operate, world, kept, installed):
    def run(*words, base_url=world.url, api_url=world.url, stdin=None):
        urls = {"BASE_URL": base_url, "MESSENGER_API_URL": "http://127.0.0.1:1", "SLACK_API_URL": api_url}
        where = read(os.environ | urls | {"STAGE": "prod"})
        into = a_stage(settings=where, secrets=MemorySecrets(kept), installations=installed)
        result = operate("slack", *words, into=into, stdin=stdin)
        assert [value for value in ("xoxb-", SIGNING, "cccc", "kkkk") if value in result.output] == []
        return result.exit_code, result.output

    return run


# ─── manifest ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_manifest_is_json_that_leads_slack_to_every_way_in(run):
    code, said = run("manifest", base_url="https://fans.nl/api")
    assert code == 0
    manifest = json.loads(said)
    assert manifest == manifest_of("prod", "https://fans.nl/api")
    settings = manifest["settings"]
    assert settings["event_subscriptions"]["request_url"] == "https://fans.nl/api/webhooks/slack/events"
    assert settings["interactivity"] == {
        "is_enabled": True,
        "request_url": "https://fans.nl/api/webhooks/slack/interactions",
    }
    [command] = manifest["features"]["slash_commands"]
    assert (command["command"], command["url"]) == ("/guestlist", "https://fans.nl/api/webhooks/slack/commands")
    assert manifest["oauth_config"]["redirect_urls"] == ["https://fans.nl/api/slack/oauth"]


def test_a_new_fan_can_type_and_an_old_one_has_a_home():
    manifest = manifest_of("prod", "https://fans.nl")
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_every_event_has_the_scope_that_slack_wants_for_it():
    """By https://docs.slack.dev/reference/events ."""
    wanted = {"message.im": "im:history", "app_mention": "app_mentions:read"}
    without = {"app_home_opened", "app_uninstalled", "tokens_revoked"}
    assert set(EVENTS) == wanted.keys() | without
    assert set(wanted.values()) | {"chat:write", "commands"} == set(SCOPES)


@pytest.mark.parametrize("stage", ["prod", "local", "a-stage-of-20-letters"])
def test_the_manifest_keeps_slacks_limits(stage):
    """By https://docs.slack.dev/reference/app-manifest ."""
    manifest = manifest_of(stage, "https://fans.nl")
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    name = manifest["features"]["bot_user"]["display_name"]
    assert len(name) <= 80
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_what_we_do_not_do_is_off():
    settings = manifest_of("prod", "https://fans.nl")["settings"]
    for unsupported in ("org_deploy_enabled", "socket_mode_enabled", "token_rotation_enabled"):
        assert settings[unsupported] is False


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "https://guestlist.example/api"])
def test_an_address_that_slack_cannot_reach_is_pointed_out(run, base_url):
    code, said = run("manifest", base_url=base_url)
    assert (code, f"Slack cannot reach {base_url}" in said) == (0, True)


# ─── check ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_workspace_is_well_when_address_and_token_are(run, world, kept):
    kept["slack"] = dict(ONE)
    world.said["xoxb-of-the-secret"] = VALID
    code, said = run("check")
    assert code == 0
    assert said.splitlines() == [
        f"✓ address       {world.url}/webhooks/slack/events answers what Slack signs",
        "✓ token         valid in Kroeg (T1), with app_mentions:read, chat:write, commands, im:history",
    ]


def test_of_several_workspaces_each_is_asked_for(run, world, installed):
    world.said["xoxb-of-t1"] = VALID
    installed.install("T2", "xoxb-of-t2", "U0BOT", SCOPES)
    code, said = run("check")
    marks = [line.split()[:2] for line in said.splitlines()]
    assert (code, marks) == (1, [["✓", "address"], ["✓", "installing"], ["✓", "T1"], ["✗", "T2"]])
    assert [token for _, token, _ in world.asked] == ["xoxb-of-t1", "xoxb-of-t2"]


def test_a_token_of_the_secret_beside_the_installations_is_asked_for_too(run, world, kept, installed):
    kept["slack"]["bot_token"] = "xoxb-of-the-secret"
    world.said = {"xoxb-of-the-secret": VALID, "xoxb-of-t1": VALID}
    assert run("check")[0] == 0
    assert len(world.asked) == 2


@pytest.mark.parametrize(
    ("answer", "way_out"),
    [
        ({"ok": False, "error": "account_inactive"}, "Slack says: account_inactive. The app was removed"),
        ({"ok": False, "error": "token_revoked"}, "install the app there again"),
        ({"ok": False, "error": "token_expired"}, "Token rotation is on"),
        ({"ok": False, "error": "fatal_error"}, "Slack says: fatal_error."),
        (b"<html>", "is it Slack?"),
        ([], "is it Slack?"),
    ],
)
def test_each_trouble_with_a_token_names_its_way_out(run, world, answer, way_out):
    world.said["xoxb-of-t1"] = answer
    code, said = run("check")
    assert (code, way_out in said) == (1, True)


def test_a_token_that_may_too_little_is_told_what(run, world):
    world.said["xoxb-of-t1"] = VALID
    world.scopes = "chat:write, commands"
    code, said = run("check")
    assert (code, "✗ T1            The token may not app_mentions:read, im:history: " in said) == (1, True)


def test_another_signing_secret_than_the_functions_have_is_found(run, world):
    world.accepted = ("f" * 32,)
    code, said = run("check")
    assert (code, "refuses the signing_secret of guestlist/prod/slack" in said) == (1, True)


def test_an_address_that_is_not_ours_is_found(run, world):
    world.webhook_status = 404
    code, said = run("check")
    assert (code, "answered 404: is the stage deployed" in said) == (1, True)


def test_silence_is_told(run):
    code, said = run("check", base_url="http://127.0.0.1:1", api_url="http://127.0.0.1:1")
    assert (code, said.count("does not answer (ConnectionError)")) == (1, 2)


@pytest.mark.parametrize(
    ("secret", "missing"),
    [
        ({}, ["signing_secret", "bot_token"]),
        ({"client_id": "12.34", "signing_secret": SIGNING}, ["client_secret"]),
        ({"client_id": "12.34", "client_secret": "c" * 32}, ["signing_secret", "token_keys"]),
    ],
)
def test_what_the_secret_lacks_is_told_with_the_command(run, kept, secret, missing):
    kept["slack"] = secret
    code, said = run("check")
    assert code == 1
    for name in missing:
        assert f"has no {name}: python -m ops secrets set slack {name} --stage prod" in said


def test_a_token_that_no_key_opens_is_found(run, kept):
    kept["slack"]["token_keys"] = "n" * 43
    code, said = run("check")
    assert (code, "✗ T1            No key of the secret slack opens" in said) == (1, True)


# ─── workspaces ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_workspaces_that_have_the_app_are_listed(run):
    assert run("installations") == (
        0,
        "T1            since 2026-11-30T00:53Z, as U0BOT: app_mentions:read, chat:write, commands, im:history\n",
    )


def test_that_no_workspace_has_the_app_is_told_with_the_way_in(run, installed, world):
    installed.remove("T1")
    assert f"No workspace has installed the app by {world.url}/slack/install" in run("installations")[1]


def test_a_workspace_is_removed_at_slack_and_here(run, world, installed):
    world.said["xoxb-of-t1"] = {"ok": True}
    code, said = run("remove", "T1", "--yes")
    assert (code, "The app is no longer in T1.\nIts token is deleted here" in said) == (0, True)
    assert world.asked == [("apps.uninstall", "xoxb-of-t1", {"client_id": ["12.34"], "client_secret": ["c" * 32]})]
    assert installed.all() == []


@pytest.mark.parametrize("lost", ["slack", "key"])
def test_a_workspace_is_forgotten_here_even_where_slack_or_its_token_is_lost(run, kept, installed, lost):
    if lost == "key":
        kept["slack"]["token_keys"] = "n" * 43
    code, said = run("remove", "T1", "--yes")
    assert (code, "The app is still in T1, where it can be removed under Manage apps" in said) == (0, True)
    assert installed.all() == []


def test_a_workspace_is_removed_after_asking(run, world, installed):
    code, said = run("remove", "T1", stdin="n\n")
    assert (code, "Fans in T1 get no more answers from prod. Are you sure?" in said) == (1, True)
    assert ([each.team for each in installed.all()], world.asked) == (["T1"], [])


def test_a_workspace_that_never_had_the_app_is_not_removed(run):
    code, said = run("remove", "T9", "--yes")
    assert (code, "No workspace T9 has installed the app" in said) == (1, True)
