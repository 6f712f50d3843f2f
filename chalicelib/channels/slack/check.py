"""Whether the app can still answer in each workspace: its token, and what that may do (https://docs.slack.dev/reference/methods/auth.test)."""

from collections.abc import Callable, Iterator
from typing import Protocol

import requests

from chalicelib.channels import outcomes
from chalicelib.channels.checks import Problem
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.slack import faults
from chalicelib.channels.slack.installations import Installation
from chalicelib.channels.slack.needs import Secrets
from chalicelib.channels.slack.oauth import SCOPES
from chalicelib.clock import Clock
from chalicelib.errors import Unavailable
from chalicelib.ids import digest
from chalicelib.logs import Log
from chalicelib.settings import Settings

TIMEOUT = (2, 3)
"""Seconds for connecting, and for the answer."""
BUDGET = 15
"""Seconds for all workspaces. Each day has an order of its own, so those for which time is short have their turn on another day."""
DAY = 24 * 60 * 60


class Installations(Protocol):
    def token(self, team: str) -> str:
        """The bot's token in a workspace, or `Undeliverable`, or `Unavailable`."""

    def all(self) -> list[Installation]:
        """The workspaces that have installed the app."""


class SlackCheck:
    """Mends nothing: a token that Slack refuses comes back by installing the app again only."""

    def __init__(
        self,
        session: requests.Session,
        settings: Settings,
        secrets: Secrets,
        installations: Installations,
        clock: Clock,
        log: Log,
    ) -> None:
        self._session = session
        self._settings = settings
        self._secrets = secrets
        self._installations = installations
        self._clock = clock
        self._log = log

    def problems(self) -> Iterator[Problem]:
        """`Unavailable` when Slack does not say of some, after the others. A stage without the app has none."""
        began, unchecked, late = self._clock(), 0, 0
        for team, token in self._tokens():
            if self._clock() - began > BUDGET:
                late += 1
                continue
            try:
                what = self._wrong(token())
            except Undeliverable:  # uninstalled meanwhile
                continue
            except Unavailable as error:
                self._log("unchecked", channel="slack", team=team, reason=str(error), failures=1)
                unchecked += 1
                continue
            if what:
                yield Problem(what, team)
        if late:
            self._log("another_day", channel="slack", workspaces=late)
        if unchecked:
            raise Unavailable(f"Slack did not say of {unchecked} workspaces")

    def _tokens(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """By workspace; under no name the one that the stage itself is given."""
        try:
            secret = self._secrets.get("slack")
        except Unavailable:
            secret = {}
        if own := secret.get("bot_token"):
            yield "", lambda: str(own)
        if not secret.get("client_id"):
            if not own:
                self._log("not_set_up", channel="slack")
            return
        day = str(self._clock() // DAY)
        for team in sorted((each.team for each in self._installations.all()), key=lambda team: digest(day, team)):
            yield team, lambda team=team: self._installations.token(team)  # type: ignore[misc]  # a default binds it now

    def _wrong(self, token: str) -> str:
        """What is wrong with a token, or nothing."""
        try:
            response = self._session.post(
                f"{self._settings.slack_api_url}/api/auth.test",
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable(f"Slack does not answer: {type(error).__name__}") from None
        fault = faults.fault(response.status_code, response.content)
        if fault and fault.kind in (outcomes.RATE_LIMITED, outcomes.TRY_AGAIN):
            raise Unavailable(f"Slack does not say: {fault.code or response.status_code}")
        if fault:
            return fault.kind
        may = {scope.strip() for scope in response.headers.get("x-oauth-scopes", "").split(",")}
        return outcomes.NOT_PERMITTED if set(SCOPES) - may else ""
