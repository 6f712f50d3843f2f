"""Samples, their middle and their spread, and what they are compared with."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

MEASURABLE = 0.1
"""Of any unit: a peer that takes less is no measure."""


class Figure(NamedTuple):
    """The median of samples, between their quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.low)}-{_short(self.high)})"


class Row(NamedTuple):
    """One measurement of one function: each subject's figure, and ours as a ratio to each peer's, round by round."""

    function: str
    what: str
    unit: str
    figures: Mapping[str, Figure]
    ratios: Mapping[str, Figure]


class Fact(NamedTuple):
    """A number, and the most that it should be."""

    what: str
    value: float
    unit: str
    aim: float | None = None

    @property
    def missed(self) -> bool:
        return self.aim is not None and self.value > self.aim


class Report(NamedTuple):
    rows: list[Row]
    facts: list[Fact]

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    **row._asdict(),
                    "figures": {who: taken._asdict() for who, taken in row.figures.items()},
                    "ratios": {peer: ratio._asdict() for peer, ratio in row.ratios.items()},
                }
                for row in self.rows
            ],
            "facts": [{**fact._asdict(), "missed": fact.missed} for fact in self.facts],
        }

    def as_text(self) -> str:
        return "\n".join((*self._table(), "", *self._list()))

    def _table(self) -> Iterator[str]:
        """A block for each function; medians, with the quartiles beside them."""
        function, peers = "", list[str]()
        for row in self.rows:
            if row.function != function:
                function, peers = row.function, list(row.ratios)
                yield from ("", _line(function, [*row.figures, *(f"x {peer}" for peer in peers)]))
            ratios = [str(row.ratios[peer]) if peer in row.ratios else "" for peer in peers]
            yield _line(f"  {row.what}, {row.unit}", [*map(str, row.figures.values()), *ratios])

    def _list(self) -> Iterator[str]:
        for fact in self.facts:
            aim = "" if fact.aim is None else f"  aim: at most {_short(fact.aim)}{', MISSED' if fact.missed else ''}"
            yield f"{fact.what:<58}{_short(fact.value):>6} {fact.unit:<6}{aim}".rstrip()


def figure(samples: Sequence[float]) -> Figure:
    if len(samples) == 1:
        return Figure(samples[0], samples[0], samples[0])
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Figure(median, low, high)


def compared(function: str, what: str, unit: str, ours: str, samples: Mapping[str, Sequence[float]]) -> Row:
    """Samples were taken in turns, so the n-th of one subject was taken beside the n-th of another: their ratio counts.

    A ratio to next to nothing says nothing, and is left out.
    """
    ratios = {
        peer: figure([mine / its for mine, its in zip(samples[ours], taken, strict=True)])
        for peer, taken in samples.items()
        if peer != ours and statistics.median(taken) >= MEASURABLE
    }
    return Row(function, what, unit, {who: figure(taken) for who, taken in samples.items()}, ratios)


def _line(head: str, cells: Sequence[str]) -> str:
    return f"{head:<38}{''.join(f'{cell:<20}' for cell in cells)}".rstrip()


def _short(value: float) -> str:
    """Three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004  # so many
