"""`python -m ops messenger`: the page's side of Messenger. docs/messenger.md sets up a page step by step."""

import difflib
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click
import requests

from chalicelib.channels.messenger.inbound import GET_STARTED
from chalicelib.channels.messenger.sender import API_VERSION
from chalicelib.channels.messenger.subscription import FIELDS, missing, wanted
from ops import stages
from ops.stages import Json, Stage

_WORDS = {
    "en": {
        "greeting": "Hi {{user_first_name}}! Tap the button and play for a ticket. You chat with an automated assistant.",
        "start": "Start",
        "ticket": "My ticket",
        "help": "Help",
        "language": "Language · Taal",
        "delete": "Delete my data",
        "ask_start": "I'd like to win a ticket",
        "ask_help": "How does this work?",
        "ask_language": "In het Nederlands, graag",
    },
    "nl": {
        "greeting": "Hoi {{user_first_name}}! Druk op de knop en speel voor een kaartje. Je chat met een automatische assistent.",
        "start": "Start",
        "ticket": "Mijn kaartje",
        "help": "Hulp",
        "language": "Taal · Language",
        "delete": "Verwijder mijn gegevens",
        "ask_start": "Ik wil een kaartje winnen",
        "ask_help": "Hoe werkt dit?",
        "ask_language": "In English, please",
    },
}
_LOCALES = {"default": "en", "nl_NL": "nl", "nl_BE": "nl"}
_MENU = ("start", "ticket", "help", "language", "delete")
_ICE_BREAKERS = ("start", "help", "language")

PROFILE: Json = {
    "get_started": {"payload": GET_STARTED},
    "greeting": [{"locale": locale, "text": _WORDS[code]["greeting"]} for locale, code in _LOCALES.items()],
    "ice_breakers": [
        {
            "locale": locale,
            "call_to_actions": [
                {"question": _WORDS[code][f"ask_{payload}"], "payload": payload} for payload in _ICE_BREAKERS
            ],
        }
        for locale, code in _LOCALES.items()
    ],
    "persistent_menu": [
        {
            "locale": locale,
            "call_to_actions": [
                {"type": "postback", "title": _WORDS[code][payload], "payload": payload} for payload in _MENU
            ],
        }
        for locale, code in _LOCALES.items()
    ],
}
"""https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api; payloads are the dialogue's commands."""

_WAYS_OUT = {
    4: "Meta allows 10 profile calls in 10 minutes: wait a while, then try again.",
    10: "The page token lacks a permission: make one with pages_messaging and pages_manage_metadata.",
    32: "Meta allows 10 profile calls in 10 minutes: wait a while, then try again.",
    190: "The page token is dead: make a new one in the app's dashboard and put it into the secret as page_token.",
    200: "The page token lacks a permission: make one with pages_messaging and pages_manage_metadata.",
    613: "Meta allows 10 profile calls in 10 minutes: wait a while, then try again.",
}


@click.group(cls=stages.Commands)
def messenger() -> None:
    """The page's side of Messenger: its profile, its subscription, its health."""


@messenger.command()
@stages.option
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing")
def profile(stage: Stage, *, dry_run: bool) -> None:
    """Set Get Started, the greeting, ice breakers and the menu, in English and Dutch. Can be run again."""
    page = page_of(stage)
    difference = "\n".join(page.profile_difference())
    if not difference:
        click.echo("The profile is as it should be: nothing to change.")
        return
    click.echo(difference)
    if dry_run:
        click.echo("Nothing was changed, as this was a dry run.")
        return
    page.post("me/messenger_profile", PROFILE)
    click.echo("The profile is set. Messenger shows it to people who open the chat anew.")


@messenger.command()
@stages.option
def subscribe(stage: Stage) -> None:
    """Have the page's events sent to the app. Can be run again."""
    page = page_of(stage)
    page.post("me/subscribed_apps", wanted())
    click.echo(f"The page sends the app: {', '.join(FIELDS)}.")
    click.echo(
        "The app must know the webhook too. Once, in its dashboard (Messenger, Webhooks), or with the app's own token:\n\n"
        f"  curl {page.url}/{API_VERSION}/<app id>/subscriptions -d object=page \\\n"
        f"    -d callback_url={page.base_url}/webhooks/messenger \\\n"
        f"    -d fields={','.join(FIELDS)} \\\n"
        "    -d verify_token=<verify_token> -d 'access_token=<app id>|<app_secret>'\n\n"
        f"verify_token and app_secret are in the secret {page.secret_id}."
    )


