"""What a campaign must be before it is saved: JSON in, a `Campaign` out, or every field that is wrong at once.

The rules are values: a `Rule` looks at one JSON value and yields what is wrong with it, and small rules make larger ones (`record`,
`each`, `localised`). Rules that compare fields with each other come after them and look only at what has the right shape, so that one
wrong field hides no other. Limits of the platforms: https://developers.facebook.com/docs/messenger-platform/reference/send-api/quick-replies
(13 replies, titles of 20), …/templates/generic (titles of 80), …/send-api (texts of 2,000), https://docs.slack.dev/reference/block-kit
(button texts of 75, which 20 keeps within).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec

from chalicelib.campaigns.model import Campaign, Language, State
from chalicelib.errors import FieldError, Invalid

Json = Any
"""A value as `json.loads` gives it."""

Rule = Callable[[Json, str], Iterator[FieldError]]
"""Yields what is wrong with a JSON value at a path."""

LANGUAGES: tuple[Language, ...] = get_args(Language)
MOST_QUESTIONS = 20
MOST_CHOICES = 13
"""Messenger's most quick replies: all of them are the question's."""
MOST_ANSWERS = 50
MOST_TICKETS = 100_000
MOST_ATTEMPTS = 10
LONGEST_URL = 200
MOST_READERS = 10
LONGEST_EMAIL = 254
EMAIL = (
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
"""SES takes ASCII alone: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html ."""

_READ_ONLY = {"ticketsLeft"}
"""What GET adds: sent back, it is passed over."""


def decode(document: bytes | str | Mapping[str, Json]) -> Campaign:
    """The campaign in this JSON, or `Invalid` with an error for every field that is wrong: its path, the limit and the way out."""
    raw = {name: value for name, value in _parsed(document).items() if name not in _READ_ONLY}
    languages = _languages(raw)
    wrong = (*_campaign(languages)(raw, ""), *_window(raw), *_quiz(raw), *_readers(raw))
    if wrong:
        what = "one field is" if len(wrong) == 1 else f"{len(wrong)} fields are"
        raise Invalid(f"The campaign was not saved: {what} wrong", wrong)
    return msgspec.convert(raw, Campaign)


def _parsed(document: bytes | str | Mapping[str, Json]) -> dict[str, Json]:
    try:
        text = document if isinstance(document, bytes | str) else json.dumps(document)
        parsed = json.loads(text, object_hook=_without_nulls)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"A campaign is JSON, and this is not: {error}") from error
    if not isinstance(parsed, dict):
        raise Invalid(f"A campaign is a JSON object, not {_kind(parsed)}")
    return parsed


def _without_nulls(fields: dict[str, Json]) -> dict[str, Json]:
    """A field that is null is a field that is missing."""
    return {name: value for name, value in fields.items() if value is not None}


# ─── what each field is ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _campaign(languages: tuple[Language, ...]) -> Rule:
    def said(most: int, why: str, *, lines: bool = True) -> Rule:
        return _localised(_text(most, why, lines=lines), languages)

    choice = {"id": _slug, "text": said(20, "buttons hold at most 20", lines=False)}
    question = {
        "id": _slug,
        "kind": _one_of("choice", "text"),
        "text": said(600, "with the feedback before it, it must fit one message of 2,000, so it holds at most 600"),
    }
    answers = _each(_answer, 1, MOST_ANSWERS, "answers")
    question_options = {
        "choices": _each(_record(choice), 2, MOST_CHOICES, "choices: Messenger shows at most 13"),
        "answer": _slug,
        "accept": _localised(answers, languages),
        "hint": said(300, "a hint holds at most 300"),
    }
    terms: dict[str, Rule] = {"url": _https}
    terms_options = {
        "consent": _one_of("notice", "ask"),
        "text": said(300, "with the welcome and the first question, it must fit one message, so it holds at most 300"),
    }
    reader: dict[str, Rule] = {"email": _email}
    reader_options = {
        "name": _text(80, "a name holds at most 80"),
        "timezone": _timezone,
        "language": _one_of(*LANGUAGES),
    }
    required = {
        "campaignId": _slug,
        "name": _text(80, "a card's title holds at most 80"),
        "state": _one_of(*get_args(State)),
        "mode": _mode,
        "stock": _whole(0, MOST_TICKETS),
        "ref": _ref,
        "languages": _each(_one_of(*LANGUAGES), 1, len(LANGUAGES), "languages"),
        "timezone": _timezone,
        "passMark": _whole(0, MOST_QUESTIONS),
        "prize": said(80, "a card's subtitle holds at most 80", lines=False),
        "questions": _each(_record(question, question_options), 1, MOST_QUESTIONS, "questions"),
    }
    options = {
        "opensAt": _time,
        "closesAt": _time,
        "attempts": _whole(1, MOST_ATTEMPTS),
        "welcome": said(400, "with the first question, it must fit one message, so it holds at most 400"),
        "terms": _record(terms, terms_options),
        "reports": _each(_record(reader, reader_options), 0, MOST_READERS, "readers of the report"),
    }
    return _record(required, options)


def _text(most: int, why: str, *, lines: bool = False) -> Rule:
    """A text of at most so many characters, with line breaks or without.

    Platforms count as UTF-16 does, or more generously, so we do: most emoji count for two.
    """

    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if not isinstance(value, str):
            yield FieldError(path, f"must be a text, not {_kind(value)}")
        elif not value.isprintable() and (bad := _unprintable(value, lines=lines)):
            yield FieldError(path, f"holds {bad}: remove it")
        elif not value.strip():
            yield FieldError(path, "is empty: write a text")
        elif (length := len(value.encode("utf-16-le")) // 2) > most:
            emoji = "" if length == len(value) else " (an emoji counts as two)"
            yield FieldError(path, f"has {length} characters{emoji}; {why}: shorten it")

    return rule


def _unprintable(text: str, *, lines: bool) -> str:
    """Names the first control character or half character (surrogate); joiners, which emoji need, are neither."""
    if "\n" in text and not lines:
        return "a line break"
    found = re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", text)
    return f"the control character U+{ord(found[0]):04X}" if found else ""


def _answer(value: Json, path: str) -> Iterator[FieldError]:
    yield from _text(80, "nobody types more than 80")(value, path)
    if isinstance(value, str) and value.strip() and not any(map(_is_compared, unicodedata.normalize("NFKD", value))):
        yield FieldError(path, "holds no letter or digit, so it cannot be compared with what fans type: write a word")


def _is_compared(character: str) -> bool:
    """Letters and digits are; accents, marks and letters that only modify others (an apostrophe may be one) are not."""
    return character.isalnum() and unicodedata.category(character) != "Lm"


def _pattern(expression: str, what: str) -> Rule:
    compiled = re.compile(expression)

    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if not isinstance(value, str):
            yield FieldError(path, f"must be a text, not {_kind(value)}")
        elif not compiled.fullmatch(value):
            yield FieldError(path, f"must be {what}")

    return rule


_slug = _pattern("[a-z0-9-]{1,40}", "1 to 40 of a-z, 0-9 and -")
_ref = _pattern(
    r"(?!.*\.\.)[A-Za-z0-9+\-./:=_]{1,150}",
    "1 to 150 of A-Z, a-z, 0-9 and + - . / : = _, as it goes into a link, without two dots in a row, which stand before a source",
)
_time = _pattern(
    r"20\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?",
    "a date and time such as 2026-12-05T20:00, with an offset (+01:00) if it is not in the campaign's time zone",
)


def _email(value: Json, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL or not re.fullmatch(EMAIL, value):
        yield FieldError(path, "must be an e-mail address such as anna@example.org, in ASCII and without a name")


def _one_of(*names: str) -> Rule:
    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if value not in names:
            yield FieldError(path, f"must be {' or '.join(names)}, not {_shown(value)}")

    return rule


def _mode(value: Json, path: str) -> Iterator[FieldError]:
    if value != "instant":
        yield FieldError(path, f"must be instant, the only mode so far, not {_shown(value)}")


def _whole(least: int, most: int) -> Rule:
    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if type(value) is not int or not least <= value <= most:  # bool is an int too
            yield FieldError(path, f"must be a whole number from {least} to {most}, not {_shown(value)}")

    return rule


def _timezone(value: Json, path: str) -> Iterator[FieldError]:
    if not isinstance(value, str) or value not in _timezones():
        yield FieldError(path, f"must be an IANA time zone such as Europe/Amsterdam, not {_shown(value)}")


def _timezones() -> frozenset[str]:
    """Of the tzdata that we ship, not of the machine, so that what is saved here can be read everywhere."""
    from importlib.resources import files  # noqa: PLC0415  # costs 5 ms, for saving only

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def _https(value: Json, path: str) -> Iterator[FieldError]:
    if (
        not isinstance(value, str)
        or len(value) > LONGEST_URL
        or not re.fullmatch(r"https://[!-~]+", value)
        or not _host(value)
    ):
        yield FieldError(path, f"must be an address that starts with https://, of at most {LONGEST_URL} characters")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


# ─── rules made of rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _record(required: dict[str, Rule], options: dict[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others; an option may be missing."""
    known = {**(options or {}), **required}

    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            yield FieldError(path, f"must be an object, not {_kind(value)}")
            return
        yield from (FieldError(_join(path, name), "is missing") for name in required if name not in value)
        for name, inner in value.items():
            if name in known:
                yield from known[name](inner, _join(path, name))
            else:
                yield FieldError(_join(path, name), f"is not known here; the fields are {', '.join(known)}")

    return rule


