"""docs/events.md: every event that we publish, as it is published."""

import json
import re

import msgspec
import pytest
from click.testing import CliRunner

from chalicelib.events.catalogue import CATALOGUE
from chalicelib.events.stream import event_of
from ops import events
from tests.unit.events.rows import an_order, changed

PAGE = events.PAGE.read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))


def test_the_page_is_up_to_date():
    result = CliRunner().invoke(events.events, ["--check"])
    assert (result.exit_code, result.output) == (0, "")


def test_a_check_says_what_to_do_and_writes_nothing(tmp_path, monkeypatch):
    old = tmp_path / "events.md"
    old.write_text("old")
    monkeypatch.setattr(events, "PAGE", old)
    result = CliRunner().invoke(events.events, ["--check"])
    assert (result.exit_code, old.read_text()) == (1, "old")
    assert "python -m ops events" in result.output
    assert CliRunner().invoke(events.events, []).output == "docs/events.md written\n"
    assert old.read_text() == PAGE


def published():
    """An event of every kind, as the stream makes them."""
    rows = [an_order(status=status, reason="declined") for status in ("PLACED", "REJECTED", "REFUNDED", "FAILED")]
    return [event_of(changed(row, {**row, "status": "ACCEPTED"})) for row in rows]


def test_every_event_that_the_stream_makes_is_in_the_catalogue_and_every_other_is_not():
    assert {type(event) for event in published()} == set(CATALOGUE)


@pytest.mark.parametrize("event", published(), ids=lambda event: event.detail_type)
def test_a_published_event_has_exactly_the_fields_of_its_section(event):
    told = set(re.findall(r"^\| `(\w+)` \|", SECTIONS[event.detail_type], re.MULTILINE))
    assert told == msgspec.to_builtins(event).keys()


@pytest.mark.parametrize("kind", CATALOGUE)
def test_the_example_of_a_section_is_an_event(kind):
    [shown] = re.findall(r"```json\n(.*?)```", SECTIONS[kind.detail_type], re.DOTALL)
    assert msgspec.json.decode(shown, type=kind) == events.example(kind)
    assert json.loads(shown)["version"] == 1
