"""The HTTP edge of Slack: events, slash commands and pressed buttons.

Each request is verified, translated, enqueued and answered within Slack's three seconds
(https://docs.slack.dev/apis/events-api/#responding); what the queue refuses is answered 503, so that Slack sends it again. A retry is
a request like any other: its first copy may never have come.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from chalice.app import Request, Response

from chalicelib import errors
from chalicelib.channels.slack import inbound, signature
from chalicelib.channels.slack.texts import IN_PRIVATE
from chalicelib.clock import Clock, iso, milliseconds
from chalicelib.dialogue.model import Message
from chalicelib.http import json_response, raw_body, response
from chalicelib.logs import Log

if TYPE_CHECKING:
    from chalicelib.channels.slack.needs import Inbox, Installations, Secrets

_RETRY_REASONS = {
    "http_timeout",
    "too_many_redirects",
    "connection_failed",
    "ssl_error",
    "http_error",
    "unknown_error",
}
"""https://docs.slack.dev/apis/events-api/#retries"""

_SSL_CHECK = re.compile(rb"(?:^|&)ssl_check=1(?:&|$)")

_Found = TypeVar("_Found")


class SlackApi:
    def __init__(
        self, secrets: "Secrets", inbox: "Inbox", installations: "Installations", *, clock: Clock, log: Log
    ) -> None:
        self._secrets = secrets
        self._inbox = inbox
        self._installations = installations
        self._clock = clock
        self._log = log

    def events(self, request: Request) -> Response:
        """Keep what the fans did, and forget a workspace that has left.

        `Unauthenticated` unless Slack signed it just now; `Unavailable` when the queue refuses, so that it comes again.
        """
        found = self._received("events", request, inbound.event)
        match found:
            case inbound.Challenge(value):
                return response(value, "text/plain", {"X-Content-Type-Options": "nosniff"})
            case inbound.Revoked(team, at):
                self._installations.revoke(team, at)
                self._log("installation_revoked", level="warning", channel="slack", team=team)
            case inbound.RateLimited(team, since):
                self._log("app_rate_limited", level="alarm", channel="slack", team=team, since=iso(since), held_back=1)
        return _taken()

    def commands(self, request: Request) -> Response:
        """Keep what a slash command asks for; outside a direct message, the fan is told where to find the answer.

        Errors as of `events`. Slack also checks the address' certificate, without a signature (`ssl_check`): nothing else is done then.
        """
        if _SSL_CHECK.search(raw_body(request)):
            return _taken()
        found = self._received("commands", request, inbound.command)
        if found is None or "channel" in found.origin:
            return _taken()
        return json_response({"response_type": "ephemeral", "text": IN_PRIVATE})

    def interactions(self, request: Request) -> Response:
        """Keep a pressed button. Errors and the check of the certificate as of `commands`."""
        if not _SSL_CHECK.search(raw_body(request)):
            self._received("interactions", request, inbound.interaction)
        return _taken()

    def _received(self, route: str, request: Request, translate: Callable[[bytes, int], _Found]) -> _Found | None:
        """What a request told, with its message kept; None when it asks for nothing."""
        raw = raw_body(request)
        self._verify(route, raw, request)
        self._log_retry(request)
        try:
            found = translate(raw, milliseconds(self._clock))
        except inbound.Ignored as ignored:
            self._log("ignored", channel="slack", **{ignored.kind: 1})
            return None
        if isinstance(found, Message):
            self._inbox.accept([found])
        return found

    def _verify(self, route: str, raw: bytes, request: Request) -> None:
        headers = request.headers
        reason = signature.refusal(
            raw,
            headers.get("x-slack-request-timestamp"),
            headers.get("x-slack-signature"),
            signature.signing_secrets(self._secrets.get("slack")),
            self._clock(),
        )
        if reason:
            self._log("refused", route=f"slack/{route}", reason=reason, refusals=1)
            raise errors.Unauthenticated(
                "The request is not signed with this app's signing secret within the last five minutes (X-Slack-Signature)"
            )

    def _log_retry(self, request: Request) -> None:
        """Only known words: headers are not signed."""
        number, reason = (request.headers.get(f"x-slack-retry-{name}", "") for name in ("num", "reason"))
        if number in {"1", "2", "3"}:
            known = reason if reason in _RETRY_REASONS else "other"
            self._log("retried", channel="slack", number=int(number), reason=known)


def _taken() -> Response:
    return response("", "text/plain")
