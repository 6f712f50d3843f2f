import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.channels.messenger.inbound import translate
from chalicelib.dialogue.model import TEXT_LIMIT, Message
from tests.unit.messenger import meta

NOW = meta.AT + 5_000
CONVERSATION = f"messenger:{meta.PAGE}:{meta.FAN}"


def translated(*events, kind="messaging"):
    return translate(meta.raw(meta.body(*events, kind=kind)), NOW)


def only(*events):
    [message] = translated(*events).messages
    return message


def attached(kind, payload=None, **message):
    return meta.event(message={"mid": "m_1", "attachments": [{"type": kind, "payload": payload}], **message})


def test_a_typed_text_becomes_a_text():
    message = only(meta.text("Köln 🎉"))
    assert message == Message(CONVERSATION, "m_1", meta.AT, "text", "Köln 🎉", trace=message.trace, received_at=NOW)
    assert len(message.trace) == 10


def test_a_quick_reply_becomes_a_choice():
    message = only(meta.event(message={"mid": "m_1", "text": "Blue", "quick_reply": {"payload": "answer:x:1:q:b"}}))
    assert (message.kind, message.text, message.payload) == ("choice", "Blue", "answer:x:1:q:b")


def test_a_pressed_button_becomes_a_choice():
    message = only(meta.event(postback={"mid": "m_2", "title": "Help", "payload": "help"}))
    assert (message.id, message.kind, message.text, message.payload) == ("m_2", "choice", "Help", "help")


def test_a_button_of_another_app_without_payload_is_still_answered():
    message = only(meta.event(postback={"mid": "m_2", "title": "Opening hours"}))
    assert (message.kind, message.text, message.payload) == ("choice", "Opening hours", "")


def test_a_new_fans_link_arrives_with_get_started():
    referral = {"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    message = only(
        meta.event(postback={"mid": "m_2", "title": "Get Started", "payload": "start", "referral": referral})
    )
    assert (message.kind, message.ref) == ("start", "bash")


def test_get_started_without_a_link_starts_without_a_ref():
    message = only(meta.event(postback={"mid": "m_2", "title": "Get Started", "payload": "start"}))
    assert (message.kind, message.ref) == ("start", "")


def test_a_returning_fans_link_arrives_as_a_referral():
    message = only(meta.event(referral={"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"}))
    assert (message.kind, message.ref) == ("start", "bash")
    assert message.id


def test_an_event_without_an_id_is_recognised_when_it_comes_again_and_told_from_others():
    def ids(**changes):
        return only({**meta.event(referral={"ref": "bash"}), **changes}).id

    assert ids() == ids()
    others = [
        ids(timestamp=1),
        ids(sender={"id": "13579"}),
        ids(referral={"ref": "other"}),
        ids(recipient={"id": "1001"}),
    ]
    assert len({ids(), *others}) == 5


def test_a_fan_who_writes_from_an_advertisement_starts_its_campaign():
    message = only(meta.event(message={"mid": "m_1", "text": "Hi", "referral": {"ref": "bash", "source": "ADS"}}))
    assert (message.kind, message.ref, message.text) == ("start", "bash", "Hi")


def test_an_opt_in_of_the_plugin_starts_and_one_for_notifications_is_ignored():
    assert only(meta.event(optin={"ref": "bash"})).ref == "bash"
    translation = translated(meta.event(optin={"type": "notification_messages", "payload": "x"}))
    assert (translation.messages, translation.ignored) == ((), {"optin": 1})


@pytest.mark.parametrize(
    "kind", ["image", "audio", "video", "file", "location", "sticker", "template", "reel", "ig_reel"]
)
def test_whatever_is_not_text_becomes_media_of_its_kind(kind):
    message = only(attached(kind, {"url": "https://example.test"}))
    assert (message.kind, message.media, message.text) == ("media", kind, "")


@pytest.mark.parametrize(
    "sticker",
    [
        attached("image", {"url": "https://example.test", "sticker_id": 369239263222822}),
        meta.event(message={"mid": "m_1", "sticker_id": 369239263222822}),
    ],
)
def test_a_sticker_is_known_by_its_id_too(sticker):
    assert only(sticker).media == "sticker"


