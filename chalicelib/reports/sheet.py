"""The report as a table for spreadsheets, with every number that there is."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from chalicelib.campaigns.model import Language
from chalicelib.reports.model import Report
from chalicelib.reports.texts import SAY
from chalicelib.statistics.model import Answers, Question, Statistics, Tally

_SEPARATOR: dict[Language, str] = {"en": ",", "nl": ";"}
"""As spreadsheets in that language have it: where numbers are written 1,5, a comma cannot separate them."""

_FORMULA = re.compile(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""What a spreadsheet may take for a formula: https://owasp.org/www-community/attacks/CSV_Injection ."""

Row = tuple[str, str, str, int, int, int]


def sheet(report: Report, language: Language) -> bytes:
    """The table as CSV, in UTF-8 with the mark by which spreadsheets know it. No cell of it is a formula, whatever names say."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=_SEPARATOR[language], quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(SAY[language]["table"].split(","))
    for row in _rows(report, SAY[language]):
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return written.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """A text that stays a text in its one cell."""
    line = "".join(" " if letter in "\t\r\n\v\f\0" else letter for letter in cell)
    return f"'{line}" if _FORMULA.match(line) else line


def _rows(report: Report, say: Mapping[str, str]) -> Iterator[Row]:
    times = (report.of_day, report.of_day_before, report.total)
    counters = {counter: say[counter] for counter in Tally._fields}
    yield from _lines(say["campaign"], [{report.campaign.name: of.whole} for of in times], counters)
    for part, tallies in _parts(times, report, say):
        yield from _lines(part, tallies, counters)
    verdicts = {verdict: say[f"answers_{verdict}"] for verdict in Answers._fields}
    for question in report.campaign.questions:
        asked = [of.by_question.get(question.id, Question()) for of in times]
        yield from _lines(say["question"], [{question.id: of.whole} for of in asked], verdicts, zeros=True)
        for _, answers in _parts(asked, report, say):
            named = [{f"{question.id} / {value}": counted for value, counted in of.items()} for of in answers]
            yield from _lines(say["question"], named, verdicts)


def _lines(
    part: str, times: Sequence[Mapping[str, NamedTuple]], counters: Mapping[str, str], *, zeros: bool = False
) -> Iterator[Row]:
    """A line for each counter of each value that a part has at one of the three times."""
    for value in sorted(set().union(*times)):
        for counter, label in counters.items():
            day, before, total = (int(getattr(of.get(value), counter, 0)) for of in times)
            if zeros or day or before or total:
                yield part, value, label, day, before, total


def _parts(
    times: Sequence[Statistics] | Sequence[Question], report: Report, say: Mapping[str, str]
) -> Iterator[tuple[str, Sequence[Mapping[str, NamedTuple]]]]:
    """What is counted by hour, channel, source and language: at each time, under names that people know."""
    sources = {"": say["elsewhere"]} | {source: f"{name} {source}" for source, name in report.sources.items()}
    yield say["part_hour"], [{f"{hour:02}:00": part for hour, part in of.by_hour.items()} for of in times]
    yield say["channel"], [_named(of.by_channel, say) for of in times]
    yield say["source"], [_named(of.by_source, sources) for of in times]
    yield say["language"], [_named(of.by_language, say) for of in times]


def _named(parts: Mapping[str, NamedTuple], names: Mapping[str, str]) -> Mapping[str, NamedTuple]:
    return {names.get(value, value): part for value, part in parts.items()}
