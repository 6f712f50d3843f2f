"""Tickets: shown to fans, redeemed by stewards."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ANYONE, FAN, STEWARD
from chalicelib.openapi.entry import HTML, Answer, Entry, Slug, path, problem
from chalicelib.tickets.api import Scan


class Redeemed(Struct, rename="camel", omit_defaults=True):
    status: Literal["redeemed"]
    ticket_id: Annotated[str, Meta(pattern="^[A-Z2-7]{10}$")]
    campaign_id: Slug
    redeemed_at: str
    gate: str = ""


class PublicKey(Struct, rename="camel"):
    kid: str
    public_key: Annotated[str, Meta(description="32 bytes in base64url")]
    algorithm: Literal["Ed25519"]
    state: Literal["signing", "verifying", "revoked"]


class Revoked(Struct):
    keys: Annotated[list[str], Meta(description="Their kids: what they signed is invalid")]
    tickets: Annotated[list[str], Meta(description="Ids of single tickets")]


class TicketKeys(Struct):
    keys: list[PublicKey]
    revoked: Revoked


_CODE = "BIRTHDAY-BASH.MZXW6YTBOI.K1.…"

ENTRIES = (
    Entry(
        "GET",
        "/t/{code}",
        "See a ticket",
        FAN,
        says="With `.svg` or `.png` behind the code: its QR code alone.",
        parameters=(path("code", str, "What the QR code says", _CODE),),
        answers={
            200: Answer("The ticket's page, or the picture", {HTML: str, "image/svg+xml": None, "image/png": None}),
            404: problem(404, "There is no such ticket").or_page(),
        },
    ),
    Entry(
        "POST",
        "/tickets/redeem",
        "Let the holder of a ticket in",
        (STEWARD,),
        says="Once: the same scan (`nonce`) sent again gets the same answer, another one 409.",
        body={http.JSON: Scan},
        example={"code": _CODE, "nonce": "scan-0001", "gate": "North"},
        answers={
            200: Answer(
                "The holder may go in",
                {http.JSON: Redeemed},
                {
                    http.JSON: {
                        "status": "redeemed",
                        "ticketId": "MZXW6YTBOI",
                        "campaignId": "birthday-bash",
                        "redeemedAt": "2026-12-05T19:04:00.000Z",
                        "gate": "North",
                    }
                },
            ),
            404: problem(404, "This ticket is invalid: none of our keys has signed it"),
            409: problem(
                409,
                "The ticket lets nobody in now; `reason` is already_redeemed (with `redeemedAt`), revoked or invalid_time",
                "This ticket was redeemed already",
                reason="already_redeemed",
                redeemedAt="2026-12-05T19:04:00.000Z",
            ),
        },
    ),
    Entry(
        "GET",
        "/tickets/keys",
        "Get what checks tickets offline",
        ANYONE,
        answers={
            200: Answer(
                "Public keys, and what was revoked",
                {http.JSON: TicketKeys},
                {
                    http.JSON: {
                        "keys": [
                            {
                                "kid": "K1",
                                "publicKey": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                                "algorithm": "Ed25519",
                                "state": "signing",
                            }
                        ],
                        "revoked": {"keys": [], "tickets": []},
                    }
                },
            )
        },
    ),
)
