"""What people do in Slack: the endpoints for the page, and for programs, which can do all that a person can.

A workspace is named by `?team=`, else it is the first. Whatever has a `ts` may be given one, to deliver the same again.
"""

import json
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.simulator import news, picture
from ops.simulator.bodies import BadBodyError, body_as
from ops.simulator.http_client import Answer
from ops.simulator.settings import Settings
from ops.simulator.slack import blocks, events
from ops.simulator.slack.deliveries import Deliveries, taken
from ops.simulator.slack.workspace import (
    APP_NAME,
    HOME_TEAM,
    OTHER_TEAM,
    SLACKBOT,
    Person,
    Post,
    Room,
    State,
    Workspace,
    Workspaces,
)

Json = dict[str, Any]


class Doing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person does: writes, sends a file, opens the app's home or its messages, presses a button, gives a command.

    `channel` is where; the direct message with the app unless said otherwise. A `mention` is a message that names the app, in the
    first public channel unless said otherwise. A press names the button by `payload`: in the home, in the message `message`
    (its ts), or in the newest message that has it. `retry: false` delivers an event once; `copy: 2` delivers it as its second
    retry, as if the copies before had been lost.
    """

    kind: Literal["message", "mention", "file", "home", "messages", "press", "command"]
    text: str = ""
    channel: str = ""
    command: str = "/guestlist"
    payload: str = ""
    message: str = ""
    on_home: bool = msgspec.field(default=False, name="home")
    ts: str = ""
    retry: bool = True
    copy: int = 0


class TeamDoing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the app in a workspace: it is put there, its tokens are revoked, it is removed, it hears too much."""

    kind: Literal["install", "revoke", "uninstall", "rate_limited"]


