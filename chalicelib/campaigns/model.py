"""A campaign: what fans are asked, what they win, when, and in which languages.

These values were validated when they were saved (see `validation`), so whoever reads one can rely on it: every text exists in every
language of the campaign, an answer is one of its choices, the window's times exist in its time zone.
"""

import functools
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import msgspec

Language = Literal["en", "nl"]
State = Literal["draft", "live", "paused", "ended"]
Opening = Literal["draft", "early", "open", "paused", "ended"]
"""What a fan finds: not published yet, opens later, can be played, stopped for a while, over."""

Text = dict[Language, str]
"""The same text in each language."""


class Choice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    text: Text
    """The button's title: at most 20 characters, unlike the question's other ones."""


class Question(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Of kind `choice` with `choices` and the right one's id in `answer`; or of kind `text` with what counts as right in `accept`."""

    id: str
    kind: Literal["choice", "text"]
    text: Text
    choices: tuple[Choice, ...] = ()
    answer: str = ""
    accept: dict[Language, tuple[str, ...]] = {}
    """Right answers per language; how freely they are matched: `chalicelib.dialogue.matching`."""
    hint: Text | None = None
    """What a fan is told who asks for help, or whose answer is not one of the choices."""


class Terms(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    url: str
    consent: Literal["notice", "ask"] = "notice"
    """`notice`: the welcome names the terms. `ask`: the fan must agree before the first question."""
    text: Text | None = None
    """Said with the link, instead of our own sentence."""


class Reader(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Somebody who gets the daily report by mail, at 08:00 where they are."""

    email: str
    name: str = ""
    timezone: str = ""
    """An IANA name; the campaign's where it is left out."""
    language: Language | None = None
    """The campaign's first where it is left out."""


class Campaign(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Unknown fields in what was stored are passed over, so that a function of the last release can read what the next one saved."""

    campaign_id: str
    name: str
    state: State
    mode: Literal["instant"]
    """`instant`: whoever reaches the pass mark gets a ticket at once, while there are any."""
    stock: int
    """How many tickets there are in all."""
    ref: str
    """What the QR code's link carries, and what a fan may type to start."""
    languages: tuple[Language, ...]
    """The first is for fans whose language we do not know or speak."""
    timezone: str
    """An IANA name. The window's times without an offset, and all times told to fans, are in it."""
    opens_at: str | None = None
    closes_at: str | None = None
    pass_mark: int
    """How many right answers win."""
    attempts: int = 1
    """How many times a fan may play."""
    prize: Text
    welcome: Text | None = None
    terms: Terms | None = None
    questions: tuple[Question, ...]
    reports: tuple[Reader, ...] = ()
    """No two with the same address, whatever its case."""

    def language(self, locale: str) -> Language:
        """The language for a fan whose platform says `nl`, `nl_BE`, `EN-gb` or nothing."""
        wanted = locale[:2].lower()
        return next((language for language in self.languages if language == wanted), self.languages[0])

    def opening(self, now: float) -> Opening:
        """What a fan finds at `now` (seconds since the epoch).

        It is open from `opens_at` on until just before `closes_at`. A campaign that is over is never called paused, and a pause is
        told even before the opening.
        """
        if self.state == "draft":
            return "draft"
        if self.state == "ended" or self.time_is_up(now):
            return "ended"
        if self.state == "paused":
            return "paused"
        if self.opens_at and now < moment(self.opens_at, self.timezone).timestamp():
            return "early"
        return "open"

    def time_is_up(self, now: float) -> bool:
        """Whether `closes_at` has come."""
        return bool(self.closes_at) and now >= moment(self.closes_at, self.timezone).timestamp()

    def opens(self, language: Language, now: float) -> str:
        """When it opens, for a fan: `Saturday 5 December at 20:00`; empty when it has no such time."""
        return self._told(self.opens_at, language, now)

    def closes(self, language: Language, now: float) -> str:
        """The same of its closing."""
        return self._told(self.closes_at, language, now)

    def _told(self, time: str | None, language: Language, now: float) -> str:
        if not time:
            return ""
        local = moment(time, self.timezone)
        this_year = datetime.fromtimestamp(now, local.tzinfo).year
        year = "" if local.year == this_year else f" {local.year}"
        return f"{in_words(local, language)}{year} {_CALENDAR[language][2]} {local:%H:%M}"


class Stored(NamedTuple):
    """A campaign as it is kept, with what no one else may see."""

    campaign: Campaign
    salt: str
    """Random, this campaign's own: with it a fan's name on a platform becomes a key that says nothing about the fan."""
    version: int = 1
    """Raised by every write."""
    sources: Mapping[str, str] = {}  # NamedTuple never changes its defaults
    """The places that it is announced in, each with a link of its own: their ids, and their names for the organiser."""
    ended_at: int = 0
    """When its state became `ended`, in milliseconds since the epoch; 0 as long as it is another."""

    def over_since(self, now: float) -> float | None:
        """The moment (seconds since the epoch) at which it was over for fans, or None where it is not over yet."""
        campaign = self.campaign
        if campaign.opening(now) != "ended":
            return None
        moments = [self.ended_at / 1000] if campaign.state == "ended" else []
        if campaign.closes_at:
            moments.append(moment(campaign.closes_at, campaign.timezone).timestamp())
        return min(moments)


class Counts(NamedTuple):
    """How many fans came, and how far."""

    scans: int = 0
    starts: int = 0
    finishes: int = 0
    wins: int = 0


class Act(NamedTuple):
    """Somebody does something."""

    by: str
    """The name of their token."""
    at: int
    """Milliseconds since the epoch."""
    id: str = ""
    """Of something that is done once, however often it is asked for: no other act's."""


class Deed(NamedTuple):
    """A line in the record of who did what to a campaign."""

    at: int
    by: str
    did: Literal["created", "changed", "deleted"]
    version: int
    """Of the campaign, after it."""
    state: str
    """Of the campaign, after it."""
    fields: tuple[str, ...] = ()
    """The names of those that changed: `questions`, `state`, `sources.poster`."""


SOURCE_MARK = ".."
"""Between a ref and a source in a link. A ref never holds it, so a link leads to one campaign, whoever makes up which names."""

LONGEST_REF = 150
"""Characters that Messenger hands on, of a ref with its source."""

_CALENDAR = {
    "en": (
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April May June July August September October November December",
        "at",
    ),
    "nl": (
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "om",
    ),
}


@functools.lru_cache(maxsize=256)
def moment(time: str, timezone: str) -> datetime:
    """An ISO 8601 time, in the time zone's local time; a time without an offset is meant in that zone."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # only campaigns with a window pay for it

    zone, at = ZoneInfo(timezone), datetime.fromisoformat(time)
    return at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)


def in_words(day: date, language: Language) -> str:
    """`Saturday 5 December`."""
    days, months, _ = _CALENDAR[language]
    return f"{days.split()[day.weekday()]} {day.day} {months.split()[day.month - 1]}"


def encode(campaign: Campaign) -> dict[str, Any]:
    """The campaign as JSON shows it to its organiser: camelCase, right answers included."""
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(campaign))
    return encoded


def dump(campaign: Campaign) -> str:
    """As the store keeps it: what `load` reads."""
    return msgspec.json.encode(campaign).decode()


def load(stored: str | bytes) -> Campaign:
    """What `dump` wrote. Its rules were checked when it was saved, and are not checked again."""
    return _decoder().decode(stored)


@functools.cache
def _decoder() -> "msgspec.json.Decoder[Campaign]":
    return msgspec.json.Decoder(Campaign)


def marked(ref: str, source: str) -> str:
    """What a link carries that starts the campaign of this ref, for fans who come from this source."""
    return f"{ref}{SOURCE_MARK}{source}" if source else ref


def unmarked(carried: str) -> tuple[str, str]:
    """The ref and the source in what a link carried; no source where there is none.

    A source holds no dot, so the last mark is the one: a ref may end in a dot.
    """
    ref, mark, source = carried.strip().rpartition(SOURCE_MARK)
    return (ref, source) if mark else (source, "")


def partition(campaign_id: str) -> str:
    """Where the table `campaigns` keeps the campaign and its stock."""
    return f"campaign#{campaign_id}"
