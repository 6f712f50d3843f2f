"""What is counted of a campaign.

Kept are amounts: whole numbers under short names, as a table is paid for by the byte. `i` is what came in, `c/web/i` what of that came in
by the web chat: a dimension's letter, a value of it, a counter's letter. `q/venue/r` is how often a question was answered right, and
`c/web/q/venue/r` how often in the web chat.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Amounts = Mapping[str, int]

HOUR, CHANNEL, SOURCE, LANGUAGE, QUESTION = "hcslq"


class Tally(NamedTuple):
    """Fans count once in a campaign, whenever and however often they do something."""

    scans: int = 0
    """Fans who came: by a QR code, another link, or the ref that they typed."""
    starts: int = 0
    """Fans who were asked the first question."""
    finishes: int = 0
    """Fans who answered the last question."""
    wins: int = 0
    """Fans who won a ticket."""
    tickets: int = 0
    """Tickets that were issued."""
    redemptions: int = 0
    """Tickets whose holder was let in."""
    messages_in: int = 0
    """Messages of fans who were playing the campaign."""
    messages_out: int = 0
    """Replies to them."""
    orders: int = 0
    """Orders that were placed, so paid."""
    revenue_cents: int = 0
    unreachable: int = 0
    """Fans to whom a reply could not be sent: they have blocked us, or left."""


class Answers(NamedTuple):
    """How often a question was answered."""

    right: int = 0
    wrong: int = 0


class Question(NamedTuple):
    """How a question was answered, and the same by hour, channel, source and language, as in `Statistics`."""

    whole: Answers = Answers()
    by_hour: Mapping[int, Answers] = {}  # NamedTuple never changes its defaults
    by_channel: Mapping[str, Answers] = {}
    by_source: Mapping[str, Answers] = {}
    by_language: Mapping[str, Answers] = {}


class Statistics(NamedTuple):
    """What was counted, and what it is made of; what is zero is not in there.

    Each part comes to the whole, but for orders that were not made in a chat: of them the hour is known, and no more.
    """

    whole: Tally = Tally()
    by_hour: Mapping[int, Tally] = {}
    """By the hour of a day, 0 to 23, on the clock of the time zone that was asked for."""
    by_channel: Mapping[str, Tally] = {}
    by_source: Mapping[str, Tally] = {}
    """By the source of the link that a fan came by first; under the empty one, those who came without."""
    by_language: Mapping[str, Tally] = {}
    """By the language that a fan spoke then; of a message and an order, by the one in which it was."""
    by_question: Mapping[str, Question] = {}


_LETTERS = dict(zip(Tally._fields, "sbfwtrioncu", strict=True))
_COUNTERS = {letter: counter for counter, letter in _LETTERS.items()}


def amounts(tally: Tally, values: Mapping[str, str]) -> dict[str, int]:
    """A tally under its names: as such, and for each dimension under the value there."""
    counted = {_LETTERS[counter]: n for counter, n in tally._asdict().items() if n}
    return {prefix + letter: n for prefix in _prefixes(values) for letter, n in counted.items()}


def answered(question: str, values: Mapping[str, str], *, right: bool) -> dict[str, int]:
    """One answer, as such and for each dimension."""
    return {f"{prefix}{QUESTION}/{question}/{'r' if right else 'w'}": 1 for prefix in _prefixes(values)}


def statistics(amounts: Amounts) -> Statistics:
    """What amounts say."""
    found: dict[str | None, _Found] = {None: {}}
    for name, amount in sorted(amounts.items()):
        *of, letter = name.split("/")
        values = dict(zip(of[::2], of[1::2], strict=True))
        question = values.pop(QUESTION, None)
        [(dimension, value)] = values.items() or [("", "")]
        found.setdefault(question, {}).setdefault(dimension, {}).setdefault(value, {})[letter] = amount
    whole = found.pop(None)
    questions = {question: Question(**_parts(of, _answers)) for question, of in found.items() if question is not None}
    return Statistics(**_parts(whole, _tally), by_question=questions)


def at_hour(amounts: Amounts, hour: int) -> Counter[str]:
    """The amounts of some time, with the hour of the day that it belongs to."""
    wholes = {name: n for name, n in amounts.items() if "/" not in name or name.startswith(f"{QUESTION}/")}
    return Counter(amounts) + Counter({f"{HOUR}/{hour:02}/{name}": n for name, n in wholes.items()})


_Found = dict[str, dict[str, dict[str, int]]]
"""Amounts by their letters, by the value and by the letter of a dimension; both are empty for the whole."""


def _prefixes(values: Mapping[str, str]) -> list[str]:
    return ["", *(f"{dimension}/{value}/" for dimension, value in values.items())]


def _parts(found: _Found, made: Callable[[Mapping[str, int]], Any]) -> dict[str, Any]:
    """The fields that `Statistics` and `Question` have in common."""
    whole, hours, channels, sources, languages = (
        {value: made(letters) for value, letters in found.get(dimension, {}).items()}
        for dimension in ("", HOUR, CHANNEL, SOURCE, LANGUAGE)
    )
    return {
        "whole": whole.get("", made({})),
        "by_hour": {int(hour): part for hour, part in hours.items()},
        "by_channel": channels,
        "by_source": sources,
        "by_language": languages,
    }


def _tally(letters: Mapping[str, int]) -> Tally:
    return Tally(**{_COUNTERS[letter]: n for letter, n in letters.items()})


def _answers(letters: Mapping[str, int]) -> Answers:
    return Answers(letters.get("r", 0), letters.get("w", 0))
