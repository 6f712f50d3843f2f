"""What a function loads before its first answer: importing is most of a cold start."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.bench import events
from tests.builders import SCHEDULED
from tests.fakes import stripe
from tests.local_runtime import make_stage
from tests.unit.events.rows import placed
from tests.unit.reactions.events import body as placed_body
from tests.unit.slack import slack

PROJECT = Path(__file__).parents[2]
AWS_SDK = {"boto3", "botocore"}
HEAVY = AWS_SDK | {"cryptography", "jinja2", "msgspec", "rapidfuzz", "requests", "segno", "zoneinfo"}
"""Each takes from 20 to 190 ms to load: docs/decisions/0002-dependencies.md."""

HANDLE = """
import importlib, json, sys
class Context:
    def get_remaining_time_in_millis(self):
        return 30_000
import app
answers = [getattr(app, name)(event, Context()) for name, event in json.load(sys.stdin)]
print(json.dumps([answers, sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.fixture(scope="module")
def stage(start_emulator):
    """A stage `local` of its own: the messages that are put into its queues are nobody else's."""
    return make_stage(start_emulator(), "local")


def handled(environ, *calls):
    """The answers to events, each given to a function of `app` in one new process, and all that the process has loaded."""
    command = [sys.executable, "-c", HANDLE]
    ended = subprocess.run(  # noqa: S603  # ours
        command, input=json.dumps(calls), env=environ, cwd=PROJECT, capture_output=True, text=True, check=True
    )
    answers, loaded = json.loads(ended.stdout.splitlines()[-1])
    return answers, set(loaded)


@pytest.fixture
def environ(stage):
    return stage.environ()


def test_importing_the_application_loads_no_aws_sdk_and_nothing_heavy():
    _, loaded = handled({})
    assert "chalice" in loaded
    assert not loaded & HEAVY


def test_a_webhook_is_answered_without_anything_heavy(environ, stage):
    event = events.webhook(events.message("77", "m_1", 1_796_000_000_000, message={"text": "bash"}))
    [answer], loaded = handled(environ, ["app", event])
    assert (answer["statusCode"], answer["body"]) == (200, "EVENT_RECEIVED")
    assert not loaded & HEAVY
    sqs = stage.client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["conversation"] == "messenger:1000:77"


def test_a_slack_event_is_answered_without_anything_heavy(environ, stage):
    now = int(time.time())
    raw = slack.raw(slack.event(slack.message("bash", ts=f"{now}.000100"), event_id=f"Ev{now}"))
    headers = slack.sign(raw, now, "local-slack-signing-secret") | {"content-type": "application/json"}
    [answer], loaded = handled(environ, ["app", slack.gateway_event(raw, headers)])
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert not loaded & HEAVY


def test_an_event_of_stripe_is_answered_without_what_calls_stripe(environ):
    intent = {"id": "pi_1", "object": "payment_intent", "status": "succeeded", "metadata": {"order_id": "no-such"}}
    told = stripe.delivery(stripe.event("payment_intent.succeeded", intent), time.time(), "local-stripe-webhook-secret")
    headers = told.headers | {"content-type": "application/json"}
    event = slack.gateway_event(told.raw_body, headers, path="/webhooks/stripe")
    [answer], loaded = handled(environ, ["app", event])
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert not loaded & (AWS_SDK | {"cryptography", "jinja2", "rapidfuzz", "requests", "segno"})


def test_a_token_is_checked_without_anything_heavy(environ):
    event = {
        "type": "TOKEN",
        "authorizationToken": "Bearer local-steward-token",
        "methodArn": "arn:aws:execute-api:eu-west-1:000000000000:api1/api/GET/campaigns/bash",
    }
    [answer], loaded = handled(environ, ["authorise", event])
    assert answer["context"] == {"name": "steward", "role": "steward", "campaigns": ""}
    assert not loaded & HEAVY


def test_the_bot_loads_what_a_turn_needs_and_nothing_of_the_sender_or_the_pages(environ):
    message = {"conversation": "messenger:1000:78", "id": "m_2", "at": 1_796_000_000_000, "kind": "text", "text": "?"}
    event = events.batch("guestlist-local-inbound.fifo", [("1", "messenger:1000:78", json.dumps(message))])
    [answer], loaded = handled(environ, ["bot", event])
    assert answer == {"batchItemFailures": []}
    assert not loaded & (AWS_SDK | {"jinja2", "requests", "segno"})


def test_the_sender_loads_nothing_of_the_dialogue(environ):
    [answer], loaded = handled(environ, ["sender", events.batch("guestlist-local-outbound.fifo", [])])
    assert answer == {"batchItemFailures": []}
    assert not loaded & (HEAVY - {"requests"})


ORDER = {"orderId": "o-1", "customerId": "u", "items": [{"productId": "p", "quantity": 1}], "paymentMethod": "pm"}


def queued(queue, body):
    return events.batch(f"guestlist-local-{queue}", [("1", "1", body)])


@pytest.mark.parametrize(
    ("function", "event", "heavy"),
    [
        ("process_order", queued("order-processing", json.dumps(ORDER)), set()),
        *((f"{step}_order", ORDER, set()) for step in ("validate", "reserve", "place", "notify")),
        ("pay_order", ORDER, {"requests"}),
        ("undo_order", ORDER, {"requests"}),
        ("sweep_orders", SCHEDULED, set()),
        ("publish_changes", {"Records": [placed()]}, set()),
        ("raise_alert", queued("alert", placed_body()), set()),
        ("update_inventory", queued("update-inventory", placed_body()), set()),
        ("send_email", queued("send-email", placed_body()), {"jinja2"}),
        ("notify_warehouse", queued("notify-warehouse", placed_body()), {"requests"}),
    ],
)
def test_a_function_of_orders_loads_what_calls_the_provider_or_writes_the_mail_only_where_it_does(
    stage, function, event, heavy
):
    """With the real provider of payments. They read what they are given by msgspec, and share a package with all others."""
    accepted = ["process_order", queued("order-processing", json.dumps(ORDER))]
    _, loaded = handled(
        stage.environ(PAYMENTS="stripe", STRIPE_API_URL="http://127.0.0.1:1"), accepted, [function, event]
    )
    assert loaded & HEAVY <= heavy | {"msgspec"}
