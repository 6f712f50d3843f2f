"""The report as a table for spreadsheets, with every number that there is."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping

from chalicelib.campaigns.model import Language
from chalicelib.reports.model import Report
from chalicelib.reports.texts import SAY
from chalicelib.statistics.model import Answers, Statistics, Tally

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
    parts = [_parts(report, of, say) for of in times]
    for part in parts[0]:
        values = sorted(set().union(*(of[part] for of in parts)))
        for value, measure in itertools.product(values, Tally._fields):
            day, before, total = (getattr(of[part].get(value, Tally()), measure) for of in parts)
            if day or before or total:
                yield part, value, say[measure], day, before, total
    for question in report.campaign.questions:
        answers = [of.by_question.get(question.id, Answers()) for of in times]
        for verdict in Answers._fields:
            day, before, total = (getattr(of, verdict) for of in answers)
            yield say["question"], question.id, say[f"answers_{verdict}"], day, before, total


def _parts(report: Report, of: Statistics, say: Mapping[str, str]) -> dict[str, Mapping[str, Tally]]:
    named = {"": say["elsewhere"], **report.sources}
    return {
        say["campaign"]: {report.campaign.name: Tally(**{measure: getattr(of, measure) for measure in Tally._fields})},
        say["part_hour"]: {f"{hour:02}:00": tally for hour, tally in of.by_hour.items()},
        say["channel"]: {say.get(channel, channel): tally for channel, tally in of.by_channel.items()},
        say["source"]: {f"{named.get(source, '')} {source}".strip(): tally for source, tally in of.by_source.items()},
        say["language"]: {say.get(spoken, spoken): tally for spoken, tally in of.by_language.items()},
    }
