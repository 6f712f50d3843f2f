import io

import pytest

from chalicelib.logs import log
from ops.local.screen import Screen


def shown(source, line, **environ):
    out = io.StringIO()
    Screen(out, environ, clock=lambda: "09:00:00").show(source, line)
    return out.getvalue()


def test_a_line_says_when_and_who():
    assert shown("api", "GET /health 200 3 ms") == "09:00:00 api       GET /health 200 3 ms\n"


def test_a_json_line_reads_as_event_and_fields():
    line = '{"event":"turn","campaign":"birthday-bash","replies":2}'
    assert shown("functions", line) == "09:00:00 functions turn  campaign=birthday-bash  replies=2\n"


def test_what_makes_a_metric_of_a_line_is_left_out(capsys):
    log("turn", turns=1, replies=2)
    assert shown("functions", capsys.readouterr().out) == "09:00:00 functions turn  turns=1  replies=2\n"


@pytest.mark.parametrize("line", ["{not json", "{}", '{"message": "no event"}', "[1, 2]"])
def test_a_line_that_is_no_event_is_shown_nevertheless(line):
    assert shown("api", line).startswith("09:00:00 api       ")


@pytest.mark.parametrize("line", ["", "2026-11-22 15:02:15 WARNING [kms] cryptography package not installed; KMS ..."])
def test_the_emulator_s_noise_is_left_out(line):
    assert shown("emulator", line) == ""


def test_the_emulator_s_own_clock_is_left_out():
    line = "2026-11-22 15:02:15 WARNING [lambda] ESM: Lambda bot failed"
    assert shown("emulator", line) == "09:00:00 emulator  WARNING [lambda] ESM: Lambda bot failed\n"


def test_errors_are_red_in_a_coloured_log():
    assert "\033[31mGET /chat/x 503 2 ms" in shown("api", "GET /chat/x 503 2 ms", FORCE_COLOR="1")
    assert "\033[31m" not in shown("api", "GET /chat/x 200 503 ms", FORCE_COLOR="1")


def test_no_colour_is_used_where_it_is_not_wanted():
    assert "\033" not in shown("api", "GET / 500 1 ms")
    assert "\033" not in shown("api", "GET / 500 1 ms", FORCE_COLOR="1", NO_COLOR="1")
