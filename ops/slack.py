"""`python -m ops slack`: the app's side of Slack. docs/slack.md makes an app step by step."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from functools import partial
from secrets import token_urlsafe
from typing import NamedTuple
from urllib.parse import urlsplit

import click
import requests

from chalicelib import clock
from chalicelib.channels.slack.installations import Installations
from chalicelib.channels.slack.oauth import SCOPES
from chalicelib.errors import Unavailable
from ops import stages
from ops.stages import Json, Stage

EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")
"""What we act on, and no more: each event is a webhook that costs. `app_rate_limited` comes unasked."""

_REINSTALL = "install the app there again (one workspace: put its new token into the secret)"
_WAYS_OUT = {
    "account_inactive": f"The app was removed from the workspace: {_REINSTALL}.",
    "invalid_auth": "This is not a token of Slack's: copy it again from OAuth & Permissions.",
    "token_expired": "Token rotation is on, which we do not do and which cannot be turned off: make the app anew from the manifest.",
    "token_revoked": f"The workspace took the token away: {_REINSTALL}.",
}


@click.group(cls=stages.Commands)
def slack() -> None:
    """The app's side of Slack: its manifest, its health, the workspaces that have it."""


@slack.command()
@stages.option
def manifest(stage: Stage) -> None:
    """Print the app's manifest: api.slack.com/apps, Create New App, From a manifest. An app that is there can be given it again."""
    base_url = stage.settings.base_url
    click.echo(json.dumps(manifest_of(stage.name, base_url), indent=2, ensure_ascii=False))
    address = urlsplit(base_url)
    if address.scheme != "https" or (address.hostname or "").endswith(".example"):
        click.echo(
            f"Slack cannot reach {base_url}: put the stage's own https address into .chalice/config.json", err=True
        )


@slack.command()
@stages.option
def check(stage: Stage) -> None:
    """Whether fans are answered: our address, tokens, scopes. Exit code 0 when all is well, 1 when not."""
    problems = 0
    for name, checked in app_of(stage).checks():
        try:
            click.echo(f"✓ {name:13} {checked()}")
        except click.ClickException as problem:
            click.echo(f"✗ {name:13} {problem.message}")
            problems += 1
    if problems:
        raise SystemExit(1)


@slack.command()
@stages.option
def installations(stage: Stage) -> None:
    """List the workspaces that have installed the app."""
    found = stage.installations.all()
    for each in found:
        click.echo(
            f"{each.team:13} since {clock.iso(each.installed_at)[:16]}Z, as {each.bot}: {', '.join(each.scopes)}"
        )
    if not found:
        click.echo(f"No workspace has installed the app by {stage.settings.base_url}/slack/install.")


@slack.command()
@click.argument("team")
@click.option("--yes", is_flag=True, help="Do it without asking")
@stages.option
def remove(team: str, stage: Stage, *, yes: bool) -> None:
    """Take the app out of a workspace, and forget its token. Its fans get no more answers."""
    if team not in {each.team for each in stage.installations.all()}:
        raise click.ClickException(f"No workspace {team} has installed the app: see python -m ops slack installations")
    if not yes:
        click.confirm(f"Fans in {team} get no more answers from {stage.name}. Are you sure?", abort=True)
    try:
        said = app_of(stage).uninstall(team)
    except (click.ClickException, Unavailable) as problem:
        said = f"The app is still in {team}, where it can be removed under Manage apps: {problem}"
    stage.installations.remove(team)
    click.echo(f"{said}\nIts token is deleted here; functions forget it within 5 minutes.")


