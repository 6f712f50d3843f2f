"""Calls of Stripe's API, on a socket."""

import contextlib

import pytest
import requests

from chalicelib.errors import Unavailable, Unprocessable
from chalicelib.payments.stripe_client import VERSION, Refused, StripeClient
from tests.fakes import stripe
from tests.fakes.platform import Answer

INTENT = {"amount": 3998, "currency": "eur", "payment_method": "pm_card_visa"}


class Server(stripe.StripeServer):
    """Answers as it is told, and else as Stripe."""

    def answer(self, asked):
        return self.plan.pop(0) if self.plan else super().answer(asked)


@pytest.fixture
def server():
    with contextlib.closing(Server()) as server:
        yield server


@pytest.fixture
def lines():
    return []


@pytest.fixture
def secret():
    return {"secret_key": stripe.KEY}


@pytest.fixture
def client(server, lines, secret):
    def log(event, **fields):
        lines.append({"event": event, **{name: value for name, value in fields.items() if value}})

    with requests.Session() as session:
        yield StripeClient(session, server.url, {"stripe": secret}, lambda: 1_796_000_000.0, log)


def test_a_call_has_our_key_a_version_and_its_idempotency_key(client, server):
    made = client.post("payment_intents", "order-1", INTENT)
    assert client.get(f"payment_intents/{made['id']}", {"expand[]": "latest_charge"})["status"] == made["status"]
    post, get = server.asked
    for asked in (post, get):
        assert asked.headers["Authorization"] == f"Bearer {stripe.KEY}"
        assert asked.headers["Stripe-Version"] == VERSION
    assert post.headers["Idempotency-Key"] == "order-1"
    assert get.headers["Idempotency-Key"] is None
    assert post.body == {"amount": ["3998"], "currency": ["eur"], "payment_method": ["pm_card_visa"]}
    assert get.query == {"expand[]": ["latest_charge"]}


def test_the_same_call_again_has_the_same_answer_and_another_one_under_its_key_is_refused(client, server):
    first = client.post("payment_intents", "order-1", INTENT)
    assert client.post("payment_intents", "order-1", INTENT) == first
    with pytest.raises(Unprocessable):
        client.post("payment_intents", "order-1", INTENT | {"amount": 1})
    assert len(server.stripe.intents) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(drop=True),
        Answer(200, b"<html>Sign in to the hotel's network</html>"),
        Answer(200, b"[]"),
        Answer(200, b""),
        Answer(302, b"", (("Location", "http://127.0.0.1:1/elsewhere"),)),
        Answer(400, b"Bad Request"),
        Answer(400, {"error": "something else"}),
        Answer(409, {"error": {"type": "invalid_request_error", "code": "idempotency_key_in_use"}}),
        Answer(409, {"error": {"type": "invalid_request_error", "code": "lock_timeout"}}),
        Answer(429, {"error": {"type": "invalid_request_error", "code": "lock_timeout"}}),
        Answer(429, {"error": {"type": "invalid_request_error", "code": "rate_limit"}}),
        Answer(500, {"error": {"type": "api_error"}}),
        Answer(502, b"<html>Bad Gateway</html>"),
        Answer(503, {"error": {"type": "api_error"}}),
        Answer(401, {"error": {"type": "invalid_request_error"}}),
        Answer(403, {"error": {"type": "invalid_request_error", "code": "secret_key_required"}}),
    ],
)
def test_what_may_be_answered_otherwise_later_is_unavailable_and_is_asked_once(client, server, answer):
    server.plan.append(answer)
    with pytest.raises(Unavailable):
        client.post("payment_intents", "order-1", INTENT)
    assert len(server.asked) == 1
    assert client.post("payment_intents", "order-1", INTENT)["status"] == "requires_confirmation"


def test_no_answer_in_time_is_unavailable(lines):
    class Slow:
        def request(self, *_, timeout, **__):
            connecting, answering = timeout
            assert 0 < connecting < answering < 8
            raise requests.ReadTimeout(f"https://api.stripe.com took longer than {answering}")

    client = StripeClient(
        Slow(), "https://stripe.test", {"stripe": {"secret_key": stripe.KEY}}, lambda: 0.0, lambda *_, **__: None
    )
    with pytest.raises(Unavailable, match=r"^Stripe does not answer$"):
        client.get("payment_intents/pi_1", {})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}, "insufficient_funds"),
        ({"type": "card_error", "code": "expired_card"}, "expired_card"),
        ({"type": "invalid_request_error"}, "invalid_request_error"),
        ({"type": "invalid_request_error", "code": "Not a word; and very " + 60 * "long"}, "invalid_request_error"),
        ({"code": 7}, "unknown"),
    ],
)
def test_what_stripe_will_never_do_is_refused_with_its_word(client, server, error, reason):
    server.plan.append(Answer(402, {"error": error}))
    with pytest.raises(Refused) as refused:
        client.post("payment_intents", "order-1", INTENT)
    assert refused.value.reason == reason


def test_a_key_that_stripe_refuses_is_an_operators_task(client, server, lines):
    server.plan.append(Answer(401, {"error": {"type": "invalid_request_error"}}))
    with pytest.raises(Unavailable):
        client.get("payment_intents/pi_1", {})
    assert [line["level"] for line in lines] == ["alarm"]


@pytest.mark.parametrize("secret", [{}, {"secret_key": ""}])
def test_without_a_key_nothing_is_asked(client, server):
    with pytest.raises(Unavailable, match="an operator must set it"):
        client.post("payment_intents", "order-1", INTENT)
    assert server.asked == []


def test_a_line_tells_what_was_asked_and_holds_no_key_and_no_card(client, server, lines):
    client.post("payment_intents", "order-1", INTENT)
    server.plan.append(Answer(drop=True))
    with contextlib.suppress(Unavailable):
        client.post("payment_intents", "order-2", INTENT)
    assert lines == [
        {"event": "stripe", "method": "POST", "path": "payment_intents", "status": 200},
        {
            "event": "stripe",
            "method": "POST",
            "path": "payment_intents",
            "outcome": "no_answer",
            "error": "ConnectionError",
        },
    ]
