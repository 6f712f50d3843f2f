import hashlib
import hmac

import pytest

from chalicelib.payments.signature import refusal, signing_secret
from tests.fakes.stripe import WEBHOOK_SECRET, signed

RAW = b'{"id": "evt_1", "object": "event"}'
NOW = 1_492_774_577


def verdict(header, raw=RAW, secret=WEBHOOK_SECRET, now=NOW):
    return refusal(raw, header, secret, now)


def test_a_signature_made_as_stripe_documents_it_is_believed():
    proof = hmac.new(b"whsec_x", f"{NOW}.".encode() + RAW, hashlib.sha256).hexdigest()
    assert verdict(f"t={NOW},v1={proof},v0=6ffbb59b2300aae63f272406069a9788", secret="whsec_x") == ""
    assert verdict(f"t={NOW}, v1={proof}", secret="whsec_x") == ""


def test_while_the_secret_is_rolled_one_of_two_signatures_is_enough():
    assert verdict(signed(RAW, NOW, "whsec_new", WEBHOOK_SECRET)) == ""
    assert verdict(signed(RAW, NOW, WEBHOOK_SECRET, "whsec_new")) == ""
    assert verdict(signed(RAW, NOW, "whsec_new", "whsec_other")) == "wrong signature"


@pytest.mark.parametrize("off", [-301, 301, 86_400])
def test_a_request_of_another_time_is_refused(off):
    assert verdict(signed(RAW, NOW + off)) == "too old or too new"


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(off):
    assert verdict(signed(RAW, NOW + off)) == ""


@pytest.mark.parametrize("raw", [RAW + b" ", RAW[:-1], b"", b"\xff"])
def test_a_body_that_was_changed_by_a_byte_is_refused(raw):
    assert verdict(signed(RAW, NOW), raw) == "wrong signature"


def test_a_signature_does_not_count_at_another_time():
    assert verdict(signed(RAW, NOW).replace(f"t={NOW}", f"t={NOW + 1}")) == "wrong signature"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "not signed"),
        ("", "not signed"),
        (f"t={NOW}", "not signed"),
        (f"t={NOW},v0=6ffbb59b2300aae63f272406069a9788", "not signed"),
        ("v1=aa", "no time"),
        ("t=,v1=aa", "no time"),
        ("t=soon,v1=aa", "no time"),
        ("t=1e9,v1=aa", "no time"),
        ("t=१२,v1=aa", "no time"),
        (f"t={NOW},t={NOW},v1=aa", "no time"),
        (f"t={NOW},v1=", "wrong signature"),
        (f"t={NOW},v1=ünïcode", "wrong signature"),
        (f"t={NOW},v1={'a' * 64}", "wrong signature"),
        (",,=,,v1", "no time"),
    ],
)
def test_what_is_no_signature_is_refused_and_says_why(header, reason):
    assert verdict(header) == reason


def test_without_a_secret_nothing_is_believed():
    assert verdict(signed(RAW, NOW, ""), secret="") == "wrong signature"


@pytest.mark.parametrize(
    ("secret", "found"), [({}, ""), ({"webhook_secret": None}, ""), ({"webhook_secret": "whsec_x"}, "whsec_x")]
)
def test_the_endpoints_secret_stands_in_the_secret_stripe(secret, found):
    assert signing_secret(secret) == found
