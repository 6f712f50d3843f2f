import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.channels.slack import inbound
from chalicelib.channels.slack.inbound import Challenge, Ignored, RateLimited, Revoked
from chalicelib.dialogue.model import TEXT_LIMIT, Message
from tests.unit.slack import slack

NOW = slack.AT * 1000 + 9_000
DIRECTLY = {"channel": slack.DIRECT}


def told(inner, **envelope):
    return inbound.event(slack.raw(slack.event(inner, **envelope)), NOW)


def ordered(text, **changes):
    return inbound.command(slack.form(**slack.command(text, **changes)), NOW)


def pressed(payload):
    return inbound.interaction(slack.interaction(payload), NOW)


def said(words, **changes):
    return told(slack.message(words, **changes)).text


def test_a_typed_text_becomes_a_text():
    message = told(slack.message("Köln"))
    about = {"trace": message.trace, "received_at": NOW, "origin": DIRECTLY}
    assert message == Message(slack.CONVERSATION, "Ev0PV52K21", slack.AT * 1000, "text", "Köln", **about)
    assert len(message.trace) == 10


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("R&amp;D &lt;3 &amp;lt;", "R&D <3 &lt;"),
        ("see <https://example.test/?a=1&amp;b=2>", "see https://example.test/?a=1&b=2"),
        ("<http://burnt.cream|burnt.cream>", "burnt.cream"),
        ("<https://example.test/wow!>", "https://example.test/wow!"),
        ("<mailto:fan@example.test|fan@example.test>", "fan@example.test"),
        ("<mailto:fan@example.test>", "fan@example.test"),
        ("<#C024BE7LR|general> <#C024BE7LR>", "#general #C024BE7LR"),
        ("<!here> <!subteam^S1|@djs> <!date^1392734382^{date}|Feb 18>", "@here @djs Feb 18"),
        (f"<@{slack.APP_USER}> bash", "bash"),
        ("on a boat <@U0000000A|bob> ", "on a boat"),
        ("a < b", "a < b"),
        ("10:30:45", "10:30:45"),
    ],
)
def test_slacks_markup_becomes_what_the_fan_typed(words, meant):
    assert said(words) == meant


def test_emoji_arrive_as_their_characters():
    def emoji(name, code_points=None):
        return {"type": "emoji", "name": name, **({"unicode": code_points} if code_points else {})}

    section = {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "boat "},
            emoji("speedboat", "1f6a4"),
            emoji("wave::skin-tone-2", "1f44b-1f3fb"),
            emoji("our_logo"),
            emoji("odd", "110000"),
        ],
    }
    blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_list", "elements": [section]}]}]
    assert (
        said("boat :speedboat: :wave::skin-tone-2: :our_logo: :odd: :30:", blocks=blocks) == "boat 🚤 👋🏻 🙂 🙂 :30:"
    )


@pytest.mark.parametrize("subtype", ["me_message", "thread_broadcast", "file_share"])
def test_a_text_counts_however_the_fan_sent_it(subtype):
    assert said("On a boat", subtype=subtype, thread_ts="1.000000", files=[{"mimetype": "image/png"}]) == "On a boat"


@pytest.mark.parametrize(
    ("files", "media"),
    [
        ([{"mimetype": "image/png"}], "image"),
        ([{"mimetype": "audio/webm"}, {"mimetype": "image/png"}], "audio"),
        ([{"mimetype": "video/mp4"}], "video"),
        ([{"mimetype": "application/pdf"}], "file"),
        ([{}], "unsupported"),
        ([None], "unsupported"),
        ("x", "unsupported"),
        (None, "unsupported"),
    ],
)
def test_whatever_is_not_text_becomes_media_of_its_kind(files, media):
    message = told(slack.message(" ", subtype="file_share", files=files))
    assert (message.kind, message.media, message.text) == ("media", media, "")


def test_a_mention_in_a_channel_is_handled_in_private_and_answered_where_it_was_made():
    message = told(slack.mention("Bash"))
    assert (message.conversation, message.kind, message.text) == (slack.CONVERSATION, "text", "Bash")
    assert message.origin == {"mentioned": slack.PUBLIC, "thread": slack.TS}
    assert told(slack.mention("x", thread_ts="1.000002")).origin["thread"] == "1.000002"


@pytest.mark.parametrize("changes", [{"ts": "soon"}, {"channel": None}, {"thread_ts": ["x"]}])
def test_a_mention_made_nobody_knows_where_is_still_handled(changes):
    assert told(slack.mention("x", **changes)).origin == {}


