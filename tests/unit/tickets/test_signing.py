import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.tickets import model, signing
from chalicelib.tickets.signing import Claims, KeyRing

K1 = signing.new_key("K1", Ed25519PrivateKey.from_private_bytes(b"1" * 32))
K2 = signing.new_key("K2", Ed25519PrivateKey.from_private_bytes(b"2" * 32))
RING = KeyRing.from_secret({"keys": [K1]})
CODE = RING.sign("birthday-bash", "7KQ2M4XPRT", "K1")


def refuses(ring: KeyRing, code: str) -> bool:
    try:
        ring.verify(code)
    except errors.NotFound as error:
        return "invalid" in str(error)
    return False


def test_a_code_says_what_was_signed():
    assert RING.verify(CODE) == Claims("birthday-bash", "7KQ2M4XPRT", "K1")


def test_a_code_is_text_for_the_alphanumeric_mode_of_qr_that_needs_no_escaping_in_a_url():
    assert set(CODE) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
    assert len(CODE) == 133


def test_the_same_ticket_and_key_always_make_the_same_code():
    assert RING.sign("birthday-bash", "7KQ2M4XPRT", "K1") == CODE


@pytest.mark.parametrize("place", range(len(CODE)))
def test_a_code_with_any_one_character_changed_is_invalid(place):
    other = "A" if CODE[place] != "A" else "B"
    assert refuses(RING, CODE[:place] + other + CODE[place + 1 :])


@pytest.mark.parametrize(
    "code",
    [
        "",
        ".",
        "1....",
        CODE.lower(),
        CODE + "\n",
        " " + CODE,
        CODE + "=",
        CODE[:-1],
        CODE + "." + CODE,
        CODE * 100_000,
        "1" * 10_000_000,
        CODE.replace("1", "\u0661", 1),
        CODE.replace("K1", "K9"),
        CODE.replace("K1", "\u041a1"),
        "\0" * 133,
        "\ud800" * 133,
    ],
    ids=lambda code: ascii(code[:24]),
)
def test_what_is_not_a_code_is_invalid_and_nothing_worse(code):
    assert refuses(RING, code)


@given(
    st.one_of(st.text(), st.from_regex(r"1\.[A-Z0-9-]{1,70}\.[A-Z0-9]{1,33}\.(K1|[A-Z0-9]{1,9})\.[A-Z2-7]{102,104}"))
)
def test_no_text_makes_checking_fail_otherwise(text):
    assert refuses(RING, text)


def test_a_signature_has_one_spelling_only():
    """103 characters of base32 hold 515 bits, a signature has 512: the spare ones must be 0."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    last = digits.index(CODE[-1])
    assert last % 8 == 0
    assert all(refuses(RING, CODE[:-1] + digits[last + spare]) for spare in range(1, 8))


def test_a_signature_of_the_same_key_over_the_bare_text_is_no_ticket():
    body, _, _ = CODE.rpartition(".")
    private = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    signature = base64.b32encode(private.sign(body.encode())).decode().rstrip("=")
    assert refuses(RING, f"{body}.{signature}")


def test_after_a_rotation_old_tickets_stay_valid_and_new_ones_carry_the_new_key():
    rotated = KeyRing.from_secret({"keys": [K2, {**K1, "state": "verifying"}]})
    assert rotated.signing_kid == "K2"
    assert rotated.verify(CODE).kid == "K1"
    assert rotated.verify(rotated.sign("birthday-bash", "7KQ2M4XPRT", "K2")).kid == "K2"


def test_an_old_ticket_gets_its_own_code_again_after_a_rotation():
    rotated = KeyRing.from_secret({"keys": [K2, {**K1, "state": "verifying"}]})
    assert rotated.sign("birthday-bash", "7KQ2M4XPRT", "K1") == CODE


def test_the_tickets_of_a_revoked_key_are_invalid():
    assert refuses(KeyRing.from_secret({"keys": [K2, {**K1, "state": "revoked"}]}), CODE)


def test_a_key_whose_private_half_is_gone_verifies_but_does_not_sign():
    without = {"kid": "K1", "public": K1["public"], "state": "verifying"}
    ring = KeyRing.from_secret({"keys": [K2, without]})
    assert ring.verify(CODE).kid == "K1"
    with pytest.raises(errors.Unavailable, match="K1"):
        ring.sign("birthday-bash", "7KQ2M4XPRT", "K1")


def test_the_public_keys_let_anyone_check_a_code_without_us():
    (published,) = RING.public_keys()
    assert published == {"kid": "K1", "publicKey": K1["public"], "algorithm": "Ed25519", "state": "signing"}
    body, _, signature = CODE.rpartition(".")
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(published["publicKey"] + "="))
    public.verify(base64.b32decode(signature + "="), b"guestlist ticket\0" + body.encode())


@pytest.mark.parametrize(
    ("secret", "complaint"),
    [
        (None, "no ticket keys yet"),
        ({}, "no ticket keys yet"),
        ({"keys": []}, "one key must be signing, 0 are"),
        ({"keys": [{**K1, "state": "verifying"}]}, "one key must be signing, 0 are"),
        ({"keys": [K1, K2]}, "one key must be signing, 2 are"),
        ({"keys": [K1, {**K1, "state": "verifying"}]}, "the same kid"),
        ({"keys": [{**K1, "state": "asleep"}]}, "not usable"),
        ({"keys": [{**K1, "kid": "lower"}]}, "not usable"),
        ({"keys": [{**K1, "public": K2["public"]}]}, "not usable"),
        ({"keys": [{**K1, "private": "AAAA"}]}, "not usable"),
        ({"keys": [{**K1, "public": None}]}, "not usable"),
        ({"keys": "K1"}, "not usable"),
        ({"keys": [{"kid": "K1"}]}, "not usable"),
        ({"other": 1}, "not usable"),
    ],
)
def test_a_secret_that_cannot_be_used_says_why_and_shows_nothing(secret, complaint):
    with pytest.raises(errors.Unavailable, match=complaint) as refusal:
        KeyRing.from_secret(secret)
    assert K1["private"] not in str(refusal.value)


@pytest.mark.parametrize(
    ("campaign", "ticket"), [("Bash", "7KQ2M4XPRT"), ("b.sh", "A"), ("", "A"), ("bash", ""), ("bash", "lower")]
)
def test_ids_that_could_not_be_read_back_are_not_signed(campaign, ticket):
    with pytest.raises(ValueError, match="cannot stand in"):
        RING.sign(campaign, ticket, "K1")


def test_a_key_gets_a_short_name_only():
    with pytest.raises(ValueError, match="capitals and digits"):
        signing.new_key("key one")


@given(st.binary(min_size=7, max_size=32))
def test_any_bytes_make_an_id_that_can_be_signed(entropy):
    ticket = model.ticket_id(entropy)
    assert RING.verify(RING.sign("bash", ticket, "K1")).ticket_id == ticket
