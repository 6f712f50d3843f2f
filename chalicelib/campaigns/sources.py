"""The HTTP edge of a campaign's links and sources: the places that it is announced in, and how many fans came from each."""

import re
from collections.abc import Mapping
from typing import Annotated, Protocol, get_args

from chalice.app import Request, Response
from msgspec import Meta

from chalicelib import http, validation
from chalicelib.campaigns.links import Links, Place
from chalicelib.campaigns.model import Counts, Stored
from chalicelib.campaigns.service import Campaigns
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.validation import NOT_BLANK, Body

PICTURES = ("svg", "png")

_SOURCE = re.compile("[a-z0-9-]{1,40}")
"""Without a dot: see `model.unmarked`."""


class Source(Body, frozen=True, kw_only=True):
    name: Annotated[
        str,
        Meta(max_length=80, pattern=NOT_BLANK, description="a text of 1 to 80 characters that is not blank"),
    ]


class Statistics(Protocol):
    def by_source(self, campaign_id: str) -> Mapping[str, Counts]:
        """How many fans came from each source and how far; under the empty one, those who came without."""


class SourcesApi:
    def __init__(self, campaigns: Campaigns, statistics: Statistics, links: Links) -> None:
        self._campaigns = campaigns
        self._statistics = statistics
        self._links = links

    def counts(self, campaign_id: str, _request: Request) -> Response:
        """`GET /campaigns/{campaign}/sources`: each source and its fans; `others` came without one, or by one that was deleted."""
        stored = self._campaigns.stored(campaign_id)
        counted = self._statistics.by_source(campaign_id)
        sources = [
            {"source": source, "name": name, **counted.get(source, Counts())._asdict()}
            for source, name in sorted(stored.sources.items())
        ]
        others = [count for source, count in counted.items() if source not in stored.sources]
        rest = {stage: sum(getattr(count, stage) for count in others) for stage in ("starts", "finishes", "wins")}
        return http.json_response({"sources": sources, "others": rest})

    def announce(self, campaign_id: str, source: str, request: Request) -> Response:
        """`PUT /campaigns/{campaign}/sources/{source}` `{name}`: 201 for a new one, else 200, with its links."""
        body = validation.decode(http.raw_body(request), Source)
        _check(source)
        is_new = self._campaigns.announce(campaign_id, source, body.name, http.principal(request).name)
        linked = self._linked(self._campaigns.stored(campaign_id), source)
        return http.json_response(linked, 201 if is_new else 200)

    def withdraw(self, campaign_id: str, source: str, request: Request) -> Response:
        """`DELETE /campaigns/{campaign}/sources/{source}`: 204, or 404. Its link goes on leading to the campaign."""
        self._campaigns.withdraw(campaign_id, source, http.principal(request).name)
        return http.Text("", {"Cache-Control": "no-store"}, 204)

    def links(self, campaign_id: str, _request: Request) -> Response:
        """`GET /campaigns/{campaign}/links`: the bare link, and one for each source."""
        stored = self._campaigns.stored(campaign_id)
        sources = [self._linked(stored, source) for source in sorted(stored.sources)]
        return http.json_response({"links": [self._links.every(stored.campaign), *sources]})

    def qr(self, campaign_id: str, request: Request) -> Response:
        """`GET /campaigns/{campaign}/qr?source=&to=messenger|web&format=svg|png`: the link as a picture."""
        asked = http.query(request)
        places: tuple[Place, ...] = get_args(Place)
        to, picture, source = asked.get("to", places[0]), asked.get("format", PICTURES[0]), asked.get("source", "")
        wrong = [
            FieldError(name, f"must be {' or '.join(allowed)}")
            for name, given, allowed in (("to", to, places), ("format", picture, PICTURES))
            if given not in allowed
        ]
        if wrong:
            raise Invalid("The QR code cannot be drawn", tuple(wrong))
        stored = self._campaigns.stored(campaign_id)
        if source and source not in stored.sources:
            raise NotFound(f"The campaign {campaign_id} has no source {source}")
        place = next(place for place in places if place == to)
        return _drawn(self._links.to(place, stored.campaign, source), picture)

    def _linked(self, stored: Stored, source: str) -> dict[str, str]:
        return {"source": source, "name": stored.sources[source], **self._links.every(stored.campaign, source)}


def _check(source: str) -> None:
    if not _SOURCE.fullmatch(source):
        raise Invalid("There cannot be such a source", (FieldError("source", "must be 1 to 40 of a-z, 0-9 and -"),))


def _drawn(link: str, picture: str) -> Response:
    from chalicelib.pages import qr  # noqa: PLC0415  # segno takes 45 ms, and only pictures need it

    if picture == "png":
        return Response(qr.png(link), {"Content-Type": "image/png", "Cache-Control": "no-store"})
    return http.response(qr.svg(link), "image/svg+xml; charset=utf-8", {"Cache-Control": "no-store"})
