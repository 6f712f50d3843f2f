"""A client of AWS's JSON services: DynamoDB, SQS and Secrets Manager, and nothing else.

boto3 does this too, and everything outside the functions uses it. In a function its import and first client cost more than all
the rest of a cold start together, and each call five times the CPU: docs/decisions/0004-a-slim-aws-client.md has the measurements
and the conditions for going back. The protocol is one POST: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

import http.client
import json
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib.aws.signature import Credentials, Signer
from chalicelib.errors import Unavailable
from chalicelib.settings import Settings

ATTEMPTS = 4
TIMEOUT = 2.5
"""Seconds for connecting, and for each answer: a webhook has 5 in all."""

_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ThrottlingException",
    "TransactionInProgressException",
}


class _Service(NamedTuple):
    name: str
    target: str
    version: str


_SERVICES = {
    "dynamodb": _Service("dynamodb", "DynamoDB_20120810", "1.0"),
    "sqs": _Service("sqs", "AmazonSQS", "1.0"),
    "secretsmanager": _Service("secretsmanager", "secretsmanager", "1.1"),
}


class AwsError(Unavailable):
    """AWS refused, or did not answer. `code` is the error's name in AWS's API reference."""

    def __init__(self, operation: str, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(f"{operation}: {code}")
        self.code = code
        self.details = details


class Client:
    """Calls one service: `Client("sqs", settings, credentials).call("SendMessage", QueueUrl=…, MessageBody=…)`.

    Calls may be repeated after a lost answer, so every write that matters carries a condition or a token. Threads may share a client.
    """

    def __init__(
        self,
        service: str,
        settings: Settings,
        credentials: Credentials,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = _SERVICES[service]
        self._signer = Signer(self._service.name, settings.region, credentials)
        self._sleep = sleep
        endpoint = settings.aws_endpoint_url or f"https://{self._service.name}.{settings.region}.amazonaws.com"
        self._endpoint = urlsplit(endpoint)
        self._idle: deque[http.client.HTTPConnection] = deque()

    def call(self, operation: str, **parameters: object) -> dict[str, Any]:
        """Call an operation by the name and with the parameters of AWS's API reference; answer its JSON, or raise `AwsError`."""
        body = json.dumps(parameters, separators=(",", ":")).encode()
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  # jitter, not a secret
            try:
                status, answer = self._post(operation, body)
            except (OSError, http.client.HTTPException) as error:
                failure = AwsError(operation, type(error).__name__, {})
                continue
            if status == http.client.OK:
                return answer
            failure = AwsError(operation, str(answer.get("__type", status)).rpartition("#")[2], answer)
            if status < http.client.INTERNAL_SERVER_ERROR and failure.code not in _THROTTLED:
                break
        raise failure

    def close(self) -> None:
        """Close the connections that are kept open; a later call opens new ones."""
        while self._idle:
            self._idle.pop().close()

    def _post(self, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
        headers = {
            "Host": self._endpoint.netloc,
            "Content-Type": f"application/x-amz-json-{self._service.version}",
            "X-Amz-Target": f"{self._service.target}.{operation}",
        }
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = self._signer.sign(headers, body, now)
        connection = self._connection()
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            raw = response.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return response.status, _object(raw)

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            kind = http.client.HTTPSConnection if self._endpoint.scheme == "https" else http.client.HTTPConnection
            return kind(self._endpoint.netloc, timeout=TIMEOUT)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw or b"{}")
    except ValueError:  # a proxy's error page
        return {}
    return answer if isinstance(answer, dict) else {}
