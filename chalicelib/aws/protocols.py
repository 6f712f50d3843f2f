"""How AWS's services are spoken to: where each is, how a call is written, and how its answer is read.

Always one POST. What differs is told by the service's Smithy protocol; here is as much of each as our calls need.
"""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode


class Post(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    code: str
    """The error's name in AWS's API reference; empty where it gave none."""
    details: dict[str, Any]
    """All that it said."""


class Speech(Protocol):
    """A protocol."""

    def post(self, operation: str, parameters: Mapping[str, Any]) -> Post:
        """A call of an operation, by the names of AWS's API reference."""

    def answer(self, raw: bytes, error: str) -> Answer | None:
        """What was answered, `error` in its header x-amzn-errortype; None where a service of AWS cannot have said this."""


class AwsJson(NamedTuple):
    """The protocol of https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html ."""

    target: str
    version: str

    def post(self, operation: str, parameters: Mapping[str, Any]) -> Post:
        headers = {
            "Content-Type": f"application/x-amz-json-{self.version}",
            "X-Amz-Target": f"{self.target}.{operation}",
        }
        return Post("/", headers, _compact(parameters))

    def answer(self, raw: bytes, error: str) -> Answer | None:  # noqa: ARG002  # the protocol's
        details = _object(raw)
        return None if details is None else Answer(_code(details.get("__type", "")), details)


class RestJson(NamedTuple):
    """The protocol of https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html ."""

    paths: Mapping[str, str]
    """Of the operations, each of which takes all its parameters in the body."""

    def post(self, operation: str, parameters: Mapping[str, Any]) -> Post:
        return Post(self.paths[operation], {"Content-Type": "application/json"}, _compact(parameters))

    def answer(self, raw: bytes, error: str) -> Answer | None:
        details = _object(raw)
        return None if details is None else Answer(_code(error), details)


class Query(NamedTuple):
    """The protocol of https://smithy.io/2.0/aws/protocols/aws-query-protocol.html , for parameters that are texts."""

    version: str

    def post(self, operation: str, parameters: Mapping[str, Any]) -> Post:
        form = {"Action": operation, "Version": self.version, **parameters}
        return Post("/", {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form).encode())

    def answer(self, raw: bytes, error: str) -> Answer | None:  # noqa: ARG002  # the protocol's
        details = {name: unescape(text) for name, text in _LEAF.findall(raw.decode("utf-8", "replace"))}
        return Answer(details.get("Code", ""), details) if "RequestId" in details else None


_LEAF = re.compile(r"<(\w+)>([^<]*)</\1>")


class Service(NamedTuple):
    name: str
    """In a signature."""
    speech: Speech
    host: str = ""
    """Before the region; where it is not the name."""
    repeatable: bool = True
    """Whether a call whose answer was lost may be made again at once: its writes carry a condition or a token."""


SERVICES = {
    "dynamodb": Service("dynamodb", AwsJson("DynamoDB_20120810", "1.0")),
    "events": Service("events", AwsJson("AWSEvents", "1.1")),
    "secretsmanager": Service("secretsmanager", AwsJson("secretsmanager", "1.1")),
    "ses": Service("ses", RestJson({"SendEmail": "/v2/email/outbound-emails"}), "email", repeatable=False),
    "sns": Service("sns", Query("2010-03-31"), repeatable=False),
    "sqs": Service("sqs", AwsJson("AmazonSQS", "1.0")),
    "states": Service("states", AwsJson("AWSStepFunctions", "1.0")),
}


def _compact(parameters: Mapping[str, Any]) -> bytes:
    return json.dumps(parameters, separators=(",", ":")).encode()


def _code(error_type: object) -> str:
    """An error's name, without what the protocols allow around it (see their pages, under "Operation error serialization")."""
    return str(error_type).partition(":")[0].rpartition("#")[2]


def _object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in an answer, `{}` for an empty one, None where it is something else."""
    try:
        answer = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
