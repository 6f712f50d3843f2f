"""As much of Slack as there is so far: chat.postMessage takes a message and keeps it for programs to list."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.simulator.memory import Memory
from ops.simulator.sends import Send

Json = dict[str, Any]


class Slack:
    def __init__(self, memory: Memory, now: Callable[[], int]) -> None:
        self._sends = memory.sends
        self._faults = memory.faults
        self._now = now

    def routes(self) -> list[Route]:
        return [Route("/api/chat.postMessage", self._post_message, methods=["POST"])]

    async def _post_message(self, request: Request) -> Response:
        """https://docs.slack.dev/reference/methods/chat.postMessage: Slack refuses with status 200 and `ok: false`."""
        body = await request.body()
        if fault := self._faults.met("slack"):
            await fault.suffer()
            return JSONResponse(_refusal(str(fault.code or "internal_error")), fault.status, fault.headers)
        if error := _wrong_token(request.headers.get("authorization", "")):
            return JSONResponse(_refusal(error))
        call = _call(body, request.headers.get("content-type", ""))
        if not isinstance(call.get("channel"), str) or not call["channel"]:
            return JSONResponse(_refusal("channel_not_found"))
        if not call.get("text") and not call.get("blocks"):
            return JSONResponse(_refusal("no_text"))
        at = self._now()
        ts = f"{at / 1000:.6f}"
        self._sends.take(Send("slack", call["channel"], ts, at, json.dumps(call).encode()))
        return JSONResponse({"ok": True, "channel": call["channel"], "ts": ts, "message": {**call, "ts": ts}})


def _refusal(error: str) -> Json:
    return {"ok": False, "error": error}


def _wrong_token(authorization: str) -> str | None:
    if not authorization:
        return "not_authed"
    return None if authorization.startswith("Bearer xoxb-") else "invalid_auth"


def _call(body: bytes, content_type: str) -> Json:
    if not content_type.startswith("application/json"):
        return dict(parse_qsl(body.decode(errors="replace")))
    try:
        call = json.loads(body)
    except ValueError:
        return {}
    return call if isinstance(call, dict) else {}
