import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.channels.messenger import signature
from tests.unit.messenger import meta

FACTS = {"user_id": "345678", "algorithm": "HMAC-SHA256", "issued_at": 1_291_836_800}


def test_metas_signature_of_escaped_text_is_verified_over_the_raw_bytes():
    raw = meta.raw(meta.body(meta.text("Ik kom uit Köln 🎉")))
    assert b"\\u00f6" in raw
    assert b"\\ud83c" in raw
    assert signature.verified(raw, meta.sign(raw), [meta.SECRET])
    unescaped = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    assert not signature.verified(unescaped, meta.sign(raw), [meta.SECRET])


def test_the_previous_secret_is_valid_while_the_new_one_is_rolled_out():
    secrets = signature.app_secrets({"app_secret": "new", "previous_app_secret": "old"})
    assert signature.verified(b"{}", meta.sign(b"{}", "old"), secrets)
    assert signature.verified(b"{}", meta.sign(b"{}", "new"), secrets)
    assert not signature.verified(b"{}", meta.sign(b"{}", "older"), secrets)


@pytest.mark.parametrize("secret", [{}, {"app_secret": ""}, {"app_secret": None}, {"app_secret": 7}])
def test_without_a_secret_nothing_is_verified(secret):
    assert signature.app_secrets(secret) == ()
    assert not signature.verified(b"{}", meta.sign(b"{}", ""), signature.app_secrets(secret))


def test_a_signature_by_sha_1_alone_is_refused():
    sha1 = "sha1=" + hmac.new(meta.SECRET.encode(), b"{}", hashlib.sha1).hexdigest()
    assert not signature.verified(b"{}", sha1, [meta.SECRET])
    assert not signature.verified(b"{}", sha1.replace("sha1=", "sha256="), [meta.SECRET])


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256", "sha256=é", "sha256=\ud83d", "SHA256=00"])
def test_a_header_that_is_no_signature_is_refused(header):
    assert not signature.verified(b"{}", header, [meta.SECRET])


@given(st.binary(min_size=1), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_breaks_the_signature(raw, position, change):
    changed = bytearray(raw)
    changed[position % len(raw)] ^= change
    assert signature.verified(raw, meta.sign(raw), [meta.SECRET])
    assert not signature.verified(bytes(changed), meta.sign(raw), [meta.SECRET])


@pytest.mark.parametrize(
    ("given_token", "expected", "same"),
    [
        ("geheim", "geheim", True),
        ("é", "é", True),
        ("é", "e", False),
        (None, "x", False),
        ("", "", False),
        ("x", None, False),
    ],
)
def test_a_verify_token_is_ours_or_not(given_token, expected, same):
    assert signature.same_token(given_token, expected) is same


def test_a_signed_request_names_the_person_and_always_gets_the_same_code():
    wish = signature.deletion_request(meta.signed_request(FACTS), [meta.SECRET])
    user_id, code = wish
    assert user_id == "345678"
    assert wish == signature.deletion_request(meta.signed_request(dict(reversed(FACTS.items()))), [meta.SECRET])
    assert len(code) == 32
    assert code.isalnum()


def test_a_code_cannot_be_made_up_without_the_app_secret():
    ours = signature.deletion_request(meta.signed_request(FACTS), [meta.SECRET])
    others = signature.deletion_request(meta.signed_request(FACTS, "another"), ["another"])
    later = signature.deletion_request(meta.signed_request({**FACTS, "issued_at": 1_291_836_801}), [meta.SECRET])
    assert len({ours, others, later}) == 3


def test_a_signed_request_of_the_previous_secret_is_accepted_with_the_same_code():
    signed = meta.signed_request(FACTS, "old")
    assert signature.deletion_request(signed, ["new", "old"]) == signature.deletion_request(signed, ["old"])


@pytest.mark.parametrize(
    "signed",
    [
        "",
        ".",
        "no dot",
        "é.é",
        "a.b.c",
        meta.signed_request(FACTS, "another secret"),
        meta.signed_request({**FACTS, "algorithm": "none"}),
        meta.signed_request({"user_id": "345678"}),
        meta.signed_request([]),
    ],
)
def test_a_signed_request_without_our_proof_is_refused(signed):
    with pytest.raises(errors.Unauthenticated):
        signature.deletion_request(signed, [meta.SECRET])
    with pytest.raises(errors.Unauthenticated):
        signature.deletion_request(signed, [])


@pytest.mark.parametrize("user_id", [None, 345678, "", "a:b", "é"])
def test_a_signed_request_that_names_nobody_is_invalid(user_id):
    with pytest.raises(errors.Invalid):
        signature.deletion_request(meta.signed_request({**FACTS, "user_id": user_id}), [meta.SECRET])


def test_a_signed_request_that_holds_no_json_is_invalid():
    payload = base64.urlsafe_b64encode(b"not json").rstrip(b"=").decode()
    proof = hmac.new(meta.SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    with pytest.raises(errors.Invalid):
        signature.deletion_request(f"{base64.urlsafe_b64encode(proof).decode()}.{payload}", [meta.SECRET])
