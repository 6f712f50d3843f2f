"""Whether what a fan typed is the answer.

1. Spelling that never matters goes: case, accents, punctuation, emoji, width (`normalised`).
2. Words that mean the same become the same: number words and ordinals become digits, `and`, `en` and `&` one sign, articles go.
3. What is left must be an answer, word for word, with nothing around it but small talk (`I think …`, `… volgens mij`). Small talk is a
   closed list, so a negation, a second answer, or anything else that we do not know is refused without having to be recognised.
4. A word may hold typing errors: none in a word of up to 3 letters, one up to 7, two from 8, by the shorter of the two words. Leaving
   out a letter, one too many, or two swapped is one error; so is, from 5 letters, a key next to the right one or a letter that sounds
   alike. Any other letter in place of the right one makes two, because that is how other words differ: Monet and Manet, house and horse,
   Slovakia and Slovenia. The first letter must be right: few typing errors hit it, many other words do (mouse, Gambia, unhappy). Numbers,
   and words with digits, have no typing errors.

English and Dutch are read together, whatever the fan's language is, since fans mix them. What this takes for a typing error though it
is a word (hose for house, pairs for Paris) is the price of forgiving; the tests show where the line runs.
"""

import bisect
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

Words = tuple[str, ...]


def accepts(text: str, accepted: Sequence[str]) -> bool:
    """Whether the text says one of the accepted answers."""
    said = _without_and(words(text))
    answers = [_without_and(_known(answer)) for answer in accepted]
    return any(_says(said, answer) for answer in answers) or any(_nearly_says(said, answer) for answer in answers)


def choice(text: str, titles: Sequence[str]) -> int | None:
    """The index of the one title that the text means, or None when it could be none or several.

    A fan may type the title, some of its words that no other title has, its letter, its number or its place (`the second one`). Letters
    and numbers are not places where titles hold such themselves.
    """
    meant = next(filter(None, _readings(text, titles)), [])
    return meant[0] if len(meant) == 1 else None


def normalised(text: str) -> str:
    """The words without case, accents, punctuation and symbols, one space between them; `&` and decimal points stay.

    `"L'été — ça   VA?"` is `"lete ca va"`, `"1.000,5"` is `"1000.5"`.
    """
    if not text.isascii():
        text = _plain(_plain(text.replace("\u00b4", "'")).casefold()).translate(_LETTERS)
    text = _APOSTROPHES.sub("", text.casefold())
    text = _THOUSANDS.sub("", text)
    text = _DECIMALS.sub(".", text)
    return " ".join(_WORD.findall(text))


def _readings(text: str, titles: Sequence[str]) -> Iterator[list[int]]:
    """The titles that the text could mean, from the strictest reading to the freest."""
    yield [index for index, title in enumerate(titles) if title.strip().casefold() == text.strip().casefold()]
    said = words(text)
    if not said:
        return
    named = [_known(title) for title in titles]
    yield [index for index, words in enumerate(named) if _says(said, words)]
    yield [index for index, words in enumerate(named) if _nearly_says(said, _gist(words))]
    telling = {*said} - _SMALL_TALK
    yield [index for index, words in enumerate(named) if telling and telling <= {*words}]
    yield [index for index in range(len(titles)) if _gist(said) in _places(index, named)]


# ─── from text to words ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}
)
"""Letters that Unicode does not take for an accented one."""

_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc\u2032]")
_THOUSANDS = re.compile(r"(?<=[0-9])[.,](?=[0-9]{3}(?![0-9]))")
_DECIMALS = re.compile(r"(?<=[0-9])[.,](?=[0-9])")
_WORD = re.compile(r"[^\W_]+(?:(?<=[0-9])\.(?=[0-9])[^\W_]+)*|&")

_ARTICLES = {"the", "a", "an", "de", "het", "een", "t", "n"}

_ENGLISH = """
    i im id its it is was this that thats be must might could would should will has to think thought guess believe say know sure surely
    bet maybe perhaps probably definitely certainly obviously clearly of course for so well oh um uh ok okay hey hi hello
    my mine our answer final guess choice choose pick option letter number right correct please thanks thank you lol haha hahaha hehe
    in on at from by with called named the an
"""
_DUTCH = """
    ik ben het dat dit die zijn was moet zou kan wordt denk dacht gok geloof zeg weet zeker vast misschien waarschijnlijk natuurlijk
    uiteraard volgens mij mijn ons onze antwoord keuze kies optie nummer letter juiste goede toch dus nou hoor he hoi hallo
    graag alsjeblieft bedankt dank je op te naar uit bij met door van heet genaamd haha hihi de t n
"""
_SMALL_TALK = frozenset((_ENGLISH + _DUTCH).split())
"""What may stand around an answer. No word in it may deny one, join two, or often be one (yes)."""