@messenger.command()
@stages.option
def status(stage: Stage) -> None:
    """Whether fans are answered: token, subscription, profile. Exit code 0 when all is well, 1 when not."""
    page = page_of(stage)
    problems = 0
    for name, check in (
        ("token", page.check_token),
        ("subscription", page.check_subscription),
        ("profile", page.check_profile),
    ):
        try:
            click.echo(f"✓ {name:13} {check()}")
        except click.ClickException as problem:
            click.echo(f"✗ {name:13} {problem.message}")
            problems += 1
    if problems:
        raise SystemExit(1)


class Page(NamedTuple):
    """One stage's page at the Graph API. Whatever is wrong is a `ClickException` that names the way out."""

    stage: str
    url: str
    base_url: str
    token: str
    page_id: str

    @property
    def secret_id(self) -> str:
        return f"guestlist/{self.stage}/messenger"

    def get(self, path: str, **query: str) -> Json:
        return self._call(lambda address, headers: requests.get(address, query, headers=headers, timeout=10), path)

    def post(self, path: str, body: Json) -> Json:
        return self._call(lambda address, headers: requests.post(address, json=body, headers=headers, timeout=10), path)

    def check_token(self) -> str:
        me = self.get("me", fields="id,name")
        if str(me.get("id")) != self.page_id:
            raise click.ClickException(
                f"The token is of page {me.get('id')}, but the secret {self.secret_id} says page_id {self.page_id}: "
                "put the token and the id of the same page there."
            )
        return f"valid, of {me.get('name')} (page {self.page_id})"

    def check_subscription(self) -> str:
        if lacks := missing(self.get("me/subscribed_apps").get("data", [])):
            raise click.ClickException(
                f"The page does not send {', '.join(sorted(lacks))}: python -m ops messenger subscribe --stage {self.stage}"
            )
        return f"the page sends {', '.join(FIELDS)}"

    def check_profile(self) -> str:
        if any(self.profile_difference()):
            raise click.ClickException(
                f"It is not as it should be: python -m ops messenger profile --stage {self.stage}"
            )
        return "as it should be"

    def profile_difference(self) -> Iterator[str]:
        """The lines of a diff from the profile as it is to `PROFILE`; none when nothing is to be changed."""
        found = self.get("me/messenger_profile", fields=",".join(PROFILE)).get("data") or [{}]
        return difflib.unified_diff(_lines(found[0]), _lines(PROFILE), "as it is", "as it will be", n=1, lineterm="")

    def _call(self, call: Callable[[str, dict[str, str]], requests.Response], path: str) -> Json:
        address = f"{self.url}/{API_VERSION}/{path}"
        try:
            response = call(address, {"Authorization": f"Bearer {self.token}"})
            answer = response.json()
        except requests.JSONDecodeError:
            raise click.ClickException(
                f"{address} answered {response.status_code}, and no JSON: is it the Graph API?"
            ) from None
        except requests.RequestException as error:
            hint = " Is `make run` running?" if self.stage == "local" else ""
            raise click.ClickException(f"{self.url} does not answer ({type(error).__name__}).{hint}") from None
        if not isinstance(answer, dict) or "error" in answer or not response.ok:
            raise click.ClickException(self._refusal(answer, response.status_code))
        return answer

    def _refusal(self, answer: object, http_status: int) -> str:
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict):
            return f"Meta answered {http_status}."
        way_out = _WAYS_OUT.get(error.get("code", 0), f"Meta's reference: {error.get('fbtrace_id')}.")
        return f"Meta says: {error.get('message')}. {way_out} (The secret is {self.secret_id}.)"


def page_of(stage: Stage) -> Page:
    """The stage's page, by its secret and its settings."""
    secret = stage.secrets.read("messenger")
    missing = [name for name in ("page_token", "page_id") if not isinstance(secret.get(name), str) or not secret[name]]
    if missing:
        raise click.ClickException(
            f"The secret {stage.secrets.id('messenger')} has no {' and no '.join(missing)}: docs/messenger.md says what goes there"
        )
    where = stage.settings
    return Page(stage.name, where.messenger_api_url, where.base_url, secret["page_token"], secret["page_id"])


def _lines(found: Json) -> list[str]:
    return json.dumps(_comparable(found), indent=2, ensure_ascii=False, sort_keys=True).splitlines()


def _comparable(value: Any) -> Any:  # noqa: ANN401  # JSON
    """Without what Meta adds of its own accord, and with the locales in one order."""
    if isinstance(value, dict):
        return {name: _comparable(member) for name, member in value.items() if name in _OURS}
    if isinstance(value, list):
        return sorted(map(_comparable, value), key=lambda member: member.get("locale", ""))
    return value


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _names(member)


_OURS = frozenset(_names(PROFILE))
