"""What was counted of a campaign."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ORGANISER
from chalicelib.openapi.entry import CAMPAIGN, Answer, Entry, Parameter, problem
from chalicelib.statistics.api import MOST_DAYS

Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Counters(Struct, rename="camel", omit_defaults=True):
    """Those that are not zero."""

    scans: int = 0
    starts: int = 0
    finishes: int = 0
    wins: int = 0
    tickets: int = 0
    redemptions: int = 0
    messages_in: int = 0
    messages_out: int = 0
    orders: int = 0
    revenue_cents: int = 0
    unreachable: int = 0


class AnswerCounts(Struct):
    right: int
    wrong: int


class CampaignStatistics(Struct, rename="camel"):
    scans: Annotated[int, Meta(description="Fans who came: by a QR code, a link, or the ref that they typed")]
    starts: Annotated[int, Meta(description="Fans who began to play; each fan counts once")]
    finishes: Annotated[int, Meta(description="Fans who answered the last question")]
    wins: Annotated[int, Meta(description="Fans who won a ticket")]
    tickets: Annotated[int, Meta(description="Tickets that were issued")]
    redemptions: Annotated[int, Meta(description="Tickets whose holder was let in")]
    messages_in: Annotated[int, Meta(description="Messages of fans who were playing the campaign")]
    messages_out: Annotated[int, Meta(description="Replies to them")]
    orders: Annotated[int, Meta(description="Orders that were placed: the campaign's, and those of no campaign")]
    revenue_cents: int
    unreachable: Annotated[
        int, Meta(description="Fans to whom a reply could not be sent: they have blocked us, or left")
    ]
    by_hour: Annotated[
        dict[str, Counters],
        Meta(description="By the hour of a day, 00 to 23, on the clock of the campaign's time zone"),
    ]
    by_channel: Annotated[dict[str, Counters], Meta(description="messenger, slack, web")]
    by_source: Annotated[dict[str, Counters], Meta(description="Under an empty name: who came without a source")]
    by_language: dict[str, Counters]
    by_question: Annotated[dict[str, AnswerCounts], Meta(description="By the question's id")]


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
    "byQuestion": {"venue": {"right": 70, "wrong": 26}},
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
