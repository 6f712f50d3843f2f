"""What people do, as the application hears it: signed requests in Slack's form, in time, and again."""

import hmac
import json
import time

import pytest

from ops.simulator.slack.deliveries import signature
from ops.simulator.slack.workspace import user_of
from tests.unit.simulator.fake_application import a_simulator, until
from tests.unit.simulator.slack_side import Slack, actions, button, section, slowly

BAD = (503, "text/plain", "")


@pytest.fixture
def slack(simulator):
    return Slack(simulator.url)


@pytest.fixture
def app(simulator):
    return simulator.app.slack


def asked(slack, channel="U7", *elements):
    blocks = [section(), actions(*elements)]
    return slack.call("chat.postMessage", channel=channel, text="Where?", blocks=blocks)["ts"]


def test_the_signature_is_the_one_in_slacks_documentation():
    # https://docs.slack.dev/authentication/verifying-requests-from-slack, "step-by-step walk-through"
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
        b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
        b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121"
        b".803a0bc887a14d10d2c447fce8b6703c"
    )
    assert signature("1531420618", body, "8f742231b10e8888abcd99yyyzzz85a5") == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


def test_a_message_arrives_signed_now_and_in_slacks_form(slack, app):
    done = slack.do("U7", "message", text="R&B <3 see https://a.example/x?y=1&z=2. crème")
    [request] = app.requests
    stamp = request.headers["X-Slack-Request-Timestamp"]
    signed = b"v0:" + stamp.encode() + b":" + request.body
    digest = hmac.new(b"local-slack-signing-secret", signed, "sha256").hexdigest()
    assert request.headers["X-Slack-Signature"] == f"v0={digest}"
    assert abs(time.time() - int(stamp)) < 5
    assert "X-Slack-Retry-Num" not in request.headers
    assert done == {"ts": done["ts"], "channel": "D7", "status": 200}
    notice = request.notice
    assert (notice["type"], notice["team_id"], notice["api_app_id"]) == ("event_callback", "T0FRIDAY", "A0GUESTLIST")
    assert notice["event_id"].startswith("Ev")
    assert notice["authorizations"][0]["user_id"] == "U0FRIDAYBOT"
    event = request.event
    assert event.pop("client_msg_id")
    assert event == {
        "type": "message",
        "user": "U7",
        "ts": done["ts"],
        "text": "R&amp;B &lt;3 see <https://a.example/x?y=1&amp;z=2>. crème",
        "team": "T0FRIDAY",
        "channel": "D7",
        "event_ts": done["ts"],
        "channel_type": "im",
    }


def test_a_file_is_a_message_of_a_subtype(slack, app):
    slack.do("U7", "file")
    event = app.requests[0].event
    assert (event["subtype"], event["files"][0]["mimetype"]) == ("file_share", "image/svg+xml")


def test_a_mention_is_told_and_other_talk_in_a_channel_is_not(slack, app):
    room = slack.screen("U7")["rooms"][1]["id"]
    slack.do("U7", "mention", text="play")
    slack.do("U7", "message", channel=room, text="hey @guestlist, are you there?")
    assert slack.do("U7", "message", channel=room, text="Lunch?")["status"] is None
    assert [each.event["text"] for each in app.requests] == [
        "<@U0FRIDAYBOT> play",
        "hey <@U0FRIDAYBOT>, are you there?",
    ]
    assert {(each.event["type"], each.event["channel"]) for each in app.requests} == {("app_mention", room)}
    assert [post["user"] for post in slack.posts("U8", room)] == ["U7"] * 3


def test_opening_a_tab_is_told_with_the_home_that_was_there(slack, app):
    slack.do("U7", "home")
    slack.call("views.publish", user_id="U7", view={"type": "home", "blocks": [section("Hello")]})
    slack.do("U7", "home")
    slack.do("U7", "messages")
    first, second, third = [each.event for each in app.requests]
    assert (first["type"], first["tab"], first["channel"], "view" in first) == ("app_home_opened", "home", "D7", False)
    assert second["view"]["blocks"][0]["text"]["text"] == "Hello"
    assert (third["tab"], "view" in third) == ("messages", False)