def _each(item: Rule, least: int, most: int, what: str) -> Rule:
    def rule(value: Json, path: str) -> Iterator[FieldError]:
        if not isinstance(value, list):
            yield FieldError(path, f"must be a list, not {_kind(value)}")
            return
        if not least <= len(value) <= most:
            yield FieldError(path, f"has {len(value)}; there must be {least} to {most} {what}")
        for index, inner in enumerate(value[:most]):
            yield from item(inner, f"{path}[{index}]")

    return rule


def _localised(inner: Rule, languages: Iterable[Language]) -> Rule:
    """Something in every language of the campaign; in another one that we speak it may stay."""
    return _record(dict.fromkeys(languages, inner), dict.fromkeys(LANGUAGES, inner))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# ─── fields compared with each other ──────────────────────────────────────────────────────────────────────────────────────────────


def _languages(raw: dict[str, Json]) -> tuple[Language, ...]:
    named = raw.get("languages")
    return tuple(language for language in LANGUAGES if isinstance(named, list) and language in named)


def _window(raw: dict[str, Json]) -> Iterator[FieldError]:
    """Each time happens exactly once in the campaign's time zone, and it opens before it closes."""
    name = raw.get("timezone")
    if any(_timezone(name, "")):
        return
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # for saving only

    zone = ZoneInfo(str(name))
    moments = {}
    for field in ("opensAt", "closesAt"):
        value = raw.get(field)
        if value is None or any(_time(value, field)):
            continue
        try:
            moments[field] = _moment(value, zone)
        except ValueError as error:
            yield FieldError(field, str(error))
    if len(moments) == 2 and moments["opensAt"] >= moments["closesAt"]:  # noqa: PLR2004  # both
        yield FieldError("closesAt", "must be later than opensAt")


