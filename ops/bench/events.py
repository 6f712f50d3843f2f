"""What Lambda hands to a function: webhooks as API Gateway passes them on, and batches of SQS."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

PAGE = "1000"
SECRET = "local-messenger-app-secret"  # noqa: S105  # the local stage's, known to all

Json = dict[str, Any]


def message(fan: str, mid: str, at: int, **what: object) -> Json:
    """A fan's event: `message={...}` or `referral={...}`. `at` is in milliseconds."""
    event: Json = {"sender": {"id": fan}, "recipient": {"id": PAGE}, "timestamp": at, **what}
    if "message" in event:
        event["message"] = {"mid": mid, **event["message"]}
    return event


def signed(event: Json) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of Meta's request: https://developers.facebook.com/docs/messenger-platform/webhooks ."""
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": event["timestamp"], "messaging": [event]}]})
    proof = hmac.digest(SECRET.encode(), body.encode(), hashlib.sha256).hex()
    return body.encode(), {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "X-Hub-Signature-256": f"sha256={proof}",
    }


def webhook(event: Json) -> Json:
    """The same as API Gateway hands it on, base64-encoded as all bodies are where binary types are `*/*`."""
    body, headers = signed(event)
    path = "/webhooks/messenger"
    return {
        "resource": path,
        "path": path,
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"resourcePath": path, "httpMethod": "POST", "path": path, "stage": "api"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def batch(queue: str, messages: Sequence[tuple[str, str, str]]) -> Json:
    """An SQS event of messages: id, group and body of each. Nothing can be returned by these receipts."""
    records = [
        {
            "messageId": message_id,
            "receiptHandle": "none",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": group},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:000000000000:{queue}",
            "awsRegion": "eu-west-1",
        }
        for message_id, group, body in messages
    ]
    return {"Records": records}