def test_a_command_is_a_form_and_its_answer_is_seen_by_one_person(slack, app):
    room = slack.screen("U7")["rooms"][1]["id"]
    app.answers = [(200, "application/json", json.dumps({"text": "I have written to you in private."}))]
    done = slack.do("U7", "command", text="play", channel=room)
    [request] = app.requests
    assert request.path == "/webhooks/slack/commands"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = request.form
    told = {"command": "/guestlist", "text": "play", "user_id": "U7", "team_id": "T0FRIDAY", "channel_name": "general"}
    assert told.items() <= form.items()
    assert form["trigger_id"]
    assert done["answer"] == "I have written to you in private."
    [post] = slack.posts("U7", room)
    assert post["onlyYou"]
    assert slack.posts("U8", room) == []


def test_a_command_in_the_direct_message_may_be_answered_with_nothing(slack, app):
    assert slack.do("U7", "command")["answer"] is None
    assert (app.requests[0].form["channel_name"], app.requests[0].form["text"]) == ("directmessage", "")
    assert slack.posts("U7") == []


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ((200, "text/plain", "Hi"), "Hi"),
        (
            (
                200,
                "application/json",
                json.dumps({"blocks": [section("Hi")], "text": "Hi", "response_type": "in_channel"}),
            ),
            "Hi",
        ),
        ((500, "text/plain", "oops"), '/guestlist play failed with the error "dispatch_failed"'),
        (slowly(3.2), '/guestlist play failed with the error "operation_timeout"'),
    ],
)
def test_what_a_command_leads_to_is_shown(slack, app, answer, shown):
    app.answers = [answer]
    slack.do("U7", "command", text="play")
    [post] = slack.posts("U7")
    assert post["text"] == shown
    assert len(app.requests) == 1, "a command is never tried again"


def test_a_pressed_button_is_told_with_its_message(slack, app):
    ts = asked(slack)
    done = slack.do("U7", "press", payload="q1:boat")
    [request] = app.heard("interactions")
    pressed = request.notice
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (pressed["type"], pressed["user"]["id"], pressed["team"]["id"]) == ("block_actions", "U7", "T0FRIDAY")
    assert pressed["channel"] == {"id": "D7", "name": "directmessage"}
    assert pressed["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "D7",
        "is_ephemeral": False,
    }
    assert (pressed["message"]["ts"], pressed["message"]["text"]) == (ts, "Where?")
    [action] = pressed["actions"]
    assert (action["value"], action["text"]["text"], action["action_ts"]) == ("q1:boat", "On a boat", done["ts"])
    assert action["action_id"], "Slack gives an id to what has none"
    assert action["block_id"]
    assert done == {"ts": done["ts"], "channel": "D7", "status": 200, "message": ts}


def test_the_newest_message_with_the_button_is_meant_unless_one_is_named(slack, app):
    older, newer = asked(slack), asked(slack)
    asked(slack, "U7", button("Other", "other"))
    assert slack.do("U7", "press", payload="q1:boat")["message"] == newer
    assert slack.do("U7", "press", payload="q1:boat", message=older)["message"] == older


def test_a_fast_second_press_is_of_the_message_as_it_was(slack, app):
    ts = asked(slack)
    slack.call("chat.update", channel="D7", ts=ts, text="Where? ✓", blocks=[section("Done")])
    assert slack.attempt("U7", "press", payload="q1:boat").status_code == 400
    slack.do("U7", "press", payload="q1:boat", message=ts)
    [request] = app.heard("interactions")
    assert request.notice["message"]["text"] == "Where?"
    assert [block["type"] for block in request.notice["message"]["blocks"]] == ["section", "actions"]


def test_a_button_of_the_home_is_told_with_the_view_and_no_channel(slack, app):
    view = slack.call("views.publish", user_id="U7", view={"type": "home", "blocks": [actions()]})["view"]
    slack.do("U7", "press", payload="q1:boat", home=True)
    pressed = app.heard("interactions")[0].notice
    assert pressed["container"] == {"type": "view", "view_id": view["id"]}
    assert pressed["view"] == view
    assert "channel" not in pressed
    assert "message" not in pressed


def test_a_link_is_told_too_but_has_no_value(slack, app):
    opens = button("Open", url="http://app/t/1")
    del opens["value"]
    asked(slack, "U7", opens)
    slack.do("U7", "press")
    [action] = app.heard("interactions")[0].notice["actions"]
    assert "value" not in action
    assert action["url"] == "http://app/t/1"


def test_a_press_that_fails_is_not_tried_again(slack, app):
    asked(slack)
    app.answers = [BAD]
    assert slack.do("U7", "press", payload="q1:boat")["status"] == 503
    slack.do("U7", "message", text="Next")
    assert len(app.heard("interactions")) == 1


