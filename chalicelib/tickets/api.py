"""The HTTP edge of tickets: the fan's page and QR code, the steward's scan, the keys for checking offline."""

from collections.abc import Callable
from typing import Annotated

from chalice.app import Request, Response
from msgspec import Meta

from chalicelib import errors, http, validation
from chalicelib.campaigns.model import Campaign, Language
from chalicelib.campaigns.service import Campaigns
from chalicelib.clock import iso
from chalicelib.pages.language import preferred
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.pages.texts import LANGUAGES, PAGES
from chalicelib.tickets.model import PREVIEW, Ticket
from chalicelib.tickets.service import Tickets
from chalicelib.tickets.signing import KeyRing
from chalicelib.validation import Body

LONGEST_CODE = 300
LONGEST_GATE = 40

_PICTURE_HEADERS = {"Cache-Control": "private, max-age=86400", "X-Robots-Tag": "noindex"}


class Scan(Body, frozen=True, kw_only=True):
    """What a steward's scanner sends."""

    code: Annotated[str, Meta(min_length=1, max_length=LONGEST_CODE, description="What the ticket's QR code says")]
    nonce: Annotated[
        str,
        Meta(
            pattern="^[!-~]{1,100}$",
            description="1 to 100 ASCII characters without spaces, the same for the same scan",
        ),
    ]
    gate: Annotated[
        str,
        Meta(
            pattern=rf"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{{0,{LONGEST_GATE}}}$",
            description=f"one line of at most {LONGEST_GATE} characters, or left out",
        ),
    ] = ""


class TicketsApi:
    def __init__(self, tickets: Tickets, key_ring: Callable[[], "KeyRing"], campaigns: Campaigns, pages: Pages) -> None:
        self._tickets = tickets
        self._key_ring = key_ring
        self._campaigns = campaigns
        self._pages = pages

    def page(self, code: str, request: Request) -> Response:
        """`/t/{code}`: the ticket's page; with `.svg` or `.png` at the end, the QR code alone."""
        for suffix, picture in ((".svg", _svg), (".png", _png)):
            if code.endswith(suffix):
                bare = code.removesuffix(suffix)
                if bare != PREVIEW:
                    self._key_ring().verify(bare)
                return picture(bare)
        accepted = request.headers.get("accept-language", "")
        if code == PREVIEW:
            return self._pages.missing(preferred(accepted, list(LANGUAGES)), "sample")
        try:
            ticket = self._tickets.get(self._key_ring().verify(code))
            campaign = self._campaigns.get(ticket.campaign_id)
        except errors.NotFound:
            return self._pages.missing(preferred(accepted, list(LANGUAGES)), "ticket")
        language = preferred(accepted, campaign.languages)
        return self._pages.show("ticket.html", language, _shown(code, ticket, campaign, language), PRIVATE)

    def redeem(self, request: Request) -> Response:
        """`POST /tickets/redeem`: 200 for the scan that redeems, however often it is sent; 409 for any other, 404 for no ticket of ours.

        403 for a ticket of a campaign that the steward's token is not for: nothing is redeemed, and nothing of the ticket is told.
        """
        scan = validation.decode(http.raw_body(request), Scan)
        claims = self._key_ring().verify(scan.code)
        http.principal(request).require(claims.campaign_id)
        ticket = self._tickets.redeem(claims, scan.nonce, scan.gate.strip())
        body = {"status": ticket.status, "ticketId": ticket.ticket_id, "campaignId": ticket.campaign_id}
        if ticket.redeemed_at is not None:
            body["redeemedAt"] = iso(ticket.redeemed_at)
        if ticket.gate:
            body["gate"] = ticket.gate
        return http.json_response(body)

    def keys(self) -> Response:
        """`GET /tickets/keys`: what a scanner needs to check codes while it is offline."""
        ring = self._key_ring()
        revoked = {"keys": ring.revoked_kids(), "tickets": self._tickets.revocations()}
        body = {"keys": ring.public_keys(), "revoked": revoked}
        return http.json_response(body, headers={"Cache-Control": "public, max-age=60"})


def _svg(code: str) -> Response:
    from chalicelib.pages import qr  # noqa: PLC0415  # segno takes 45 ms, and only pictures need it

    return http.response(qr.svg(code), "image/svg+xml; charset=utf-8", _PICTURE_HEADERS)


def _png(code: str) -> Response:
    from chalicelib.pages import qr  # noqa: PLC0415  # as above

    return Response(qr.png(code), {"Content-Type": "image/png", **_PICTURE_HEADERS})


def _shown(code: str, ticket: Ticket, campaign: Campaign, language: Language) -> dict[str, object]:
    """What the page's template shows."""

    def told(at: int | None) -> str:
        return _local(at, campaign.timezone) if at is not None else ""

    say = PAGES[language]
    used = say["redeemed_gate" if ticket.gate else "redeemed"].format(at=told(ticket.redeemed_at), gate=ticket.gate)
    window = [
        say[key].format(at=told(at)) for key, at in (("from", ticket.valid_from), ("until", ticket.valid_until)) if at
    ]
    middle = len(ticket.ticket_id) // 2
    return {
        "code": code,
        "name": campaign.name,
        "prize": campaign.prize[language],
        "number": f"{ticket.ticket_id[:middle]}-{ticket.ticket_id[middle:]}",
        "status": ticket.status,
        "status_text": used if ticket.status == "redeemed" else say[ticket.status],
        "window": say["window"].format(window=" ".join(window)) if window else "",
    }


def _local(at: int, timezone: str) -> str:
    """A time in the campaign's own zone: `5-12-2026 20:14`."""
    from datetime import datetime  # noqa: PLC0415  # used or time-bound tickets only
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # as above

    local = datetime.fromtimestamp(at / 1000, ZoneInfo(timezone))
    return f"{local.day}-{local.month}-{local.year} {local:%H:%M}"
