import asyncio
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ops.simulator.sends import Send

Json = dict[str, Any]
Kind = Literal[
    "text", "quick_reply", "postback", "get_started", "referral", "sticker", "like", "image", "delivery", "read"
]
State = Literal["sending", "delivered", "retrying", "failed"]

# fmt: off
FIRST_NAMES = (
    "Emma", "Noah", "Mila", "Lucas", "Sophie", "Daan", "Julia", "Levi", "Zoë", "Finn", "Lotte", "Sem", "Amina", "Thijs",
    "Yara", "Milan", "Fleur", "Jayden", "Nora", "Bram", "Fatima", "Ruben", "Elif", "Gijs", "Renée", "Omar", "Saar", "Tim",
)
LAST_NAMES = (
    "de Jong", "Jansen", "Visser", "Bakker", "Smit", "Öztürk", "Mulder", "Bos", "Vos", "El Amrani", "Peters", "Hoekstra",
    "van Dijk", "Okafor", "Kuipers", "Post", "Nguyen", "Dekker", "Brouwer",
)
# fmt: on


@dataclass(slots=True)
class Doing:
    """Something a fan does, and how far its webhook got. `at` is epoch ms; `text` is the words on what was tapped."""

    mid: str
    kind: Kind
    at: int
    text: str | None = None
    payload: str | None = None
    ref: str | None = None
    url: str | None = None
    mids: tuple[str, ...] = ()
    state: State = "sending"
    attempts: int = 0

    @property
    def is_receipt(self) -> bool:
        """Receipts come from the fan's phone, not from the fan: they show nowhere and open no 24-hour window."""
        return self.kind in ("delivery", "read")


class Name(NamedTuple):
    first: str
    last: str


@dataclass(slots=True, eq=False)
class Fan:
    """One person in Messenger, as the page knows them (PSID), with the thread as their phone shows it."""

    psid: str
    locale: str = "en_US"
    blocked: bool = False
    wrote_at: int | None = None
    seen_at: int = 0
    typing: bool = False
    thread: list[Send | Doing] = field(default_factory=list)
    phones: set[asyncio.Queue[Json]] = field(default_factory=set)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> Name:
        """Made up, but always the same for the same person."""
        return name_of(self.psid)

    def tell(self, news: Json) -> None:
        """Shows something on every phone that has this thread open."""
        for phone in self.phones:
            phone.put_nowait(news)


class Fans:
    """Everybody, met or not: a fan whom the simulator never saw is one who wrote to the application directly."""

    def __init__(self) -> None:
        self._met: dict[str, Fan] = {}

    def fan(self, psid: str) -> Fan:
        return self._met.get(psid) or self._met.setdefault(psid, Fan(psid))

    def latest(self, most: int) -> list[Fan]:
        """Those who wrote last, newest first."""
        wrote = [fan for fan in self._met.values() if fan.wrote_at is not None]
        return sorted(wrote, key=lambda fan: fan.wrote_at or 0, reverse=True)[:most]

    def clear_threads(self) -> None:
        for fan in self._met.values():
            fan.thread.clear()
            fan.tell({"type": "cleared"})


def name_of(psid: str) -> Name:
    digest = zlib.crc32(psid.encode())
    return Name(FIRST_NAMES[digest % len(FIRST_NAMES)], LAST_NAMES[digest // 64 % len(LAST_NAMES)])
