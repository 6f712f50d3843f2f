"""Sends replies to fans by Slack's Web API, at the pace that Slack allows (https://docs.slack.dev/apis/web-api/rate-limits).

It never sleeps: a reply that cannot go now raises `Later`, and its queue brings it again. A fault that concerns the whole workspace
(too fast, a dead token, no connection) pauses the workspace, so that its neighbours are not sent in vain.
"""

from collections import defaultdict
from typing import NamedTuple, Protocol

import requests

from chalicelib.batch import LONGEST_DELAY, Later, backoff
from chalicelib.channels import outcomes
from chalicelib.channels.delivery import Delivery, Undeliverable
from chalicelib.channels.recent import Recent
from chalicelib.channels.slack import faults, outbound
from chalicelib.clock import Clock
from chalicelib.logs import Log
from chalicelib.pace import Pace, Pause, brief, retry_after
from chalicelib.settings import Settings

TIMEOUT = (3, 10)
"""Seconds for connecting, and for the answer."""
MESSAGES_PER_SECOND = 1.0
"""In one channel."""

MOST_BEGUN = 200
MOST_PACED = 5_000


class Tokens(Protocol):
    def token(self, team: str) -> str:
        """The bot's token in a workspace, or `Undeliverable`, or `Unavailable`."""

    def forget(self, team: str) -> None:
        """Slack refuses the token that was given."""


class _Fan(NamedTuple):
    team: str
    user: str
    token: str
    """The bot's, in that workspace."""


class SlackSender:
    """Sends what the outbound queue holds for Slack.

    A reply that cannot go before an operator has acted (a new token, a scope) is kept, as they may be in time: it is tried
    every `LONGEST_DELAY` seconds until its queue gives it up.
    """

    def __init__(self, session: requests.Session, settings: Settings, tokens: Tokens, clock: Clock, log: Log) -> None:
        self._session = session
        self._settings = settings
        self._tokens = tokens
        self._clock = clock
        self._log = log
        self._pauses = defaultdict[str, Pause](lambda: Pause(clock))
        """By workspace."""
        self._paces = Recent[tuple[str, str], Pace](MOST_PACED)
        """By workspace, and user or channel."""
        self._begun = Recent[tuple[str, int], int](MOST_BEGUN)
        """By trace and position, how many calls of a reply were made before one failed: they are not repeated when it comes again."""

    def deliver(self, delivery: Delivery) -> None:
        """Send a reply to `slack:<team id>:<user id>`; before the first one to a message goes what that message itself asks for.

        `Later` when it must wait, `Undeliverable` when it never can be sent, `Unavailable` when the token cannot be read.
        """
        _, team, user = delivery.conversation.split(":", 2)
        self._pauses[team].check()
        key = (delivery.trace, delivery.position)
        begun = self._begun.get(key, 0)
        calls = outbound.calls(user, delivery.reply, delivery.origin, first=delivery.position == 0)[begun:]
        fan = _Fan(team, user, self._tokens.token(team))
        self._pace(team, user).check(sum(call.method == outbound.POST and not call.courtesy for call in calls))
        for number, call in enumerate(calls):
            try:
                if call.courtesy:
                    self._be_kind(fan, call, delivery)
                else:
                    self._send(fan, call, delivery, delivery.received_at if call is calls[-1] else 0)
            except Later:
                self._begun[key] = begun + number
                raise
        self._begun.pop(key, None)

    def _pace(self, team: str, place: str) -> Pace:
        pace = self._paces.get((team, place)) or Pace(MESSAGES_PER_SECOND, self._clock)
        self._paces[team, place] = pace
        return pace

    def _be_kind(self, fan: _Fan, call: outbound.Call, delivery: Delivery) -> None:
        """A courtesy that fails, or whose channel has had its message this second, is left out, unless the whole workspace must wait."""
        if call.method == outbound.POST and self._pace(fan.team, call.body["channel"]).wait(1):
            self._log("left_out", trace=delivery.trace, reason="pace", channel="slack")
            return
        fault, delay = self._ask(fan, call, delivery)
        if fault and fault.kind == outcomes.RATE_LIMITED:
            raise self._consequence(fan, fault.kind, delay, delivery.receives)

    def _send(self, fan: _Fan, call: outbound.Call, delivery: Delivery, received_at: int) -> None:
        """With `received_at` it is the reply's last call, and its line says how long the fan has waited."""
        fault, delay = self._ask(fan, call, delivery, received_at)
        if fault and fault.kind == outcomes.UNREACHABLE and call.body.get("channel", fan.user) != fan.user:
            # the command was given where we may not write: between two other people
            to_user = call._replace(body={**call.body, "channel": fan.user})
            fault, delay = self._ask(fan, to_user, delivery, received_at)
        if fault:
            raise self._consequence(fan, fault.kind, delay, delivery.receives)

    def _ask(
        self, fan: _Fan, call: outbound.Call, delivery: Delivery, received_at: int = 0
    ) -> tuple[faults.Fault | None, int]:
        """One call, and one line about it: its fault, and the delay in seconds that Slack asks for."""
        about = {"trace": delivery.trace, "channel": "slack", "method": call.method, "sends": 1}
        started = self._clock()
        try:
            response = self._post(fan.token, call)
        except requests.RequestException as error:
            ms = self._since(started)
            self._log("sent", **about, outcome="no_answer", error=type(error).__name__, ms=ms)
            raise self._pauses[fan.team].begin(brief(delivery.receives), "no answer") from None
        fault = faults.fault(response.status_code, response.content)
        self._log(
            "sent",
            **about,
            status=response.status_code,
            ms=self._since(started),
            outcome=fault.kind if fault else "ok",
            code=fault and fault.code,
            reference=response.headers.get("x-slack-req-id"),
            reply_ms=self._since(received_at / 1000) if received_at and not fault else None,
        )
        return fault, retry_after(response.headers)

    def _consequence(self, fan: _Fan, kind: str, delay: int, receives: int) -> Exception:
        match kind:
            case outcomes.UNREACHABLE:
                return Undeliverable(kind, ours=False)
            case outcomes.PERMANENT:
                return Undeliverable(kind, ours=True)
            case outcomes.TOKEN_DEAD:
                self._log(kind, level="alarm", channel="slack")
                self._tokens.forget(fan.team)
                return self._pauses[fan.team].begin(LONGEST_DELAY, kind)
            case outcomes.NOT_PERMITTED:
                self._log(kind, level="alarm", channel="slack")
                return Later(LONGEST_DELAY, kind)
            case outcomes.RATE_LIMITED:
                return self._pauses[fan.team].begin(delay or brief(receives), kind)
        return Later(delay or backoff(receives), kind)

    def _post(self, token: str, call: outbound.Call) -> requests.Response:
        """The token goes into a header: addresses get logged."""
        return self._session.post(
            f"{self._settings.slack_api_url}/api/{call.method}",
            json=call.body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def _since(self, started: float) -> int:
        return round((self._clock() - started) * 1000)
