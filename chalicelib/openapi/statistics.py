"""What was counted of a campaign."""

from typing import Annotated, Any

from msgspec import Meta, defstruct

from chalicelib import http
from chalicelib.http import ORGANISER
from chalicelib.openapi.entry import CAMPAIGN, Answer, Entry, Parameter, problem
from chalicelib.statistics.api import MOST_DAYS
from chalicelib.statistics.model import Answers, Tally

Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


_SAYS = {
    "scans": "Fans who came: by a QR code, a link, or the ref that they typed",
    "starts": "Fans who began to play; each fan counts once",
    "finishes": "Fans who answered the last question",
    "wins": "Fans who won a ticket",
    "tickets": "Tickets that were issued",
    "redemptions": "Tickets whose holder was let in",
    "messages_in": "Messages of fans who were playing the campaign",
    "messages_out": "Replies to them",
    "orders": "Orders that were placed: the campaign's, and those of no campaign",
    "revenue_cents": "What those come to",
    "unreachable": "Fans to whom a reply could not be sent: they have blocked us, or left",
}


def _parts(of: Any) -> list[tuple[str, Any]]:  # noqa: ANN401  # a type
    """The fields of what is counted by hour, channel, source and language."""
    says = {
        "by_hour": "By the hour of a day, 00 to 23, on the clock of the campaign's time zone",
        "by_channel": "messenger, slack, web",
        "by_source": "Under an empty name: who came without a source",
        "by_language": "en, nl",
    }
    return [(name, Annotated[dict[str, of], Meta(description=text)]) for name, text in says.items()]


Counters = defstruct(
    "Counters",
    [(name, int, 0) for name in Tally._fields],
    rename="camel",
    omit_defaults=True,
    namespace={"__doc__": "Those that are not zero."},
)
AnswerCounters = defstruct("AnswerCounters", [(name, int, 0) for name in Answers._fields], omit_defaults=True)
QuestionStatistics = defstruct(
    "QuestionStatistics", [*((name, int) for name in Answers._fields), *_parts(AnswerCounters)], rename="camel"
)
CampaignStatistics = defstruct(
    "CampaignStatistics",
    [
        *((name, Annotated[int, Meta(description=_SAYS[name])]) for name in Tally._fields),
        *_parts(Counters),
        ("by_question", Annotated[dict[str, QuestionStatistics], Meta(description="By the question's id")]),  # type: ignore[valid-type]
    ],
    rename="camel",
)


_SHOWN = {
    "scans": 120,
    "starts": 96,
    "finishes": 80,
    "wins": 12,
    "tickets": 12,
    "redemptions": 9,
    "messagesIn": 410,
    "messagesOut": 422,
    "orders": 3,
    "revenueCents": 14997,
    "unreachable": 1,
    "byHour": {"20": {"scans": 120, "starts": 96, "messagesIn": 410}},
    "byChannel": {"messenger": {"scans": 100, "starts": 80}, "web": {"scans": 20, "starts": 16}},
    "bySource": {"": {"scans": 20}, "poster": {"scans": 100}},
    "byLanguage": {"en": {"scans": 30}, "nl": {"scans": 90}},
    "byQuestion": {
        "venue": {
            "right": 70,
            "wrong": 26,
            "byHour": {"20": {"right": 70, "wrong": 26}},
            "byChannel": {"messenger": {"right": 60, "wrong": 20}, "web": {"right": 10, "wrong": 6}},
            "bySource": {"": {"right": 10, "wrong": 6}, "poster": {"right": 60, "wrong": 20}},
            "byLanguage": {"en": {"right": 20, "wrong": 4}, "nl": {"right": 50, "wrong": 22}},
        }
    },
}

ENTRIES = (
    Entry(
        "GET",
        "/campaigns/{campaign}/stats",
        "Get a campaign's statistics",
        (ORGANISER,),
        says="All that was ever counted; or with `from`, what was counted on these days. What happens is in them seconds later, exactly.",
        parameters=(
            CAMPAIGN,
            Parameter("from", "query", Day, "The first day, in the campaign's time zone", example="2026-12-05"),
            Parameter(
                "to",
                "query",
                Day,
                f"The last day: today unless given, and at most {MOST_DAYS - 1} days after the first",
                example="2026-12-05",
            ),
        ),
        answers={
            200: Answer("The statistics", {http.JSON: CampaignStatistics}, {http.JSON: _SHOWN}),
            404: problem(404, "There is no such campaign"),
        },
    ),
)
