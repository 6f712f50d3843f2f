"""How an app gets into a workspace: https://docs.slack.dev/authentication/installing-with-oauth."""

import base64
import secrets
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ops.simulator.settings import Settings
from ops.simulator.slack.deliveries import Deliveries
from ops.simulator.slack.doings import uninstalled
from ops.simulator.slack.refusal import Refusal
from ops.simulator.slack.tokens import Tokens
from ops.simulator.slack.workspace import APP_ID, APP_NAME, HOME_TEAM, OTHER_TEAM, Workspaces

CODE_LASTS_MS = 600_000
INSTALLER = "U0INSTALLER"
SCOPES = {
    "app_mentions:read": "View messages that directly mention @guestlist in conversations that the app is in",
    "chat:write": "Send messages as @guestlist",
    "commands": "Add shortcuts and slash commands that people can use",
    "im:history": "View messages and other content in direct messages that Guestlist has been added to",
    "im:read": "View basic information about direct messages that Guestlist has been added to",
    "im:write": "Start direct messages with people",
    "users:read": "View people in a workspace",
}
PAGE = Template((Path(__file__).parent / "authorize.html").read_text())
PROBLEM = Template((Path(__file__).parent / "problem.html").read_text())


class Grant(NamedTuple):
    """What somebody allowed, until the application fetches it, once."""

    team: str
    scopes: str
    redirect_uri: str
    """As the application asked with; empty when it named none."""
    at: int


class Install:
    def __init__(
        self,
        settings: Settings,
        workspaces: Workspaces,
        tokens: Tokens,
        deliveries: Deliveries,
        now: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._workspaces = workspaces
        self._tokens = tokens
        self._deliveries = deliveries
        self._now = now
        self._grants: dict[str, Grant] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/v2/authorize", self._ask, methods=["GET"]),
            Route("/oauth/v2/authorize", self._decide, methods=["POST"]),
            Route("/api/oauth.v2.access", self._access, methods=["GET", "POST"]),
            Route("/api/apps.uninstall", self._uninstall, methods=["GET", "POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        """The page with Allow and Cancel."""
        asked = dict(request.query_params)
        if problem := self._problem(asked):
            return self._page(PROBLEM.substitute(problem=escape(problem)), 400)
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">'
            for name in ("client_id", "scope", "state", "redirect_uri")
        )
        return self._page(
            PAGE.substitute(
                app=APP_NAME,
                teams="".join(f'<option value="{team.id}">{team.name}</option>' for team in (HOME_TEAM, OTHER_TEAM)),
                scopes="".join(
                    f"<li>{escape(SCOPES.get(scope, scope))} <code>{escape(scope)}</code></li>"
                    for scope in asked["scope"].split(",")
                ),
                fields=fields,
            )
        )

    async def _decide(self, request: Request) -> Response:
        """Back to the application: with a code, or with what it is told when somebody cancels."""
        asked = _form(await request.body())
        if problem := self._problem(asked):
            return self._page(PROBLEM.substitute(problem=escape(problem)), 400)
        if asked.get("decision") == "allow":
            code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(32)}"
            team = asked.get("team") or HOME_TEAM.id
            self._grants[code] = Grant(team, asked["scope"], asked.get("redirect_uri", ""), self._now())
            told = {"code": code}
        else:
            told = {"error": "access_denied"}
        back = asked.get("redirect_uri") or self._redirect_uri
        return RedirectResponse(f"{back}?{urlencode(told | {'state': asked.get('state', '')})}", 302)

    async def _access(self, request: Request) -> Response:
        """https://docs.slack.dev/reference/methods/oauth.v2.access."""
        asked = dict(request.query_params) | _form(await request.body()) | _basic(request.headers)
        self._check_client(asked)
        grant = self._grants.pop(asked.get("code", ""), None)
        if grant is None or self._now() - grant.at > CODE_LASTS_MS:
            raise Refusal("invalid_code")
        if grant.redirect_uri != asked.get("redirect_uri", ""):
            raise Refusal("bad_redirect_uri")
        workspace = self._workspaces.workspace(grant.team)
        workspace.install(installed=True)
        return JSONResponse(
            {
                "ok": True,
                "app_id": APP_ID,
                "authed_user": {"id": INSTALLER},
                "scope": grant.scopes,
                "token_type": "bot",
                "access_token": self._tokens.issue(grant.team, str(self._now()), grant.scopes),
                "bot_user_id": workspace.bot_user,
                "team": {"id": workspace.team.id, "name": workspace.team.name},
                "enterprise": None,
                "is_enterprise_install": False,
            }
        )

    async def _uninstall(self, request: Request) -> Response:
        """https://docs.slack.dev/reference/methods/apps.uninstall: the app itself leaves a workspace."""
        asked = dict(request.query_params) | _form(await request.body())
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        workspace = self._tokens.workspace(bearer or asked.get("token", ""))
        self._check_client(asked)
        for notice in uninstalled(workspace):
            self._deliveries.event_in_background(notice)
        return JSONResponse({"ok": True})

    def _problem(self, asked: Mapping[str, str]) -> str:
        """Why Slack shows an error page instead; empty when all is well."""
        if asked.get("client_id") != self._settings.slack_client_id:
            return "Invalid client_id parameter"
        if not asked.get("scope"):
            return "invalid_scope: no scopes were asked for"
        if asked.get("redirect_uri", self._redirect_uri) not in ("", self._redirect_uri):
            return (
                "redirect_uri did not match any configured URIs. "
                f"Passed URI: {asked['redirect_uri']}, configured: {self._redirect_uri}"
            )
        return ""

    @property
    def _redirect_uri(self) -> str:
        return f"{self._settings.app_url}/slack/oauth"

    def _check_client(self, asked: Mapping[str, str]) -> None:
        if asked.get("client_id") != self._settings.slack_client_id:
            raise Refusal("invalid_client_id")
        if asked.get("client_secret") != self._settings.slack_client_secret:
            raise Refusal("bad_client_secret")

    def _page(self, html: str, status: int = 200) -> Response:
        """`form-action` names where the form leads in the end, because browsers follow redirects with it."""
        app = urlsplit(self._settings.app_url)
        policy = (
            f"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {app.scheme}://{app.netloc}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        return HTMLResponse(html, status, headers)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(errors="replace")))


def _basic(headers: Mapping[str, str]) -> dict[str, str]:
    """Client id and secret, where they come as HTTP Basic authentication."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, client_secret = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:  # no base64, or no UTF-8
        raise Refusal("invalid_client_id") from None
    return {"client_id": client_id, "client_secret": client_secret}
