import pytest

from ops.simulator.slack.blocks import BLOCKS_OF_MESSAGE, characters, wrong_with, wrong_with_view
from tests.unit.simulator.slack_side import actions, button, section

DIVIDER = {"type": "divider"}
IMAGE = {"type": "image", "image_url": "https://a.example/t.png", "alt_text": "QR code"}
PLAIN = {"type": "plain_text", "text": "Tickets", "emoji": True}


def numbered(count, **more):
    return [button(action_id=str(number), **more) for number in range(count)]


def changed(block, **changes):
    return {**block, **changes}


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [DIVIDER] * 50,
        [section("x" * 3000)],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}] * 10}],
        [changed(section(), accessory=button())],
        [changed(section(), accessory=IMAGE)],
        [actions(*numbered(25, value="v" * 2000))],
        [actions(button("t" * 75, action_id="a" * 255, style="danger", url="https://a.example"))],
        [actions(button("Open", url="http://a.example/t/1"))],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}],
        [changed(IMAGE, title=PLAIN, block_id="b" * 255)],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 9 + [IMAGE]}],
        [actions(button(action_id="same")), actions(button(action_id="same"))],
    ],
)
def test_what_fits_exactly_is_taken(blocks):
    assert wrong_with(blocks, BLOCKS_OF_MESSAGE) == []


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([DIVIDER] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (["Hi"], "must be an object [json-pointer:/blocks/0]"),
        ([{"type": "sections"}], "unsupported type: sections [json-pointer:/blocks/0/type]"),
        ([DIVIDER, section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ([section(7)], "must provide a string [json-pointer:/blocks/0/text/text]"),
        ([{"type": "section", "text": "Hi"}], "must provide an object [json-pointer:/blocks/0/text]"),
        ([{"type": "section"}], "missing required field: text or fields [json-pointer:/blocks/0]"),
        ([{"type": "section", "text": {"type": "markdown", "text": "Hi"}}], "must be one of: mrkdwn, plain_text"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "Hi", "emoji": True}}], "additional property: emoji"),
        (
            [{"type": "section", "fields": [PLAIN] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        ([{"type": "section", "fields": [changed(PLAIN, text="x" * 2001)]}], "less than 2001 characters"),
        ([changed(section(), accessory={"type": "datepicker"})], "unsupported type"),
        ([actions(*numbered(26))], "no more than 25 items allowed [json-pointer:/blocks/0/elements]"),
        ([{"type": "actions", "elements": []}], "at least 1 item [json-pointer:/blocks/0/elements]"),
        ([{"type": "actions", "elements": ["Go"]}], "must be an object [json-pointer:/blocks/0/elements/0]"),
        ([actions(button("t" * 76))], "less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
        ([actions(button(value="v" * 2001))], "less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"),
        (
            [actions(button(action_id="a" * 256))],
            "less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        ([actions(button(action_id="a"), button(action_id="a"))], "action_id a already exists"),
        ([actions(button(style="loud"))], "must be one of: primary, danger"),
        ([actions(button(url="ticket"))], "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"),
        ([actions(changed(button(), text={"type": "mrkdwn", "text": "Go"}))], "must be one of: plain_text"),
        ([changed(IMAGE, image_url="t.png")], "must be a valid URL [json-pointer:/blocks/0/image_url]"),
        ([{"type": "image", "image_url": "https://a.example"}], "missing required field: alt_text"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151 characters"),
        ([{"type": "context", "elements": [PLAIN] * 11}], "no more than 10 items allowed"),
        ([changed(DIVIDER, text="-")], "invalid additional property: text"),
        ([changed(DIVIDER, block_id="b" * 256)], "less than 256 characters [json-pointer:/blocks/0/block_id]"),
        ([changed(DIVIDER, block_id="b"), changed(IMAGE, block_id="b")], "block_id b already exists"),
    ],
)
def test_what_breaks_a_limit_is_refused_with_its_place(blocks, words):
    [wrong] = wrong_with(blocks, BLOCKS_OF_MESSAGE)
    assert words in wrong


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"type": "home", "blocks": [DIVIDER] * 101}, "no more than 100 items allowed [json-pointer:/view/blocks]"),
        ({"type": "modal", "blocks": []}, "must be one of: home"),
        ({"type": "home"}, "missing required field: blocks [json-pointer:/view]"),
        ({"type": "home", "blocks": [], "private_metadata": "x" * 3001}, "less than 3001 characters"),
    ],
)
def test_a_home_has_limits_of_its_own(view, words):
    [wrong] = wrong_with_view(view)
    assert words in wrong
    assert wrong_with_view({"type": "home", "blocks": [DIVIDER] * 100, "private_metadata": "x" * 3000}) == []


def test_all_that_is_wrong_is_told_at_once():
    assert len(wrong_with([section(""), actions(button("")), {"type": "image"}], 50)) == 5


def test_the_characters_of_a_message_are_those_of_all_its_texts():
    assert characters([section("12345"), actions(button("123"), button("12"))]) == 10
