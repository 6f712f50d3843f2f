"""The endpoints for programs: read what was sent, order failures, and have fans do things."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ops.simulator import phone
from ops.simulator.bodies import BadBodyError, body_as
from ops.simulator.fans import Doing, Fan, Kind
from ops.simulator.faults import Fault
from ops.simulator.memory import Memory
from ops.simulator.sends import Send
from ops.simulator.webhooks import Webhooks

CHANNELS = ("messenger", "slack")
NEEDED = {
    "text": ("text",),
    "quick_reply": ("text", "payload"),
    "postback": ("payload",),
    "referral": ("ref",),
    "scan": ("ref",),
}
FANS_LISTED = 50
LIST_STEP = 200

Json = dict[str, Any]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a fan does. `scan` is what a phone makes of an m.me link: Get Started for a new fan, else a referral.

    `mid` and `timestamp` (epoch ms) may be given, to deliver the same event again or an old one; `retry: false` delivers
    once and gives up.
    """

    kind: Kind | Literal["scan"]
    text: str | None = None
    payload: str | None = None
    ref: str | None = None
    url: str | None = None
    mid: str | None = None
    mids: tuple[str, ...] = ()
    timestamp: int | None = None
    retry: bool = True


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fan who moves to another language, or blocks the page."""

    locale: str | None = None
    blocked: bool | None = None


class Control:
    def __init__(self, memory: Memory, webhooks: Webhooks, now: Callable[[], int], new_mid: Callable[[], str]) -> None:
        self._fans, self._sends, self._faults, self._profile, self._workspaces = memory
        self._webhooks = webhooks
        self._now = now
        self._new_mid = new_mid

    def routes(self) -> list[Route]:
        return [
            Route("/messages", self._list_messages, methods=["GET"]),
            Route("/messages", self._forget_messages, methods=["DELETE"]),
            Route("/faults", self._list_faults, methods=["GET"]),
            Route("/faults", self._order_fault, methods=["POST"]),
            Route("/faults", self._forget_faults, methods=["DELETE"]),
            Route("/fans", self._list_fans, methods=["GET"]),
            Route("/fans/{psid}", self._show_fan, methods=["GET"]),
            Route("/fans/{psid}", self._change_fan, methods=["PUT"]),
            Route("/fans/{psid}/events", self._do, methods=["POST"]),
        ]

    async def _list_messages(self, request: Request) -> Response:
        channel = request.query_params.get("channel")
        if channel not in (None, *CHANNELS):
            raise BadBodyError("channel", f"Must be one of {', '.join(CHANNELS)}")
        taken = self._sends.taken(channel, request.query_params.get("to"))
        return StreamingResponse(_as_array(taken), media_type="application/json")

    async def _forget_messages(self, _: Request) -> Response:
        self._sends.forget()
        self._fans.clear_threads()
        self._workspaces.clear()
        return Response(status_code=204)

    async def _list_faults(self, _: Request) -> Response:
        return _answer(self._faults.standing())

    async def _order_fault(self, request: Request) -> Response:
        fault = await body_as(request, Fault)
        if fault.channel == "messenger" and isinstance(fault.code, str):
            raise BadBodyError("code", "Messenger's error codes are numbers")
        self._faults.order(fault)
        return _answer(fault, 201)

    async def _forget_faults(self, _: Request) -> Response:
        self._faults.forget()
        return Response(status_code=204)

    async def _list_fans(self, _: Request) -> Response:
        return JSONResponse([phone.person(fan) for fan in self._fans.latest(FANS_LISTED)])

    async def _show_fan(self, request: Request) -> Response:
        return JSONResponse(phone.person(self._fans.fan(request.path_params["psid"])))

    async def _change_fan(self, request: Request) -> Response:
        change = await body_as(request, Change)
        fan = self._fans.fan(request.path_params["psid"])
        fan.locale = fan.locale if change.locale is None else change.locale
        fan.blocked = fan.blocked if change.blocked is None else change.blocked
        return JSONResponse(phone.person(fan))

    async def _do(self, request: Request) -> Response:
        """Answers with the application's status on the first attempt, 0 when it gave none."""
        event = await body_as(request, Event)
        for name in NEEDED.get(event.kind, ()):
            if getattr(event, name) is None:
                raise BadBodyError(name, f"A {event.kind} needs it")
        fan = self._fans.fan(request.path_params["psid"])
        doing = self._doing(event, fan, str(request.base_url))
        if not doing.is_receipt:
            fan.wrote_at = max(fan.wrote_at or 0, doing.at)
            fan.thread.append(doing)
            fan.tell({"type": "entry", "entry": phone.shown(doing)})
        status = await self._webhooks.deliver(fan, doing, retry=event.retry)
        return JSONResponse({"status": status, "mid": doing.mid, "timestamp": doing.at})

    def _doing(self, event: Event, fan: Fan, base_url: str) -> Doing:
        kind = event.kind
        if kind == "scan":
            kind = "get_started" if fan.wrote_at is None else "referral"
        doing = Doing(
            mid=event.mid or self._new_mid(),
            kind=kind,
            at=self._now() if event.timestamp is None else event.timestamp,
            text=event.text,
            payload=event.payload,
            ref=event.ref,
            url=event.url,
            mids=event.mids,
        )
        match kind:
            case "get_started":
                doing.text = doing.text or "Get Started"
                doing.payload = doing.payload or self._profile.get_started
            case "postback":
                doing.text = doing.text or doing.payload
            case "sticker" | "like" | "image":
                doing.url = doing.url or f"{base_url}static/{kind}.svg"
        return doing


def _answer(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def _as_array(sends: Sequence[Send]) -> AsyncIterator[str]:
    """A JSON array, bit by bit: a rehearsal's whole list is 100 MB, and others want an answer in the meantime."""
    for start in range(0, len(sends), LIST_STEP):
        described = json.dumps([send.described() for send in sends[start : start + LIST_STEP]])
        yield ("," if start else "[") + described[1:-1]
        await asyncio.sleep(0)
    yield "]" if sends else "[]"
