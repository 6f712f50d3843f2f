"""What is counted of a campaign.

Kept are amounts: whole numbers under short names, as a table is paid for by the byte. `i` is what came in, `c/web/i` what of that came in
by the web chat: a dimension's letter, a value of it, a counter's letter.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

Amounts = Mapping[str, int]

DIMENSIONS = HOUR, CHANNEL, SOURCE, LANGUAGE, QUESTION = tuple("hcslq")


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


class Statistics(NamedTuple):
    """Counters as in `Tally`, and what they are made of. What is zero is not in there.

    Only the hours hold all counters. Redemptions have no other dimension; unreachable fans a channel, orders too, where they were
    made in a chat; messages a channel and a language.
    """

    scans: int = 0
    starts: int = 0
    finishes: int = 0
    wins: int = 0
    tickets: int = 0
    redemptions: int = 0
    messages_in: int = 0
    messages_out: int = 0
    orders: int = 0
    revenue_cents: int = 0
    unreachable: int = 0
    by_hour: Mapping[int, Tally] = {}  # NamedTuple never changes its defaults
    """By the hour of a day, 0 to 23, on the clock of the time zone that was asked for."""
    by_channel: Mapping[str, Tally] = {}
    by_source: Mapping[str, Tally] = {}
    """By the source of the link that a fan came by first; under the empty one, those who came without."""
    by_language: Mapping[str, Tally] = {}
    """By the language that a fan spoke when they came, or sent a message."""
    by_question: Mapping[str, Answers] = {}


_LETTERS = dict(zip(Tally._fields, "sbfwtrioncu", strict=True))
_COUNTERS = {letter: counter for counter, letter in _LETTERS.items()}
_VERDICTS = {"r": "right", "w": "wrong"}


def amounts(tally: Tally, values: Mapping[str, str]) -> dict[str, int]:
    """A tally under its names: as such, and for each dimension under the value there."""
    counted = {_LETTERS[counter]: n for counter, n in tally._asdict().items() if n}
    of = ("", *(f"{dimension}/{value}/" for dimension, value in values.items()))
    return {prefix + letter: n for prefix in of for letter, n in counted.items()}


def answered(question: str, *, right: bool) -> dict[str, int]:
    """One answer."""
    return {f"{QUESTION}/{question}/{'r' if right else 'w'}": 1}


def statistics(amounts: Amounts) -> Statistics:
    """What amounts say."""
    counters: dict[str, int] = {}
    found: dict[str, dict[str, dict[str, int]]] = {dimension: {} for dimension in DIMENSIONS}
    for name, amount in sorted(amounts.items()):
        *of, letter = name.split("/")
        if of:
            dimension, value = of
            names = _VERDICTS if dimension == QUESTION else _COUNTERS
            found[dimension].setdefault(value, {})[names[letter]] = amount
        else:
            counters[_COUNTERS[letter]] = amount
    tallies = {
        dimension: {value: Tally(**tally) for value, tally in found[dimension].items()} for dimension in DIMENSIONS[:-1]
    }
    return Statistics(
        **counters,
        by_hour={int(hour): tally for hour, tally in tallies[HOUR].items()},
        by_channel=tallies[CHANNEL],
        by_source=tallies[SOURCE],
        by_language=tallies[LANGUAGE],
        by_question={question: Answers(**answers) for question, answers in found[QUESTION].items()},
    )


def at_hour(amounts: Amounts, hour: int) -> Counter[str]:
    """The amounts of some time, with the hour of the day that it belongs to."""
    return Counter(amounts) + Counter({f"{HOUR}/{hour:02}/{name}": n for name, n in amounts.items() if "/" not in name})
