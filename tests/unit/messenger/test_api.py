import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.channels.messenger.api import MessengerApi
from tests.fakes.inbox import MemoryInbox
from tests.fakes.secrets import OneSecret
from tests.unit.messenger import meta

SECRET = {
    "app_secret": meta.SECRET,
    "verify_token": "a verify token",
    "page_token": "a page token",
    "page_id": meta.PAGE,
}
FACTS = {"user_id": meta.FAN, "algorithm": "HMAC-SHA256", "issued_at": 1_291_836_800}


class Deletions:
    def __init__(self):
        self.known = {}

    def pending(self, code):
        self.known.setdefault(code, "pending")

    def status(self, code):
        return self.known.get(code)


class Edge:
    def __init__(self, secret=SECRET):
        self.inbox, self.deletions, self.lines = MemoryInbox(), Deletions(), []
        self.api = MessengerApi(
            OneSecret("messenger", secret),
            self.inbox,
            self.deletions,
            base_url="https://example.test",
            clock=lambda: meta.AT / 1000,
            log=lambda event, **fields: self.lines.append((event, fields)),
        )


@pytest.fixture
def edge():
    return Edge()


def subscription(**changes):
    asked = {"hub.mode": "subscribe", "hub.verify_token": "a verify token", "hub.challenge": "1158201444", **changes}
    return meta.request("GET", query={name: value for name, value in asked.items() if value is not None})


def deletion(facts=FACTS, secret=meta.SECRET):
    return meta.request(raw_body=urlencode({"signed_request": meta.signed_request(facts, secret)}).encode())


def test_metas_verification_is_answered_with_the_bare_challenge(edge):
    answer = edge.api.subscribe(subscription())
    assert (answer.status_code, answer.body, answer.headers["Content-Type"]) == (200, "1158201444", "text/plain")


@pytest.mark.parametrize(
    "changes",
    [
        {"hub.mode": "unsubscribe"},
        {"hub.mode": None},
        {"hub.verify_token": "another"},
        {"hub.verify_token": "geheïm"},
        {"hub.verify_token": None},
        {"hub.challenge": None},
        {"hub.challenge": ""},
    ],
)
def test_any_other_verification_is_forbidden(edge, changes):
    with pytest.raises(errors.Forbidden):
        edge.api.subscribe(subscription(**changes))
    [(event, fields)] = edge.lines
    assert event == "refused"
    assert "verify" in fields["reason"] or fields["reason"] == "not a subscription"


def test_a_verification_without_a_query_is_forbidden(edge):
    with pytest.raises(errors.Forbidden):
        edge.api.subscribe(meta.request("GET"))


def test_a_stage_without_a_verify_token_accepts_no_verification():
    with pytest.raises(errors.Forbidden):
        Edge({"app_secret": meta.SECRET}).api.subscribe(subscription(**{"hub.verify_token": ""}))


def test_a_signed_webhook_is_kept_and_received(edge):
    answer = edge.api.receive(meta.webhook(meta.body(meta.text("Hi 🎉"), meta.event(read={"watermark": 1}))))
    assert (answer.status_code, answer.body) == (200, "EVENT_RECEIVED")
    assert [message.text for message in edge.inbox.kept] == ["Hi 🎉"]
    assert edge.lines == [("ignored", {"channel": "messenger", "read": 1})]


def test_a_webhook_without_messages_does_not_trouble_the_queue(edge):
    edge.inbox.refuses = True
    assert edge.api.receive(meta.webhook(meta.body(meta.event(delivery={})))).status_code == 200


def test_a_webhook_that_the_queue_refuses_is_not_received(edge):
    edge.inbox.refuses = True
    with pytest.raises(errors.Unavailable):
        edge.api.receive(meta.webhook(meta.body(meta.text("Hi"))))


@pytest.mark.parametrize("secret", ["another secret", "", meta.SECRET + "x"])
def test_a_webhook_signed_with_another_secret_is_refused_and_not_logged(edge, secret):
    with pytest.raises(errors.Unauthenticated):
        edge.api.receive(meta.webhook(meta.body(meta.text("my private words")), secret))
    assert edge.lines == [("refused", {"route": "webhook", "reason": "wrong signature", "refusals": 1})]
    assert edge.inbox.kept == []


