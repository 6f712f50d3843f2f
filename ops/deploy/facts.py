"""What ought to be beside what is: a step mends the difference, and `verify` shows it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Fact(NamedTuple):
    subject: str
    """What it is about: `function guestlist-prod-bot`."""
    setting: str
    wanted: object
    found: object
    way_out: str = ""
    """The command that mends it; empty: deploy."""

    @property
    def right(self) -> bool:
        return self.wanted == self.found


def compare(
    subject: str, wanted: Mapping[str, object], found: Mapping[str, object] | None, way_out: str = ""
) -> Iterator[Fact]:
    """A fact for each setting that is wanted, or one that says that nothing is there."""
    if found is None:
        yield Fact(subject, "exists", wanted=True, found=False, way_out=way_out)
        return
    for setting, value in wanted.items():
        yield Fact(subject, setting, value, found.get(setting), way_out)


def wrong(facts: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in facts if not fact.right]
