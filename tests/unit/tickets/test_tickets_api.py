import base64
import json
import re

import pytest
from pytest_chalice.handlers import RequestHandler

from chalicelib.tickets.model import ticket_id
from tests.builders import a_campaign
from tests.fakes.web import application
from tests.pictures import decoded, opened
from tests.world import World

PHONE = {
    "accept": "text/html,application/xhtml+xml,image/avif,image/webp,*/*;q=0.8",
    "accept-language": "en-GB,en;q=0.9",
}
IMG = {"accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}
NONCE = "scan-0001"


@pytest.fixture
def world():
    world = World()
    world.play()
    return world


@pytest.fixture
def code(world):
    return world.replies[-1].ticket


@pytest.fixture
def client(world):
    return RequestHandler(application(world))


def scan(client, **body):
    return client.post("/tickets/redeem", headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def ticket_of(world, code):
    return world.tickets.get(world.keys.verify(code))


# ── the page ──────────────────────────────────────────────────────────────


def test_the_page_shows_the_campaign_the_prize_the_number_and_the_code_as_a_picture(client, world, code):
    page = client.get(f"/t/{code}", headers=PHONE)
    number = ticket_of(world, code).ticket_id
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for shown in (
        "Birthday Bash",
        "One free ticket",
        f"{number[:5]}-{number[5:]}",
        f'src="/t/{code}.svg"',
        "Not used yet",
    ):
        assert shown in page.body


def test_the_page_lets_nothing_in_and_nothing_out(client, code):
    headers = client.get(f"/t/{code}", headers=PHONE).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_preview_of_a_shared_link_tells_nothing_of_the_ticket(client, world, code):
    page = client.get(f"/t/{code}", headers=PHONE).body
    preview = " ".join(re.findall(r"<(?:meta|title)[^>]*>[^<]*", page))
    assert code not in preview
    assert ticket_of(world, code).ticket_id not in preview


def test_the_page_speaks_the_fans_language(client, code):
    page = client.get(f"/t/{code}", headers={**PHONE, "accept-language": "nl-BE,nl;q=0.9,en;q=0.5"}).body
    assert '<html lang="nl">' in page
    assert "Eén gratis kaartje" in page
    assert "Nog niet gebruikt" in page


def test_a_used_ticket_says_when_and_where_in_the_campaigns_own_time(client, world, code):
    world.clock.now = 1_796_497_440  # 19:04 in UTC, 20:04 in Amsterdam
    world.tickets.redeem(world.keys.verify(code), NONCE, "North gate")
    page = client.get(f"/t/{code}", headers=PHONE).body
    assert "Used on 5-12-2026 20:04, North gate" in page
    assert "Not used yet" not in page
    assert ".png" not in page


def test_a_revoked_ticket_shows_no_code_any_more(client, world, code):
    world.tickets.revoke("birthday-bash", ticket_of(world, code).ticket_id)
    page = client.get(f"/t/{code}", headers=PHONE).body
    assert "Withdrawn" in page
    assert ".svg?v" in page  # the icon is there
    assert f"{code}.svg" not in page


def test_a_link_that_is_not_complete_gets_a_kind_page(client, code):
    page = client.get(f"/t/{code[:-5]}", headers={**PHONE, "accept-language": "nl"})
    assert page.status_code == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Dit ticket bestaat niet" in page.body


def test_a_signed_code_of_a_ticket_that_was_never_issued_gets_the_same_page(client, world):
    unissued = world.keys.sign("birthday-bash", ticket_id(b"nobody's"), "K1")
    assert client.get(f"/t/{unissued}", headers=PHONE).status_code == 404


def test_a_campaign_named_like_a_script_stays_a_name():
    world = World(a_campaign(name="<script>alert(1)</script>\"'&", prize={"en": '"><img src=x>', "nl": "</title>"}))
    code = world.play()[-1].ticket
    page = RequestHandler(application(world)).get(f"/t/{code}", headers=PHONE).body
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_below_a_stage_of_api_gateway_all_addresses_begin_with_its_path(world, code):
    client = RequestHandler(application(world, "https://abc.execute-api.eu-west-1.amazonaws.com/api"))
    page = client.get(f"/t/{code}", headers=PHONE).body
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(addresses) == 6
    assert all(address.startswith("/api/") for address in addresses)


# ── the picture ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("headers", [IMG, PHONE, {"accept": "*/*"}])
def test_the_png_decodes_to_the_code_whoever_asks(client, code, headers):
    picture = client.get(f"/t/{code}.png", headers=headers)
    assert picture.status_code == 200
    assert picture.headers["Content-Type"] == "image/png"
    assert decoded(opened(base64.b64decode(picture.body))) == code


def test_the_svg_is_a_picture_that_may_be_kept_but_not_found(client, code):
    picture = client.get(f"/t/{code}.svg", headers=IMG)
    assert picture.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert picture.body.startswith("<svg")
    assert picture.headers["X-Robots-Tag"] == "noindex"
    assert picture.headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_no_picture_is_made_of_what_we_did_not_sign(client, suffix):
    assert client.get(f"/t/HELLO.{suffix}", headers=IMG).status_code == 404


# ── the door ──────────────────────────────────────────────────────────────


def test_a_scan_redeems_and_the_same_scan_again_gets_the_same_answer(client, world, code):
    first = scan(client, code=code, nonce=NONCE, gate="North")
    assert first.status_code == 200
    assert first.json["status"] == "redeemed"
    assert first.json["campaignId"] == "birthday-bash"
    assert first.json["gate"] == "North"
    assert first.json["redeemedAt"].endswith("Z")
    world.clock.now += 60
    assert scan(client, code=code, nonce=NONCE, gate="North").json == first.json


def test_another_scan_of_a_used_ticket_is_told_when_it_was_used(client, code):
    first = scan(client, code=code, nonce=NONCE)
    again = scan(client, code=code, nonce="scan-0002")
    assert again.status_code == 409
    assert again.json["reason"] == "already_redeemed"
    assert again.json["redeemedAt"] == first.json["redeemedAt"]


def test_a_revoked_ticket_opens_no_door(client, world, code):
    world.tickets.revoke("birthday-bash", ticket_of(world, code).ticket_id)
    refused = scan(client, code=code, nonce=NONCE)
    assert (refused.status_code, refused.json["reason"]) == (409, "revoked")


def test_a_code_that_nobody_signed_is_not_found(client, code):
    assert scan(client, code=code[:-1] + "7", nonce=NONCE).status_code == 404


def test_without_a_gate_none_is_told(client, code):
    assert "gate" not in scan(client, code=code, nonce=NONCE).json


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["code", "nonce"]),
        ({"code": 1, "nonce": 2, "gate": 3}, ["code", "nonce", "gate"]),
        ({"code": "", "nonce": "with space", "gate": "x" * 41}, ["code", "nonce", "gate"]),
        ({"code": "x" * 301, "nonce": "x" * 101, "gate": "\n"}, ["code", "nonce", "gate"]),
        ({"code": "x", "nonce": "has a space in it"}, ["nonce"]),
    ],
)
def test_a_scan_that_cannot_be_read_names_every_field(client, body, fields):
    refused = scan(client, **body)
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json["errors"]] == fields


def test_the_keys_and_the_revocations_are_there_for_everyone_and_for_a_minute(client, world, code):
    revoked = ticket_of(world, code).ticket_id
    world.tickets.revoke("birthday-bash", revoked)
    answer = client.get("/tickets/keys", headers={})
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.json == {"keys": world.keys.public_keys(), "revoked": {"keys": [], "tickets": [revoked]}}
    assert "private" not in answer.body
