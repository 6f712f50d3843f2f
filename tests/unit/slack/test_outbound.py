import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.channels.slack import outbound
from chalicelib.channels.slack.texts import IN_PRIVATE
from chalicelib.dialogue.model import Card, Choice, Reply
from ops.simulator.slack import blocks as block_kit
from tests.unit.slack.slack import DIRECT, FAN, PUBLIC, TS

TICKET = Card("Birthday Bash", "Admits one", "https://example.test/t/x.png", "https://example.test/t/x", "Open ticket")
PRESSED = {"channel": DIRECT, "ts": TS, "text": "Blue &amp; red?", "title": "Blue"}
MENTIONED = {"mentioned": PUBLIC, "thread": TS}


def calls(reply, origin=None, *, first=True):
    return outbound.calls(FAN, reply, origin or {}, first=first)


def sent(reply):
    """The blocks of each message."""
    return [call.body["blocks"] for call in calls(reply)]


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, "expand": True}


def button(title, action_id, **what):
    return {"type": "button", "text": {"type": "plain_text", "text": title}, "action_id": action_id, **what}


def test_a_short_reply_is_one_message_whose_text_notifications_show():
    assert calls(Reply("Hello"), {"channel": DIRECT}) == [
        outbound.Call(
            "chat.postMessage",
            {
                "channel": DIRECT,
                "text": "Hello",
                "blocks": [section("Hello")],
                "unfurl_links": False,
                "unfurl_media": False,
            },
        )
    ]


def test_a_reply_goes_to_the_fan_where_slack_named_no_direct_message():
    assert [call.body["channel"] for call in calls(Reply("Hello"))] == [FAN]


def test_choices_become_buttons_below_the_text():
    [[_, actions]] = sent(Reply("Blue or red?", (Choice("Blue", "answer:b"), Choice("Red", "answer:r"))))
    assert actions == {
        "type": "actions",
        "elements": [button("Blue", "choice-0", value="answer:b"), button("Red", "choice-1", value="answer:r")],
    }


def test_a_ticket_is_a_message_with_its_qr_code_and_a_link():
    text, ticket = sent(Reply("You won!", (), TICKET))
    assert text == [section("You won!")]
    assert ticket == [
        section("*Birthday Bash*\nAdmits one"),
        {"type": "image", "image_url": "https://example.test/t/x.png", "alt_text": "QR Birthday Bash"},
        {"type": "actions", "elements": [button("Open ticket", "link", url="https://example.test/t/x")]},
    ]


def test_choices_stand_apart_from_a_ticket_as_a_press_changes_their_message():
    choices, ticket = sent(Reply("You won!", (Choice("Again", "answer:again"),), TICKET))
    assert [block["type"] for block in choices] == ["section", "actions"]
    assert [block["type"] for block in ticket] == ["section", "image", "actions"]


@pytest.mark.parametrize(
    ("card", "types"),
    [
        (TICKET._replace(link=""), ["section", "image"]),
        (TICKET._replace(image=""), ["section", "actions"]),
        (TICKET._replace(title="", subtitle=""), ["section", "image", "actions"]),
    ],
)
def test_a_card_shows_what_it_has(card, types):
    [message] = sent(Reply("", (), card))
    assert [block["type"] for block in message] == types


def test_what_slack_would_take_for_markup_is_escaped():
    [message] = calls(Reply("R&B <3 & <!channel>"))
    assert message.body["text"] == "R&amp;B &lt;3 &amp; &lt;!channel&gt;"
    assert message.body["blocks"] == [section("R&amp;B &lt;3 &amp; &lt;!channel&gt;")]


def test_the_name_is_a_mention_of_the_fan():
    [[said]] = sent(Reply("Hi {name}, and bye {name}!"))
    assert said == section(f"Hi <@{FAN}>, and bye <@{FAN}>!")


def test_a_reply_that_says_nothing_sends_nothing():
    assert calls(Reply(" ")) == []


def test_choices_without_a_text_get_one_as_a_message_needs_it():
    [[said, actions]] = sent(Reply("", (Choice("", ""),)))
    assert said == section("👇")
    assert actions["elements"] == [button("…", "choice-0", value="…")]


def test_choices_over_the_limit_and_cut_ones_can_be_read_and_typed():
    choices = (Choice("so " * 30, "a:0"), *(Choice(f"Answer {n}", f"a:{n}") for n in range(1, 27)))
    [[said, actions]] = sent(Reply("Which?", choices))
    assert said["text"]["text"] == f"Which?\n• {('so ' * 30).strip()}\n• Answer 25\n• Answer 26"
    assert len(actions["elements"]) == 25
    assert actions["elements"][0]["text"]["text"].endswith("so…")


def test_a_long_text_is_messages_and_the_last_one_has_the_buttons():
    *others, last = sent(Reply("word " * 1_500, (Choice("Blue", "answer:b"),)))
    assert [[block["type"] for block in message] for message in others] == [["section"], ["section"]]
    assert [block["type"] for block in last] == ["section", "actions"]


def test_an_escaped_character_is_never_cut_apart():
    texts = [blocks[0]["text"]["text"] for blocks in sent(Reply("x" * 2_998 + "&&"))]
    assert texts == ["x" * 2_998, "&amp;&amp;"]


