"""What the simulator remembers of Slack, all of it in memory."""

import asyncio
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ops.simulator.fans import Name, name_of

APP_ID = "A0GUESTLIST"
APP_NAME = "Guestlist"
SLACKBOT = "USLACKBOT"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ID = re.compile(r"[CDGU][0-9A-Z]+")

Json = dict[str, Any]
State = Literal["sending", "delivered", "retrying", "failed"]


class Team(NamedTuple):
    id: str
    name: str
    domain: str
    installed: bool = True
    """Whether the app is in the workspace from the start."""


HOME_TEAM = Team("T0FRIDAY", "Friday Office", "friday-office")
OTHER_TEAM = Team("T0BEACH", "Beach Bar", "beach-bar", installed=False)


@dataclass(slots=True)
class Post:
    """A message in a room. `ts` is its id there."""

    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread: str = ""
    only_for: str = ""
    """Of an ephemeral message: the one person who sees it."""
    picture: str = ""
    edits: int = 0
    state: State = "delivered"
    """How far a person's message got on its way to the application."""
    attempts: int = 0
    posted: tuple[str, list[Json]] = ("", [])
    """Text and blocks as they were first: whoever presses fast presses a button that is gone by then."""


@dataclass(slots=True, eq=False)
class Room:
    """A public channel, or the direct message of the app with one person."""

    id: str
    name: str = ""
    person: str = ""
    posts: dict[str, Post] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Person:
    id: str
    home: Json | None = None
    phones: set[asyncio.Queue[Json]] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> Name:
        """Who is the same fan in Messenger has the same name here."""
        return _name(self.id)

    @property
    def handle(self) -> str:
        return re.sub(r"[^\w.]", "", ".".join(self.name).lower())


class Workspace:
    def __init__(self, team: Team, new_ts: Callable[[], str]) -> None:
        self.team = team
        self.installed = team.installed
        self.bot_user = f"U{team.id[1:]}BOT"
        self.bot_id = f"B{team.id[1:]}BOT"
        self.new_ts = new_ts
        self._people: dict[str, Person] = {}
        self._rooms: dict[str, Room] = {}
        self.public = [self._public(name) for name in ("general", "tickets")]

    def person(self, user: str) -> Person:
        return self._people.get(user) or self._people.setdefault(user, Person(user))

    def room(self, channel: str) -> Room | None:
        """The room with this id; a person's id means the app's direct message with them. None for what can be no room."""
        if not ID.fullmatch(channel):
            return None
        room_id = f"D{channel[1:]}" if channel[0] == "U" else channel
        if room_id not in self._rooms:
            self._rooms[room_id] = Room(room_id, person=f"U{room_id[1:]}" if room_id[0] == "D" else "")
        return self._rooms[room_id]

    def direct(self, user: str) -> Room:
        room = self.room(user)
        if room is None:
            raise ValueError(f"Not a person's id: {user}")
        return room

    def add(self, room: Room, post: Post) -> Post:
        """Posts it, and shows it to whoever may see it."""
        post.posted = (post.text, post.blocks)
        room.posts[post.ts] = post
        self.show(room, post)
        return post

    def show(self, room: Room, post: Post) -> None:
        """What is new about a post."""
        self.tell({"type": "post", "room": room.id, "post": shown(post)}, room.person or post.only_for)

    def tell(self, news: Json, user: str = "") -> None:
        """Shows something on every phone of one person, or of everybody."""
        for person in [self.person(user)] if user else list(self._people.values()):
            for phone in person.phones:
                phone.put_nowait(news)

    def install(self, *, installed: bool) -> None:
        self.installed = installed
        if not installed:
            for person in self._people.values():
                person.home = None
        self.tell({"type": "installed", "installed": installed})

    def clear(self) -> None:
        for room in self._rooms.values():
            room.posts.clear()
        self.tell({"type": "cleared"})

    def everything(self, user: str) -> Json:
        """What a person's screen shows."""
        person = self.person(user)
        rooms = [self.direct(user), *self.public]
        return {
            "type": "workspace",
            "team": {"id": self.team.id, "name": self.team.name},
            "person": {"id": user, "name": " ".join(person.name), "channel": self.direct(user).id},
            "bot": {"id": self.bot_user, "name": APP_NAME},
            "rooms": [
                {
                    "id": room.id,
                    "name": room.name,
                    "posts": [shown(post) for post in room.posts.values() if post.only_for in ("", user)],
                }
                for room in rooms
            ],
            "home": person.home,
            "installed": self.installed,
        }

    def _public(self, name: str) -> Room:
        return self._rooms.setdefault(room_id := f"C{self.team.id[1:]}{name.upper()}", Room(room_id, name))


class Workspaces:
    """All of them; one that the simulator never saw has the app, because somebody put it there."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._latest_ts = 0
        self._by_id = {team.id: Workspace(team, self._new_ts) for team in (HOME_TEAM, OTHER_TEAM)}

    def workspace(self, team_id: str) -> Workspace:
        if team_id not in self._by_id:
            self._by_id[team_id] = Workspace(Team(team_id, team_id, team_id.lower()), self._new_ts)
        return self._by_id[team_id]

    def all(self) -> list[Workspace]:
        return list(self._by_id.values())

    def clear(self) -> None:
        for workspace in self.all():
            workspace.clear()

    def _new_ts(self) -> str:
        """Now, in seconds with six places; no two are the same, because a ts is a message's id in its room."""
        self._latest_ts = max(self._latest_ts + 1, self._now() * 1000)
        return f"{self._latest_ts // 1_000_000}.{self._latest_ts % 1_000_000:06d}"


def shown(post: Post) -> Json:
    return {
        "ts": post.ts,
        "user": post.user,
        "name": " ".join(_name(post.user)),
        "text": post.text,
        "blocks": post.blocks,
        "thread": post.thread,
        "onlyYou": bool(post.only_for),
        "picture": post.picture,
        "edits": post.edits,
        "state": post.state,
        "attempts": post.attempts,
    }


def user_of(psid: str) -> str:
    """Who a fan of Messenger is in Slack: U and the same number, written as Slack writes ids."""
    number = int(psid) if psid.isascii() and psid.isdecimal() else zlib.crc32(psid.encode())
    written = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        written = DIGITS[digit] + written
    return f"U{written or '0'}"


def _name(user: str) -> Name:
    return name_of(str(int(user[1:], 36)))
