"""What Slack sends: signed events, slash commands and pressed buttons, and requests as API Gateway hands them on."""

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

from chalice.app import Request

SECRET = "a signing secret"
TEAM = "T061EG9R6"
FAN = "U2147483697"
APP_USER = "U0LAN0Z89"
DIRECT = "D024BE91L"
PUBLIC = "C02ACCEPT1"
AT = 1_795_340_000
"""Seconds."""
TS = f"{AT}.000200"
CONVERSATION = f"slack:{TEAM}:{FAN}"


def event(inner, **envelope):
    """An event in its envelope: https://docs.slack.dev/apis/events-api/#callback-field ."""
    return {
        "token": "a deprecated token",
        "team_id": TEAM,
        "api_app_id": "A0KRD7HC3",
        "type": "event_callback",
        "event_id": "Ev0PV52K21",
        "event_time": AT,
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": APP_USER, "is_bot": True}],
        "event": inner,
        **envelope,
    }


def message(words, **changes):
    return {
        "type": "message",
        "channel": DIRECT,
        "channel_type": "im",
        "user": FAN,
        "text": words,
        "ts": TS,
        "event_ts": TS,
        **changes,
    }


def mention(words, **changes):
    return {
        "type": "app_mention",
        "channel": PUBLIC,
        "user": FAN,
        "text": f"<@{APP_USER}> {words}",
        "ts": TS,
        "event_ts": TS,
        **changes,
    }


def opened(tab="home"):
    return {"type": "app_home_opened", "user": FAN, "channel": DIRECT, "tab": tab, "event_ts": "1795340000000200"}


def command(text, **changes):
    fields = {
        "team_id": TEAM,
        "team_domain": "example",
        "channel_id": PUBLIC,
        "channel_name": "general",
        "user_id": FAN,
        "user_name": "anna",
        "command": "/guestlist",
        "text": text,
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def button(value, title="On a boat", **changes):
    return {
        "type": "button",
        "action_id": "answer-2",
        "block_id": "answers",
        "text": {"type": "plain_text", "text": title, "emoji": True},
        "value": value,
        "action_ts": f"{AT + 7}.840180",
        **changes,
    }


def press(*actions, **changes):
    """A pressed button of a message in the direct message."""
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": FAN, "username": "anna", "team_id": TEAM},
        "container": {"type": "message", "message_ts": TS, "channel_id": DIRECT, "is_ephemeral": False},
        "trigger_id": "12466734323.1395872398",
        "channel": {"id": DIRECT, "name": "directmessage"},
        "message": {"bot_id": "B1", "type": "message", "user": APP_USER, "ts": TS, "text": "Where was the first set?"},
        "actions": list(actions),
        **changes,
    }


def press_at_home(*actions):
    """A pressed button of the app's home page."""
    whole = press(*actions, container={"type": "view", "view_id": "V1"}, view={"id": "V1", "type": "home"})
    return {name: value for name, value in whole.items() if name not in {"channel", "message"}}


def raw(parsed):
    return json.dumps(parsed, separators=(",", ":")).encode()


def form(**fields):
    return urlencode(fields).encode()


def interaction(payload):
    return form(payload=json.dumps(payload))


def sign(raw_body, at=AT, secret=SECRET):
    proof = hmac.new(secret.encode(), f"v0:{at}:".encode() + raw_body, hashlib.sha256)
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={proof.hexdigest()}"}


def gateway_event(raw_body, headers, path="/webhooks/slack/events"):
    return {
        "multiValueQueryStringParameters": None,
        "headers": headers,
        "pathParameters": None,
        "requestContext": {"httpMethod": "POST", "resourcePath": path},
        "body": base64.b64encode(raw_body).decode(),
        "isBase64Encoded": True,
        "stageVariables": None,
    }


def request(raw_body, headers):
    return Request(gateway_event(raw_body, headers))


def signed(raw_body, secret=SECRET, at=AT, **headers):
    return request(raw_body, sign(raw_body, at, secret) | headers)
