"""What a fan wants to buy, out of what they typed: `buy 2 VIP packages`, `ik wil graag twee vip-pakketten kopen`.

A wish begins with a word for buying, or ends with one in Dutch, with nothing before it but politeness. What it names is the product that
shares most words with it, in the singular or the plural, and with typing errors (see `matching`). That is more than an answer to a
question is forgiven: a fan sees what we understood, and what it costs, before anything is bought.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.dialogue import matching
from chalicelib.dialogue.matching import Words

MOST = 10**6
"""What counts as a number of pieces; larger ones are cut to it."""

_VERBS = {"buy", "purchase", "order", "koop", "kopen", "bestel", "bestellen"}
_AT_THE_END = {"kopen", "bestellen"}
_ENGLISH = "i id we want wanna would like love can could may please to just me let hi hello hey and also some"
_DUTCH = "ik wil willen wij je mag zou kan kun graag even nog dan ook hoi hallo alsjeblieft aub wat"
_POLITE = {*_ENGLISH.split(), *_DUTCH.split()}
_COUNTERS = {"x", "times", "of", "stuks", "keer", "pieces", "piece"}
_TIMES = re.compile("([0-9]+)x|x([0-9]+)")


class Wish(NamedTuple):
    quantity: int
    words: Words
    """What is wanted, without the number; empty where nothing is named."""
    whole: Words
    """With it."""


def read(text: str) -> Wish | None:
    """What the text asks to buy; None where it does not."""
    said = _trimmed(matching.words(text))
    if said and _is_one_of(said[0], _VERBS):
        return _wish(_trimmed(said[1:]))
    if len(said) > 1 and _is_one_of(said[-1], _AT_THE_END):
        return _wish(_trimmed(said[:-1]))
    return None


def meant(wish: Wish, names: Sequence[str]) -> tuple[int, list[int]]:
    """How many are wanted, and the indices of the names that the wish may mean: none, one, or as many as fit equally well."""
    named = [matching.words(name) for name in names]
    if exactly := [index for index, words in enumerate(named) if words == wish.whole]:  # `3 day pass`
        return 1, exactly
    fits = [_fit(wish.words, words, _together(name)) for name, words in zip(names, named, strict=True)]
    best = max(fits, default=(0, 0))
    return wish.quantity, [index for index, fit in enumerate(fits) if fit == best and best[0]]


def _fit(said: Words, name: Words, together: str) -> tuple[int, int]:
    """How many words of the name were said, and how few of it were not: the more, the better."""
    if name and any(_same(typed, together) for typed in said):
        return len(name), 0
    common = sum(any(_same(typed, word) for typed in said) for word in name)
    return common, common - len(name)


def _together(name: str) -> str:
    """`tshirt`, for T-shirt."""
    return matching.normalised(name).replace(" ", "")


def _same(typed: str, word: str) -> bool:
    return matching.nearly(typed, word) or typed in {f"{word}s", f"{word}es", f"{word}en", f"{word}{word[-1]}en"}


def _wish(said: Words) -> Wish:
    for at in (0, -1):
        number = _number(said[at]) if said else None
        if number is not None:
            rest = said[1:] if at == 0 else said[:-1]
            while rest and rest[0] in _COUNTERS:
                rest = rest[1:]
            return Wish(number, rest, said)
    return Wish(1, said, said)


def _number(word: str) -> int | None:
    """`2`, `2x` or `x2`."""
    times = _TIMES.fullmatch(word)
    digits = (times[1] or times[2]) if times else word
    return min(int(digits[:9]), MOST) if digits.isascii() and digits.isdecimal() else None


def _trimmed(said: Words) -> Words:
    """Without the politeness at both ends."""
    while said and said[0] in _POLITE:
        said = said[1:]
    while said and said[-1] in _POLITE:
        said = said[:-1]
    return said


def _is_one_of(typed: str, verbs: set[str]) -> bool:
    return any(matching.nearly(typed, verb) for verb in verbs)
