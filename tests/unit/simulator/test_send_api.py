from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.unit.simulator.fake_application import a_simulator

DAY_MS = 24 * 60 * 60 * 1000
TEXT = {"text": "Hi"}


def error_of(response):
    assert response.status_code == 400
    return response.json()["error"]


def test_a_message_is_taken_and_listed_as_the_contract_says(simulator):
    replies = [{"content_type": "text", "title": "On a boat", "payload": "q1:boat"}]
    answer = simulator.send("7", message={"text": "Where?", "quick_replies": replies})
    assert answer.json()["recipient_id"] == "7"
    assert answer.json()["message_id"].startswith("m_")
    [message] = simulator.messages(channel="messenger", to="7")
    assert message["to"] == "7"
    assert message["text"] == "Where?"
    assert message["choices"] == [{"title": "On a boat", "payload": "q1:boat"}]
    assert message["attachments"] == []
    assert message["raw"]["messaging_type"] == "RESPONSE"
    assert isinstance(message["at"], int)


def test_the_list_is_oldest_first_and_by_recipient(simulator):
    for number, to in enumerate("787"):
        simulator.send(to, message={"text": str(number)})
    assert [message["text"] for message in simulator.messages()] == ["0", "1", "2"]
    assert [message["text"] for message in simulator.messages(channel="messenger", to="7")] == ["0", "2"]
    assert simulator.messages(channel="slack") == []


def test_a_forgotten_message_is_listed_no_more(simulator):
    simulator.send("7", message=TEXT)
    assert simulator.delete("/messages").status_code == 204
    assert simulator.messages() == []


def test_a_card_is_listed_with_its_words_its_picture_its_buttons_and_its_links(simulator):
    open_it = {"type": "web_url", "title": "Open", "url": "http://app/t/1"}
    again = {"type": "postback", "title": "Again", "payload": "restart"}
    element = {
        "title": "Your ticket",
        "subtitle": "Show it",
        "image_url": "http://app/t/1.png",
        "buttons": [open_it, again],
    }
    payload = {"template_type": "generic", "elements": [element]}
    simulator.send("7", message={"attachment": {"type": "template", "payload": payload}})
    [message] = simulator.messages()
    assert message["text"] == "Your ticket"
    assert message["choices"] == [{"title": "Again", "payload": "restart"}]
    assert message["attachments"] == [
        {"type": "template", **payload},
        {"type": "image", "url": "http://app/t/1.png"},
        {"type": "link", "title": "Open", "url": "http://app/t/1"},
    ]


def test_a_picture_is_listed_with_its_address(simulator):
    simulator.send("7", message={"attachment": {"type": "image", "payload": {"url": "http://app/t/1.png"}}})
    assert simulator.messages()[0]["attachments"] == [{"type": "image", "url": "http://app/t/1.png"}]


def test_the_words_of_a_button_template_are_its_text(simulator):
    payload = {
        "template_type": "button",
        "text": "Well?",
        "buttons": [{"type": "postback", "title": "Go", "payload": "go"}],
    }
    simulator.send("7", message={"attachment": {"type": "template", "payload": payload}})
    [message] = simulator.messages()
    assert (message["text"], message["choices"]) == ("Well?", [{"title": "Go", "payload": "go"}])


@pytest.mark.parametrize("action", ["mark_seen", "typing_on", "typing_off"])
def test_a_sender_action_is_accepted_but_is_no_message(simulator, action):
    assert simulator.send("7", sender_action=action).json() == {"recipient_id": "7"}
    assert simulator.messages() == []


@pytest.mark.parametrize("version", ["v2.6", "v23.0", "v99.1"])
def test_any_version_of_the_api_will_do(simulator, version):
    assert simulator.send("7", message=TEXT, version=version).ok


def test_the_page_id_and_a_bearer_token_will_do_too(simulator):
    body = {"recipient": {"id": "7"}, "messaging_type": "RESPONSE", "message": TEXT}
    bearer = {"Authorization": "Bearer local-page-token"}
    assert requests.post(f"{simulator.url}/v23.0/1000/messages", json=body, headers=bearer, timeout=5).ok
    assert (
        error_of(requests.post(f"{simulator.url}/v23.0/1001/messages", json=body, headers=bearer, timeout=5))["code"]
        == 100
    )