@pytest.mark.parametrize("happened", [slack.mention(""), slack.message(f"<@{slack.APP_USER}>")])
def test_the_apps_name_and_no_more_is_a_start(happened):
    message = told(happened)
    assert (message.kind, message.text, message.ref) == ("start", "", "")


def test_the_opened_home_page_is_asked_for():
    message = told(slack.opened())
    assert (message.kind, message.at, message.origin) == ("home", slack.AT * 1000, DIRECTLY)


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        ("own", slack.message("Question 1 of 3", bot_id="B1", user=slack.APP_USER)),
        ("bot", slack.message("Hi", subtype="bot_message", bot_id="B1")),
        ("bot", slack.message("Hi", subtype="bot_message")),
        ("bot", slack.mention("Hi", bot_id="B1")),
        ("own", slack.message("Hi", user=slack.APP_USER)),
        ("edited", slack.message("Hi", subtype="message_changed", message={"text": "Hi"})),
        ("edited", slack.mention("bash", edited={"user": slack.FAN, "ts": "1.000000"})),
        ("deleted", slack.message("", subtype="message_deleted")),
        ("subtype", slack.message("set the topic", subtype="channel_topic")),
        ("subtype", slack.message("x", subtype="a_kind_of_tomorrow")),
        ("elsewhere", slack.message("on a boat", channel_type="channel", channel=slack.PUBLIC)),
        ("elsewhere", slack.message("on a boat", channel_type="mpim")),
        ("elsewhere", slack.message("on a boat", channel_type=None)),
        ("other_tab", slack.opened("messages")),
        ("other_tab", slack.opened(None)),
        ("user_tokens", {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}),
        ("unknown", {"type": "reaction_added", "user": slack.FAN}),
        ("unknown", {"type": ["message"]}),
        ("broken", slack.message("Hi", user=None)),
        ("broken", slack.message("Hi", user="U1:admin")),
        ("broken", slack.message("Hi", user="U1#x")),
        ("broken", {}),
        ("broken", None),
        ("broken", "message"),
    ],
)
def test_what_asks_for_no_answer_is_ignored_by_its_kind(kind, inner):
    with pytest.raises(Ignored) as ignored:
        told(inner)
    assert ignored.value.kind == kind


@pytest.mark.parametrize("changes", [{"event_id": None}, {"event_id": 7}, {"team_id": "t", "authorizations": []}])
def test_an_event_that_cannot_be_recognised_again_or_answered_is_broken(changes):
    with pytest.raises(Ignored, match="broken"):
        told(slack.message("Hi"), **changes)


def test_a_fan_from_a_connected_workspace_belongs_to_the_one_that_has_the_app():
    elsewhere = [{"team_id": "T0OURS", "user_id": slack.APP_USER, "is_bot": True}]
    assert told(slack.message("Hi"), authorizations=elsewhere).conversation == f"slack:T0OURS:{slack.FAN}"
    assert told(slack.message("Hi"), authorizations=None).conversation == slack.CONVERSATION


def test_the_person_who_installed_the_app_can_play_too():
    installer = [{"team_id": slack.TEAM, "user_id": slack.FAN, "is_bot": False}]
    assert told(slack.message("Hi"), authorizations=installer).kind == "text"


@pytest.mark.parametrize(
    ("ts", "event_time", "at"),
    [
        (slack.TS, 7, slack.AT * 1000),
        ("1355517523.987654", 7, 1_355_517_523_987),
        ("soon", 7, 7_000),
        (None, True, NOW),
        (1.5, None, NOW),
        (["x"], -1, NOW),
    ],
)
def test_a_message_is_as_old_as_slack_says_or_of_now(ts, event_time, at):
    assert told(slack.message("Hi", ts=ts, event_ts=ts), event_time=event_time).at == at


def test_text_is_cut_at_our_limit():
    assert said("&amp;" * (TEXT_LIMIT + 1)) == "&" * TEXT_LIMIT


@pytest.mark.parametrize("lone", [r"\ud83d", r"a\ud83d", r"\ude00\ud83d"])
def test_half_an_emoji_is_replaced_so_that_it_can_be_stored(lone):
    raw = slack.raw(slack.event(slack.message("LONE"), event_id="LONE")).replace(b"LONE", lone.encode())
    message = inbound.event(raw, NOW)
    assert "\ufffd" in message.text
    assert (message.text + message.id).encode()


def test_slacks_question_whether_this_address_is_ours_is_passed_on():
    assert inbound.event(slack.raw({"type": "url_verification", "challenge": "3eZbrw1a"}), NOW) == Challenge("3eZbrw1a")