def manifest_of(stage: str, base_url: str) -> Json:
    """https://docs.slack.dev/reference/app-manifest; the app of prod has the plain name."""
    name = "Guestlist" if stage == "prod" else f"Guestlist {stage}"
    webhooks = f"{base_url}/webhooks/slack"
    return {
        "display_information": {
            "name": name,
            "description": "Answer a few questions, win a ticket, and hold it seconds later.",
            "background_color": "#14110f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name.lower().replace(" ", "-"), "always_online": True},
            "slash_commands": [
                {
                    "command": "/guestlist",
                    "url": f"{webhooks}/commands",
                    "description": "Play for a ticket · Speel voor een kaartje",
                    "usage_hint": "play | tickets | help",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"redirect_urls": [f"{base_url}/slack/oauth"], "scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"request_url": f"{webhooks}/events", "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": f"{webhooks}/interactions"},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }


class App(NamedTuple):
    """One stage's app at Slack. Whatever is wrong is a `ClickException` that names the way out."""

    stage: str
    api_url: str
    base_url: str
    secret: Json
    installations: Installations

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Each check's name, and what says how it went."""
        yield "address", self.check_address
        if not self.secret.get("client_id"):
            yield "token", lambda: self.check_token(self._member("bot_token"))
            return
        yield "installing", self.check_installing
        if self.secret.get("bot_token"):
            yield "token", lambda: self.check_token(self.secret["bot_token"])
        for each in self.installations.all():
            yield each.team, partial(self.check_installation, each.team)

    def check_address(self) -> str:
        """Ask as Slack does when it is told the address: https://docs.slack.dev/reference/events/url_verification ."""
        url = f"{self.base_url}/webhooks/slack/events"
        challenge = token_urlsafe(16)
        body = json.dumps({"type": "url_verification", "challenge": challenge})
        timestamp = int(clock.system())
        proof = hmac.digest(self._member("signing_secret").encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": f"v0={proof.hex()}",
        }
        answer = self._answer(url, lambda: requests.post(url, body, headers=headers, timeout=10))
        if answer.status_code == requests.codes.unauthorized:
            raise click.ClickException(
                f"{url} refuses the signing_secret of {self._secret_id}: a new one counts within 5 minutes; else, is this clock right?"
            )
        if not answer.ok or challenge not in answer.text:
            raise click.ClickException(f"{url} answered {answer.status_code}: is the stage deployed, at that address?")
        return f"{url} answers what Slack signs"

    def check_installing(self) -> str:
        for name in ("client_secret", "token_keys"):
            self._member(name)
        return f"open {self.base_url}/slack/install in each workspace that shall have the app"

    def check_installation(self, team: str) -> str:
        try:
            return self.check_token(self.installations.token(team))
        except Unavailable as error:
            raise click.ClickException(str(error)) from None

    def check_token(self, token: str) -> str:
        """Ask Slack whose it is, and what it may: https://docs.slack.dev/reference/methods/auth.test ."""
        answer, scopes = self._call("auth.test", token)
        missing = set(SCOPES) - scopes
        if missing:
            raise click.ClickException(
                f"The token may not {', '.join(sorted(missing))}: give the app its manifest, and install it again in {answer.get('team')}"
            )
        return f"valid in {answer.get('team')} ({answer.get('team_id')}), with {', '.join(SCOPES)}"

    def uninstall(self, team: str) -> str:
        """Take the app out of the workspace: https://docs.slack.dev/reference/methods/apps.uninstall ."""
        client = {name: self._member(name) for name in ("client_id", "client_secret")}
        self._call("apps.uninstall", self.installations.token(team), **client)
        return f"The app is no longer in {team}."

    def _call(self, method: str, token: str, **form: str) -> tuple[Json, set[str]]:
        """Slack's answer, and the token's scopes."""
        url = f"{self.api_url}/api/{method}"
        headers = {"Authorization": f"Bearer {token}"}
        response = self._answer(url, lambda: requests.post(url, form, headers=headers, timeout=10))
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        match answer:
            case {"ok": True}:
                scopes = response.headers.get("x-oauth-scopes", "")
                return dict(answer), {scope.strip() for scope in scopes.split(",")}
            case {"error": str(said)}:
                way_out = _WAYS_OUT.get(said, "docs/slack.md says how a token is made.")
                raise click.ClickException(f"Slack says: {said}. {way_out} (The secret is {self._secret_id}.)")
        raise click.ClickException(f"{url} answered {response.status_code}, and not as Slack does: is it Slack?")

    @property
    def _secret_id(self) -> str:
        return f"guestlist/{self.stage}/slack"

    def _member(self, name: str) -> str:
        value = self.secret.get(name)
        if not value:
            raise click.ClickException(
                f"The secret {self._secret_id} has no {name}: python -m ops secrets set slack {name} --stage {self.stage}"
            )
        return str(value)

    def _answer(self, url: str, call: Callable[[], requests.Response]) -> requests.Response:
        try:
            return call()
        except requests.RequestException as error:
            hint = " Is `make run` running?" if self.stage == "local" else ""
            raise click.ClickException(f"{url} does not answer ({type(error).__name__}).{hint}") from None


def app_of(stage: Stage) -> App:
    """The stage's app, by its secret and its settings."""
    where = stage.settings
    return App(stage.name, where.slack_api_url, where.base_url, stage.secrets.read("slack"), stage.installations)