def test_an_unsigned_webhook_is_refused_whatever_it_says(edge):
    for raw in (b"not json", b"", meta.raw(meta.body(meta.text("Hi")))):
        with pytest.raises(errors.Unauthenticated):
            edge.api.receive(meta.request(raw_body=raw, headers={"X-Hub-Signature": "sha1=00"}))
    assert edge.lines[0] == ("refused", {"route": "webhook", "reason": "no X-Hub-Signature-256", "refusals": 1})


def test_a_stage_without_an_app_secret_receives_nothing():
    with pytest.raises(errors.Unauthenticated):
        Edge({"app_secret": ""}).api.receive(meta.webhook(meta.body(meta.text("Hi")), ""))
    with pytest.raises(errors.Unavailable):
        Edge(None).api.receive(meta.webhook(meta.body(meta.text("Hi"))))


@given(st.data())
def test_no_changed_webhook_is_ever_kept(data):
    edge = Edge()
    raw = meta.raw(meta.body(meta.text("answer")))
    cut = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:cut] + data.draw(st.text(st.characters(codec="ascii"), max_size=3)).encode() + raw[cut + 1 :]
    request = meta.request(raw_body=changed, headers={"X-Hub-Signature-256": meta.sign(raw)})
    if changed == raw:
        edge.api.receive(request)
    else:
        with pytest.raises(errors.Unauthenticated):
            edge.api.receive(request)
    assert len(edge.inbox.kept) == (changed == raw)


def test_a_policy_warning_reaches_the_log_as_a_warning(edge):
    notice = {"recipient": {"id": meta.PAGE}, "policy_enforcement": {"action": "block", "reason": "spam"}}
    edge.api.receive(meta.webhook(meta.body(notice)))
    assert edge.lines[0] == ("policy_enforcement", {"level": "warning", "action": "block", "reason": "spam"})


def test_a_persons_wish_to_be_forgotten_is_queued_behind_their_messages(edge):
    answer = json.loads(edge.api.delete_data(deletion()).body)
    code = answer["confirmation_code"]
    assert answer["url"] == f"https://example.test/deletions/{code}"
    [message] = edge.inbox.kept
    assert (message.kind, message.id, message.conversation) == ("deletion", code, f"messenger:{meta.PAGE}:{meta.FAN}")
    assert edge.deletions.status(code) == "pending"
    assert meta.FAN not in str(edge.lines)


def test_the_same_wish_again_gets_the_same_code(edge):
    assert edge.api.delete_data(deletion()).body == edge.api.delete_data(deletion()).body


def test_a_wish_that_the_queue_refuses_is_not_confirmed(edge):
    edge.inbox.refuses = True
    with pytest.raises(errors.Unavailable):
        edge.api.delete_data(deletion())


def test_a_wish_that_meta_did_not_sign_is_refused(edge):
    for request in (
        deletion(secret="another"),
        meta.request(raw_body=b""),
        meta.request(raw_body=b"\xff".decode("latin1").encode()),
    ):
        with pytest.raises(errors.Unauthenticated):
            edge.api.delete_data(request)
    assert edge.inbox.kept == []
    assert edge.lines[0][1]["route"] == "data-deletion"


def test_a_wish_cannot_be_taken_while_the_page_is_unknown():
    with pytest.raises(errors.Unavailable):
        Edge({**SECRET, "page_id": ""}).api.delete_data(deletion())


@pytest.mark.parametrize(
    ("language", "words"),
    [("nl-BE,nl;q=0.9,en;q=0.8", "worden verwijderd"), ("de,fr", "being deleted"), ("", "being deleted")],
)
def test_a_person_reads_in_their_language_what_became_of_their_wish(edge, language, words):
    edge.deletions.pending("abc")
    page = edge.api.deletion_status(
        "abc", meta.request("GET", headers={"Accept": "text/html", "Accept-Language": language})
    )
    assert page.status_code == 200
    assert words in page.body


def test_a_program_gets_the_status_as_json(edge):
    edge.deletions.known["abc"] = "done"
    answer = edge.api.deletion_status("abc", meta.request("GET"))
    assert json.loads(answer.body) == {"confirmation_code": "abc", "status": "done"}


def test_an_unknown_code_is_not_found_in_either_form(edge):
    page = edge.api.deletion_status("<script>", meta.request("GET", headers={"Accept": "text/html"}))
    assert page.status_code == 404
    assert "script" not in page.body
    with pytest.raises(errors.NotFound):
        edge.api.deletion_status("abc", meta.request("GET", headers={"Accept": "*/*"}))
