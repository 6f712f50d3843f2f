"""Which of our languages a browser's `Accept-Language` asks for (https://www.rfc-editor.org/rfc/rfc9110#name-accept-language)."""

from collections.abc import Sequence
from typing import TypeVar

Language = TypeVar("Language", bound=str)


def preferred(accept_language: str, languages: Sequence[Language]) -> Language:
    """The language that the header likes best, of these; the first of them when it likes none, or is nonsense."""
    weights = {language: _weight(accept_language, language) for language in languages}
    return max(languages, key=lambda language: weights[language])


def _weight(accept_language: str, language: str) -> float:
    wishes = (wish.strip().lower().partition(";q=") for wish in accept_language[:500].split(","))
    return max((_number(weight) for tag, _, weight in wishes if tag[:2] == language), default=0.0)


def _number(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0.0
