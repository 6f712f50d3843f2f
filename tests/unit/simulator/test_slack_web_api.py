"""What the application calls: Slack's methods, their limits and their failures."""

import pytest
import requests

from tests.unit.simulator.fake_application import a_simulator, until
from tests.unit.simulator.slack_side import Slack, actions, button, section


@pytest.fixture
def slack(simulator):
    return Slack(simulator.url)


def image(address):
    return {"type": "image", "image_url": address, "alt_text": "QR code"}


def home(*blocks):
    return {"type": "home", "blocks": list(blocks)}


def test_a_message_to_a_person_lands_in_the_direct_message_and_is_listed_there(slack, simulator):
    blocks = [section(), actions(button(), button("In the gym", "q1:gym"))]
    answer = slack.call("chat.postMessage", channel="U7", text="Where?", blocks=blocks)
    assert (answer["ok"], answer["channel"]) == (True, "D7")
    assert answer["message"]["bot_id"]
    [listed] = simulator.messages(channel="slack", to="D7")
    assert (listed["to"], listed["text"]) == ("D7", "Where?")
    assert listed["choices"] == [
        {"title": "On a boat", "payload": "q1:boat"},
        {"title": "In the gym", "payload": "q1:gym"},
    ]
    assert listed["raw"] == {"channel": "U7", "text": "Where?", "blocks": blocks}
    [post] = slack.posts("U7")
    assert (post["ts"], post["text"]) == (answer["ts"], "Where?")


def test_a_ticket_is_listed_with_its_picture_and_its_link(slack, simulator):
    picture = f"{simulator.app_url}/t/1.png"
    blocks = [section("*Your ticket*"), image(picture), actions(button("Open", url="http://app/t/1"))]
    slack.call("chat.postMessage", channel="D7", text="Your ticket", blocks=blocks)
    [listed] = simulator.messages(channel="slack")
    assert listed["choices"] == []
    assert listed["attachments"] == [
        {"type": "image", "url": picture},
        {"type": "link", "title": "Open", "url": "http://app/t/1"},
    ]


def test_every_message_has_a_ts_of_its_own_in_ascending_order(simulator):
    with a_simulator(now=lambda: 1_795_000_000_000) as running:
        slack = Slack(running.url)
        stamps = [slack.call("chat.postMessage", channel="D7", text="Hi")["ts"] for _ in range(3)]
    assert stamps == ["1795000000.000000", "1795000000.000001", "1795000000.000002"]


def test_an_update_replaces_what_the_message_says_and_keeps_what_it_does_not_name(slack):
    ts = slack.call("chat.postMessage", channel="D7", text="Where?", blocks=[section(), actions()])["ts"]
    assert slack.call("chat.update", channel="D7", ts=ts, text="Where? ✓ On a boat", blocks=[section("Done")])["ok"]
    [post] = slack.posts("U7")
    assert [block["type"] for block in post["blocks"]] == ["section"]
    assert (post["text"], post["edits"]) == ("Where? ✓ On a boat", 1)
    assert slack.call("chat.update", channel="D7", ts=ts, text="Never mind")["ok"]
    assert [block["type"] for block in slack.posts("U7")[0]["blocks"]] == ["section"]


def test_an_update_is_no_message_of_its_own(slack, simulator):
    ts = slack.call("chat.postMessage", channel="D7", text="Where?")["ts"]
    slack.call("chat.update", channel="D7", ts=ts, text="There")
    assert [each["text"] for each in simulator.messages(channel="slack")] == ["Where?"]


def test_only_the_apps_own_messages_can_be_updated(slack):
    ts = slack.do("U7", "message", text="Hello")["ts"]
    assert slack.call("chat.update", channel="D7", ts=ts, text="Bye")["error"] == "cant_update_message"
    assert slack.call("chat.update", channel="D7", ts="1.000000", text="Bye")["error"] == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_person_alone(slack):
    room = slack.screen("U7")["rooms"][1]["id"]
    assert slack.call("chat.postEphemeral", channel=room, user="U7", text="Psst")["message_ts"]
    assert [post["text"] for post in slack.posts("U7", room)] == ["Psst"]
    assert slack.posts("U8", room) == []