def _moment(time: str, zone: tzinfo) -> datetime:
    """The moment, or a ValueError that says why there is no such moment, or more than one."""
    at = datetime.fromisoformat(time)
    if at.tzinfo:
        return at
    first, second = (at.replace(tzinfo=zone, fold=fold) for fold in (0, 1))  # https://peps.python.org/pep-0495/
    if first.timestamp() > second.timestamp():
        instead = first.astimezone(UTC).astimezone(zone)
        raise ValueError(
            f"does not exist in {zone}, where the clocks go forward over it: write {instead:%Y-%m-%dT%H:%M}"
        )
    if first.timestamp() < second.timestamp():
        raise ValueError(
            f"happens twice in {zone}, where the clocks go back: write {first.isoformat()} or {second.isoformat()}"
        )
    return first


def _quiz(raw: dict[str, Json]) -> Iterator[FieldError]:
    questions = raw.get("questions")
    pass_mark = raw.get("passMark")
    if isinstance(questions, list) and type(pass_mark) is int and len(questions) < pass_mark <= MOST_QUESTIONS:
        yield FieldError("passMark", f"is {pass_mark}, which nobody can reach: the questions are {len(questions)}")
    asked = _objects(questions, "questions")
    yield from _unlike([(f"{path}.id", question.get("id")) for path, question in asked], "id", "question")
    for path, question in asked:
        yield from _fits_its_kind(path, question)
        yield from _choices(path, question)


