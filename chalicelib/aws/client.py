"""A client of the services of AWS that `protocols` names, and of nothing else.

boto3 does this too. In a function its import and first client cost more than all the rest of a cold start together, and each call five
times the CPU: docs/decisions/0004-a-slim-aws-client.md has the measurements and the conditions for going back.
"""

import contextlib
import functools
import http.client
import random
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.aws.protocols import SERVICES, Answer, Post
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
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
"""Refused for the moment, with nothing done: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""

_NEVER_SENT = (ConnectionRefusedError, socket.gaierror)


class NotAws(http.client.HTTPException):
    """A 200 that AWS cannot have said, such as a proxy's page: nobody has done what we asked."""


class AwsError(Unavailable):
    """AWS refused, or did not answer. `code` is the error's name in AWS's API reference."""

    def __init__(self, operation: str, code: str, details: Mapping[str, Any], *, in_doubt: bool = False) -> None:
        super().__init__(f"{operation}: {code}")
        self.code = code
        self.details = details
        self.in_doubt = in_doubt
        """Whether it may have been done all the same: no answer came, or AWS failed on its way."""


class Client:
    """Calls one service: `Client("sqs", settings, credentials).call("SendMessage", QueueUrl=…, MessageBody=…)`.

    Calls may be repeated after a lost answer, so every write that matters carries a condition or a token; those of a service
    whose calls somebody would see twice are not. Threads may share a client.
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
        self._service = SERVICES[service]
        self._signer = Signer(self._service.name, settings.region, credentials)
        self._sleep = sleep
        self._timeout = timeout
        host = self._service.host or self._service.name
        endpoint = settings.aws_endpoint_url or f"https://{host}.{settings.region}.amazonaws.com"
        self._endpoint = urlsplit(endpoint)
        self._idle: deque[http.client.HTTPConnection] = deque()

    def call(self, operation: str, **parameters: object) -> dict[str, Any]:
        """Call an operation by the name and with the parameters of AWS's API reference; answer its JSON, or raise `AwsError`."""
        post = self._service.speech.post(operation, parameters)
        in_doubt = False
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  # jitter, not a secret
            try:
                status, answer = self._sent(post)
            except (OSError, http.client.HTTPException) as error:
                in_doubt |= not isinstance(error, _NEVER_SENT)
                failure = AwsError(operation, type(error).__name__, {}, in_doubt=in_doubt)
            else:
                if status == http.client.OK:
                    return answer.details
                failed = status >= http.client.INTERNAL_SERVER_ERROR
                in_doubt |= failed
                failure = AwsError(operation, answer.code or str(status), answer.details, in_doubt=in_doubt)
                if not failed and failure.code not in _THROTTLED:
                    break
            if in_doubt and not self._service.repeatable:
                break
        raise failure

    def close(self) -> None:
        """Close the connections that are kept open; a later call opens new ones."""
        with contextlib.suppress(IndexError):  # not `while self._idle`: other threads take from it, too
            while True:
                self._idle.pop().close()

    def _sent(self, post: Post) -> tuple[int, Answer]:
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = self._signer.sign({"Host": self._endpoint.netloc, **post.headers}, post.body, now, post.path)
        connection = self._connection()
        try:
            connection.request("POST", post.path, post.body, headers)
            response = connection.getresponse()
            answer = self._service.speech.answer(response.read(), response.headers.get("x-amzn-errortype", ""))
        except BaseException:
            connection.close()
            self.close()  # what broke this one, a restart or a long sleep, broke the others: the next attempt opens a new one
            raise
        if self._service.repeatable:
            self._idle.append(connection)
        else:  # AWS may close it at any moment, and a call that meets this would be in doubt
            connection.close()
        if answer is None and response.status == http.client.OK:
            raise NotAws
        return response.status, answer or Answer("", {})

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
