"""Cutting text to what a platform takes: between words where there are any, and never inside an emoji or accent.

Lengths are counted in UTF-16 units, the strictest way in which a platform could count characters, or as a `Measure` says.
"""

import re
import unicodedata
from collections.abc import Callable

Measure = Callable[[str], int]
"""How long a text is for the platform: as much as its characters are one by one."""


def units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, limit: int, measure: Measure = units) -> list[str]:
    """The text in parts that are no longer than `limit`, cut at white space where there is any; none when it is blank."""
    parts = []
    rest = text.strip()
    while measure(rest) > limit:
        end = _fitting(rest, limit, measure)
        spaces = [match.start() for match in re.finditer(r"\s", rest[: end + 1])]
        end = spaces[-1] if spaces else end
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning and `…`."""
    text = text.strip()
    return text if units(text) <= limit else beginning(text, limit - 1).rstrip() + "…"


def beginning(text: str, limit: int) -> str:
    """As much of the text as fits."""
    return text[: _fitting(text, limit, units)]


def _fitting(text: str, limit: int, measure: Measure) -> int:
    """How many characters of the text fit into the limit, without cutting a cluster (unless one alone is too long)."""
    if measure(text) <= limit:
        return len(text)
    end = length = 0
    while (length := length + measure(text[end])) <= limit:
        end += 1
    return next((whole for whole in range(end, 0, -1) if not _sticks(text, whole)), end)


def _sticks(text: str, position: int) -> bool:
    """Whether the character here belongs to the one before: accents, skin tones, emoji joined to one, flags.

    The part of https://unicode.org/reports/tr29/ that a chat meets; pairs of flags are kept together without counting them.
    """
    char, before = text[position], text[position - 1]
    joins = unicodedata.category(char) in ("Mn", "Me", "Mc") or char == "\u200d" or "\U0001f3fb" <= char <= "\U0001f3ff"
    tag = "\U000e0020" <= char <= "\U000e007f"
    flag = all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (before, char))
    return joins or tag or flag or before == "\u200d"