_BELONGS = {"choices": "choice", "answer": "choice", "accept": "text"}


def _fits_its_kind(path: str, question: dict[str, Json]) -> Iterator[FieldError]:
    kind = question.get("kind")
    for field, owner in _BELONGS.items():
        if kind == owner and field not in question:
            yield FieldError(f"{path}.{field}", f"is missing: a question of kind {kind} needs it")
        if kind in _BELONGS.values() and kind != owner and field in question:
            yield FieldError(f"{path}.{field}", f"belongs to questions of kind {owner}: remove it, or change the kind")


def _readers(raw: dict[str, Json]) -> Iterator[FieldError]:
    readers = [(f"{path}.email", reader.get("email")) for path, reader in _objects(raw.get("reports"), "reports")]
    yield from _unlike(
        [(path, email.casefold() if isinstance(email, str) else None) for path, email in readers], "address", "reader"
    )


def _choices(path: str, question: dict[str, Json]) -> Iterator[FieldError]:
    choices = _objects(question.get("choices"), f"{path}.choices")
    ids = [choice.get("id") for _, choice in choices]
    yield from _unlike([(f"{where}.id", choice.get("id")) for where, choice in choices], "id", "choice")
    for language in LANGUAGES:
        titles = [(f"{where}.text.{language}", _title(choice, language)) for where, choice in choices]
        yield from _unlike(titles, "title", "choice")
    answer = question.get("answer")
    if choices and isinstance(answer, str) and answer not in ids:
        yield FieldError(f"{path}.answer", f"must be the id of a choice, not {_shown(answer)}")


def _title(choice: dict[str, Json], language: Language) -> str | None:
    text = choice.get("text")
    title = text.get(language) if isinstance(text, dict) else None
    return " ".join(title.casefold().split()) if isinstance(title, str) else None


def _unlike(named: Iterable[tuple[str, Json]], what: str, of: str) -> Iterator[FieldError]:
    """No two are the same; values of a wrong type have their own errors."""
    seen: set[str] = set()
    for path, name in named:
        if isinstance(name, str):
            if name in seen:
                yield FieldError(path, f"is the {what} of another {of} too: change one of them")
            seen.add(name)


def _objects(value: Json, path: str) -> list[tuple[str, dict[str, Json]]]:
    items = value if isinstance(value, list) else []
    return [(f"{path}[{index}]", item) for index, item in enumerate(items) if isinstance(item, dict)]


# ─── values in words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def _kind(value: Json) -> str:
    return _KINDS.get(type(value), "null")


def _shown(value: Json) -> str:
    shown = json.dumps(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"  # noqa: PLR2004  # enough to recognise it