def test_the_fans_page_shows_all_its_parts_at_once():
    [call] = calls(
        Reply("", page=(Reply("Your tickets"), Reply("", (), TICKET), Reply("More", (Choice("Go on", "g"),))))
    )
    assert call.method == "views.publish"
    assert call.body["user_id"] == FAN
    assert call.body["view"]["type"] == "home"
    kinds = [block["type"] for block in call.body["view"]["blocks"]]
    assert kinds == ["section", "section", "image", "actions", "section", "actions"]


def test_a_page_shows_no_more_than_slack_takes():
    [call] = calls(Reply("", page=tuple(Reply(str(n)) for n in range(150))))
    assert [block["text"]["text"] for block in call.body["view"]["blocks"]] == [str(n) for n in range(100)]


def test_a_pressed_button_makes_way_for_the_choice_before_the_reply():
    update, message = calls(Reply("Right!"), {**PRESSED, "title": "R&B"})
    assert update == outbound.Call(
        "chat.update",
        {
            "channel": DIRECT,
            "ts": TS,
            "text": "Blue &amp; red?\n✓ R&amp;B",
            "blocks": [section("Blue &amp; red?"), section("✓ R&amp;B")],
        },
        courtesy=True,
    )
    assert (message.method, message.body["channel"], message.courtesy) == ("chat.postMessage", DIRECT, False)


def test_who_mentions_the_app_in_a_channel_is_told_in_the_thread_to_look_in_private():
    hint, message = calls(Reply("Question 1"), MENTIONED)
    assert (hint.method, hint.courtesy) == ("chat.postMessage", True)
    assert hint.body == {"channel": PUBLIC, "thread_ts": TS, "text": f"<@{FAN}> {IN_PRIVATE}"}
    assert message.body["channel"] == FAN


def test_a_mention_whose_thread_slack_did_not_name_gets_its_reply_alone():
    assert [call.courtesy for call in calls(Reply("Question 1"), {"mentioned": PUBLIC})] == [False]


@pytest.mark.parametrize("origin", [PRESSED, MENTIONED])
def test_a_second_reply_repeats_no_courtesy(origin):
    assert [call.courtesy for call in calls(Reply("And your ticket"), origin, first=False)] == [False]


CHARS = st.text(
    st.sampled_from("ab é\u0301😀👍🏽\u200d🇳🇱❤\ufe0f\n\u00a0&<>*{name}")
    | st.characters(exclude_categories=["Cs", "Cn"])
)
TEXTS = st.builds(lambda text, times: text * times, CHARS, st.integers(min_value=0, max_value=400))
CHOICES = st.lists(st.builds(Choice, TEXTS, TEXTS), max_size=30).map(tuple)
CARDS = st.none() | st.builds(
    Card, TEXTS, TEXTS, st.just("https://example.test/x.png"), st.just("https://example.test/x"), TEXTS
)
REPLIES = st.builds(Reply, TEXTS, CHOICES, CARDS, st.just(()))
ORIGINS = st.one_of(
    st.just({}),
    st.just(MENTIONED),
    st.builds(lambda text, title: PRESSED | {"text": text[:3_000], "title": title[:2_000]}, TEXTS, TEXTS),
)


def letters(text):
    return re.sub(r"\s", "", text)


def said_in(blocks):
    """All that a fan can read."""
    for block in blocks:
        if block["type"] == "section":
            yield block["text"]["text"].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        for element in block.get("elements", ()):
            yield element["text"]["text"]


def check(call):
    """Against the simulator's limits, which were written apart from ours, and more strictly: characters beyond U+FFFF count as two."""
    made_of = call.body["blocks"] if "blocks" in call.body else call.body.get("view", {}).get("blocks", [])
    assert block_kit.wrong_with(made_of, 100 if call.method == "views.publish" else 50) == []
    assert len(call.body.get("text", "").encode("utf-16-le")) // 2 <= 4_000
    assert all(len(block["text"]["text"].encode("utf-16-le")) // 2 <= 3_000 for block in made_of if "text" in block)
    if call.method != "views.publish":
        assert call.body["text"].strip()
        assert block_kit.characters(made_of) <= 12_000


@given(REPLIES, ORIGINS)
@example(Reply("&" * 3_001, tuple(Choice("<" * 80, "x" * 2_001) for _ in range(30)), TICKET), PRESSED)
def test_whatever_the_reply_no_call_breaks_a_limit_and_no_text_is_lost(reply, origin):
    made = calls(reply, origin)
    for call in made:
        check(call)
    said = letters("".join(text for call in made if not call.courtesy for text in said_in(call.body["blocks"])))
    wanted = [reply.text.replace(" {name}", f" <@{FAN}>"), *(choice.title for choice in reply.choices)]
    wanted += [reply.card.title, reply.card.subtitle] if reply.card else []
    for text in wanted:
        assert letters(text) in said


@settings(max_examples=25)
@given(st.lists(REPLIES, max_size=10))
def test_whatever_the_page_it_breaks_no_limit(parts):
    for call in calls(Reply("", page=tuple(parts))):
        check(call)


def test_the_check_of_limits_finds_a_broken_one():
    [call] = calls(Reply("x"))
    for wrong in (
        {**call.body, "blocks": [section("x" * 3_001)]},
        {**call.body, "blocks": [section("x")] * 51},
        {**call.body, "blocks": [section("x" * 3_000)] * 5},
        {**call.body, "blocks": [{"type": "actions", "elements": [button("x" * 76, "a", value="v")]}]},
        {**call.body, "blocks": [{"type": "actions", "elements": [button("x", "a", value="v" * 2_001)]}]},
        {**call.body, "text": " "},
    ):
        with pytest.raises(AssertionError):
            check(call._replace(body=wrong))
