"""The app is installed into a workspace: https://docs.slack.dev/authentication/installing-with-oauth .

`/slack/install` sends a browser to Slack with a state. Slack sends it back to `/slack/oauth` with that state and a code, which buys the
bot's token. A state counts once, for ten minutes, in the browser that began with it: nobody can put their workspace into another's hands.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import requests
from chalice.app import Request, Response

from chalicelib import errors, ids
from chalicelib.aws.tables import ConditionFailed, Create, Delete, Table
from chalicelib.channels.slack import install_page
from chalicelib.channels.slack.install_page import CANCELLED, EXPIRED, FAILED, INSTALLED
from chalicelib.channels.slack.installations import Installations
from chalicelib.clock import Clock
from chalicelib.http import query, response
from chalicelib.logs import Log
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.channels.slack.needs import Secrets

SCOPES = ("app_mentions:read", "chat:write", "commands", "im:history")
"""What the bot may do, and no more: https://docs.slack.dev/reference/scopes ."""
STATE_SECONDS = 600
TIMEOUT = (3, 8)
"""Seconds for connecting, and for the answer."""

_OURS = re.compile(r"[A-Za-z0-9_-]{22}")
"""The form of `ids.unguessable`."""
_USED_CODE = {"code_already_used", "invalid_code"}


class States:
    """The states of installations that were begun, in the table of conversations."""

    def __init__(self, table: Table, clock: Clock, new: Callable[[], str] = ids.unguessable) -> None:
        self._table = table
        self._clock = clock
        self._new = new

    def begin(self, browser: str) -> tuple[str, str]:
        """A state, and the name by which the browser is known: the one that it has, or a new one."""
        state, browser = self._new(), browser or self._new()
        expires = int(self._clock()) + STATE_SECONDS
        self._table.write(Create({"pk": _key(state), "sk": "state", "browser": _digest(browser), "expiresAt": expires}))
        return state, browser

    def end(self, state: str, browser: str) -> bool:
        """Whether this browser began with this state in the last ten minutes, and did not end it before."""
        item = self._table.get(_key(state), "state") if _OURS.fullmatch(state) else None
        if item is None or item["expiresAt"] <= self._clock():  # the table removes expired items a day or two late
            return False
        try:
            self._table.write(Delete(_key(state), "state", {"browser": _digest(browser)}))
        except ConditionFailed:
            return False
        return True


class Client(NamedTuple):
    """The app, as Slack knows it."""

    id: str
    secret: str


class Refused(Exception):
    """Slack did not give us a token that we can use; `code` is Slack's word for why, or ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SlackInstall:
    def __init__(
        self,
        secrets: "Secrets",
        installations: Installations,
        states: States,
        pages: Pages,
        settings: Settings,
        session: requests.Session,
        log: Log,
    ) -> None:
        self._secrets = secrets
        self._installations = installations
        self._states = states
        self._pages = pages
        self._api_url = settings.slack_api_url
        self._redirect_url = f"{settings.base_url}/slack/oauth"
        self._session = session
        self._log = log
        self._secure = settings.base_url.startswith("https://")
        self._cookie = "__Host-slack-install" if self._secure else "slack-install"
        """A name that only this host can set: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes"""

    def install(self, request: Request) -> Response:
        """Send the browser to Slack, where a person says which workspace; `NotFound` where the stage serves just one."""
        client = self._client()
        state, browser = self._states.begin(self._browser(request))
        asked = {"client_id": client.id, "scope": ",".join(SCOPES), "state": state, "redirect_uri": self._redirect_url}
        cookie = f"{self._cookie}={browser}; Path=/; Max-Age={STATE_SECONDS}; HttpOnly; SameSite=Lax"
        headers = {
            "Location": f"{self._api_url}/oauth/v2/authorize?{urlencode(asked)}",
            "Set-Cookie": f"{cookie}; Secure" if self._secure else cookie,
        }
        return response("", "text/plain", {**PRIVATE, **headers}, 302)

    def finish(self, request: Request) -> Response:
        """Slack has sent the browser back: install the app, and show what became of it."""
        client, asked = self._client(), query(request)
        in_time = self._states.end(asked.get("state", ""), self._browser(request))
        outcome, values = self._finished(asked.get("code"), client) if in_time else (EXPIRED, {})
        return install_page.answer(self._pages, outcome, request.headers.get("accept-language", ""), values)

    def _finished(self, code: str | None, client: Client) -> tuple[str, dict[str, str]]:
        if not code:  # Slack says access_denied: the person pressed Cancel
            return CANCELLED, {}
        try:
            answer = self._exchange(code, client)
        except Refused as refusal:
            self._log("not_installed", level="warning", channel="slack", code=refusal.code)
            return (EXPIRED if refusal.code in _USED_CODE else FAILED), {}
        team = str(answer["team"]["id"])
        scopes = tuple(str(answer.get("scope", "")).split(","))
        self._installations.install(team, answer["access_token"], str(answer.get("bot_user_id", "")), scopes)
        self._log("installed", channel="slack", team=team)
        link = urlencode({"app": answer.get("app_id", ""), "team": team})
        return INSTALLED, {"team": str(answer["team"].get("name", "")), "link": f"{self._api_url}/app_redirect?{link}"}

    def _exchange(self, code: str, client: Client) -> dict[str, Any]:
        """The bot's token and whose it is, or `Refused`: https://docs.slack.dev/reference/methods/oauth.v2.access ."""
        try:
            answered = self._session.post(
                f"{self._api_url}/api/oauth.v2.access",
                {"code": code, "redirect_uri": self._redirect_url},
                auth=client,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            answer = answered.json()
        except requests.RequestException as error:
            raise Refused(type(error).__name__) from None  # its text names the address
        match answer:
            case {"ok": True, "expires_in": _}:
                raise Refused("token_rotation")  # the manifest says no to it: the token would be dead in 12 hours
            case {"ok": True, "access_token": str(), "team": {"id": str()}}:
                return dict(answer)
            case {"ok": True}:
                raise Refused("no_workspace")  # a whole Enterprise organisation, which the manifest says no to
            case {"error": str(said)}:
                raise Refused(said)
        raise Refused(f"http_{answered.status_code}")

    def _client(self) -> Client:
        secret = self._secrets.get("slack")
        if not secret.get("client_id"):
            raise errors.NotFound(
                "This stage serves one workspace, where its operator installs the app. For several: docs/slack.md"
            )
        missing = [name for name in ("client_secret", "token_keys") if not secret.get(name)]
        if missing:
            raise errors.Unavailable(f"The secret slack has no {' and no '.join(missing)}: an operator must set it")
        return Client(secret["client_id"], secret["client_secret"])

    def _browser(self, request: Request) -> str:
        """The name by which we know it, from our cookie; empty when it has none."""
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        browser = cookies.get(self._cookie, "")
        return browser if _OURS.fullmatch(browser) else ""


def _key(state: str) -> str:
    return f"slack-install#{state}"


def _digest(browser: str) -> str:
    return ids.digest(browser, length=43)
