"""The application's Slack side, as the simulator sees it; and what a test calls of Slack's."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import requests

from ops.simulator.settings import Settings

Json = dict[str, Any]
Said = tuple[int, str, str]


class SlackRequest(NamedTuple):
    path: str
    headers: Json
    body: bytes

    @property
    def form(self) -> Json:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def notice(self) -> Json:
        return json.loads(self.form["payload"]) if self.path.endswith("/interactions") else json.loads(self.body)

    @property
    def event(self) -> Json:
        """What happened; nothing for a command or an interaction."""
        return self.notice.get("event", {}) if self.path.endswith("/events") else {}


class SlackSide:
    """Gives challenges back; else answers with `answers` in turn (a function says its own in time), then 200 and nothing."""

    def __init__(self) -> None:
        self.requests: list[SlackRequest] = []
        self.answers: list[Said | Callable[[], Said]] = []
        self.challenge = "{}"

    def clear(self) -> None:
        self.requests.clear()
        self.answers.clear()

    def take(self, request: SlackRequest) -> Said:
        if request.path.endswith("/events") and request.notice["type"] == "url_verification":
            return 200, "text/plain", self.challenge.replace("{}", request.notice["challenge"])
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers and not own(request) else (200, "text/plain", "")
        return answer() if callable(answer) else answer

    def heard(self, kind: str) -> list[SlackRequest]:
        """The requests about events of this type, or to this path; but for what the app hears of itself."""
        return [
            each
            for each in self.requests
            if not own(each) and (each.path.endswith(f"/{kind}") or each.event.get("type") == kind)
        ]


def own(request: SlackRequest) -> bool:
    """Whether the app hears its own message."""
    return "bot_id" in request.event or request.event.get("subtype") == "message_changed"


class Slack(NamedTuple):
    """Slack, as programs and the application use it."""

    url: str

    def call(self, method: str, token: str | None = Settings().slack_bot_token, **arguments: Any) -> Json:
        """A method of the Web API, with JSON."""
        return self.answer(method, token, **arguments).json()

    def answer(
        self, method: str, token: str | None = Settings().slack_bot_token, **arguments: Any
    ) -> requests.Response:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return requests.post(f"{self.url}/api/{method}", data=json.dumps(arguments), headers=headers, timeout=10)

    def do(self, user: str, kind: str, team: str = "T0FRIDAY", **doing: Any) -> Json:
        return self.attempt(user, kind, team, **doing).json()

    def attempt(self, user: str, kind: str, team: str = "T0FRIDAY", **doing: Any) -> requests.Response:
        address = f"{self.url}/slack/users/{user}/events?team={team}"
        return requests.post(address, json={"kind": kind, **doing}, timeout=10)

    def happen(self, team: str, kind: str) -> Json:
        return requests.post(f"{self.url}/slack/teams/{team}/events", json={"kind": kind}, timeout=10).json()

    def screen(self, user: str, team: str = "T0FRIDAY") -> Json:
        return requests.get(f"{self.url}/slack/users/{user}?team={team}", timeout=10).json()

    def posts(self, user: str, channel: str | None = None) -> list[Json]:
        """The messages in the direct message with this person, or in a channel."""
        rooms = {room["id"]: room["posts"] for room in self.screen(user)["rooms"]}
        return rooms[channel or f"D{user[1:]}"]


def section(text: str = "Where was the first set?") -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(title: str = "On a boat", value: str = "q1:boat", **more: Any) -> Json:
    return {"type": "button", "text": {"type": "plain_text", "text": title}, "value": value, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements or [button()])}


def slowly(seconds: float) -> Callable[[], Said]:
    """An answer that comes too late."""

    def answer() -> Said:
        time.sleep(seconds)
        return 200, "text/plain", ""

    return answer
