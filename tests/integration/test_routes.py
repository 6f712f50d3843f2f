"""The real application's routes against the emulator: who may call, what is refused, and how it is said."""

import contextlib
import hashlib
import hmac
import json
import uuid
from urllib.parse import urlencode

import pytest

from chalicelib import wiring
from chalicelib.campaigns.model import Counts
from tests.builders import a_campaign, a_campaign_document

SECRET = b"local-messenger-app-secret"


@pytest.fixture
def environ(resources, monkeypatch):
    for name, value in resources.environ(BASE_URL="http://127.0.0.1:8000").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def app(environ):
    """The application of app.py, with services of its own. pytest-chalice's `client` asks for it."""
    from app import app as application  # noqa: PLC0415  # after the environment is set

    built = [service for service in vars(wiring).values() if hasattr(service, "cache_clear")]
    with contextlib.ExitStack() as closing:
        for service in built:
            service.cache_clear()
        for name in ("dynamodb", "sqs", "secretsmanager"):
            closing.callback(wiring.client(name).close)
        yield application
    for service in built:
        service.cache_clear()


@pytest.fixture
def campaign(app):
    saved = a_campaign(campaign_id=f"c-{uuid.uuid4().hex[:8]}", ref=uuid.uuid4().hex[:8])
    wiring.campaigns().save(saved)
    return saved


def bearer(token):
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def signed(body):
    raw = json.dumps(body).encode()
    proof = hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    return {"headers": {"X-Hub-Signature-256": f"sha256={proof}", "Content-Type": "application/json"}, "body": raw}


def webhook(psid="2000", text="hello"):
    event = {
        "sender": {"id": psid},
        "recipient": {"id": "1000"},
        "timestamp": 1_796_000_000_000,
        "message": {"mid": f"m_{uuid.uuid4()}", "text": text},
    }
    return {"object": "page", "entry": [{"id": "1000", "time": 1, "messaging": [event]}]}


def is_a_problem(response, status):
    problem = json.loads(response.body)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    return problem


def test_health_tells_stage_and_version(client):
    answer = client.get("/health", headers={})
    assert answer.status_code == 200
    assert answer.json.keys() == {"status", "stage", "version"}
    assert answer.json["stage"] == "local"


def test_the_organiser_sees_the_whole_campaign(client, campaign):
    shown = client.get(f"/campaigns/{campaign.campaign_id}", headers=bearer("local-organiser-token")).json
    assert shown["campaignId"] == campaign.campaign_id
    assert shown["questions"][0]["answer"] == "boat"
    assert shown["ticketsLeft"] == 25


def test_a_campaign_is_made_previewed_announced_played_counted_and_ended(client):
    name = f"c-{uuid.uuid4().hex[:8]}"
    token, one = bearer("local-organiser-token"), f"/campaigns/{name}"

    def ask(method, path, body=None):
        answer = getattr(client, method)(path, headers=token, body=json.dumps(body or {}))
        return answer.status_code, json.loads(answer.body or "{}")

    def say(query="", **body):
        said = {"messageId": "m1", "text": "start", **body}
        answer = client.post(f"/chat/{name}/messages{query}", headers=token, body=json.dumps(said))
        return answer.json["replies"][0]["text"]

    assert ask("post", "/campaigns", a_campaign_document(campaignId=name, ref=name, state="draft"))[0] == 201
    link = ask("post", f"{one}/preview")[1]["url"]
    assert "first set" in say("?" + link.partition("?")[2])
    assert "isn't open yet" in say()
    assert ask("post", f"{one}/state", {"state": "live"})[0] == 200
    assert ask("put", f"{one}/sources/poster", {"name": "The poster"})[0] == 201
    wiring.campaigns.cache_clear()  # functions notice within five seconds; a new one at once
    wiring.dialogue.cache_clear()
    wiring.web_chat.cache_clear()
    assert "first set" in say(source="poster")
    [counted] = ask("get", f"{one}/sources")[1]["sources"]
    assert counted == {"source": "poster", "name": "The poster", **dict.fromkeys(Counts._fields, 0)}  # no stream here
    assert ask("patch", one, {"passMark": 1})[0] == 409
    assert ask("delete", one)[0] == 409
    assert ask("post", f"{one}/state", {"state": "ended"})[0] == 200
    assert [deed["by"] for deed in ask("get", f"{one}/audit")[1]["audit"]] == ["organiser"] * 4


@pytest.mark.parametrize("token", ["wrong", "", "local-organiser-token ", "löcal", "local-organiser-token2"])
def test_with_an_unknown_token_the_answer_is_401(client, campaign, token):
    answer = client.get(f"/campaigns/{campaign.campaign_id}", headers=bearer(token))
    assert answer.status_code == (200 if token.strip() == "local-organiser-token" else 401)


def test_another_scheme_than_bearer_is_401(client, campaign):
    headers = {"Authorization": "Basic local-organiser-token"}
    is_a_problem(client.get(f"/campaigns/{campaign.campaign_id}", headers=headers), 401)


@pytest.mark.parametrize("role", ["steward", "service"])
def test_a_wrong_role_is_403(client, campaign, role):
    is_a_problem(client.get(f"/campaigns/{campaign.campaign_id}", headers=bearer(f"local-{role}-token")), 403)


@pytest.mark.parametrize("role", ["organiser", "service"])
def test_only_stewards_redeem(client, role):
    body = json.dumps({"code": "x", "nonce": "n"})
    is_a_problem(client.post("/tickets/redeem", headers=bearer(f"local-{role}-token"), body=body), 403)