@pytest.mark.parametrize(
    "inner", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["U2"]}}]
)
def test_a_workspace_that_leaves_is_told_with_the_time_at_which_it_left(inner):
    assert told(inner, authorizations=[]) == Revoked(slack.TEAM, slack.AT * 1000 + 999)


@pytest.mark.parametrize("changes", [{"event_time": None}, {"team_id": None, "authorizations": []}])
def test_a_workspace_that_leaves_nobody_knows_which_or_when_is_broken(changes):
    with pytest.raises(Ignored, match="broken"):
        told({"type": "app_uninstalled"}, **changes)


@pytest.mark.parametrize(("minute", "since"), [(1_518_467_820, 1_518_467_820_000), (None, NOW)])
def test_a_workspace_whose_events_are_held_back_is_told(minute, since):
    body = {"type": "app_rate_limited", "team_id": slack.TEAM, "minute_rate_limited": minute}
    assert inbound.event(slack.raw(body), NOW) == RateLimited(slack.TEAM, since)


@pytest.mark.parametrize(
    ("text", "kind", "payload", "ref"),
    [
        ("", "start", "", ""),
        ("  ", "start", "", ""),
        ("Play", "start", "", ""),
        ("start", "start", "", ""),
        ("play Bash", "start", "", "Bash"),
        ("play  the bash", "start", "", "the bash"),
        ("help", "choice", "help", ""),
        ("ticket", "choice", "ticket", ""),
        ("My  Tickets", "choice", "ticket", ""),
        ("bash", "text", "", ""),
        ("stop", "text", "", ""),
        ("nl", "text", "", ""),
        ("help me", "text", "", ""),
        ("delete my data", "text", "", ""),
    ],
)
def test_a_slash_command_does_what_it_says_and_the_dialogue_knows_the_rest(text, kind, payload, ref):
    message = ordered(text)
    assert (message.kind, message.payload, message.ref) == (kind, payload, ref)
    assert message.text == ("" if kind == "start" else text)


def test_a_slash_command_is_known_by_its_trigger_and_is_of_now():
    message = ordered("R&amp;D &lt;3")
    assert message[:3] == (slack.CONVERSATION, "13345224609.738474920.8088930838d88f008e0", NOW)
    assert (message.text, message.received_at) == ("R&D <3", NOW)


def test_a_slash_command_is_answered_in_the_direct_message():
    assert ordered("help").origin == {}
    direct = {"channel_name": "directmessage", "channel_id": slack.DIRECT}
    assert ordered("help", **direct).origin == DIRECTLY
    assert ordered("help", **direct | {"channel_id": slack.PUBLIC}).origin == {}


@pytest.mark.parametrize("missing", ["team_id", "user_id", "trigger_id"])
def test_a_slash_command_of_nobody_is_broken(missing):
    with pytest.raises(Ignored, match="broken"):
        ordered("help", **{missing: None})


def test_a_pressed_answer_becomes_a_choice_that_counts_once_for_its_message():
    message = pressed(slack.press(slack.button("answer:bash:1:set:boat", "On a boat &amp; more")))
    assert message[:7] == (
        slack.CONVERSATION,
        f"{slack.DIRECT}:{slack.TS}",
        slack.AT * 1000 + 7_840,
        "choice",
        "On a boat & more",
        "answer:bash:1:set:boat",
        "",
    )
    assert message.origin == {
        "channel": slack.DIRECT,
        "ts": slack.TS,
        "text": "Where was the first set?",
        "title": "On a boat & more",
    }
    other = pressed(slack.press(slack.button("answer:bash:1:set:gym", action_ts="1795340009.000100")))
    assert other.id == message.id


@pytest.mark.parametrize("value", sorted(inbound.STAYS_PRESSABLE))
def test_a_button_that_always_means_the_same_can_be_pressed_again(value):
    first, second = (pressed(slack.press(slack.button(value, action_ts=f"{n}.000100"))) for n in (1, 2))
    assert (first.kind, first.payload, first.origin) == ("choice", value, DIRECTLY)
    assert first.id != second.id


def test_trying_again_counts_once_so_that_a_double_click_costs_one_attempt():
    first, second = (pressed(slack.press(slack.button("restart", action_ts=f"{n}.000100"))) for n in (1, 2))
    assert first.id == second.id


def test_a_button_of_the_home_page_can_be_pressed_again_and_is_answered_in_the_direct_message():
    message = pressed(slack.press_at_home(slack.button("answer:x")))
    assert (message.conversation, message.id, message.origin) == (slack.CONVERSATION, f"{slack.AT + 7}.840180", {})


