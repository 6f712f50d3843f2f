"""The report as a mail: as HTML for mail programs, the same as text, and all numbers as a table.

Mail programs know HTML of the last century: tables, inline styles, bars made of cells; no script, no picture. Where a program takes a style
sheet too, it is dark in the dark. What of it can be trusted was looked up at https://www.caniemail.com .
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.aws.mails import Attachment, Mail
from chalicelib.campaigns.model import Language, Reader, in_words
from chalicelib.pages.money import money
from chalicelib.reports.model import FUNNEL, Need, Report
from chalicelib.reports.sheet import sheet
from chalicelib.reports.texts import SAY, number
from chalicelib.statistics.model import Tally

_TILES = ("starts", "finishes", "tickets", "redemptions", "orders", "revenue")
_SINGULAR = {"dead_letters": "dead_letter", "unreachable_fans": "unreachable_fan"}
_HIGHEST = 72
"""Pixels of the highest bar through the day."""


class Way(NamedTuple):
    """How a reader stops these mails."""

    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Tile(NamedTuple):
    label: str
    value: str
    change: str
    """`▲ 18%`; empty where there is none, or nothing to compare with."""
    tone: str
    """`up`, `down` or `soft`."""
    before: str
    total: str


class Bar(NamedTuple):
    label: str
    value: str
    share: int
    """Percent of the longest, or of all."""
    note: str = ""
    marked: bool = False


class Letters:
    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def write(self, report: Report, reader: Reader, way: Way = Way()) -> Mail:  # noqa: B008  # never changed
        """The mail for this reader, in their language; or else in the campaign's first."""
        language = reader.language or report.campaign.languages[0]
        values = _values(report, language) | {"reader": _line(reader.name), "stop_url": way.url}
        text, html = (self._templates.get_template(f"report.{kind}").render(values) for kind in ("txt", "html"))
        table = Attachment(f"{report.campaign.campaign_id}-{report.day}.csv", "text/csv", sheet(report, language))
        return Mail(reader.email, str(values["subject"]), text, html, (table,), way.headers)


def _values(report: Report, language: Language) -> dict[str, object]:
    say, campaign = SAY[language], report.campaign
    name, day = _line(campaign.name), f"{in_words(report.day, language)} {report.day.year}"
    players = _players(report.of_day.whole.starts, language)
    return {
        "language": language,
        "say": say,
        "name": name,
        "day": day,
        "subject": say["subject"].format(name=name, starts=players, day=in_words(report.day, language)),
        "zone": report.timezone,
        "is_last": report.is_last,
        "summary": list(_summary(report, language)),
        "needs": [_told(need, language) for need in report.needs],
        "tiles": [_tile(measure, report, language) for measure in _TILES],
        "has_moved": any(report.of_day.whole),
        "funnel": _funnel(report, language),
        "hours": _hours(report, language),
        "busiest": ", ".join(
            say["hour"].format(
                start=f"{hour:02}",
                end=f"{(hour + 1) % 24:02}",
                count=number(report.of_day.by_hour[hour].messages_in, language),
            )
            for hour in report.busiest()
        ),
        "questions": list(_questions(report, language)),
        "tables": [
            (say["source"], _tallies(report.by_source(), {"": say["elsewhere"], **report.sources}, language)),
            (say["channel"], _tallies(report.of_day.by_channel, say, language)),
            (say["language"], _tallies(report.of_day.by_language, say, language)),
        ],
    }


def _summary(report: Report, language: Language) -> Iterator[str]:
    say, starts, before = SAY[language], report.of_day.whole.starts, report.of_day_before.whole.starts
    if not starts:
        yield say["quiet"]
    else:
        change, percent = _change(starts, before)
        told = say[change].format(percent=percent)
        yield say["played"].format(starts=_players(starts, language), change=told)
    left, stock = (number(count, language) for count in (report.tickets_left, report.campaign.stock))
    yield say["left" if report.tickets_left else "none_left"].format(left=left, stock=stock)
    if report.is_last:
        yield say["last"]


