"""What an e-mail address is, and when two are one."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import validation
from chalicelib.errors import Invalid
from chalicelib.users.model import UserFields, unique

LABEL = "a" * 63


def taken(email):
    return validation.convert({"email": email, "name": "Anna"}, UserFields).email


def refused(email):
    with pytest.raises(Invalid) as refusal:
        taken(email)
    return [f"{error.field}: {error.message}" for error in refusal.value.errors]


@pytest.mark.parametrize(
    "email",
    [
        "anna@example.org",
        "anna.de-vries+bash@mail.example.co.uk",
        "o'hara!#$%&*/=?^_`{|}~@example.org",
        "Zoë@bücher.example",
        "用户@例子.广告",
        "χρήστης@παράδειγμα.ελ",
        "अजय@डाटा.भारत",
        "anna@xn--bcher-kva.example",
        "😀@example.org",
        "a@1.nl",
        "a" * 64 + "@example.org",
        f"a@{LABEL}.{LABEL}.{LABEL}.{'a' * 60}",
        "é" * 32 + "@example.org",
    ],
)
def test_these_are_addresses_and_are_kept_as_they_were_sent(email):
    assert taken(email) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@",
        "@example.org",
        "anna@example",
        "anna@@example.org",
        "anna@home@example.org",
        ".anna@example.org",
        "anna.@example.org",
        "an..na@example.org",
        "anna@example..org",
        "anna@.example.org",
        "anna@example.org.",
        "anna@-example.org",
        "anna@example-.org",
        "anna@exa_mple.org",
        "anna@exa mple.org",
        "an na@example.org",
        " anna@example.org",
        "anna@example.org ",
        "anna@example.org\n",
        "anna\x00@example.org",
        "anna\x7f@example.org",
        "anna\x85@example.org",
        "anna\u200b@example.org",
        "anna\u202e@example.org",
        "anna@exam\ufeffple.org",
        "anna@example。org",
        "anna\uff20example.org",
        '"anna"@example.org',
        "Anna <anna@example.org>",
        "anna(home)@example.org",
        "anna@[127.0.0.1]",
        "mailto:anna@example.org",
        "anna,ben@example.org",
    ],
)
def test_these_are_none_and_the_refusal_says_what_one_is(email):
    [error] = refused(email)
    assert error.startswith("email: must be an e-mail address such as anna@example.org")


@pytest.mark.parametrize(
    ("email", "error"),
    [
        ("a" * 65 + "@example.org", "has 65 bytes before the @; the limit is 64"),
        ("é" * 33 + "@example.org", "has 66 bytes before the @; the limit is 64"),
        (f"anna@a{LABEL}.org", "has 64 bytes between two dots; the limit is 63"),
        (f"anna@{'例' * 60}.org", "has 66 bytes between two dots; the limit is 63"),
        (f"a@{LABEL}.{LABEL}.{LABEL}.{'a' * 61}", "has 255 characters; it must be a text of at most 254 characters"),
        (f"é@{LABEL}.{LABEL}.{LABEL}.{'a' * 60}", "has 255 bytes in all; the limit is 254"),
    ],
)
def test_a_length_is_told_with_its_limit(email, error):
    assert refused(email) == [f"email: {error}"]


@pytest.mark.parametrize("other", ["ANNA@EXAMPLE.ORG", "Anna@Example.org"])
def test_the_case_of_an_address_makes_no_other(other):
    assert unique(other) == unique("anna@example.org")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zoë@example.org", unicodedata.normalize("NFD", "ZOË@example.org")),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@BÜCHER.example", "anna@XN--BCHER-KVA.example"),
        ("straße@example.org", "STRASSE@example.org"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
    ],
)
def test_how_an_address_is_written_makes_no_other(one, other):
    assert unique(one) == unique(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@straße.example", "anna@strasse.example"),
        ("anna@example.org", "anna@example.com"),
        ("zoe@example.org", "zoë@example.org"),
        ("an.na@example.org", "anna@example.org"),
        ("anna+1@example.org", "anna@example.org"),
    ],
)
def test_addresses_of_two_mailboxes_are_two(one, other):
    assert unique(one) != unique(other)


letters = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)


@given(letters, letters)
def test_an_address_is_the_same_however_it_is_composed_and_cased(local, domain):
    email = f"{local}@{domain}.example"
    for form in ("NFC", "NFD"):
        assert unique(unicodedata.normalize(form, email)) == unique(email)
    assert unique(f"{local.casefold()}@{domain.lower()}.example") == unique(email)


@given(st.emails())
def test_what_others_call_an_address_is_taken(email):
    assert taken(email) == email


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused_with_a_reason(text):
    try:
        wrong = () if taken(text) == text else ("changed",)
    except Invalid as refusal:
        wrong = {error.field for error in refusal.errors}
    assert wrong in ((), {"email"})