def test_a_wrong_token_is_refused_as_meta_does(simulator):
    error = error_of(simulator.send("7", token="stolen", message=TEXT))
    assert (error["code"], error["type"]) == (190, "OAuthException")
    assert error["fbtrace_id"]
    assert error_of(simulator.send("7", token=None, message=TEXT))["code"] == 2500


def test_a_broken_limit_is_refused_and_not_listed(simulator):
    error = error_of(simulator.send("7", message={"text": "x" * 2001}))
    assert error["code"] == 100
    assert error["message"] == "(#100) Length of param message[text] must be less than or equal to 2000"
    assert simulator.messages() == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(simulator, body):
    answer = requests.post(f"{simulator.url}/v23.0/me/messages?access_token=local-page-token", data=body, timeout=5)
    assert error_of(answer)["code"] == 100


def test_who_blocked_the_page_is_unavailable_until_unblocking(simulator):
    requests.put(f"{simulator.url}/fans/666", json={"blocked": True}, timeout=5)
    error = error_of(simulator.send("666", message=TEXT))
    assert (error["code"], error["error_subcode"]) == (551, 1545041)
    requests.put(f"{simulator.url}/fans/666", json={"blocked": False}, timeout=5)
    assert simulator.send("666", message=TEXT).ok


def test_the_window_closes_24_hours_after_the_fan_wrote():
    clock = {"now": 1_800_000_000_000}
    with a_simulator(now=lambda: clock["now"]) as simulator:
        simulator.do("7", "text", text="Hello")
        clock["now"] += DAY_MS
        assert simulator.send("7", message=TEXT).ok
        clock["now"] += 1
        error = error_of(simulator.send("7", message=TEXT))
        assert (error["code"], error["error_subcode"]) == (10, 2018278)
        assert simulator.send("7", message=TEXT, messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT").ok
        simulator.do("7", "read")
        assert not simulator.send("7", message=TEXT).ok, "a receipt opens no window"
        simulator.do("7", "text", text="Still there?")
        assert simulator.send("7", message=TEXT).ok


def test_a_fan_whom_the_simulator_never_met_may_be_written_to(simulator):
    assert simulator.send("424242", message=TEXT).ok


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"status": 429, "code": 613, "retry_after": 7}, 429, 613),
        ({"status": 429}, 429, 613),
        ({"status": 503}, 503, 2),
        ({"status": 500, "code": 1}, 500, 1),
        ({"status": 401}, 401, 190),
        ({"status": 400, "code": 10, "subcode": 2018278}, 400, 10),
    ],
)
def test_the_next_sends_fail_as_ordered_then_all_is_well(simulator, fault, status, code):
    assert simulator.post("/faults", {"channel": "messenger", "count": 2, **fault}).status_code == 201
    for _ in range(2):
        answer = simulator.send("7", message=TEXT)
        assert answer.status_code == status
        assert answer.json()["error"]["code"] == code
        assert answer.json()["error"].get("error_subcode") == fault.get("subcode")
        assert answer.headers.get("Retry-After") == ("7" if "retry_after" in fault else None)
    assert simulator.send("7", message=TEXT).ok
    assert len(simulator.messages()) == 1


def test_a_sender_action_suffers_a_fault_but_spends_none(simulator):
    simulator.post("/faults", {"channel": "messenger", "status": 500})
    assert simulator.send("7", sender_action="typing_on").status_code == 500
    assert simulator.send("7", message=TEXT).status_code == 500
    assert simulator.send("7", message=TEXT).ok


def test_a_fault_of_status_0_hangs_up_without_an_answer(simulator):
    simulator.post("/faults", {"channel": "messenger", "status": 0})
    with pytest.raises(requests.ConnectionError):
        simulator.send("7", message=TEXT)
    assert simulator.send("7", message=TEXT).ok


def test_a_fault_of_status_200_answers_well_but_late(simulator):
    simulator.post("/faults", {"channel": "messenger", "status": 200, "delay": 0.3})
    assert simulator.send("7", message=TEXT).elapsed.total_seconds() >= 0.3
    assert len(simulator.messages()) == 1


