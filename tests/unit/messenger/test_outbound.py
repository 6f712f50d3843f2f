import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.channels.messenger import outbound
from chalicelib.dialogue.model import Card, Choice, Reply
from ops.simulator import limits
from tests.unit.messenger.meta import FAN

TICKET = Card("Birthday Bash", "Admits one", "https://example.test/t/x.png", "https://example.test/t/x", "Open ticket")


def sent(reply, name=None):
    return [call["message"] for call in outbound.calls(FAN, reply, name)]


def units(text):
    return len(text.encode("utf-16-le")) // 2


def test_a_short_reply_is_one_call_within_the_24_hours_window():
    assert outbound.calls(FAN, Reply("Hello"), None) == [
        {"recipient": {"id": FAN}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}
    ]


def test_choices_become_quick_replies():
    [message] = sent(Reply("Blue or red?", (Choice("Blue", "answer:b"), Choice("Red", "answer:r"))))
    assert message["quick_replies"] == [
        {"content_type": "text", "title": "Blue", "payload": "answer:b"},
        {"content_type": "text", "title": "Red", "payload": "answer:r"},
    ]


def test_commands_stay_pressable_as_a_button_template():
    [message] = sent(Reply("Sorry?", (Choice("Help", "help"), Choice("Start", "start"))))
    assert message["attachment"]["payload"] == {
        "template_type": "button",
        "text": "Sorry?",
        "buttons": [
            {"type": "postback", "title": "Help", "payload": "help"},
            {"type": "postback", "title": "Start", "payload": "start"},
        ],
    }


@pytest.mark.parametrize(
    "reply",
    [
        Reply("x" * 641, (Choice("Help", "help"),)),
        Reply("Sorry?", (Choice("Help", "help"), Choice("Yes", "answer:yes"))),
        Reply("Sorry?", tuple(Choice("Help", "help") for _ in range(4))),
        Reply("", (Choice("Help", "help"),), TICKET),
    ],
)
def test_commands_that_fit_no_button_template_are_quick_replies(reply):
    assert sent(reply)[-1]["quick_replies"]


def test_a_ticket_is_a_square_picture_that_opens_its_page():
    text, card = sent(Reply("You won!", (), TICKET))
    assert text == {"text": "You won!"}
    payload = card["attachment"]["payload"]
    assert payload["image_aspect_ratio"] == "square"
    assert payload["elements"] == [
        {
            "title": "Birthday Bash",
            "subtitle": "Admits one",
            "image_url": "https://example.test/t/x.png",
            "default_action": {"type": "web_url", "url": "https://example.test/t/x"},
            "buttons": [{"type": "web_url", "url": "https://example.test/t/x", "title": "Open ticket"}],
        }
    ]


def test_choices_go_with_the_last_message_as_the_next_one_would_remove_them():
    text, card = sent(Reply("You won!", (Choice("Again", "answer:again"),), TICKET))
    assert "quick_replies" not in text
    assert card["quick_replies"][0]["payload"] == "answer:again"


def test_a_card_without_a_link_is_its_words_and_its_picture():
    assert sent(Reply("", (), TICKET._replace(link=""))) == [
        {"text": "Birthday Bash\nAdmits one"},
        {"attachment": {"type": "image", "payload": {"url": "https://example.test/t/x.png"}}},
    ]


def test_a_card_without_a_title_is_sent_as_text():
    assert sent(Reply("", (), Card("", "Admits one", "", "https://example.test/t/x", ""))) == [
        {"text": "Admits one"},
        {"text": "https://example.test/t/x"},
    ]


def test_a_card_with_long_words_says_them_in_full_before():
    words, card = sent(Reply("", (), TICKET._replace(subtitle="so " * 40)))
    assert words["text"] == "Birthday Bash\n" + ("so " * 40).strip()
    assert card["attachment"]["payload"]["elements"][0]["subtitle"].endswith("…")


@pytest.mark.parametrize(
    ("name", "said"),
    [("Anna", "Hi Anna, and bye Anna!"), (None, "Hi, and bye!"), ("{name}", "Hi {name}, and bye {name}!")],
)
def test_the_name_is_said_where_it_is_known_and_leaves_no_gap_where_not(name, said):
    assert sent(Reply("Hi {name}, and bye {name}!"), name) == [{"text": said}]


def test_a_reply_that_says_nothing_sends_nothing():
    assert sent(Reply(" {name}")) == []


def test_choices_without_a_text_get_one_as_the_platform_demands_it():
    assert sent(Reply("", (Choice("", ""),))) == [
        {"text": "👇", "quick_replies": [{"content_type": "text", "title": "…", "payload": "…"}]}
    ]


def test_choices_over_the_limit_and_cut_ones_can_be_read_and_typed():
    choices = (
        Choice("A very long answer about Rotterdam", "a:0"),
        *(Choice(f"Answer {n}", f"a:{n}") for n in range(1, 15)),
    )
    [message] = sent(Reply("Which?", choices))
    assert message["text"] == "Which?\n• A very long answer about Rotterdam\n• Answer 13\n• Answer 14"
    assert len(message["quick_replies"]) == 13
    assert message["quick_replies"][0]["title"] == "A very long answer…"


def test_a_sign_of_life_names_nothing_but_the_fan_and_the_action():
    assert outbound.action(FAN, "typing_on") == {"recipient": {"id": FAN}, "sender_action": "typing_on"}


CHARS = st.text(
    st.sampled_from("ab é\u0301😀👍🏽\u200d🇳🇱❤\ufe0f\n\u00a0{name}") | st.characters(exclude_categories=["Cs"])
)
TEXTS = st.builds(lambda text, times: text * times, CHARS, st.integers(min_value=0, max_value=400))
CHOICES = st.lists(
    st.builds(Choice, TEXTS, TEXTS | st.sampled_from(sorted(outbound.STAYS_PRESSABLE))), max_size=16
).map(tuple)
CARDS = st.none() | st.builds(
    Card, TEXTS, TEXTS, st.just("https://example.test/x.png"), st.just("https://example.test/x"), TEXTS
)
REPLIES = st.builds(Reply, TEXTS, CHOICES, CARDS)


def letters(text):
    return re.sub(r"\s", "", text)


def said_in(messages):
    """All that a fan can read: texts, and the template's words."""
    for message in messages:
        payload = message.get("attachment", {}).get("payload", {})
        yield message.get("text", "") or payload.get("text", "")
        for element in payload.get("elements", ()):
            yield element["title"]
            yield element.get("subtitle", "")
        for button in (*message.get("quick_replies", ()), *payload.get("buttons", ())):
            yield button["title"]


@given(REPLIES, st.none() | st.just("Anna"))
@example(Reply("x" * 2_001, tuple(Choice("help", "help") for _ in range(3))), None)
def test_whatever_the_reply_no_call_breaks_a_limit_and_no_text_is_lost(reply, name):
    calls = outbound.calls(FAN, reply, name)
    for call in calls:
        limits.check(call)  # the simulator's, which were written apart from ours
    said = letters("".join(said_in([call["message"] for call in calls])))
    wanted = [reply.text.replace(" {name}", f" {name}" if name else ""), *(choice.title for choice in reply.choices)]
    wanted += [reply.card.title, reply.card.subtitle] if reply.card else []
    for text in wanted:
        assert letters(text) in said