def test_a_button_in_a_channel_is_answered_in_private():
    assert pressed(slack.press(slack.button("ticket"), channel={"id": slack.PUBLIC})).origin == {}


def test_a_pressed_button_is_known_where_slack_leaves_out_the_message_or_the_workspace():
    ephemeral = slack.press(slack.button("answer:x"), message=None, team=None, channel=None)
    message = pressed(ephemeral)
    assert (message.conversation, message.id) == (slack.CONVERSATION, f"{slack.DIRECT}:{slack.TS}")
    assert message.origin["text"] == ""


def test_the_text_of_a_pressed_message_is_cut():
    long = slack.press(slack.button("answer:x"), message={"text": "x" * 4_000})
    assert pressed(long).origin["text"] == "x" * inbound.PRESSED_TEXT_LIMIT


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("link", slack.press(slack.button(None, "Open your ticket", url="https://example.test"))),
        ("link", slack.press()),
        ("link", slack.press(actions="x")),
        ("link", slack.press(None, [], 7)),
        ("broken", slack.press(slack.button("help", action_ts=None))),
        ("broken", slack.press(slack.button("help"), user={"username": "anna"})),
        ("broken", slack.press(slack.button("help"), user="U1")),
        ("broken", slack.press(slack.button("help"), team={"id": "T1:x"})),
        ("view_submission", {"type": "view_submission"}),
        ("view_closed", {"type": "view_closed"}),
        ("shortcut", {"type": "shortcut"}),
        ("message_action", {"type": "message_action"}),
        ("unknown", {"type": "block_suggestion"}),
        ("unknown", {"type": ["block_actions"]}),
    ],
)
def test_an_interaction_that_asks_for_no_answer_is_ignored_by_its_kind(kind, payload):
    with pytest.raises(Ignored) as ignored:
        pressed(payload)
    assert ignored.value.kind == kind


def test_a_link_does_not_hide_the_button_beside_it():
    assert pressed(slack.press(slack.button(None), slack.button("help"))).payload == "help"


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b"\xff", b"[" * 100_000, b'{"type":' + b"1" * 5_000 + b"}", b"[]", b'"event"', b"7"]
)
def test_a_body_that_is_no_json_object_is_invalid(raw):
    with pytest.raises(errors.Invalid):
        inbound.event(raw, NOW)
    with pytest.raises(errors.Invalid):
        inbound.interaction(raw, NOW)
    with pytest.raises(errors.Invalid):
        inbound.interaction(slack.form(payload=raw), NOW)
    with pytest.raises(Ignored, match="broken"):
        inbound.command(raw, NOW)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw, whole):
    """A body with up to three of its members, at any depth, replaced by junk."""
    whole = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(0, 3))):
        holder, key = whole, draw(st.sampled_from(list(whole)))
        while isinstance(holder[key], dict | list) and holder[key] and draw(st.booleans()):
            holder = holder[key]
            key = draw(st.sampled_from(range(len(holder)) if isinstance(holder, list) else list(holder)))
        holder[key] = draw(JUNK)
    return whole


RICH = {"type": "rich_text", "elements": [{"type": "emoji", "name": "tada", "unicode": "1f389"}]}
EVENTS = st.one_of(
    spoilt(slack.event(slack.message("a :tada: <b|c>", subtype="file_share", files=[{}], blocks=[RICH]))),
    spoilt(slack.event(slack.mention("x", thread_ts="1.000000"))),
    spoilt(slack.event({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}})),
    spoilt({"type": "app_rate_limited", "team_id": slack.TEAM, "minute_rate_limited": 1}),
)
PRESSES = st.one_of(spoilt(slack.press(slack.button("answer:x"))), spoilt(slack.press_at_home(slack.button("x"))))
ORDERS = st.dictionaries(st.sampled_from([*slack.command("")]), st.text(max_size=8) | st.just(slack.TEAM))


@given(EVENTS, PRESSES, ORDERS)
def test_no_junk_ever_breaks_the_webhook(event, press, order):
    for translate, raw in (
        (inbound.event, json.dumps(event).encode()),
        (inbound.interaction, slack.interaction(press)),
        (inbound.command, slack.form(**order)),
    ):
        try:
            found = translate(raw, NOW)
        except Ignored:
            continue
        assert json.dumps(found, ensure_ascii=False).encode()
        if isinstance(found, inbound.Message):
            assert found.conversation.count(":") == 2
            assert found.id
            assert all(isinstance(known, str) for known in found.origin.values())
