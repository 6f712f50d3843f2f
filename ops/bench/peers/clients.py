"""One message to SQS, by our client and by boto3's."""

import functools
import os
import uuid
from typing import Any


@functools.cache
def _slim() -> Any:  # noqa: ANN401  # compared with an untyped one
    from chalicelib import wiring  # noqa: PLC0415  # each pays for its own imports

    return wiring.client("sqs")


@functools.cache
def _boto3() -> Any:  # noqa: ANN401  # boto3's clients have no types
    import boto3  # noqa: PLC0415

    return boto3.client("sqs")


def slim(event: Any, context: Any) -> None:  # noqa: ANN401, ARG001  # Lambda's signature
    _slim().call("SendMessage", **_message())


def with_boto3(event: Any, context: Any) -> None:  # noqa: ANN401, ARG001  # Lambda's signature
    _boto3().send_message(**_message())


def _message() -> dict[str, str]:
    name = uuid.uuid4().hex
    return {
        "QueueUrl": os.environ["OUTBOUND"],
        "MessageBody": "x" * 200,
        "MessageGroupId": name,
        "MessageDeduplicationId": name,
    }