def _plain(text: str) -> str:
    """Without accents, full width, ligatures and the like (https://unicode.org/reports/tr15/)."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M"))


def words(text: str) -> Words:
    """The words that count, as they are compared.

    An article goes before a word that tells something, and stays elsewhere: `vitamin a`, `answer a`, `ik denk een`.
    """
    words = _with_digits(["&" if word in _JOINTS else word for word in normalised(text).split()])
    return tuple(
        "1" if word == "een" else word
        for word, following in itertools.zip_longest(words, words[1:])
        if word not in _ARTICLES or following is None or following in _SMALL_TALK
    )


_known = functools.lru_cache(maxsize=4096)(words)
"""The words of what organisers wrote; what fans type is not kept."""


def _without_and(words: Words) -> Words:
    """`rock & roll`, `rock and roll` and `rock 'n' roll` are one."""
    return tuple(word for word in words if word != "&") or words


def _gist(said: Words) -> Words:
    """Without the small talk at both ends; small talk alone is its own gist."""
    start, end = _around(said)
    return said[start:end] or said


def _around(said: Words) -> tuple[int, int]:
    """Where the small talk before ends, and where the one after begins."""
    telling = [index for index, word in enumerate(said) if word not in _SMALL_TALK]
    return (telling[0], telling[-1] + 1) if telling else (len(said), 0)


# ─── number words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _count(words: str, start: int = 1, step: int = 1) -> dict[str, int]:
    return {word: start + step * index for index, word in enumerate(words.split()) if word != "_"}


_ORDINALS = {
    **_count(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    ),
    **_count("sixteenth seventeenth eighteenth nineteenth", start=16),
    **_count(
        "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth", start=20, step=10
    ),
    **_count(
        "eerste tweede derde vierde vijfde zesde zevende achtste negende tiende elfde twaalfde dertiende veertiende vijftiende"
    ),
    **_count("zestiende zeventiende achttiende negentiende", start=16),
    **_count(
        "twintigste dertigste veertigste vijftigste zestigste zeventigste tachtigste negentigste honderdste",
        start=20,
        step=10,
    ),
}
_NUMBERS = {
    **_count(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", start=0
    ),
    **_count("seventeen eighteen nineteen", start=17),
    **_count("twenty thirty forty fifty sixty seventy eighty ninety hundred", start=20, step=10),
    **_count(
        "nul een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien", start=0
    ),
    **_count("zeventien achttien negentien", start=17),
    **_count("twintig dertig veertig vijftig zestig zeventig tachtig negentig honderd", start=20, step=10),
    "fourty": 40,
    "thousand": 1000,
    "duizend": 1000,
    **_ORDINALS,
}
_LONGEST = max(map(len, _NUMBERS))
_JOINTS = {"and", "en"}

_DIGITS_ORDINAL = re.compile("([0-9]+)(?:st|nd|rd|th|e|de|ste)")

# Numbers as sequences of kinds: z(ero), u(nit), n (10 to 19), t(ens), h(undred), m (thousand), & and x for what is no number
_TO_99 = "(?:tu?|u&t|n|u|z)"
_TO_9999 = f"(?:{_TO_99}?h(?:&?{_TO_99})?|{_TO_99})"
_NUMBER = re.compile(f"{_TO_9999}?m(?:&?{_TO_9999})?|(?P<century>[nt])(?:tu?|u&t|n)|{_TO_9999}")


def _with_digits(words: Sequence[str]) -> list[str]:
    """Every number, in digits: `twenty one`, `eenentwintig`, `21st` are `21`, `nineteen eighty four` is `1984`.

    `een` alone stays: it is an article too. `one` after an ordinal goes: `the second one` is the second.
    """
    parts = [part for index, word in enumerate(words) if not _is_filler(words, index) for part in _parts(word)]
    digits, done = [], 0
    for found in _NUMBER.finditer("".join(map(_kind, parts))):
        number = parts[found.start() : found.end()]
        digits += parts[done : found.start()]
        digits.append("een" if number == ["een"] else str(_value(number, found["century"])))
        done = found.end()
    return digits + parts[done:]


def _is_filler(words: Sequence[str], index: int) -> bool:
    before = words[index - 1] if index else ""
    return words[index] == "one" and (
        before in _ORDINALS or before == "last" or bool(_DIGITS_ORDINAL.fullmatch(before))
    )


def _parts(word: str) -> list[str]:
    """The number words that make this one, as Dutch writes them (`twee honderd een & twintig`), or itself."""
    if ordinal := _DIGITS_ORDINAL.fullmatch(word):
        return [ordinal[1]]
    parts: list[str] = []
    rest = word
    while rest:
        part = next((rest[:length] for length in range(_LONGEST, 1, -1) if rest[:length] in _NUMBERS), "")
        part = part or next(filter(rest.startswith, _JOINTS), "")
        if not part:
            return [word]
        parts.append(part)
        rest = rest[len(part) :]
    if parts[0] in _JOINTS or parts[-1] in _JOINTS:
        return [word]
    return ["&" if part in _JOINTS else part for part in parts]


def _kind(part: str) -> str:
    if part == "&" or part not in _NUMBERS:
        return "&" if part == "&" else "x"
    return "zunthm"[bisect.bisect_left((0, 9, 19, 99, 999), _NUMBERS[part])]


def _value(number: Sequence[str], century: str | None) -> int:
    if century:
        return _NUMBERS[number[0]] * 100 + _value(number[1:], None)
    thousands = rest = 0
    for part in number:
        match _kind(part):
            case "m":
                thousands, rest = (rest or 1) * 1000, 0
            case "h":
                rest = (rest or 1) * 100
            case _:
                rest += _NUMBERS.get(part, 0)
    return thousands + rest


# ─── from words to an answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _says(said: Words, answer: Words) -> bool:
    """It is the answer, with nothing around it but small talk, wherever the spaces stand."""
    return answer in _windows(said, len(answer)) or (bool(answer) and _joined(_gist(said)) == _joined(answer))


def _nearly_says(said: Words, answer: Words) -> bool:
    """It is the answer, with typing errors."""
    if any(all(map(nearly, window, answer)) for window in _windows(said, len(answer))):
        return True
    gist = _gist(said)
    spaced = len(gist) != len(answer) and all(len(word) >= _FORGIVEN[0] and word.isalpha() for word in (*gist, *answer))
    return spaced and nearly("".join(gist), "".join(answer))


def _windows(said: Words, length: int) -> list[Words]:
    """Each run of so many words that has only small talk around it."""
    start, end = _around(said)
    first, last = max(0, end - length), min(start, len(said) - length)
    return [said[at : at + length] for at in range(first, last + 1)] if length else []


_SPACE = re.compile("(?<![0-9]) | (?![0-9])")


def _joined(words: Words) -> str:
    """Without spaces, except between two numbers: `blink 182` is `blink182`, `3 14` is not `314`."""
    return _SPACE.sub("", " ".join(words))


# ─── typing errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


_FORGIVEN = (4, 8)
"""From so many letters on, a word may hold one typing error more."""

_NEIGHBOURS_FROM = 5
"""From so many letters on, one of these may be a key beside the right one: in shorter words it makes other words (gold, golf)."""


def nearly(typed: str, meant: str) -> bool:
    """The same word, or one that typing errors make of it."""
    if typed == meant:
        return True
    shorter = min(len(typed), len(meant))
    most = bisect.bisect(_FORGIVEN, shorter)
    if not most or typed[0] != meant[0] or abs(len(typed) - len(meant)) > most or not (typed + meant).isalpha():
        return False
    return _within(typed, meant, most, _NEIGHBOURS if shorter >= _NEIGHBOURS_FROM else frozenset())


def _within(typed: str, meant: str, most: int, neighbours: frozenset[str]) -> bool:
    """Whether at most so many typing errors lie between them."""
    same = next(
        (index for index, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant))
    )
    typed, meant = typed[same:], meant[same:]
    if not typed or not meant or not most:
        return len(typed) + len(meant) <= most
    return (
        _within(typed[1:], meant, most - 1, neighbours)
        or _within(typed, meant[1:], most - 1, neighbours)
        or (typed[:2] == meant[1::-1] and _within(typed[2:], meant[2:], most - 1, neighbours))
        or (typed[0] + meant[0] in neighbours and _within(typed[1:], meant[1:], most - 1, neighbours))
    )


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = [row[at : at + 2] for row in _ROWS for at in range(len(row) - 1)]
_BELOW = [
    upper[at + right] + lower[at]
    for upper, lower in itertools.pairwise(_ROWS)
    for at in range(len(lower))
    for right in (0, 1)
]
_ALIKE = ["ck", "cs", "dt", "fv", "iy", "sz"]
_NEIGHBOURS = frozenset(pair for two in (*_BESIDE, *_BELOW, *_ALIKE) for pair in (two, two[::-1]))


# ─── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _places(index: int, named: Sequence[Words]) -> set[Words]:
    """What a fan may call the choice at this place: `b`, `2`, `last`."""
    words = {word for title in named for word in title}
    places: set[Words] = set()
    if not any(word.isdecimal() for word in words):
        places.add((str(index + 1),))
    if not any(len(word) == 1 and word.isalpha() for word in words):
        places.add((chr(ord("a") + index),))
    if index == len(named) - 1:
        places |= {("last",), ("laatste",)}
    return places
