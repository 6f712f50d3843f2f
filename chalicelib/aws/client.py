"""A client of AWS's JSON services: DynamoDB, SQS and Secrets Manager, and nothing else.

boto3 does this too. In a function its import and first client cost more than all the rest of a cold start together, and each call five
times the CPU: docs/decisions/0004-a-slim-aws-client.md has the measurements and the conditions for going back. The protocol is one POST: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

import contextlib
import functools
import http.client
import json
import random
import ssl
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
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Refused for the moment, with nothing done: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""


class _Service(NamedTuple):
    name: str
    target: str
    version: str


_SERVICES = {
    "dynamodb": _Service("dynamodb", "DynamoDB_20120810", "1.0"),
    "sqs": _Service("sqs", "AmazonSQS", "1.0"),
    "secretsmanager": _Service("secretsmanager", "secretsmanager", "1.1"),
}


class NotJson(http.client.HTTPException):
    """A 200 that AWS cannot have said, such as a proxy's page: nobody has done what we asked."""


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
        timeout: float = TIMEOUT,
    ) -> None:
        self._service = _SERVICES[service]
        self._signer = Signer(self._service.name, settings.region, credentials)
        self._sleep = sleep
        self._timeout = timeout
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
            failure = AwsError(operation, _code(answer.get("__type", status)), answer)
            if status < http.client.INTERNAL_SERVER_ERROR and failure.code not in _THROTTLED:
                break
        raise failure

    def close(self) -> None:
        """Close the connections that are kept open; a later call opens new ones."""
        with contextlib.suppress(IndexError):  # not `while self._idle`: other threads take from it, too
            while True:
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
            answer = _object(response.read())
        except BaseException:
            connection.close()
            self.close()  # what broke this one, a restart or a long sleep, broke the others: the next attempt opens a new one
            raise
        self._idle.append(connection)
        if answer is None and response.status == http.client.OK:
            raise NotJson
        return response.status, answer or {}

    def _connection(self) -> http.client.HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            if self._endpoint.scheme == "http":  # an emulator
                return http.client.HTTPConnection(self._endpoint.netloc, timeout=self._timeout)
            return http.client.HTTPSConnection(self._endpoint.netloc, timeout=self._timeout, context=_tls())


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all clients: reading the authorities' certificates takes 22 ms."""
    return ssl.create_default_context()


def _code(error_type: object) -> str:
    """An error's name, without what the protocol allows around it (see its page, under "Operation error serialization")."""
    return str(error_type).partition(":")[0].rpartition("#")[2]


def _object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in an answer, `{}` for an empty one, None where it is something else."""
    try:
        answer = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
