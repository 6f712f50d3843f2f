"""A fan's doings as Meta's webhooks: https://developers.facebook.com/docs/messenger-platform/webhooks."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from ops.simulator.fans import Doing, Fan
from ops.simulator.http_client import NO_ANSWER, Answer, call
from ops.simulator.settings import Settings

LIKE = 369239263222822
STICKER = 907260072679224
OK = 200
# Meta tries a few times at once, then ever more slowly for hours; nobody waits for hours at a desk.
PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0)

Json = dict[str, Any]
Call = Callable[..., Awaitable[Answer]]


class Webhooks:
    """Delivers what fans do to the application, and tries again as Meta does when it does not answer 200 in 5 seconds."""

    def __init__(self, settings: Settings, call: Call = call, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._settings = settings
        self._call = call
        self._pauses_s = pauses_s
        self._retries: set[asyncio.Task[None]] = set()

    async def deliver(self, fan: Fan, doing: Doing, *, retry: bool = True) -> int:
        """The application's status on the first attempt (0: no answer); further attempts go on behind the scenes.

        What one fan does arrives in its order, as long as it arrives at all: a retry comes late, as it does at Meta.
        """
        body = serialised(self._settings.page_id, doing.at, messaging(doing, fan.psid, self._settings.page_id))
        async with fan.turn:
            status = await self._attempt(fan, doing, body, on_failure="retrying" if retry else "failed")
        if status != OK and retry:
            task = asyncio.create_task(self._try_again(fan, doing, body))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return status

    async def verify(self, url: str, token: str) -> Answer:
        """Meta's handshake: status 200 only when the application gave the challenge back."""
        challenge = str(secrets.randbelow(10**10))
        query = urlencode({"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": challenge})
        answer = await self._call("GET", f"{url}?{query}", {"User-Agent": "facebookplatform/1.0"})
        return answer if answer.status != OK or answer.body == challenge.encode() else Answer(NO_ANSWER, answer.body)

    async def _try_again(self, fan: Fan, doing: Doing, body: bytes) -> None:
        for attempts_left, pause in zip(reversed(range(len(self._pauses_s))), self._pauses_s, strict=True):
            await asyncio.sleep(pause)
            if await self._attempt(fan, doing, body, on_failure="retrying" if attempts_left else "failed") == OK:
                return

    async def _attempt(self, fan: Fan, doing: Doing, body: bytes, on_failure: Literal["retrying", "failed"]) -> int:
        headers = {
            "User-Agent": "facebookexternalua",
            "Content-Type": "application/json",
            "X-Hub-Signature-256": signature(body, self._settings.app_secret),
        }
        answer = await self._call("POST", self._settings.webhook_url, headers, body)
        doing.attempts += 1
        doing.state = "delivered" if answer.status == OK else on_failure
        if not doing.is_receipt:
            fan.tell({"type": "progress", "id": doing.mid, "state": doing.state, "attempts": doing.attempts})
        return answer.status


def signature(body: bytes, app_secret: str) -> str:
    """X-Hub-Signature-256: over the raw bytes of the body."""
    return "sha256=" + hmac.new(app_secret.encode(), body, "sha256").hexdigest()


def serialised(page_id: str, at: int, event: Json) -> bytes:
    r"""The body as Meta writes it: pure ASCII, `\u00e4` in lower-case hex, and `\/` for a slash."""
    page = {"object": "page", "entry": [{"time": at, "id": page_id, "messaging": [event]}]}
    return json.dumps(page, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def messaging(doing: Doing, psid: str, page_id: str) -> Json:
    """One item of `entry[].messaging[]`."""
    return {"sender": {"id": psid}, "recipient": {"id": page_id}, "timestamp": doing.at, **_content(doing)}


def _content(doing: Doing) -> Json:
    message: Json = {"mid": doing.mid}
    match doing.kind:
        case "text":
            content = {"message": message | {"text": doing.text}}
        case "quick_reply":
            content = {"message": message | {"text": doing.text, "quick_reply": {"payload": doing.payload}}}
        case "postback" | "get_started":
            referral = {"referral": _referral(doing)} if doing.ref else {}
            content = {"postback": {"title": doing.text, "payload": doing.payload, "mid": doing.mid} | referral}
        case "referral":
            content = {"referral": _referral(doing)}
        case "sticker" | "like":
            sticker = {"url": doing.url, "sticker_id": LIKE if doing.kind == "like" else STICKER}
            content = {"message": message | {"attachments": [{"type": "sticker", "payload": sticker}]}}
        case "image":
            content = {"message": message | {"attachments": [{"type": "image", "payload": {"url": doing.url}}]}}
        case "delivery":
            content = {"delivery": {"mids": list(doing.mids), "watermark": doing.at}}
        case "read":
            content = {"read": {"watermark": doing.at}}
    return content


def _referral(doing: Doing) -> Json:
    return {"ref": doing.ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
