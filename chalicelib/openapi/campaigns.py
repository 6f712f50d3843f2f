"""Campaigns, for those who run them."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib import http
from chalicelib.campaigns.api import Copy, Slug, StateChange
from chalicelib.campaigns.model import Campaign, Language, State
from chalicelib.campaigns.validation import (
    EMAIL,
    LANGUAGES,
    LONGEST_EMAIL,
    LONGEST_URL,
    MOST_ANSWERS,
    MOST_ATTEMPTS,
    MOST_CHOICES,
    MOST_QUESTIONS,
    MOST_READERS,
    MOST_TICKETS,
)
from chalicelib.http import ORGANISER
from chalicelib.openapi.collection import Collection
from chalicelib.openapi.entry import CAMPAIGN, CURSOR, IDEMPOTENCY_KEY, IF_MATCH, LIMIT, Answer, Entry, problem
from chalicelib.validation import NOT_BLANK, Body

_LINE = r"^[^\u0000-\u001f\u007f-\u009f]*$"

Prize = dict[Language, Annotated[str, Meta(min_length=1, max_length=80, pattern=_LINE)]]
Title = dict[Language, Annotated[str, Meta(min_length=1, max_length=20, pattern=_LINE)]]
Asked = dict[Language, Annotated[str, Meta(max_length=600, pattern=NOT_BLANK)]]
Hint = dict[Language, Annotated[str, Meta(max_length=300, pattern=NOT_BLANK)]]
Welcome = dict[Language, Annotated[str, Meta(max_length=400, pattern=NOT_BLANK)]]
Answers = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=80)]], Meta(min_length=1, max_length=MOST_ANSWERS)
]
Time = Annotated[
    str,
    Meta(
        pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?$",
        description="2026-12-05T20:00, in the campaign's time zone unless it has an offset",
    ),
]
Ref = Annotated[
    str,
    Meta(
        pattern=r"^(?!.*\.\.)[A-Za-z0-9+\-./:=_]{1,150}$",
        description="What QR codes carry, and fans may type; in any case of letters one campaign's alone",
    ),
]


class ChoiceBody(Body, frozen=True, kw_only=True):
    id: Slug
    text: Title


class QuestionBody(Body, frozen=True, kw_only=True):
    """`choices` and `answer` of a `choice`, `accept` of a `text`."""

    id: Slug
    kind: Literal["choice", "text"]
    text: Asked
    choices: Annotated[list[ChoiceBody], Meta(min_length=2, max_length=MOST_CHOICES)] | UnsetType = UNSET
    answer: Annotated[Slug, Meta(description="The id of the right choice")] | UnsetType = UNSET
    accept: dict[Language, Answers] | UnsetType = UNSET
    hint: Hint | None = None


class TermsBody(Body, frozen=True, kw_only=True):
    url: Annotated[str, Meta(max_length=LONGEST_URL, pattern="^https://[!-~]+$")]
    consent: Literal["notice", "ask"] = "notice"
    text: Hint | None = None


class ReaderBody(Body, frozen=True, kw_only=True):
    email: Annotated[str, Meta(max_length=LONGEST_EMAIL, pattern=f"^{EMAIL}$")]
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_LINE)] | None = None
    timezone: Annotated[str, Meta(description="An IANA name; the campaign's where it is left out")] | None = None
    language: Annotated[Language, Meta(description="The campaign's first where it is left out")] | None = None


class _Fields(Body, frozen=True, kw_only=True):
    """docs/campaigns.md says what each field is for. Texts must be there in each of the `languages`."""

    campaign_id: Slug
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_LINE)]
    mode: Literal["instant"]
    stock: Annotated[int, Meta(ge=0, le=MOST_TICKETS)]
    ref: Ref
    languages: Annotated[list[Language], Meta(min_length=1, max_length=len(LANGUAGES))]
    timezone: Annotated[str, Meta(description="An IANA name", examples=["Europe/Amsterdam"])]
    opens_at: Time | None = None
    closes_at: Time | None = None
    pass_mark: Annotated[int, Meta(ge=0, le=MOST_QUESTIONS)]
    attempts: Annotated[int, Meta(ge=1, le=MOST_ATTEMPTS)] | None = None
    prize: Prize
    welcome: Welcome | None = None
    terms: TermsBody | None = None
    questions: Annotated[list[QuestionBody], Meta(min_length=1, max_length=MOST_QUESTIONS)]
    reports: (
        Annotated[list[ReaderBody], Meta(max_length=MOST_READERS, description="Who gets the daily report by mail")]
        | None
    ) = None
    tickets_left: Annotated[int, Meta(description="Passed over, so that what was read can be sent back")] | None = None


class CampaignBody(_Fields, frozen=True, kw_only=True):
    __doc__ = _Fields.__doc__
    state: State


class NewCampaign(_Fields, frozen=True, kw_only=True):
    __doc__ = _Fields.__doc__
    state: Annotated[State | None, Meta(description="`draft` where it is left out")] = None


CampaignPatch = msgspec.defstruct(
    "CampaignPatch",
    [(field.name, field.type | None | UnsetType, UNSET) for field in msgspec.structs.fields(CampaignBody)],
    bases=(Body,),
    frozen=True,
    kw_only=True,
    namespace={"__doc__": "A merge patch of a campaign: what is left out stays, what is null goes."},
)


class CampaignShown(Campaign, frozen=True, kw_only=True, rename="camel"):
    tickets_left: Annotated[int, Meta(ge=0)]


class CampaignListed(Struct, rename="camel"):
    campaign_id: Slug
    name: str
    state: State
    mode: Literal["instant"]
    stock: int
    ref: str
    languages: list[Language]
    timezone: str
    opens_at: str | None
    closes_at: str | None
    tickets_left: int


class CampaignPage(Struct, rename="camel", omit_defaults=True):
    campaigns: list[CampaignListed]
    next_cursor: str = ""


class DeedShown(Struct):
    at: str
    by: Annotated[str, Meta(description="The name of a token, or `operator`")]
    did: Literal["created", "changed", "deleted"]
    version: Annotated[int, Meta(description="Of the campaign, after it")]
    state: Annotated[State, Meta(description="Of the campaign, after it")]
    fields: Annotated[list[str], Meta(description="Those that changed")]


class DeedPage(Struct, rename="camel", omit_defaults=True):
    audit: list[DeedShown]
    next_cursor: str = ""


class Preview(Struct, rename="camel"):
    url: str
    expires_at: str


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
    "reports": [{"email": "anna@example.org", "name": "Anna", "timezone": "Europe/Lisbon", "language": "en"}],
}
_NEW = {name: value for name, value in _EXAMPLE.items() if value is not None and name not in {"ticketsLeft", "state"}}
_WHOLE = _NEW | {"state": "live"}
_LISTED = {name: _EXAMPLE[name] for name in ("campaignId", "name", "state", "mode", "stock", "ref", "languages")}
_LISTED |= {name: _EXAMPLE[name] for name in ("timezone", "opensAt", "closesAt", "ticketsLeft")}
_CAMPAIGNS = Collection("/campaigns", "campaign", (ORGANISER,), CAMPAIGN, CampaignShown, _EXAMPLE)
_TAKEN = problem(
    409,
    "Another campaign has this id (`reason` is campaign_exists) or this ref",
    "There is a campaign birthday-bash already",
    reason="campaign_exists",
)
_STAYS = problem(
    409,
    "It may not change in this any more, as fans have played by it; or the ref is taken; or fans hold more tickets",
    "The campaign is live, and may not change in this: passMark",
    errors=[
        {
            "field": "passMark",
            "message": "stays 1: fans have won and lost by it. Clone the campaign to play it otherwise",
        }
    ],
)
_RULES = "docs/campaigns.md has the rules of each field, and which may change when."

ENTRIES = (
    _CAMPAIGNS.list(CampaignPage, _LISTED, "By id; a token that is limited to campaigns sees these."),
    _CAMPAIGNS.make(NewCampaign, _NEW, {409: _TAKEN}, f"A draft, unless it says otherwise. {_RULES}"),
    _CAMPAIGNS.see("Everything, right answers included."),
    _CAMPAIGNS.replace(CampaignBody, _WHOLE, {409: _STAYS}, _RULES),
    _CAMPAIGNS.change(
        CampaignPatch, {"stock": 30, "closesAt": None}, {409: _STAYS}, f"By a merge patch (RFC 7396). {_RULES}"
    ),
    _CAMPAIGNS.delete(
        "Delete a draft",
        {
            204: Answer("It is gone"),
            409: problem(
                409,
                "It is no draft (`reason` is not_a_draft), or was played",
                "The campaign is live, and only a draft can be deleted: fans hold its tickets, or may. End it instead",
                reason="not_a_draft",
                state="live",
            ),
        },
        "One that nobody has played. Who did what to it stays.",
    ),
    Entry(
        "POST",
        "/campaigns/{campaign}/state",
        "Open, pause or end a campaign",
        (ORGANISER,),
        says="draft → live, live ↔ paused, either → ended, which is for good. Fans notice within seconds.",
        parameters=(CAMPAIGN, IF_MATCH),
        body={http.JSON: StateChange},
        example={"state": "paused"},
        answers={
            200: _CAMPAIGNS.as_it_is,
            404: _CAMPAIGNS.unknown,
            409: problem(
                409,
                "There is no way to this state from the one that it is in",
                "The campaign is ended, and may not change in this: state",
                errors=[
                    {
                        "field": "state",
                        "message": "is ended, and stays so: fans were told that it is over. Clone the campaign to play it again",
                    }
                ],
            ),
        },
    ),
    Entry(
        "POST",
        "/campaigns/{campaign}/clone",
        "Make a draft like a campaign",
        (ORGANISER,),
        parameters=(CAMPAIGN, IDEMPOTENCY_KEY),
        body={http.JSON: Copy},
        example={"campaignId": "new-year", "ref": "ny27", "name": "New Year"},
        answers={201: _CAMPAIGNS.made, 404: _CAMPAIGNS.unknown, 409: _TAKEN},
    ),
    Entry(
        "POST",
        "/campaigns/{campaign}/preview",
        "Get a link that plays a campaign as it stands",
        (ORGANISER,),
        says="In the web chat, for a day, open whatever its state. Nothing is taken, and nobody is counted.",
        parameters=(CAMPAIGN,),
        answers={
            200: Answer(
                "Whoever has the link can play",
                {http.JSON: Preview},
                {
                    http.JSON: {
                        "url": "https://tickets.example.org/chat/birthday-bash?preview=1796086400.6YEmJIjVMfJfyHWkSzwWpyBpyYFKLGrHbPwMJ6EIFbs",
                        "expiresAt": "2026-12-01T00:53:20.000Z",
                    }
                },
            ),
            404: _CAMPAIGNS.unknown,
        },
    ),
    Entry(
        "GET",
        "/campaigns/{campaign}/audit",
        "See who did what to a campaign",
        (ORGANISER,),
        says="Oldest first; of a deleted campaign, too.",
        parameters=(CAMPAIGN, LIMIT, CURSOR),
        answers={
            200: Answer(
                "A page of it",
                {http.JSON: DeedPage},
                {
                    http.JSON: {
                        "audit": [
                            {
                                "at": "2026-11-30T00:53:20.000Z",
                                "by": "back office",
                                "did": "changed",
                                "version": 2,
                                "state": "live",
                                "fields": ["state", "stock"],
                            }
                        ]
                    }
                },
            ),
            404: problem(404, "There is no such campaign, and never was"),
        },
    ),
)