def test_an_event_that_is_not_taken_comes_three_times_more_and_says_why(slack, app):
    app.answers = [BAD] * 9
    assert slack.do("U7", "message", text="Hello?")["status"] == 503
    until(lambda: len(app.requests) == 4)
    assert [each.headers.get("X-Slack-Retry-Num") for each in app.requests] == [None, "1", "2", "3"]
    assert {each.headers.get("X-Slack-Retry-Reason") for each in app.requests[1:]} == {"http_error"}
    assert len({each.body for each in app.requests}) == 1
    until(lambda: slack.posts("U7")[0]["state"] == "failed")


def test_an_event_that_is_taken_late_is_delivered_then(slack, app):
    app.answers = [BAD, BAD]
    slack.do("U7", "message", text="Hello?")
    until(lambda: slack.posts("U7")[0]["state"] == "delivered")
    assert len(app.requests) == 3


def test_three_seconds_are_all_the_time_there_is(slack, app):
    app.answers = [slowly(3.2)]
    assert slack.do("U7", "message", text="Hello?")["status"] == 0
    until(lambda: len(app.requests) == 2)
    assert app.requests[1].headers["X-Slack-Retry-Reason"] == "http_timeout"


def test_nobody_at_home_is_a_failed_connection():
    with a_simulator(settings_changes={"app_url": "http://127.0.0.1:1"}) as simulator:
        slack = Slack(simulator.url)
        assert slack.do("U7", "message", text="Hello?")["status"] == 0
        assert simulator.get("/slack/application").json()["events"] == "unreachable"


def test_the_pauses_between_retries_are_slacks_unless_told_otherwise():
    with a_simulator(slack_pauses_s=(0, 30)) as simulator:
        slack = Slack(simulator.url)
        simulator.app.slack.answers = [BAD] * 9
        slack.do("U7", "message", text="Hello?")
        until(lambda: len(simulator.app.slack.requests) == 2)
        assert slack.posts("U7")[0]["state"] == "retrying"


def test_a_program_can_ask_for_one_attempt_and_for_a_retry_whose_first_copies_were_lost(slack, app):
    app.answers = [BAD]
    slack.do("U7", "message", text="Hello?", retry=False)
    slack.do("U7", "message", text="Hello again", copy=2)
    assert [each.headers.get("X-Slack-Retry-Num") for each in app.requests] == [None, "2"]


def test_the_same_event_can_be_delivered_again(slack, app):
    ts = slack.do("U7", "message", text="Hello")["ts"]
    slack.do("U7", "message", text="Hello", ts=ts, copy=1)
    first, second = app.requests
    assert first.body == second.body
    assert len(slack.posts("U7")) == 1


def test_one_persons_doings_arrive_in_their_order(slack, app):
    for number in range(20):
        slack.do("U7", "message", text=str(number))
    assert [each.event["text"] for each in app.requests] == [str(number) for number in range(20)]


@pytest.mark.parametrize("shape", ["{}", '{"challenge": "{}"}', "challenge={}"])
def test_the_request_url_is_verified_by_the_challenge(simulator, shape):
    simulator.app.slack.challenge = shape
    assert simulator.get("/slack/application").json()["events"] == "verified"
    simulator.app.slack.challenge = "no"
    assert simulator.get("/slack/application").json()["events"] == "refused"
    simulator.app.slack.challenge = "{}"


def test_a_notice_about_too_many_events_is_no_event(slack, app):
    slack.happen("T0FRIDAY", "rate_limited")
    notice = app.requests[0].notice
    assert (notice["type"], notice["team_id"]) == ("app_rate_limited", "T0FRIDAY")
    assert notice["minute_rate_limited"] % 60 == 0


def test_a_fan_is_the_same_person_in_both_chats(simulator, slack):
    psid = "24681357902468135"
    fan = simulator.get(f"/fans/{psid}").json()
    assert fan["slackUser"] == user_of(psid)
    assert slack.screen(fan["slackUser"])["person"]["name"] == f"{fan['firstName']} {fan['lastName']}"


@pytest.mark.parametrize(
    ("user", "doing", "field"),
    [
        ("U7", {"kind": "dance"}, "kind"),
        ("U7", {"kind": "message"}, "text"),
        ("U7", {"kind": "message", "text": "Hi", "channel": "general"}, "channel"),
        ("U7", {"kind": "press", "payload": "nothing"}, "payload"),
        ("u7", {"kind": "home"}, "user"),
        ("C7", {"kind": "home"}, "user"),
    ],
)
def test_a_bad_body_is_refused_by_field(slack, user, doing, field):
    answer = slack.attempt(user, **doing)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