class Doings:
    def __init__(
        self, settings: Settings, workspaces: Workspaces, deliveries: Deliveries, now: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._workspaces = workspaces
        self._deliveries = deliveries
        self._now = now

    def routes(self) -> list[Route]:
        return [
            Route("/slack/application", self._application, methods=["GET"]),
            Route("/slack/teams/{team}/events", self._do_to_team, methods=["POST"]),
            Route("/slack/users/{user}", self._show, methods=["GET"]),
            Route("/slack/users/{user}/events", self._do, methods=["POST"]),
            Route("/slack/users/{user}/news", self._news, methods=["GET"]),
            Route("/slack/users/{user}/picture.svg", self._picture, methods=["GET"]),
        ]

    async def _application(self, _: Request) -> Response:
        """Whether the application gives Slack's challenge back, and the workspaces that there are."""
        teams = [{"id": team.id, "name": team.name} for team in (HOME_TEAM, OTHER_TEAM)]
        return JSONResponse({"events": await self._deliveries.verify(), "url": self._settings.app_url, "teams": teams})

    async def _show(self, request: Request) -> Response:
        workspace, person = self._who(request)
        return JSONResponse(workspace.everything(person.id))

    async def _news(self, request: Request) -> Response:
        """Server-sent events: the whole screen first, then what happens on it."""
        workspace, person = self._who(request)
        return news.stream(person.phones, workspace.everything(person.id))

    async def _picture(self, request: Request) -> Response:
        _, person = self._who(request)
        return picture.drawn(person.name)

    async def _do(self, request: Request) -> Response:
        """Answers with the application's status on the first attempt: 0 when it gave none, null when nothing concerned it."""
        doing = await body_as(request, Doing)
        workspace, person = self._who(request)
        if not workspace.installed:
            raise BadBodyError("team", f"{APP_NAME} is not installed in {workspace.team.name}")
        room = self._where(doing, workspace, person)
        ts = doing.ts or workspace.new_ts()
        told: Json = {"ts": ts, "channel": room.id}
        if doing.kind in ("home", "messages"):
            opened = events.home_opened(room, person, doing.kind, ts)
            told["status"] = await self._deliver(workspace, person, opened, doing)
        elif doing.kind == "command":
            told |= await self._command(doing, workspace, room, person, ts)
        elif doing.kind == "press":
            told |= await self._press(doing, workspace, room, person, ts)
        else:
            told["status"] = await self._write(doing, workspace, room, person, ts, str(request.base_url))
        return JSONResponse(told)

    async def _do_to_team(self, request: Request) -> Response:
        doing = await body_as(request, TeamDoing)
        workspace = self._workspaces.workspace(request.path_params["team"])
        match doing.kind:
            case "install":
                workspace.install(installed=True)
                notices = []
            case "uninstall":
                notices = uninstalled(workspace)
            case "revoke":
                notices = [_notice(workspace, events.tokens_revoked(workspace, workspace.new_ts()))]
            case "rate_limited":
                notices = [events.rate_limited(workspace, self._now())]
        return JSONResponse({"statuses": [await self._deliveries.event(notice) for notice in notices]})

    async def _write(
        self, doing: Doing, workspace: Workspace, room: Room, person: Person, ts: str, base_url: str
    ) -> int | None:
        said = f"@{APP_NAME} {doing.text}" if doing.kind == "mention" and _named(doing.text) else doing.text
        file = f"{base_url}static/image.svg" if doing.kind == "file" else ""
        if not said and not file:
            raise BadBodyError("text", f"A {doing.kind} needs it")
        post = Post(ts, person.id, events.typed(said, workspace), picture=file)
        about_app = f"<@{workspace.bot_user}>" in post.text
        if not room.person and not about_app:  # the app does not hear what else people say in a channel
            workspace.add(room, post)
            return None
        post.state = "sending"
        workspace.add(room, post)

        def progress(state: State, attempts: int) -> None:
            post.state, post.attempts = state, attempts
            workspace.show(room, post)

        event = (events.message if room.person else events.mention)(workspace, room, post)
        return await self._deliver(workspace, person, event, doing, progress)

    async def _command(self, doing: Doing, workspace: Workspace, room: Room, person: Person, ts: str) -> Json:
        trigger = _trigger(workspace, ts)
        form = events.command(workspace, room, person, doing.command, doing.text, trigger, self._response_url(ts))
        async with person.turn:
            answer = await self._deliveries.form("commands", form)
        said = f"{doing.command} {doing.text}".strip()
        if not taken(answer):
            words = "operation_timeout" if answer.late else "dispatch_failed"
            post = Post(workspace.new_ts(), SLACKBOT, f'{said} failed with the error "{words}"', only_for=person.id)
            workspace.add(room, post)
            return {"status": answer.status, "answer": None}
        reply = _reply(answer)
        if reply is None:
            return {"status": answer.status, "answer": None}
        given = reply.get("blocks", [])
        wrong = blocks.wrong_with(given, blocks.BLOCKS_OF_MESSAGE) if isinstance(given, list) else ["not a list"]
        if wrong:
            return {"status": answer.status, "answer": None, "wrong": wrong}
        post = Post(workspace.new_ts(), workspace.bot_user, str(reply.get("text", "")), events.with_ids(given))
        post.only_for = "" if reply.get("response_type") == "in_channel" else person.id
        workspace.add(room, post)
        return {"status": answer.status, "answer": post.text}

    async def _press(self, doing: Doing, workspace: Workspace, room: Room, person: Person, ts: str) -> Json:
        on, block, button = _button(doing, workspace, room, person)
        payload = events.press(
            workspace,
            person,
            block,
            button,
            on=(room, on) if on else None,
            action_ts=ts,
            trigger_id=_trigger(workspace, ts),
            response_url=self._response_url(ts),
        )
        async with person.turn:
            answer = await self._deliveries.form("interactions", {"payload": json.dumps(payload)})
        return {"status": answer.status, "message": on.ts if on else None}

    async def _deliver(
        self,
        workspace: Workspace,
        person: Person,
        event: Json,
        doing: Doing,
        progress: Callable[[State, int], None] = lambda *_: None,
    ) -> int:
        """What one person does arrives in its order, as long as it arrives at the first attempt."""
        async with person.turn:
            return await self._deliveries.event(_notice(workspace, event), progress, retry=doing.retry, copy=doing.copy)

    def _who(self, request: Request) -> tuple[Workspace, Person]:
        workspace = self._workspaces.workspace(request.query_params.get("team", HOME_TEAM.id))
        user = request.path_params["user"]
        if not (user.startswith("U") and workspace.room(user)):
            raise BadBodyError("user", "Must be U and what Slack's ids are made of: 0-9 A-Z")
        return workspace, workspace.person(user)

    def _where(self, doing: Doing, workspace: Workspace, person: Person) -> Room:
        room = workspace.room(doing.channel or (workspace.public[0].id if doing.kind == "mention" else person.id))
        if room is None:
            raise BadBodyError("channel", "Must be a channel's id")
        return room

    def _response_url(self, ts: str) -> str:
        return f"http://127.0.0.1:{self._settings.port}/commands/{ts}"


def uninstalled(workspace: Workspace) -> list[Json]:
    """The app is gone from the workspace, and this is what Slack sends about it."""
    workspace.install(installed=False)
    revoked = events.tokens_revoked(workspace, workspace.new_ts())
    return [_notice(workspace, event) for event in (revoked, events.app_uninstalled(workspace.new_ts()))]


def _notice(workspace: Workspace, event: Json) -> Json:
    return events.envelope(workspace, event, events.new_id(event["event_ts"]))


def _named(text: str) -> bool:
    return f"@{APP_NAME}".lower() not in text.lower()


def _trigger(workspace: Workspace, ts: str) -> str:
    return f"{ts.replace('.', '')}.{workspace.team.id}"


def _button(doing: Doing, workspace: Workspace, room: Room, person: Person) -> tuple[Post | None, Json, Json]:
    """The button that is pressed, and the message it is in (None: the app's home)."""
    if doing.on_home:
        made_of: list[tuple[Post | None, list[Json]]] = [(None, (person.home or {}).get("blocks", []))]
    else:
        posts = [post for post in room.posts.values() if post.user == workspace.bot_user]
        if doing.message:
            named = [post for post in posts if post.ts == doing.message]
            made_of = [(post, [*post.blocks, *post.posted[1]]) for post in named]
        else:
            made_of = [(post, post.blocks) for post in reversed(posts)]
    for post, given in made_of:
        for block, button in blocks.buttons(given):
            if button.get("value", "") == doing.payload:
                return post, block, button
    raise BadBodyError("payload", f"No button with this value: {doing.payload!r}")


def _reply(answer: Answer) -> Json | None:
    """What a command is answered with at once: JSON, or plain text; an empty body says nothing."""
    if not answer.body.strip():
        return None
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return {"text": answer.body.decode(errors="replace")}
    try:
        reply = json.loads(answer.body)
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None
