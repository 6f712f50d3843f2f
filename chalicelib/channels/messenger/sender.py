"""Sends replies to fans by Meta's Send API, at the pace that the platform allows.

It never sleeps: a reply that cannot go now raises `Later`, and its queue brings it again. A fault that concerns the whole page
(too fast, a dead token, no connection) pauses the page, so that its neighbours are not sent in vain.
"""

from collections import defaultdict

import requests

from chalicelib import errors
from chalicelib.batch import LONGEST_DELAY, Later, backoff
from chalicelib.channels import outcomes
from chalicelib.channels.delivery import Delivery, Undeliverable
from chalicelib.channels.messenger import faults, outbound
from chalicelib.channels.messenger.names import Names
from chalicelib.channels.messenger.needs import Secrets
from chalicelib.channels.recent import Recent
from chalicelib.clock import Clock
from chalicelib.logs import Log
from chalicelib.pace import Pace, Pause, brief, retry_after
from chalicelib.settings import Settings

API_VERSION = "v23.0"
TIMEOUT = (3, 10)
"""Seconds for connecting, and for the answer."""
NAME_TIMEOUT = (1, 2)
"""A name is not worth more."""

MOST_BEGUN = 200


class _Page:
    """What we remember of one page's sending."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.pace = Pace(settings.messenger_sends_per_second, clock)
        self.pause = Pause(clock)


class MessengerSender:
    """Sends what the outbound queue holds for Messenger.

    A reply that cannot go before an operator has acted (a new token, a permission) is kept, as they may be in time: it is tried
    every `LONGEST_DELAY` seconds until its queue gives it up.
    """

    def __init__(
        self,
        session: requests.Session,
        settings: Settings,
        secrets: Secrets,
        clock: Clock,
        log: Log,
    ) -> None:
        self._session = session
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._log = log
        self._names = Names(self._first_name, clock)
        self._pages = defaultdict[str, _Page](lambda: _Page(settings, clock))
        self._begun = Recent[tuple[str, int], int](MOST_BEGUN)
        """By trace and position, how many calls of a reply were taken before one failed: they are not repeated when it comes again."""

    def deliver(self, delivery: Delivery) -> None:
        """Send a reply to `messenger:<page id>:<PSID>`.

        `Later` when it must wait, `Undeliverable` when it never can be sent, `Unavailable` when the page token is missing.
        """
        _, page_id, psid = delivery.conversation.split(":", 2)
        reply, trace, receives = delivery.reply, delivery.trace, delivery.receives
        page = self._pages[page_id]
        page.pause.check()
        name = self._names.of(psid) if " {name}" in reply.text else None
        begun = self._begun.get((trace, delivery.position), 0)
        calls = outbound.calls(psid, reply, name)[begun:]
        seen = [outbound.action(psid, "mark_seen")] if self._settings.messenger_mark_seen and not begun else []
        page.pace.check(len(seen) + len(calls))
        for call in seen:
            self._show(call, trace)
        for position, call in enumerate(calls):
            try:
                self._send(page, call, trace, receives, delivery.received_at if call is calls[-1] else 0)
            except Later:
                self._begun[trace, delivery.position] = begun + position
                raise
        self._begun.pop((trace, delivery.position), None)

    def _send(self, page: _Page, call: outbound.Call, trace: str, receives: int, received_at: int) -> None:
        """One call, and one line about it; with `received_at` it is the reply's last one, and the line says how long the fan has waited."""
        started = self._clock()
        try:
            response = self._post(call)
        except requests.RequestException as error:
            ms = self._since(started)
            self._log("sent", trace=trace, outcome="no_answer", error=type(error).__name__, ms=ms, sends=1)
            raise page.pause.begin(brief(receives), "no answer") from None  # the error's text names the address
        fault = faults.fault(response.status_code, response.content)
        self._log(
            "sent",
            trace=trace,
            status=response.status_code,
            ms=self._since(started),
            outcome=fault.kind if fault else "ok",
            code=fault and fault.code,
            reference=fault and fault.reference,
            sends=1,
            reply_ms=self._since(received_at / 1000) if received_at and not fault else None,
        )
        if fault:
            raise self._consequence(page, fault.kind, retry_after(response.headers), receives)

    def _consequence(self, page: _Page, kind: str, delay: int, receives: int) -> Exception:
        match kind:
            case outcomes.WINDOW_CLOSED | outcomes.UNREACHABLE:
                return Undeliverable(kind, ours=False)
            case outcomes.PERMANENT:
                return Undeliverable(kind, ours=True)
            case outcomes.TOKEN_DEAD | outcomes.PAGE_RESTRICTED:
                self._log(kind, level="alarm", channel="messenger")
                return page.pause.begin(LONGEST_DELAY, kind)
            case outcomes.NOT_PERMITTED:
                self._log(kind, level="alarm", channel="messenger")
                return Later(LONGEST_DELAY, kind)
            case outcomes.RATE_LIMITED:
                return page.pause.begin(delay or brief(receives), kind)
        return Later(delay or backoff(receives), kind)

    def _show(self, call: outbound.Call, trace: str) -> None:
        """A sender action: a reply does not wait for it."""
        try:
            status = self._post(call).status_code
        except requests.RequestException as error:
            self._log("action_failed", trace=trace, error=type(error).__name__)
            return
        if status != requests.codes.ok:
            self._log("action_failed", trace=trace, status=status)

    def _post(self, call: outbound.Call) -> requests.Response:
        address = f"{self._settings.messenger_api_url}/{API_VERSION}/me/messages"
        return self._session.post(
            address, json=call, headers=self._authorization(), timeout=TIMEOUT, allow_redirects=False
        )

    def _first_name(self, psid: str) -> str | None:
        try:
            response = self._session.get(
                f"{self._settings.messenger_api_url}/{API_VERSION}/{psid}",
                params={"fields": "first_name"},
                headers=self._authorization(),
                timeout=NAME_TIMEOUT,
                allow_redirects=False,
            )
            profile = response.json()
        except requests.RequestException as error:
            self._log("no_name", error=type(error).__name__)
            return None
        name = profile.get("first_name") if isinstance(profile, dict) else None
        return name if isinstance(name, str) else None

    def _authorization(self) -> dict[str, str]:
        """The page token goes into a header: addresses get logged."""
        token = self._secrets.get("messenger").get("page_token")
        if not isinstance(token, str) or not token:
            raise errors.Unavailable("The secret messenger has no page_token: an operator must set it")
        return {"Authorization": f"Bearer {token}"}

    def _since(self, started: float) -> int:
        return round((self._clock() - started) * 1000)
