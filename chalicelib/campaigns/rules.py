"""What may become of a campaign that is kept already. A draft may change in everything but its id; it has never been played.

Once it was live, fans have read its questions, their answers were judged, and links to it are printed. So what decided about them stays,
whatever the state: a pause allows nothing more, as the fans come back after it. `docs/campaigns.md` has the list.
"""

from collections.abc import Iterator, Mapping

from chalicelib.campaigns.model import LONGEST_REF, Campaign, Question, State, encode, marked
from chalicelib.errors import FieldError

NEXT: Mapping[State, tuple[State, ...]] = {
    "draft": ("live",),
    "live": ("paused", "ended"),
    "paused": ("live", "ended"),
    "ended": (),
}
"""The states that a campaign may be brought into from each."""

_ENDED = "is ended, and stays so: fans were told that it is over. Clone the campaign to play it again"
_CLONE = "Clone the campaign to play it otherwise"


def refusals(old: Campaign, new: Campaign, sources: Mapping[str, str]) -> tuple[FieldError, ...]:
    """Why the one cannot take the place of the other: each field that may not be so, and the reason."""
    return (*_of_any(old, new, sources), *(_of_played(old, new) if old.state != "draft" else ()))


def changed(old: Campaign, new: Campaign) -> tuple[str, ...]:
    """The names of the fields that differ."""
    before, after = encode(old), encode(new)
    return tuple(name for name, value in after.items() if value != before[name])


def longest_source(ref: str) -> int:
    """How many characters a source's id may have, beside this ref in a link."""
    return LONGEST_REF - len(marked(ref, "s")) + 1


def _of_any(old: Campaign, new: Campaign, sources: Mapping[str, str]) -> Iterator[FieldError]:
    if new.campaign_id != old.campaign_id:
        yield FieldError("campaignId", f"is {old.campaign_id} for good: clone the campaign to give it another")
    if new.state != old.state and new.state not in NEXT[old.state]:
        yield FieldError("state", _no_way(old.state))
    if any(len(source) > longest_source(new.ref) for source in sources):
        yield FieldError("ref", f"is too long for the links of its sources: together they hold {LONGEST_REF}")


def _no_way(state: State) -> str:
    return f"is {state}: it can become {' or '.join(NEXT[state])}" if NEXT[state] else _ENDED


def _of_played(old: Campaign, new: Campaign) -> Iterator[FieldError]:
    if new.ref.casefold() != old.ref.casefold():
        yield FieldError("ref", f"stays {old.ref}: QR codes with it are out in the world. {_CLONE}")
    for name in sorted({"mode", "passMark"}.intersection(changed(old, new))):
        yield FieldError(name, f"stays {encode(old)[name]}: fans have won and lost by it. {_CLONE}")
    if new.attempts < old.attempts:
        yield FieldError("attempts", f"cannot be fewer than {old.attempts}, which fans were promised: raise it")
    if missing := [language for language in old.languages if language not in new.languages]:
        yield FieldError("languages", f"must keep {' and '.join(missing)}, in which fans are playing")
    if [question.id for question in new.questions] != [question.id for question in old.questions]:
        yield FieldError("questions", f"must keep their number, ids and order: fans are between two of them. {_CLONE}")
        return
    for index, (asked, asks) in enumerate(zip(old.questions, new.questions, strict=True)):
        yield from _of_asked(asked, asks, f"questions[{index}]")


def _of_asked(old: Question, new: Question, path: str) -> Iterator[FieldError]:
    """Of a question that fans have answered. More may count as right, as that takes nothing from anyone."""
    if new.kind != old.kind:
        yield FieldError(f"{path}.kind", f"stays {old.kind}: fans have answered it. {_CLONE}")
        return
    if [choice.id for choice in new.choices] != [choice.id for choice in old.choices]:
        yield FieldError(
            f"{path}.choices", f"must keep their number, ids and order: their buttons are in chats. {_CLONE}"
        )
    if new.answer != old.answer:
        yield FieldError(f"{path}.answer", f"stays {old.answer}: fans were told what is right. {_CLONE}")
    for language, accepted in old.accept.items():
        if missing := [answer for answer in accepted if answer not in new.accept.get(language, ())]:
            yield FieldError(
                f"{path}.accept.{language}", f"must keep {', '.join(missing)}: fans were right by it; add as you like"
            )
