"""What a body must be, and how it is said."""

import json
import re
from datetime import datetime
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from chalicelib import validation
from chalicelib.errors import FieldError, Invalid
from chalicelib.validation import Body

Name = Annotated[str, Meta(min_length=1, max_length=5)]
Language = Annotated[str, Meta(pattern="^(en|nl)$", description="en or nl")]
Code = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="two capitals")]


class Line(Body):
    product_id: Code
    quantity: Annotated[int, Meta(ge=1, le=9)] = 1


class Order(Body):
    customer: Name
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=3)]
    kind: Literal["gift", "sale"] = "sale"
    paid: bool = False
    age: Annotated[int, Meta(ge=0, le=150)] | None = None
    rate: Annotated[float, Meta(ge=0)] = 0.5
    note: Annotated[str, Meta(max_length=3)] | UnsetType = UNSET
    texts: dict[Language, Name] = {}  # noqa: RUF012  # msgspec copies it
    anything: Any = None


GOOD = {"customer": "Anna", "lines": [{"productId": "AB"}]}


def wrong(**changed):
    """What is wrong with the good order when it is changed so: messages by field."""
    with pytest.raises(Invalid) as refused:
        validation.decode(json.dumps(GOOD | changed).encode(), Order)
    return {error.field: error.message for error in refused.value.errors}


def refusal(raw):
    with pytest.raises(Invalid) as refused:
        validation.decode(raw, Order)
    assert not refused.value.errors
    return str(refused.value)


# ─── what is taken ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_body_becomes_a_value_with_its_defaults():
    order = validation.decode(json.dumps(GOOD).encode(), Order)
    assert order == Order(customer="Anna", lines=(Line(product_id="AB"),))
    assert (order.lines[0].quantity, order.kind, order.note) == (1, "sale", UNSET)


@pytest.mark.parametrize(
    "fields",
    [
        {"age": None},
        {"age": 0},
        {"age": 150},
        {"age": 150.0},
        {"age": 1e2},
        {"rate": 3},
        {"note": ""},
        {"customer": "é🎉é🎉é"},
        {"texts": {"nl": "ja"}},
        {"anything": {"deep": [1, None]}},
        {"lines": [{"productId": "AB", "quantity": 9}] * 3},
    ],
)
def test_what_is_within_the_limits_is_taken(fields):
    assert validation.decode(json.dumps(GOOD | fields).encode(), Order)


def test_a_byte_order_mark_and_white_space_are_passed_over():
    assert validation.decode(b"\xef\xbb\xbf" + json.dumps(GOOD, indent=2).encode() + b"\n", Order)


def test_an_object_that_was_read_before_is_converted_by_the_same_rules():
    assert validation.convert(GOOD, Order).customer == "Anna"
    with pytest.raises(Invalid):
        validation.convert(GOOD | {"customer": ""}, Order)


# ─── what is wrong with a field ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"customer": ""}, "customer", "has 0 characters; it must be a text of 1 to 5 characters"),
        ({"customer": "Annabel"}, "customer", "has 7 characters; it must be a text of 1 to 5 characters"),
        ({"customer": 7}, "customer", "must be a text of 1 to 5 characters, not 7"),
        ({"customer": None}, "customer", "must be a text of 1 to 5 characters, not null"),
        ({"customer": ["Anna"]}, "customer", "must be a text of 1 to 5 characters, not a list"),
        ({"note": "long"}, "note", "has 4 characters; it must be a text of at most 3 characters"),
        ({"age": 151}, "age", "must be a whole number from 0 to 150, not 151"),
        ({"age": -1}, "age", "must be a whole number from 0 to 150, not -1"),
        ({"age": True}, "age", "must be a whole number from 0 to 150 or null, not true"),
        ({"age": 1.5}, "age", "must be a whole number from 0 to 150 or null, not 1.5"),
        ({"age": "7"}, "age", 'must be a whole number from 0 to 150 or null, not "7"'),
        ({"rate": -0.5}, "rate", "must be a number of at least 0, not -0.5"),
        ({"kind": "loan"}, "kind", 'must be gift or sale, not "loan"'),
        ({"kind": {}}, "kind", "must be gift or sale, not an object"),
        ({"paid": 1}, "paid", "must be true or false, not 1"),
        ({"lines": []}, "lines", "has 0; it must be a list of 1 to 3"),
        ({"lines": {}}, "lines", "must be a list of 1 to 3, not an object"),
        ({"lines": [GOOD["lines"][0], 1]}, "lines[1]", "must be an object, not 1"),
        ({"lines": [{}]}, "lines[0].productId", "is missing: it must be two capitals"),
        ({"lines": [{"productId": "abc"}]}, "lines[0].productId", 'must be two capitals, not "abc"'),
        ({"lines": [{"productId": "AB\n"}]}, "lines[0].productId", 'must be two capitals, not "AB\\n"'),
        (
            {"lines": [{"productId": "AB", "x": 1}]},
            "lines[0].x",
            "is not known here; the fields are productId, quantity",
        ),
        ({"texts": {"fr": "oui"}}, "texts.fr", 'must be en or nl, not "fr"'),
        ({"texts": {"nl": ""}}, "texts.nl", "has 0 characters; it must be a text of 1 to 5 characters"),
        ({"kind": "x" * 100}, "kind", f'must be gift or sale, not "{"x" * 59}…'),
    ],
)
def test_a_wrong_field_is_named_with_what_is_allowed(fields, field, message):
    assert wrong(**fields) == {field: message}


