"""What Meta sends: signed, escaped bodies, and requests as API Gateway hands them on."""

import base64
import hashlib
import hmac
import json
import re

from chalice.app import Request

SECRET = "an app secret"
PAGE = "1000"
FAN = "24680"
AT = 1_795_340_000_000


def event(at=AT, fan=FAN, **what):
    return {"sender": {"id": fan}, "recipient": {"id": PAGE}, "timestamp": at, **what}


def text(words, mid="m_1", **more):
    return event(message={"mid": mid, "text": words}, **more)


def body(*events, kind="messaging"):
    return {"object": "page", "entry": [{"id": PAGE, "time": AT, kind: list(events)}]}


def raw(parsed):
    """As Meta writes JSON: escaped, in lower-case hex."""
    written = json.dumps(parsed, separators=(",", ":"))
    return re.sub(r"\\u[0-9A-F]{4}", lambda found: found[0].lower(), written).encode()


def sign(raw_body, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), raw_body, hashlib.sha256).hexdigest()


def signed_request(facts, secret=SECRET):
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b"=")
    proof = base64.urlsafe_b64encode(hmac.new(secret.encode(), payload, hashlib.sha256).digest()).rstrip(b"=")
    return f"{proof.decode()}.{payload.decode()}"


def request(method="POST", raw_body=b"", headers=None, query=None):
    return Request(
        {
            "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
            "headers": headers or {},
            "pathParameters": None,
            "requestContext": {"httpMethod": method, "resourcePath": "/webhooks/messenger"},
            "body": raw_body.decode(),
            "stageVariables": None,
        }
    )


def webhook(parsed, secret=SECRET):
    raw_body = raw(parsed)
    return request(raw_body=raw_body, headers={"X-Hub-Signature-256": sign(raw_body, secret)})
