"""A campaign's links and sources."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.campaigns.api import Slug
from chalicelib.campaigns.sources import Source
from chalicelib.http import ORGANISER
from chalicelib.openapi.entry import CAMPAIGN, Answer, Entry, Parameter, path, problem


class Link(Struct, omit_defaults=True):
    web: str
    messenger: Annotated[str, Meta(description="Where the stage has a Messenger page")] = ""
    source: str = ""
    name: str = ""


class LinkList(Struct):
    links: list[Link]


class SourceLinks(Struct, omit_defaults=True):
    source: Slug
    name: str
    web: str
    messenger: str = ""


class SourceCounts(Struct):
    source: Slug
    name: str
    scans: Annotated[int, Meta(description="Fans who followed its link first")]
    starts: Annotated[int, Meta(description="Of these, who began to play")]
    finishes: Annotated[int, Meta(description="… who answered the last question")]
    wins: Annotated[int, Meta(description="… who hold a ticket")]


class OtherCounts(Struct):
    starts: int
    finishes: int
    wins: int


class SourceList(Struct):
    sources: list[SourceCounts]
    others: OtherCounts


_LINKED = {
    "source": "poster",
    "name": "The poster in the tram",
    "messenger": "https://m.me/1000?ref=bash..poster",
    "web": "https://tickets.example.org/chat/birthday-bash?source=poster",
}
_BARE = {"messenger": "https://m.me/1000?ref=bash", "web": "https://tickets.example.org/chat/birthday-bash"}

_SOURCE = path("source", Slug, "The source's id", "poster")
_UNKNOWN = problem(404, "There is no such campaign")

ENTRIES = (
    Entry(
        "GET",
        "/campaigns/{campaign}/links",
        "Get a campaign's links",
        (ORGANISER,),
        says="The bare one, and one for each source.",
        parameters=(CAMPAIGN,),
        answers={
            200: Answer("All of them", {http.JSON: LinkList}, {http.JSON: {"links": [_BARE, _LINKED]}}),
            404: _UNKNOWN,
        },
    ),
    Entry(
        "GET",
        "/campaigns/{campaign}/qr",
        "Get a link as a QR code",
        (ORGANISER,),
        parameters=(
            CAMPAIGN,
            Parameter(
                "source",
                "query",
                Slug | Literal[""],
                "The source whose link it is; else the bare one",
                example="poster",
            ),
            Parameter("to", "query", Literal["messenger", "web"], "Where it leads: messenger unless given"),
            Parameter("format", "query", Literal["svg", "png"], "svg unless given"),
        ),
        answers={
            200: Answer("The picture", {"image/svg+xml": None, "image/png": None}),
            404: problem(404, "There is no such campaign, or it has no such source"),
            409: problem(
                409,
                "The stage has no Messenger page",
                "This stage has no Messenger page: put its page_id into the secret messenger, or ask for to=web",
            ),
        },
    ),
    Entry(
        "GET",
        "/campaigns/{campaign}/sources",
        "Count fans by source",
        (ORGANISER,),
        says="A fan counts for the source whose link they followed first, exactly; what happens is counted seconds later.",
        parameters=(CAMPAIGN,),
        answers={
            200: Answer(
                "Each source, and the others: who came without one, or by one that was deleted",
                {http.JSON: SourceList},
                {
                    http.JSON: {
                        "sources": [
                            {
                                "source": "poster",
                                "name": "The poster in the tram",
                                "scans": 120,
                                "starts": 96,
                                "finishes": 80,
                                "wins": 12,
                            }
                        ],
                        "others": {"starts": 10, "finishes": 7, "wins": 1},
                    }
                },
            ),
            404: _UNKNOWN,
        },
    ),
    Entry(
        "PUT",
        "/campaigns/{campaign}/sources/{source}",
        "Name a source",
        (ORGANISER,),
        says="A place that the campaign is announced in. At most 50.",
        parameters=(CAMPAIGN, _SOURCE),
        body={http.JSON: Source},
        example={"name": "The poster in the tram"},
        answers={
            200: Answer("It was there, and has this name now", {http.JSON: SourceLinks}, {http.JSON: _LINKED}),
            201: Answer("It is new", {http.JSON: SourceLinks}, {http.JSON: _LINKED}),
            404: _UNKNOWN,
            409: problem(
                409,
                "There are 50 (`reason` is too_many), or its link would be longer than Messenger allows",
                "The campaign has 50 sources, the most there can be: delete one",
                reason="too_many",
            ),
        },
    ),
    Entry(
        "DELETE",
        "/campaigns/{campaign}/sources/{source}",
        "Delete a source",
        (ORGANISER,),
        says="Its link goes on leading to the campaign.",
        parameters=(CAMPAIGN, _SOURCE),
        answers={
            204: Answer("It is gone"),
            404: problem(404, "There is no such campaign, or it has no such source"),
        },
    ),
)
