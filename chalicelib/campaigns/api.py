"""The HTTP edge of campaigns, for those who run them; their links and sources are in `sources`."""

from collections.abc import Callable, Mapping
from typing import Annotated, Protocol

from chalice.app import Request, Response
from msgspec import Meta
from msgspec.structs import replace

from chalicelib import http, validation
from chalicelib.campaigns import preview
from chalicelib.campaigns.model import Act, Campaign, Deed, State, Stored, encode
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.validation import decode
from chalicelib.clock import Clock, iso
from chalicelib.errors import Conflict
from chalicelib.idempotency import Idempotency
from chalicelib.validation import Body, Json

_LISTED = ("campaignId", "name", "state", "mode", "stock", "ref", "languages", "timezone", "opensAt", "closesAt")
"""Of a campaign in a list: a hundred whole ones could be too large an answer."""

_READ_ONLY = {"ticketsLeft"}

Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$", description="1 to 40 of a-z, 0-9 and -")]


class StateChange(Body, frozen=True, kw_only=True):
    state: State


class Copy(Body, frozen=True, kw_only=True):
    """Of a campaign. What its name and ref may be is checked with the rest of it."""

    campaign_id: Slug
    ref: str
    name: str | None = None


class Entries(Protocol):
    def is_played(self, campaign_id: str) -> bool:
        """Whether anything of a fan is kept with the campaign."""


class CampaignsApi:
    def __init__(
        self, campaigns: Campaigns, entries: Entries, idempotency: Idempotency, base_url: str, clock: Clock
    ) -> None:
        self._campaigns = campaigns
        self._entries = entries
        self._idempotency = idempotency
        self._base_url = base_url
        self._clock = clock

    def list(self, request: Request) -> Response:
        """`GET /campaigns`: pages, by id; a token that is limited to campaigns sees those."""
        asked = http.page(request, "campaigns")
        seen = filter(http.principal(request).may_use, self._campaigns.ids())
        found, last = self._campaigns.page(seen, asked.after, asked.limit)
        body: dict[str, object] = {"campaigns": [self._listed(campaign) for campaign in found]}
        return http.json_response(body | _next(http.cursor("campaigns", last)))

    def create(self, request: Request) -> Response:
        """`POST /campaigns`: 201; a draft, unless it says otherwise. 409 for an id or a ref that is taken."""
        campaign = decode({"state": "draft"} | _sent(request))
        return self._idempotency.once(request, lambda act: self._created(campaign, Act(act.by, act.at, act.id)))

    def show(self, campaign_id: str, _request: Request) -> Response:
        """`GET /campaigns/{campaign}`: everything, right answers included, and `ticketsLeft`; or 404."""
        return self._shown(self._campaigns.stored(campaign_id))

    def replace(self, campaign_id: str, request: Request) -> Response:
        """`PUT /campaigns/{campaign}`: 200, in the version of If-Match or else 412; 409 for what may not change any more."""
        campaign = decode(_sent(request))
        return self._change(campaign_id, request, lambda _: campaign)

    def patch(self, campaign_id: str, request: Request) -> Response:
        """`PATCH /campaigns/{campaign}` with a merge patch (https://www.rfc-editor.org/rfc/rfc7396), as `replace`."""
        patch = _sent(request)
        return self._change(campaign_id, request, lambda old: decode(validation.merged(encode(old), patch)))

    def bring(self, campaign_id: str, request: Request) -> Response:
        """`POST /campaigns/{campaign}/state` `{state}`: 200; 409 where it cannot be brought into this state from the one it is in."""
        state = validation.decode(http.raw_body(request), StateChange).state
        return self._change(campaign_id, request, lambda old: replace(old, state=state))

    def delete(self, campaign_id: str, request: Request) -> Response:
        """`DELETE /campaigns/{campaign}`: 204; 409 for any but a draft that nobody has played."""
        if self._entries.is_played(campaign_id):
            raise Conflict("Fans have played this campaign: end it instead, and their tickets stay", reason="played")
        self._campaigns.delete(campaign_id, http.principal(request).name, http.if_match(request))
        return http.Text("", {"Cache-Control": "no-store"}, 204)

    def clone(self, campaign_id: str, request: Request) -> Response:
        """`POST /campaigns/{campaign}/clone` `{campaignId, ref, name?}`: 201 with a draft that is otherwise alike."""
        copy = validation.decode(http.raw_body(request), Copy)
        http.principal(request).require(copy.campaign_id)
        old = self._campaigns.get(campaign_id)
        own = {"campaignId": copy.campaign_id, "ref": copy.ref, "name": copy.name or old.name, "state": "draft"}
        campaign = decode(encode(old) | own)
        return self._idempotency.once(request, lambda act: self._created(campaign, Act(act.by, act.at, act.id)))

    def audit(self, campaign_id: str, request: Request) -> Response:
        """`GET /campaigns/{campaign}/audit`: pages of who did what and when, oldest first; also of a deleted campaign."""
        of = f"deeds of {campaign_id}"
        asked = http.page(request, of)
        deeds, last = self._campaigns.deeds(campaign_id, asked.after, asked.limit)
        return http.json_response({"audit": [_told(deed) for deed in deeds]} | _next(http.cursor(of, last)))

    def preview(self, campaign_id: str, _request: Request) -> Response:
        """`POST /campaigns/{campaign}/preview`: a link to the web chat that plays the campaign as it stands, and `expiresAt`."""
        expires = int(self._clock()) + preview.KEEP_SECONDS
        token = preview.token(self._campaigns.stored(campaign_id).salt, expires)
        url = f"{self._base_url}/chat/{campaign_id}?preview={token}"
        return http.json_response({"url": url, "expiresAt": iso(expires * 1000)})

    def _created(self, campaign: Campaign, act: Act) -> Response:
        stored = self._campaigns.create(campaign, act)
        return self._shown(stored, 201, {"Location": f"{self._base_url}/campaigns/{campaign.campaign_id}"})

    def _change(self, campaign_id: str, request: Request, edited: Callable[[Campaign], Campaign]) -> Response:
        by, version = http.principal(request).name, http.if_match(request)
        return self._shown(self._campaigns.change(campaign_id, by, edited, version))

    def _shown(self, stored: Stored, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        left = self._campaigns.tickets_left(stored.campaign.campaign_id)
        body = encode(stored.campaign) | {"ticketsLeft": left}
        return http.json_response(body, status, {"ETag": http.etag(stored.version), **(headers or {})})

    def _listed(self, campaign: Campaign) -> dict[str, Json]:
        shown = encode(campaign)
        left = self._campaigns.tickets_left(campaign.campaign_id)
        return {name: shown[name] for name in _LISTED} | {"ticketsLeft": left}


def _sent(request: Request) -> dict[str, Json]:
    """A body without what only we say, which may be sent back as it was read."""
    sent = validation.json_object(http.raw_body(request))
    return {name: value for name, value in sent.items() if name not in _READ_ONLY}


def _told(deed: Deed) -> dict[str, Json]:
    return deed._asdict() | {"at": iso(deed.at)}


def _next(cursor: str) -> dict[str, str]:
    return {"nextCursor": cursor} if cursor else {}
