"""Slack's requests to the application: signed, with three seconds to answer, and events tried again three times.

https://docs.slack.dev/authentication/verifying-requests-from-slack, …/apis/events-api#error-handling. Commands and presses come once:
the person sees at once that it failed.
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from ops.simulator.http_client import NO_ANSWER, Answer, call
from ops.simulator.settings import Settings
from ops.simulator.slack import events
from ops.simulator.slack.workspace import State

PAUSES_S = (0.0, 60.0, 300.0)
ANSWER_WITHIN_S = 3
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"

Json = dict[str, Any]
Call = Callable[..., Awaitable[Answer]]
Progress = Callable[[State, int], None]


class Deliveries:
    def __init__(
        self,
        settings: Settings,
        now: Callable[[], int],
        call: Call = call,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._settings = settings
        self._now = now
        self._call = call
        self._pauses_s = pauses_s
        self._under_way: set[asyncio.Task[None]] = set()

    async def event(
        self, notice: Json, progress: Progress = lambda *_: None, *, retry: bool = True, copy: int = 0
    ) -> int:
        """The application's status on the first attempt (0: none); further attempts go on behind the scenes.

        `copy` above 0 pretends that so many copies were lost on their way.
        """
        body = json.dumps(notice, separators=(",", ":")).encode()
        answer = await self._attempt(body, copy, "http_timeout")
        again = retry and not taken(answer) and answer.headers.get("x-slack-no-retry") != "1"
        progress("delivered" if taken(answer) else "retrying" if again else "failed", 1)
        if again:
            self._in_background(self._try_again(body, reason(answer), progress, copy))
        return answer.status

    def event_in_background(self, notice: Json) -> None:
        """For what no person waits for."""

        async def deliver() -> None:
            await self.event(notice)

        self._in_background(deliver())

    async def form(self, path: str, form: Mapping[str, str]) -> Answer:
        """A command or an interaction."""
        body = urlencode(form).encode()
        return await self._post(path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    async def verify(self) -> str:
        """What Slack shows beside the Request URL: whether the application gives back the challenge."""
        challenge = secrets.token_urlsafe(38)
        body = json.dumps(events.url_verification(challenge)).encode()
        answer = await self._post("events", body, {"Content-Type": "application/json"})
        if answer.status == NO_ANSWER:
            return "unreachable"
        return "verified" if answer.status == HTTPStatus.OK and _holds(answer.body, challenge) else "refused"

    async def _try_again(self, body: bytes, why: str, progress: Progress, copies: int) -> None:
        for number, pause in enumerate(self._pauses_s[copies:], 1):
            await asyncio.sleep(pause)
            answer = await self._attempt(body, copies + number, why)
            if taken(answer):
                progress("delivered", number + 1)
                return
            why = reason(answer)
            progress("retrying", number + 1)
        progress("failed", len(self._pauses_s[copies:]) + 1)

    async def _attempt(self, body: bytes, number: int, why: str) -> Answer:
        headers = {"Content-Type": "application/json"}
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": why}
        return await self._post("events", body, headers)

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        timestamp = str(self._now() // 1000)
        signed = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(timestamp, body, self._settings.slack_signing_secret),
            **headers,
        }
        url = f"{self._settings.app_url}/webhooks/slack/{path}"
        return await self._call("POST", url, signed, body, timeout_s=ANSWER_WITHIN_S)

    def _in_background(self, doing: Any) -> None:  # noqa: ANN401  a coroutine
        task = asyncio.create_task(doing)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)


def signature(timestamp: str, body: bytes, signing_secret: str) -> str:
    """X-Slack-Signature: over the version, the time and the raw bytes of the body."""
    return "v0=" + hmac.new(signing_secret.encode(), b"v0:%b:%b" % (timestamp.encode(), body), "sha256").hexdigest()


def taken(answer: Answer) -> bool:
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def reason(answer: Answer) -> str:
    """X-Slack-Retry-Reason."""
    if answer.late:
        return "http_timeout"
    return "connection_failed" if answer.status == NO_ANSWER else "http_error"


def _holds(body: bytes, challenge: str) -> bool:
    """Slack takes the challenge as plain text, as JSON and as a form."""
    return body.strip() == challenge.encode() or any(
        shape.encode() == body.replace(b" ", b"").strip()
        for shape in (f'{{"challenge":"{challenge}"}}', f"challenge={challenge}")
    )