def test_a_typed_link_is_text_and_a_shared_page_is_media():
    assert only(attached("fallback", text="https://example.test")).kind == "text"
    assert only(attached("fallback")).media == "fallback"


@pytest.mark.parametrize(
    "message",
    [
        {"mid": "m_1", "is_unsupported": True},
        {"mid": "m_1"},
        {"mid": "m_1", "text": "  "},
        {"mid": "m_1", "text": None, "attachments": "x"},
        {"mid": "m_1", "attachments": [None, 7, {"type": None}]},
    ],
)
def test_what_messenger_cannot_pass_on_is_media_too_so_that_it_is_answered(message):
    message = only(meta.event(message=message))
    assert (message.kind, message.media) == ("media", "unsupported")


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("echo", meta.event(message={"mid": "m_1", "text": "Hello", "is_echo": True, "app_id": 1})),
        ("echo", meta.event(fan=meta.PAGE, message={"mid": "m_1", "text": "Hello"})),
        ("deleted", meta.event(message={"mid": "m_1", "is_deleted": True})),
        ("delivery", meta.event(delivery={"mids": ["m_1"], "watermark": 1})),
        ("read", meta.event(read={"watermark": 1})),
        ("reaction", meta.event(reaction={"mid": "m_1", "action": "react", "emoji": "❤"})),
        ("message_edit", meta.event(message_edit={"mid": "m_1", "text": "other", "num_edit": 1})),
        ("account_linking", meta.event(account_linking={"status": "linked"})),
        ("app_roles", meta.event(app_roles={"1": ["primary_receiver"]})),
        ("pass_thread_control", meta.event(pass_thread_control={"new_owner_app_id": 1})),
        ("take_thread_control", meta.event(take_thread_control={"previous_owner_app_id": 1})),
        ("request_thread_control", meta.event(request_thread_control={"requested_owner_app_id": 1})),
        ("unknown", meta.event(a_kind_of_tomorrow={"mid": "m_1"})),
        ("unknown", meta.event()),
        ("unknown", meta.event(policy_enforcement="x")),
        ("broken", meta.event(message={})),
        ("broken", meta.event(message="x")),
        ("broken", meta.event(postback={})),
        ("broken", meta.event(referral=None)),
        ("broken", {"message": {"mid": "m_1", "text": "from nobody"}}),
        ("broken", {**meta.text("a plugin's visitor"), "sender": {"user_ref": "x"}}),
        ("broken", {**meta.text("x"), "sender": {"id": True}}),
        ("broken", {**meta.text("x"), "sender": {"id": "a:b"}}),
        ("broken", None),
        ("broken", [1]),
    ],
)
def test_what_asks_for_no_answer_is_counted_by_its_kind(kind, event):
    translation = translated(event, meta.text("Still here"))
    assert translation.ignored == {kind: 1}
    assert [message.text for message in translation.messages] == ["Still here"]


def test_what_another_app_answers_is_never_answered():
    translation = translated(meta.text("Hi"), meta.event(postback={"title": "x"}), kind="standby")
    assert (translation.messages, translation.ignored) == ((), {"standby": 2})


@pytest.mark.parametrize("name", ["policy_enforcement", "policy-enforcement"])
def test_a_warning_to_the_page_is_a_notice(name):
    [notice] = translated({"recipient": {"id": meta.PAGE}, name: {"action": "warning", "reason": "spam"}}).notices
    assert notice == ("policy_enforcement", "warning", "spam")


def test_a_templates_new_status_is_a_notice_and_other_changes_are_ignored():
    status = {"field": "message_template_status_update", "value": {"event": "REJECTED", "reason": "TAG"}}
    feed = {"field": "feed", "value": {}}
    translation = translated(status, feed, {"field": "message_template_status_update"}, "x", kind="changes")
    assert translation.notices == (("message_template_status_update", "REJECTED", "TAG"),)
    assert translation.ignored == {"changes": 2, "broken": 1}


def test_messages_are_put_into_the_order_in_which_they_were_written():
    events = [meta.text(str(n), mid=f"m_{n}", at=meta.AT + n) for n in range(20)]
    shuffled = random.Random(7).sample(events, len(events))
    assert [message.text for message in translated(*shuffled).messages] == [str(n) for n in range(20)]


