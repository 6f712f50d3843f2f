import hmac
import json

import pytest

from ops.simulator.webhooks import LIKE, serialised, signature
from tests.unit.simulator.fake_application import a_simulator, until


def test_the_body_is_escaped_as_meta_escapes_it():
    body = serialised("1000", 1, {"text": "äöå 🎉 </a>"})
    assert b'"text":"\\u00e4\\u00f6\\u00e5 \\ud83c\\udf89 <\\/a>"' in body
    assert json.loads(body)["entry"][0]["messaging"] == [{"text": "äöå 🎉 </a>"}]


def test_the_signature_is_the_one_of_the_raw_bytes():
    # from an independent tool: printf '{}' | openssl dgst -sha256 -hmac secret
    assert signature(b"{}", "secret") == "sha256=77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13"


def test_a_fan_writes_and_the_application_gets_a_signed_webhook(simulator):
    answer = simulator.do("7", "text", text="Crème brûlée 🎉").json()
    [webhook] = simulator.app.webhooks
    digest = hmac.new(b"local-messenger-app-secret", webhook.body, "sha256").hexdigest()
    assert webhook.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert webhook.headers["User-Agent"] == "facebookexternalua"
    assert webhook.headers["Content-Type"] == "application/json"
    body = json.loads(webhook.body)
    assert (body["object"], body["entry"][0]["id"]) == ("page", "1000")
    assert webhook.event == {
        "sender": {"id": "7"},
        "recipient": {"id": "1000"},
        "timestamp": answer["timestamp"],
        "message": {"mid": answer["mid"], "text": "Crème brûlée 🎉"},
    }
    assert answer["status"] == 200
    assert answer["mid"].startswith("m_")


@pytest.mark.parametrize(
    ("event", "content"),
    [
        (
            {"kind": "quick_reply", "text": "On a boat", "payload": "q1:boat"},
            {"message": {"mid": "m_1", "text": "On a boat", "quick_reply": {"payload": "q1:boat"}}},
        ),
        (
            {"kind": "postback", "text": "Again", "payload": "restart"},
            {"postback": {"title": "Again", "payload": "restart", "mid": "m_1"}},
        ),
        (
            {"kind": "get_started"},
            {"postback": {"title": "Get Started", "payload": "start", "mid": "m_1"}},
        ),
        (
            {"kind": "get_started", "payload": "begin", "ref": "bash"},
            {
                "postback": {
                    "title": "Get Started",
                    "payload": "begin",
                    "mid": "m_1",
                    "referral": {"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"},
                }
            },
        ),
        (
            {"kind": "referral", "ref": "bash"},
            {"referral": {"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"}},
        ),
        (
            {"kind": "image", "url": "https://a.example/b.jpg"},
            {
                "message": {
                    "mid": "m_1",
                    "attachments": [{"type": "image", "payload": {"url": "https://a.example/b.jpg"}}],
                }
            },
        ),
        (
            {"kind": "like", "url": "https://a.example/l.png"},
            {
                "message": {
                    "mid": "m_1",
                    "attachments": [
                        {"type": "sticker", "payload": {"url": "https://a.example/l.png", "sticker_id": LIKE}}
                    ],
                }
            },
        ),
        ({"kind": "delivery", "mids": ["m_9"]}, {"delivery": {"mids": ["m_9"], "watermark": 1_795_000_000_000}}),
        ({"kind": "read"}, {"read": {"watermark": 1_795_000_000_000}}),
    ],
)
def test_every_kind_of_event_has_metas_shape(simulator, event, content):
    simulator.post("/fans/7/events", {"mid": "m_1", "timestamp": 1_795_000_000_000, **event})
    frame = {"sender": {"id": "7"}, "recipient": {"id": "1000"}, "timestamp": 1_795_000_000_000}
    assert simulator.app.webhooks[0].event == frame | content


def test_a_scan_is_get_started_for_a_new_fan_and_a_referral_for_a_returning_one(simulator):
    simulator.do("90001", "scan", ref="bash")
    simulator.do("90001", "scan", ref="bash")
    assert [next(iter(webhook.event.keys() & {"postback", "referral"})) for webhook in simulator.app.webhooks] == [
        "postback",
        "referral",
    ]


def test_what_is_not_answered_200_is_tried_again_with_the_same_bytes(simulator):
    simulator.app.statuses = [503, 500]
    assert simulator.do("7", "text", text="Hello?").json()["status"] == 503
    until(lambda: len(simulator.app.webhooks) == 3)
    assert len({webhook.body for webhook in simulator.app.webhooks}) == 1


def test_a_program_can_ask_for_one_attempt_only(simulator):
    simulator.app.statuses = [503]
    assert simulator.do("7", "text", text="Hello?", retry=False).json()["status"] == 503
    simulator.do("7", "text", text="Next")
    assert [webhook.event["message"]["text"] for webhook in simulator.app.webhooks] == ["Hello?", "Next"]


def test_after_the_last_attempt_it_gives_up(simulator):
    simulator.app.statuses = [500] * 9
    simulator.do("95", "text", text="Hello?")
    until(lambda: len(simulator.app.webhooks) == 4)
    simulator.app.statuses = []
    simulator.do("95", "text", text="Anybody?")
    assert len(simulator.app.webhooks) == 5


def test_nobody_at_home_is_status_0():
    with a_simulator(settings_changes={"app_url": "http://127.0.0.1:1"}) as simulator:
        assert simulator.do("7", "text", text="Hello?").json()["status"] == 0
        assert simulator.get("/application").json()["webhook"] == "unreachable"


def test_one_fans_doings_arrive_in_their_order(simulator):
    for number in range(20):
        simulator.do("7", "text", text=str(number))
    assert [webhook.event["message"]["text"] for webhook in simulator.app.webhooks] == [str(n) for n in range(20)]


def test_the_same_mid_can_be_delivered_again(simulator):
    again = {"text": "Hello", "mid": "m_once", "timestamp": 1_795_000_000_000}
    simulator.do("7", "text", **again)
    simulator.do("7", "text", **again)
    first, second = simulator.app.webhooks
    assert first.body == second.body


def test_the_handshake_says_whether_the_application_knows_the_verify_token(simulator):
    assert simulator.get("/application").json()["webhook"] == "verified"
    simulator.app.verify_token = "changed"
    assert simulator.get("/application").json()["webhook"] == "refused"
    simulator.app.verify_token = "local-verify-token"
