"""One short line of JSON an event, whatever is passed."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.logs import LINE_LIMIT, log

EVENTS = st.from_regex(r"[a-z_]{1,30}", fullmatch=True)
NAMES = st.from_regex(r"[a-z_]{1,40}", fullmatch=True).filter(lambda name: name != "event")
VALUES = st.none() | st.booleans() | st.integers(-(10**900), 10**900) | st.floats() | st.text(max_size=600)


@pytest.fixture
def lines(capsys):
    """The lines since the last call."""
    return lambda: capsys.readouterr().out.split("\n")[:-1]


def strict(constant):
    raise ValueError(f"{constant} is not JSON")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.dictionaries(NAMES, VALUES, max_size=30))
def test_whatever_is_passed_it_is_one_short_line_of_json(lines, event, fields):
    log(event, **fields)
    [line] = lines()
    assert len(line.encode()) < LINE_LIMIT
    parsed = json.loads(line, parse_constant=strict)
    assert parsed["event"] == event
    assert set(parsed) <= {"event", "cut", *fields}
    assert None not in parsed.values()
    assert "" not in parsed.values()


def test_a_line_that_fits_is_whole_and_in_order(lines):
    log("turn", trace="t1", conversation="c1", ticket=0, ms=1.5, ok=False)
    assert lines() == ['{"event":"turn","trace":"t1","conversation":"c1","ticket":0,"ms":1.5,"ok":false}']


def test_what_is_empty_is_left_out_and_zero_and_false_are_not_empty(lines):
    log("turn", campaign="", effect=None, seconds=0, won=False)
    assert json.loads(lines()[0]) == {"event": "turn", "seconds": 0, "won": False}


def test_of_too_many_words_the_longest_go_and_the_line_says_so(lines):
    log("turn", trace="t1", one="x" * 300, two="y" * 300, three="z" * 300, four="é" * 50)
    kept = json.loads(lines()[0])
    assert kept["trace"] == "t1"
    assert kept["cut"] == 1
    assert len({"one", "two", "three", "four"} & kept.keys()) < 4


def test_a_long_text_is_cut(lines):
    log("failed", error="x" * 1_000)
    assert json.loads(lines()[0]) == {"event": "failed", "error": "x" * 120}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_know_is_written_as_text(lines, number):
    log("sent", ms=number)
    assert json.loads(lines()[0])["ms"] == str(number)


def test_a_text_cannot_begin_a_line_of_its_own(lines):
    log("refused", reason='x"}\n{"event":"forged"}\r\n\u2028')
    [line] = lines()
    assert json.loads(line)["event"] == "refused"