def test_a_home_is_published_for_one_person(slack):
    view = slack.call("views.publish", user_id="U7", view=home(section("Hello"), actions()))["view"]
    assert view["id"].startswith("V")
    assert slack.screen("U7")["home"] == view
    assert slack.screen("U8")["home"] is None
    refused = slack.call("views.publish", user_id="U7", view=home(section("x" * 3001)))
    assert refused["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/0/text/text]" in refused["response_metadata"]["messages"][0]
    assert slack.call("views.publish", user_id="U7")["error"] == "invalid_arguments"


def test_the_token_says_which_workspace_and_may_do_what(slack):
    answer = slack.answer("auth.test")
    assert {"team": "Friday Office", "team_id": "T0FRIDAY"}.items() <= answer.json().items()
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


def test_a_direct_message_is_opened_by_a_persons_id(slack):
    assert slack.call("conversations.open", users="U7")["channel"] == {"id": "D7"}
    assert slack.call("conversations.open", users="7")["error"] == "user_not_found"


def test_a_form_will_do_too_with_its_blocks_as_json_in_a_string(slack):
    bearer = {"Authorization": "Bearer xoxb-local"}
    form = {"channel": "D7", "text": "Hi", "blocks": '[{"type":"divider"}]'}
    answer = requests.post(f"{slack.url}/api/chat.postMessage", data=form, headers=bearer, timeout=5).json()
    assert answer["ok"]
    assert slack.posts("U7")[0]["blocks"][0]["type"] == "divider"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"channel": "D7", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"channel": "D7", "text": "Hi", "blocks": {"type": "divider"}}, "invalid_blocks_format"),
        ({"channel": "D7", "text": "Hi", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "D7", "text": "Hi", "blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
        ({"channel": "D7", "text": 7}, "invalid_arguments"),
        ({"channel": "D7", "text": ""}, "no_text"),
        ({"channel": "#general", "text": "Hi"}, "channel_not_found"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_neither_shown_nor_listed(slack, simulator, call, error):
    answer = slack.answer("chat.postMessage", **call)
    assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (200, False, error)
    assert simulator.messages(channel="slack") == []
    assert slack.posts("U7") == []


def test_a_refusal_says_where(slack):
    answer = slack.call("chat.postMessage", channel="D7", blocks=[section("x" * 3001)])
    wrong = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["errors"] == [wrong]
    assert answer["response_metadata"] == {"messages": [f"[ERROR] {wrong}"]}


def test_an_updated_text_may_not_be_as_long_as_a_new_one(slack):
    ts = slack.call("chat.postMessage", channel="D7", text="x" * 4001)["ts"]
    assert slack.call("chat.update", channel="D7", ts=ts, text="x" * 4000)["ok"]
    assert slack.call("chat.update", channel="D7", ts=ts, text="x" * 4001)["error"] == "msg_too_long"


def test_a_picture_of_the_application_must_load_and_be_of_a_kind_that_slack_shows(slack, simulator):
    def posted(address):
        return slack.call("chat.postMessage", channel="D7", text="Ticket", blocks=[image(address)])

    assert posted(f"{simulator.app_url}/t/1.png")["ok"]
    assert posted("https://elsewhere.example/t/1.png")["ok"]
    for address in (f"{simulator.app_url}/t/1.svg", f"{simulator.app_url}/nothing"):
        assert posted(address)["errors"] == ["downloading image failed [json-pointer:/blocks/0/image_url]"]


@pytest.mark.parametrize("body", [b"{", b"\xff"])
def test_a_body_that_is_no_json_is_refused(slack, body):
    headers = {"Content-Type": "application/json", "Authorization": "Bearer xoxb-local"}
    answer = requests.post(f"{slack.url}/api/chat.postMessage", data=body, headers=headers, timeout=5)
    assert answer.json()["error"] == "invalid_json"


def test_a_method_that_is_not_there_is_unknown(slack):
    assert slack.call("chat.sendMessage")["error"] == "unknown_method"


def test_a_token_that_was_revoked_says_so():
    with a_simulator() as running:
        slack = Slack(running.url)
        assert slack.call("auth.revoke")["revoked"]
        assert slack.call("auth.test")["error"] == "token_revoked"


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ({"status": 429, "retry_after": 7}, 429, "ratelimited"),
        ({"status": 503}, 503, "internal_error"),
        ({"status": 200, "code": "not_in_channel"}, 200, "not_in_channel"),
    ],
)
def test_the_next_sends_fail_as_ordered_then_all_is_well(slack, simulator, fault, status, error):
    simulator.post("/faults", {"channel": "slack", "count": 2, **fault})
    for _ in range(2):
        answer = slack.answer("chat.postMessage", channel="D7", text="Hi")
        assert (answer.status_code, answer.json()) == (status, {"ok": False, "error": error})
        assert answer.headers.get("Retry-After") == ("7" if "retry_after" in fault else None)
    assert slack.call("chat.postMessage", channel="D7", text="Hi")["ok"]
    assert len(simulator.messages(channel="slack")) == 1


def test_a_fault_of_one_method_spares_the_others(slack, simulator):
    simulator.post("/faults", {"channel": "slack", "status": 200, "code": "message_not_found", "method": "chat.update"})
    ts = slack.call("chat.postMessage", channel="D7", text="Hi")["ts"]
    assert slack.call("chat.update", channel="D7", ts=ts, text="Ho")["error"] == "message_not_found"
    assert slack.call("chat.update", channel="D7", ts=ts, text="Ho")["ok"]


def test_asking_who_one_is_spends_no_fault(slack, simulator):
    simulator.post("/faults", {"channel": "slack", "status": 503})
    assert slack.call("auth.test")["ok"]
    assert slack.answer("chat.postMessage", channel="D7", text="Hi").status_code == 503


def test_a_fault_of_status_200_without_a_word_answers_well_but_late(slack, simulator):
    simulator.post("/faults", {"channel": "slack", "status": 200, "delay": 0.3})
    answer = slack.answer("chat.postMessage", channel="D7", text="Hi")
    assert answer.json()["ok"]
    assert answer.elapsed.total_seconds() >= 0.3


def test_a_fault_of_status_0_hangs_up_without_an_answer(slack, simulator):
    simulator.post("/faults", {"channel": "slack", "status": 0})
    with pytest.raises(requests.ConnectionError):
        slack.call("chat.postMessage", channel="D7", text="Hi")


def test_the_app_hears_its_own_messages_and_updates_as_it_does_at_slack(slack, simulator):
    ts = slack.call("chat.postMessage", channel="D7", text="Hi")["ts"]
    slack.call("chat.update", channel="D7", ts=ts, text="Ho")
    until(lambda: len(simulator.app.slack.requests) == 2)
    said, changed = sorted((each.event for each in simulator.app.slack.requests), key=lambda event: event["event_ts"])
    assert (said["type"], said["channel_type"], said["text"], said["bot_id"]) == ("message", "im", "Hi", "B0FRIDAYBOT")
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "Ho")


def test_forgotten_messages_are_shown_no_more(slack, simulator):
    slack.call("chat.postMessage", channel="D7", text="Hi")
    simulator.delete("/messages")
    assert simulator.messages() == []
    assert slack.posts("U7") == []
