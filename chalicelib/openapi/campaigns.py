"""Campaigns, for those who run them."""

from typing import Annotated

from msgspec import Meta

from chalicelib import http
from chalicelib.campaigns.model import Campaign
from chalicelib.http import ORGANISER
from chalicelib.openapi.entry import CAMPAIGN, Answer, Entry, problem


class CampaignShown(Campaign, frozen=True, kw_only=True, rename="camel"):
    tickets_left: Annotated[int, Meta(ge=0)]


_EXAMPLE = {
    "campaignId": "birthday-bash",
    "name": "Birthday bash",
    "state": "live",
    "mode": "instant",
    "stock": 25,
    "ticketsLeft": 24,
    "ref": "bash",
    "languages": ["en", "nl"],
    "timezone": "Europe/Amsterdam",
    "opensAt": None,
    "closesAt": "2026-12-05T20:00",
    "passMark": 1,
    "attempts": 1,
    "prize": {"en": "A ticket for the party", "nl": "Een kaartje voor het feest"},
    "welcome": None,
    "terms": None,
    "questions": [
        {
            "id": "where",
            "kind": "choice",
            "text": {"en": "Where is the party?", "nl": "Waar is het feest?"},
            "choices": [
                {"id": "boat", "text": {"en": "On a boat", "nl": "Op een boot"}},
                {"id": "roof", "text": {"en": "On a roof", "nl": "Op een dak"}},
            ],
            "answer": "boat",
        }
    ],
}

ENTRIES = (
    Entry(
        "GET",
        "/campaigns/{campaign}",
        "See a campaign",
        (ORGANISER,),
        says="Everything, right answers included.",
        parameters=(CAMPAIGN,),
        answers={
            200: Answer("The campaign as it is now", {http.JSON: CampaignShown}, {http.JSON: _EXAMPLE}),
            404: problem(404, "There is no such campaign"),
        },
    ),
)