def test_messages_of_the_same_moment_keep_their_order():
    assert [m.id for m in translated(meta.text("a", mid="m_b"), meta.text("b", mid="m_a")).messages] == ["m_b", "m_a"]


@pytest.mark.parametrize(
    ("at", "expected"), [(None, meta.AT), ("soon", meta.AT), (True, meta.AT), (-1, meta.AT), (7, 7)]
)
def test_a_message_without_a_time_has_its_entrys(at, expected):
    assert only(meta.text("x", at=at)).at == expected


def test_a_message_without_any_time_is_of_now():
    body = {"object": "page", "entry": [{"id": 1000, "messaging": [{"sender": {"id": 7}, "message": {"text": "x"}}]}]}
    [message] = translate(meta.raw(body), NOW).messages
    assert (message.conversation, message.at) == ("messenger:1000:7", NOW)


def test_text_is_cut_at_our_limit():
    assert only(meta.text("x" * (TEXT_LIMIT + 1))).text == "x" * TEXT_LIMIT


@pytest.mark.parametrize("lone", [r"\ud83d", r"a\ud83d", r"\ude00\ud83d", r"\ud83dx"])
def test_half_an_emoji_is_replaced_so_that_it_can_be_stored(lone):
    raw = meta.raw(meta.body(meta.text("LONE", mid="LONE"))).replace(b"LONE", lone.encode())
    [message] = translate(raw, NOW).messages
    assert "\ufffd" in message.text
    assert (message.text + message.id).encode()


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b"\xff", b"[" * 100_000, b'{"object":' + b"1" * 5_000 + b"}", b"[]", b'"page"', b"7"]
)
def test_a_body_that_is_no_json_object_is_invalid(raw):
    with pytest.raises(errors.Invalid):
        translate(raw, NOW)


@pytest.mark.parametrize("raw", [b"{}", b'{"object": "instagram", "entry": []}', b'{"object": ["page"]}'])
def test_a_body_about_something_else_is_not_found(raw):
    with pytest.raises(errors.NotFound):
        translate(raw, NOW)


@pytest.mark.parametrize("entry", [None, 7, "x", [None], [[]], [{"id": meta.PAGE, "messaging": "x"}]])
def test_an_entry_of_another_shape_is_broken(entry):
    assert translate(meta.raw({"object": "page", "entry": entry}), NOW).ignored == {"broken": 1}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "sender", "recipient", "timestamp", "message", "postback", "referral", "optin", "delivery", "policy_enforcement", "id", "mid", "text",
    "quick_reply", "payload", "title", "ref", "attachments", "type", "sticker_id", "is_echo",
]  # fmt: skip
SHAPED = st.recursive(
    JUNK,
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=15,
)


@given(st.lists(SHAPED, max_size=4), SHAPED, SHAPED)
def test_no_junk_ever_costs_its_neighbours_or_breaks_the_webhook(events, entry, changes):
    whole = {"id": meta.PAGE, "messaging": [*events, meta.text("Still here", mid="still")], "changes": changes}
    translation = translate(json.dumps({"object": "page", "entry": [entry, whole]}).encode(), NOW)
    assert "still" in [message.id for message in translation.messages]
    for message in translation.messages:
        assert json.dumps(message, ensure_ascii=False).encode()
        assert message.conversation.count(":") == 2
        assert message.id


def test_a_thousand_entries_with_junk_among_them_lose_nothing():
    junk = [None, 7, "x", [], {}, {"messaging": [None]}, {"id": "1", "messaging": [{"message": {"mid": 1}}]}]
    good = [
        {
            "id": meta.PAGE,
            "time": meta.AT,
            "messaging": [meta.text(f"answer {n}", mid=f"m_{n}", fan=str(n % 50), at=meta.AT - n)],
        }
        for n in range(1_000)
    ]
    mixed = random.Random(3).sample([*good, *junk], len(good) + len(junk))
    messages = translate(meta.raw({"object": "page", "entry": mixed}), NOW).messages
    assert {message.id for message in messages} == {f"m_{n}" for n in range(1_000)}
    for fan in range(50):
        times = [message.at for message in messages if message.conversation.endswith(f":{fan}")]
        assert times == sorted(times)
