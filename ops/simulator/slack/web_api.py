"""The methods of Slack's Web API that an app like this one calls: https://docs.slack.dev/reference/methods."""

import json
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.simulator.faults import Fault, Faults
from ops.simulator.http_client import call
from ops.simulator.memory import Memory
from ops.simulator.sends import Send
from ops.simulator.settings import Settings
from ops.simulator.slack import blocks, events
from ops.simulator.slack.deliveries import Deliveries
from ops.simulator.slack.refusal import Refusal
from ops.simulator.slack.tokens import Tokens
from ops.simulator.slack.workspace import APP_ID, Post, Room, Workspace

TEXT = 40_000
UPDATED_TEXT = 4_000
PICTURES = ("image/png", "image/jpeg", "image/gif")
SENDING = ("chat.postMessage", "chat.postEphemeral", "chat.update", "views.publish")

Json = dict[str, Any]
Method = Callable[[Workspace, Json], Awaitable[Json]]


class WebApi:
    def __init__(
        self, settings: Settings, memory: Memory, tokens: Tokens, deliveries: Deliveries, now: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._sends = memory.sends
        self._faults: Faults = memory.faults
        self._tokens = tokens
        self._deliveries = deliveries
        self._now = now
        self._methods: dict[str, Method] = {
            "auth.test": self._test_auth,
            "auth.revoke": self._no_more,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "conversations.open": self._open,
            "views.publish": self._publish,
        }

    def routes(self) -> list[Route]:
        return [Route("/api/{method}", self._answer, methods=["GET", "POST"])]

    async def _answer(self, request: Request) -> Response:
        """Slack refuses with status 200 and `ok: false`; 429 and 5xx mean that the method was never tried."""
        method = request.path_params["method"]
        body = await request.body()
        fault = self._faults.met("slack", method, sends=method in SENDING)
        if fault:
            await fault.suffer()
        if fault and (fault.status != HTTPStatus.OK or fault.code is not None):
            return JSONResponse(Refusal(_word(fault)).body(), fault.status, fault.headers)
        if method not in self._methods:
            raise Refusal("unknown_method")
        arguments = _arguments(request, body)
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or arguments.get("token", "")
        workspace = self._tokens.workspace(token)
        answer = await self._methods[method](workspace, arguments | {"token": token})
        return JSONResponse({"ok": True, **answer}, headers={"X-OAuth-Scopes": self._tokens.scopes(token)})

    async def _post_message(self, workspace: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/chat.postMessage."""
        room = _room(workspace, call)
        post = self._post(workspace, call, await self._blocks(call))
        if thread := call.get("thread_ts"):
            post.thread = str(thread)
        workspace.add(room, post)
        said = {name: value for name, value in call.items() if name != "token"}
        self._sends.take(Send("slack", room.id, post.ts, self._now(), json.dumps(said).encode()))
        heard = events.message(workspace, room, post)
        if room.person:
            self._deliveries.event_in_background(events.envelope(workspace, heard, events.new_id(post.ts)))
        return {"channel": room.id, "ts": post.ts, "message": heard}

    async def _post_ephemeral(self, workspace: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/chat.postEphemeral."""
        room = _room(workspace, call)
        post = self._post(workspace, call, await self._blocks(call))
        post.only_for = workspace.person(_user(call, "user")).id
        workspace.add(room, post)
        return {"message_ts": post.ts}

    async def _update(self, workspace: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/chat.update: without `blocks`, those of before stay."""
        room = _room(workspace, call)
        post = room.posts.get(str(call.get("ts")))
        if post is None:
            raise Refusal("message_not_found")
        if post.user != workspace.bot_user or post.only_for:
            raise Refusal("cant_update_message")
        changed = self._post(workspace, call, await self._blocks(call))
        if len(changed.text) > UPDATED_TEXT:
            raise Refusal("msg_too_long")
        post.text = changed.text
        post.blocks = changed.blocks if "blocks" in call else post.blocks
        post.edits += 1
        workspace.show(room, post)
        if room.person:
            heard = events.changed(workspace, room, post, changed.ts)
            self._deliveries.event_in_background(events.envelope(workspace, heard, events.new_id(changed.ts)))
        return {
            "channel": room.id,
            "ts": post.ts,
            "text": post.text,
            "message": events.message(workspace, room, post),
        }

    async def _publish(self, workspace: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/views.publish."""
        person = workspace.person(_user(call, "user_id"))
        view = _decoded(call.get("view"))
        if not isinstance(view, dict):
            raise Refusal("invalid_arguments", ["missing required field: view"])
        if wrong := blocks.wrong_with_view(view) or await self._not_loading("/view", view["blocks"]):
            raise Refusal("invalid_arguments", wrong)
        person.home = {
            "id": f"V{person.id[1:]}",
            "team_id": workspace.team.id,
            "type": "home",
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "state": {"values": {}},
            "hash": f"{self._now()}.{person.id}",
            "app_id": APP_ID,
            "bot_id": workspace.bot_id,
            "blocks": events.with_ids(view["blocks"]),
        }
        workspace.tell({"type": "home", "home": person.home}, person.id)
        return {"view": person.home}

    async def _open(self, workspace: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/conversations.open, with one person."""
        return {"channel": {"id": workspace.direct(_user(call, "users")).id}}

    async def _test_auth(self, workspace: Workspace, _: Json) -> Json:
        """https://docs.slack.dev/reference/methods/auth.test; the scopes are in a header."""
        return {
            "url": f"https://{workspace.team.domain}.slack.com/",
            "team": workspace.team.name,
            "user": "guestlist",
            "team_id": workspace.team.id,
            "user_id": workspace.bot_user,
            "bot_id": workspace.bot_id,
            "is_enterprise_install": False,
        }

    async def _no_more(self, _: Workspace, call: Json) -> Json:
        """https://docs.slack.dev/reference/methods/auth.revoke."""
        self._tokens.revoke(call["token"])
        return {"revoked": True}

    def _post(self, workspace: Workspace, call: Json, made_of: list[Json]) -> Post:
        text = call.get("text", "")
        if not isinstance(text, str):
            raise Refusal("invalid_arguments", ["must provide a string [json-pointer:/text]"])
        if not text and not made_of:
            raise Refusal("no_text")
        return Post(workspace.new_ts(), workspace.bot_user, text[:TEXT], made_of)

    async def _blocks(self, call: Json) -> list[Json]:
        given = _decoded(call.get("blocks", []))
        if not isinstance(given, list):
            raise Refusal("invalid_blocks_format")
        if wrong := blocks.wrong_with(given, blocks.BLOCKS_OF_MESSAGE) or await self._not_loading("", given):
            raise Refusal("invalid_blocks", wrong)
        if blocks.characters(given) > blocks.BLOCKS_CHARACTERS:
            raise Refusal("msg_blocks_too_long")
        return events.with_ids(given)

    async def _not_loading(self, at: str, given: list[Json]) -> list[str]:
        """Slack loads each picture while the call waits. Here, the application's own: a desk may have no network."""
        wrong = []
        for place, address in blocks.images(given):
            if address.startswith(self._settings.app_url):
                picture = await call("GET", address, {"User-Agent": "Slack-ImgProxy (+https://api.slack.com/robots)"})
                kind = picture.headers.get("content-type", "").partition(";")[0]
                if picture.status != HTTPStatus.OK or kind not in PICTURES:
                    wrong.append(f"downloading image failed [json-pointer:{at}{place}]")
        return wrong


def _word(fault: Fault) -> str:
    if fault.code is not None:
        return str(fault.code)
    return "ratelimited" if fault.status == HTTPStatus.TOO_MANY_REQUESTS else "internal_error"


def _room(workspace: Workspace, call: Json) -> Room:
    room = workspace.room(str(call.get("channel", "")))
    if room is None:
        raise Refusal("channel_not_found")
    return room


def _user(call: Json, name: str) -> str:
    user = str(call.get(name, ""))
    if not re.fullmatch(r"U[0-9A-Z]+", user):
        raise Refusal("user_not_found")
    return user


def _arguments(request: Request, body: bytes) -> Json:
    """Slack's three ways: in the query, as a form, as JSON."""
    arguments: Json = dict(request.query_params)
    if not request.headers.get("content-type", "").startswith("application/json"):
        return arguments | dict(parse_qsl(body.decode(errors="replace")))
    try:
        given = json.loads(body)
    except ValueError:  # malformed JSON, or bytes that are no UTF-8
        raise Refusal("invalid_json") from None
    if not isinstance(given, dict):
        raise Refusal("json_not_object")
    return arguments | given


def _decoded(value: object) -> object:
    """Lists and objects may come as JSON in a string; in a form they can't come otherwise."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None