def _players(count: int, language: Language) -> str:
    return SAY[language]["player" if count == 1 else "players"].format(count=number(count, language))


def _change(now: int, before: int) -> tuple[str, str]:
    """`more`, `fewer`, `same` or `first`, and by how many percent."""
    if not before:
        return "first", ""
    percent = round(100 * (now - before) / before)
    if not percent:
        return "same", ""
    return ("more" if percent > 0 else "fewer"), f"{abs(percent)}%"


def _tile(measure: str, report: Report, language: Language) -> Tile:
    def written(of: Tally) -> str:
        return money(of.revenue_cents, language) if measure == "revenue" else number(getattr(of, measure), language)

    say, field = SAY[language], "revenue_cents" if measure == "revenue" else measure
    day, before, total = (of.whole for of in (report.of_day, report.of_day_before, report.total))
    change, percent = _change(getattr(day, field), getattr(before, field))
    tone = {"more": "up", "fewer": "down"}.get(change, "soft")
    arrow = {"up": "▲ ", "down": "▼ ", "soft": ""}[tone]
    return Tile(
        say[measure],
        written(day),
        f"{arrow}{percent}" if percent else "",
        tone,
        say["day_before"].format(value=written(before)),
        say["in_all"].format(value=written(total)),
    )


def _funnel(report: Report, language: Language) -> list[Bar]:
    counts = [(stage, int(getattr(report.of_day.whole, stage))) for stage in FUNNEL]
    longest, starts = max(count for _, count in counts), report.of_day.whole.starts
    return [
        Bar(
            SAY[language][stage],
            number(count, language),
            _percent(count, longest),
            f"{_percent(count, starts)}%" if starts and stage not in {"scans", "starts"} else "",
        )
        for stage, count in counts
    ]


def _hours(report: Report, language: Language) -> list[Bar]:
    counts = [report.of_day.by_hour.get(hour, Tally()).messages_in for hour in range(24)]
    highest, busiest = max(counts), report.busiest()
    return [
        Bar(f"{hour:02}", number(count, language), -(-_HIGHEST * count // (highest or 1)), marked=hour in busiest)
        for hour, count in enumerate(counts)
    ]


def _questions(report: Report, language: Language) -> Iterator[Bar]:
    say, hardest = SAY[language], report.hardest()
    for question in report.campaign.questions:
        text = _line(question.text.get(language) or next(iter(question.text.values())))
        answers = report.of_day.by_question.get(question.id)
        if answers is None:
            yield Bar(text, say["unasked"], 0)
            continue
        given = sum(answers.whole)
        share = _percent(answers.whole.right, given)
        note = say["answer" if given == 1 else "answers"].format(count=number(given, language))
        yield Bar(text, say["right"].format(percent=f"{share}%"), share, note, question.id == hardest)


def _tallies(tallies: Mapping[str, Tally], names: Mapping[str, str], language: Language) -> list[Bar]:
    """Those that anything came of, by who began to play; the bar is their part of all."""
    every = sum(tally.starts for tally in tallies.values())
    ranked = sorted((-tally.starts, value, tally.wins) for value, tally in tallies.items() if any(tally))
    return [
        Bar(_line(names.get(value, value)), number(-starts, language), _percent(-starts, every), number(wins, language))
        for starts, value, wins in ranked
    ]


def _told(need: Need, language: Language) -> str:
    say = SAY[language]
    kind = _SINGULAR.get(need.kind, need.kind) if need.amount == 1 else need.kind
    kind = "stock_low_product" if kind == "stock_low" and need.about else kind
    return say[kind].format(count=number(need.amount, language), about=_line(say.get(need.about, need.about)))


def _percent(count: int, of: int) -> int:
    return round(100 * count / of) if of else 0


def _line(text: str) -> str:
    """A text of others in one line, so that it says no more than a name does."""
    return " ".join("".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in text).split())


_JOINERS = "\u200c\u200d\ufe0f"
"""Which emoji and some scripts are written with."""
