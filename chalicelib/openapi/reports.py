"""Reports, for those who run campaigns."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ORGANISER
from chalicelib.openapi.entry import CAMPAIGN, Answer, Entry, path, problem
from chalicelib.openapi.statistics import CampaignStatistics


class NeedShown(Struct):
    kind: Literal["dead_letters", "unreachable_fans", "sold_out", "stock_low", "silent"]
    about: Annotated[str, Meta(description="A queue, a product or a channel; empty for the campaign")]
    amount: Annotated[int, Meta(description="Messages, fans, or what is left")]


class ReportShown(Struct, rename="camel"):
    campaign_id: str
    name: str
    date: Annotated[str, Meta(description="2026-12-05")]
    timezone: str
    begins_at: Annotated[str, Meta(description="2026-12-05T00:00:00+01:00")]
    ends_at: str
    day: CampaignStatistics  # type: ignore[valid-type]  # made of the counters' names
    day_before: CampaignStatistics  # type: ignore[valid-type]
    total: Annotated[CampaignStatistics, Meta(description="Of all days until now")]  # type: ignore[valid-type]
    tickets_left: int
    busiest_hours: Annotated[list[int], Meta(description="The busiest first, at most three")]
    hardest_question: Annotated[str, Meta(description="Its id; empty where no answer was wrong")]
    attention: Annotated[list[NeedShown], Meta(description="What a person should look at")]


_DATE = path(
    "date", Annotated[str, Meta(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$")], "A day in its time zone", "2026-12-05"
)
_COUNTED = {"scans": 120, "starts": 100, "finishes": 60, "wins": 30, "tickets": 25, "redemptions": 0}
_COUNTED |= {"messagesIn": 410, "messagesOut": 400, "orders": 1, "revenueCents": 3998, "unreachable": 2}
_ONE: dict[str, object] = {
    **_COUNTED,
    "byHour": {"20": {"starts": 60, "messagesIn": 300}, "21": {"starts": 40, "messagesIn": 110}},
    "byChannel": {"messenger": {"starts": 100, "wins": 30}},
    "bySource": {"poster": {"scans": 120, "starts": 90, "wins": 30}, "": {"starts": 10}},
    "byLanguage": {"nl": {"starts": 100, "wins": 30}},
    "byQuestion": {
        "where": {
            "right": 70,
            "wrong": 20,
            "byHour": {"20": {"right": 50}, "21": {"right": 20, "wrong": 20}},
            "byChannel": {"messenger": {"right": 70, "wrong": 20}},
            "bySource": {"poster": {"right": 70, "wrong": 20}},
            "byLanguage": {"nl": {"right": 70, "wrong": 20}},
        }
    },
}
_NONE: dict[str, object] = {
    **dict.fromkeys(_COUNTED, 0),
    "byHour": {},
    "byChannel": {},
    "bySource": {},
    "byLanguage": {},
    "byQuestion": {},
}
_EXAMPLE = {
    "campaignId": "birthday-bash",
    "name": "Birthday bash",
    "date": "2026-12-05",
    "timezone": "Europe/Amsterdam",
    "beginsAt": "2026-12-05T00:00:00+01:00",
    "endsAt": "2026-12-06T00:00:00+01:00",
    "day": _ONE,
    "dayBefore": _NONE,
    "total": _ONE,
    "ticketsLeft": 0,
    "busiestHours": [20, 21],
    "hardestQuestion": "where",
    "attention": [
        {"kind": "sold_out", "about": "", "amount": 0},
        {"kind": "dead_letters", "about": "outbound-dlq.fifo", "amount": 2},
        {"kind": "unreachable_fans", "about": "", "amount": 2},
    ],
}

ENTRIES = (
    Entry(
        "GET",
        "/reports/{campaign}/{date}",
        "See the report of a campaign's day",
        (ORGANISER,),
        says="What its readers get by mail the morning after. Of today, what there is by now. Orders that name no campaign are in it, too.",
        parameters=(CAMPAIGN, _DATE),
        answers={
            200: Answer("The day, the one before, and all days", {http.JSON: ReportShown}, {http.JSON: _EXAMPLE}),
            400: problem(
                400, "There is no such day", errors=[{"field": "date", "message": "must be a day such as 2026-12-05"}]
            ),
            404: problem(404, "There is no such campaign; or the day has not begun, or was skipped there"),
        },
    ),
)
