"""The least that a function can be."""

from typing import Any


def webhook(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG001  # Lambda's signature
    return {"statusCode": 200, "headers": {}, "body": "EVENT_RECEIVED"}


def bot(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401, ARG001  # Lambda's signature
    return {"batchItemFailures": []}