def test_faults_follow_in_the_order_they_came_and_can_be_forgotten(simulator):
    simulator.post("/faults", {"channel": "messenger", "status": 500})
    simulator.post("/faults", {"channel": "messenger", "status": 429, "count": 9})
    assert [simulator.send("7", message=TEXT).status_code for _ in range(3)] == [500, 429, 429]
    assert simulator.get("/faults").json() == [{"channel": "messenger", "status": 429, "count": 7}]
    assert simulator.delete("/faults").status_code == 204
    assert simulator.send("7", message=TEXT).ok


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/faults", {"channel": "telegram", "status": 500}, "channel"),
        ("/faults", {"channel": "messenger"}, "status"),
        ("/faults", {"channel": "messenger", "status": 9000}, "status"),
        ("/faults", {"channel": "messenger", "status": 500, "count": 0}, "count"),
        ("/faults", {"channel": "messenger", "status": 500, "code": "slow"}, "code"),
        ("/faults", {"channel": "messenger", "status": 500, "times": 2}, "times"),
        ("/faults", [], "body"),
        ("/fans/7/events", {"kind": "dance"}, "kind"),
        ("/fans/7/events", {"kind": "text"}, "text"),
        ("/fans/7/events", {"kind": "quick_reply", "text": "Yes"}, "payload"),
        ("/fans/7/events", {"kind": "scan"}, "ref"),
        ("/fans/7/events", {"kind": "text", "text": "Hi", "timestamp": "now"}, "timestamp"),
    ],
)
def test_a_bad_body_is_refused_by_field(simulator, path, body, field):
    answer = simulator.post(path, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_an_unknown_channel_is_refused(simulator):
    assert simulator.get("/messages", channel="telegram").status_code == 400


def test_a_profile_is_made_up_but_always_the_same(simulator):
    asked = {"fields": "first_name,profile_pic,locale", "access_token": "local-page-token"}
    first, second = (simulator.get("/v23.0/7001", **asked).json() for _ in range(2))
    assert first == second
    assert set(first) == {"id", "first_name", "profile_pic", "locale"}
    assert requests.get(first["profile_pic"], timeout=5).headers["Content-Type"] == "image/svg+xml"
    assert error_of(simulator.get("/v23.0/7001", access_token="stolen"))["code"] == 190


def test_slack_takes_a_message_and_lists_it(simulator):
    bearer = {"Authorization": "Bearer xoxb-local"}
    call = {"channel": "C1", "text": "Hi", "blocks": [{"type": "divider"}]}
    answer = requests.post(f"{simulator.url}/api/chat.postMessage", json=call, headers=bearer, timeout=5).json()
    assert (answer["ok"], answer["channel"]) == (True, "C1")
    assert float(answer["ts"])
    [message] = simulator.messages(channel="slack", to="C1")
    assert (message["to"], message["text"], message["choices"], message["raw"]) == ("C1", "Hi", [], call)


@pytest.mark.parametrize(
    ("token", "call", "error"),
    [
        (None, {"channel": "C1", "text": "Hi"}, "not_authed"),
        ("Bearer stolen", {"channel": "C1", "text": "Hi"}, "invalid_auth"),
        ("Bearer xoxb-local", {"text": "Hi"}, "channel_not_found"),
        ("Bearer xoxb-local", {"channel": "C1"}, "no_text"),
    ],
)
def test_slack_refuses_politely(simulator, token, call, error):
    headers = {} if token is None else {"Authorization": token}
    answer = requests.post(f"{simulator.url}/api/chat.postMessage", data=call, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


def test_slack_meets_only_its_own_faults(simulator):
    simulator.post("/faults", {"channel": "slack", "status": 429, "code": "ratelimited", "retry_after": 3})
    assert simulator.send("7", message=TEXT).ok
    answer = requests.post(f"{simulator.url}/api/chat.postMessage", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["error"]) == (429, "3", "ratelimited")


def test_many_senders_at_once_are_all_listed(simulator):
    with ThreadPoolExecutor(8) as senders:
        assert all(senders.map(lambda number: simulator.send(str(number % 5), message=TEXT).ok, range(500)))
    assert len(simulator.messages()) == 500
    assert len(simulator.messages(channel="messenger", to="3")) == 100