def test_a_made_token_is_for_its_campaign_and_counts_until_it_is_revoked(client, campaign, operate):
    words = ("--role", "organiser", "--name", "Anna", "--campaign", campaign.campaign_id, "--days", "1")
    token = operate("token", "create", *words).stdout.strip()
    own = f"/campaigns/{campaign.campaign_id}"
    assert client.get(own, headers=bearer(token)).json["campaignId"] == campaign.campaign_id
    assert campaign.campaign_id in is_a_problem(client.get("/campaigns/other", headers=bearer(token)), 403)["detail"]
    is_a_problem(client.post("/tickets/redeem", headers=bearer(token), body=b"{}"), 403)
    is_a_problem(client.get(own, headers=bearer(f"{token[:-4]}0000")), 401)
    assert token.split("_")[1] in operate("token", "list").stdout
    assert operate("token", "revoke", token.split("_")[1], "--yes").exit_code == 0
    is_a_problem(client.get(own, headers=bearer(token)), 401)


def test_a_steward_of_another_campaign_lets_nobody_in(client, campaign, operate):
    campaigns, tickets = wiring.campaigns(), wiring.tickets()
    stored = campaigns.playing(campaign.campaign_id)
    tickets.begin(stored, "fan", tickets.entry(stored, "fan")._replace(attempts=("m_1",)))
    scan = json.dumps({"code": tickets.take(stored, "fan"), "nonce": "scan-0001"})
    other = a_campaign(campaign_id=f"c-{uuid.uuid4().hex[:8]}", ref=uuid.uuid4().hex[:8])
    campaigns.save(other)
    words = ("token", "create", "--role", "steward", "--name", "gate 3", "--campaign")
    theirs, ours = (operate(*words, each.campaign_id).stdout.strip() for each in (other, campaign))
    assert (
        other.campaign_id
        in is_a_problem(client.post("/tickets/redeem", headers=bearer(theirs), body=scan), 403)["detail"]
    )
    assert client.post("/tickets/redeem", headers=bearer(ours), body=scan).json["status"] == "redeemed"


def test_an_unknown_campaign_is_404(client):
    is_a_problem(client.get("/campaigns/no-such", headers=bearer("local-organiser-token")), 404)


@pytest.mark.parametrize("body", [b"{broken", b"[]", b'"x"', b"\xff\xfe", b"[" * 5_000])
def test_a_body_that_is_no_json_object_is_400(client, body):
    is_a_problem(client.post("/tickets/redeem", headers=bearer("local-steward-token"), body=body), 400)


def test_a_body_over_256_kb_is_413(client, campaign):
    body = json.dumps({"messageId": "1", "text": "x" * (256 * 1024)})
    answer = client.post(
        f"/chat/{campaign.campaign_id}/messages", headers={"Content-Type": "application/json"}, body=body
    )
    assert "262144" in is_a_problem(answer, 413)["detail"]


def test_a_signed_webhook_is_kept(client, resources):
    assert client.post("/webhooks/messenger", **signed(webhook())).status_code == 200
    sqs = resources.client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"]
    bodies = [message["Body"] for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert any('"messenger:1000:2000"' in body for body in bodies)


def test_a_webhook_of_a_thousand_events_is_taken(client):
    body = webhook()
    body["entry"] *= 1000
    for number, entry in enumerate(body["entry"]):
        body["entry"][number] = json.loads(json.dumps(entry))
        body["entry"][number]["messaging"][0]["message"]["mid"] = f"m_{number}_{'x' * 100}"
    assert len(json.dumps(body)) > 256 * 1024
    assert client.post("/webhooks/messenger", **signed(body)).status_code == 200


def test_an_unsigned_webhook_is_refused(client):
    body = json.dumps(webhook()).encode()
    is_a_problem(client.post("/webhooks/messenger", headers={"Content-Type": "application/json"}, body=body), 401)


def test_while_the_queue_refuses_the_webhook_says_503_so_that_the_platform_sends_again(client, monkeypatch):
    monkeypatch.setattr(wiring.inbox()._queue, "_name", "no-such-queue.fifo")  # noqa: SLF001  # the queue is gone
    is_a_problem(client.post("/webhooks/messenger", **signed(webhook())), 503)


def test_meta_verifies_the_webhook_by_its_token(client):
    query = {"hub.mode": "subscribe", "hub.verify_token": "local-verify-token", "hub.challenge": "1158201444"}
    answer = client.get(f"/webhooks/messenger?{urlencode(query)}", headers={})
    assert (answer.status_code, answer.body) == (200, "1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    query["hub.verify_token"] = "wrong"
    is_a_problem(client.get(f"/webhooks/messenger?{urlencode(query)}", headers={}), 403)


def test_another_content_type_is_refused(client):
    headers = bearer("local-steward-token") | {"Content-Type": "text/xml"}
    is_a_problem(client.post("/tickets/redeem", headers=headers, body=b"<x/>"), 415)


def test_another_method_is_refused(client):
    answer = client.delete("/health", headers={})
    is_a_problem(answer, 405)
    assert answer.headers["Allow"] == "GET"


def test_an_error_of_ours_is_a_500_that_tells_no_detail(client, campaign, monkeypatch, capsys):
    def broken(*_):
        raise KeyError("secret detail")

    monkeypatch.setattr(wiring.campaigns(), "stored", broken)
    answer = client.get(f"/campaigns/{campaign.campaign_id}", headers=bearer("local-organiser-token"))
    is_a_problem(answer, 500)
    printed = capsys.readouterr().out
    assert "secret detail" not in printed + answer.body
    assert '"event":"failed","error":"KeyError"' in printed