def test_every_wrong_field_is_told_at_once():
    lines = [{"productId": "AB", "quantity": 0}, {"quantity": "2"}]
    assert set(wrong(customer="", lines=lines, age=200, colour="red")) == {
        "customer",
        "lines[0].quantity",
        "lines[1].productId",
        "lines[1].quantity",
        "age",
        "colour",
    }


def test_an_empty_object_lacks_every_field_that_must_be_there():
    with pytest.raises(Invalid, match="2 fields are wrong") as refused:
        validation.decode(b"{}", Order)
    assert [error.field for error in refused.value.errors] == ["customer", "lines"]


def test_an_answer_stays_small_whatever_was_sent():
    found = wrong(**{str(number): 1 for number in range(5_000)}, **{"x" * 100_000: 1})
    assert len(found) == validation.MOST_ERRORS
    [(field, _)] = wrong(**{"x" * 100_000: 1}).items()
    assert field == "x" * 60 + "…"


class Window(Body):
    opens: int
    closes: int

    @classmethod
    def compared(cls, fields):
        match fields:
            case {"opens": int(opens), "closes": int(closes)} if closes <= opens:
                yield FieldError("closes", "must be later than opens")


class Day(Body):
    name: Name
    window: Window


def test_fields_that_do_not_go_together_are_told_beside_those_that_are_wrong_alone():
    with pytest.raises(Invalid) as refused:
        validation.decode(b'{"name": "", "window": {"opens": 2, "closes": 1}}', Day)
    assert [error.field for error in refused.value.errors] == ["name", "window.closes"]
    with pytest.raises(Invalid) as refused:
        validation.decode(b'{"name": "", "window": {"opens": 2, "closes": "1"}}', Day)
    assert [error.message for error in refused.value.errors][1:] == ['must be a whole number, not "1"']


class Appointment(Body):
    at: datetime


def test_a_type_that_only_msgspec_knows_is_told_in_its_words():
    assert validation.decode(b'{"at": "2026-12-05T20:00:00Z"}', Appointment).at.hour == 20
    with pytest.raises(Invalid) as refused:
        validation.decode(b'{"at": "tomorrow"}', Appointment)
    assert refused.value.errors == (("at", "Invalid RFC3339 encoded datetime"),)
    with pytest.raises(Invalid) as refused:
        validation.decode(b"{}", Appointment)
    assert refused.value.errors == (("at", "is missing: it must be as /openapi.json says"),)


@pytest.mark.parametrize("character", [chr(code) for code in range(0x3001) if not chr(code).strip()])
def test_what_python_strips_is_blank(character):
    assert not re.search(validation.NOT_BLANK, character)


# ─── what is no JSON ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not JSON"),
        (b"{", "line 1 column 2"),
        (b"{}{}", "Extra data"),
        (b"[]", "must be a JSON object, not a list"),
        (b"null", "not null"),
        (b'"{}"', "not a text"),
        (b"7", "not a number"),
        (b'{"age": NaN}', "NaN"),
        (b'{"age": -Infinity}', "-Infinity"),
        (b'{"anything": "\\ud83d"}', "half a character, \\ud83d"),
        (b'{"\\udc00": 1}', "half a character, \\udc00"),
        (b'{"customer": "\xff"}', "UTF-8"),
        ('{"customer": "Anna"}'.encode("utf-16"), "UTF-8"),
        (b'{"age": 1' + b"0" * 18 + b"}", "19 digits; the limit is 18"),
        (b'{"age": ' + b"1" * 100_000 + b"}", "100000 digits; the limit is 18"),
        (b'{"age": 1e400}', "1e400; the limit is 18 digits"),
        (b'{"age": -1e18}', "-1e18; the limit is 18 digits"),
        (b'{"customer": "Anna", "customer": "Bob"}', '"customer" twice'),
        (b'{"lines": [{"x": 1, "x": 1}]}', '"x" twice'),
        (b'{"anything": ' + b"[" * 100_000, "nested"),
        (b'{"a":' * 40_000, "nested"),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused_with_the_reason(raw, says):
    assert says in refusal(raw)


@given(raw=st.binary() | st.text().map(str.encode))
def test_no_bytes_are_an_error_of_ours(raw):
    with pytest.raises(Invalid):
        validation.decode(raw, Order)


# ─── one type, one truth ────────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = msgspec.json.schema(Order)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 160)
    | st.sampled_from([0.5, 1.0, 150.0, 1e17])
    | st.sampled_from(["", "AB", "ABC", "gift", "loan", "Anna", "Annabel", "éé", "🎉🎉🎉🎉🎉"])
    | st.lists(st.just({"productId": "AB"}) | st.just({"productId": "AB", "quantity": 10}), max_size=4)
    | st.dictionaries(st.sampled_from(["en", "nl", "fr"]), st.sampled_from(["ja", "Annabel", 1]))
)
FIELDS = ["customer", "lines", "kind", "paid", "age", "rate", "note", "texts", "anything", "colour"]


@given(name=st.sampled_from(FIELDS), value=VALUES)
def test_a_body_is_taken_exactly_when_the_schema_of_its_type_allows_it(name, value):
    body = GOOD | {name: value}
    allowed = jsonschema.Draft202012Validator(SCHEMA).is_valid(body)
    try:
        validation.decode(json.dumps(body).encode(), Order)
    except Invalid:
        assert not allowed
    else:
        assert allowed
