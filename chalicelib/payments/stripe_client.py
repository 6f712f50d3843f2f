"""Calls of Stripe's API: forms there, JSON back, errors told apart (https://docs.stripe.com/error-low-level)."""

import json
from collections.abc import Mapping
from typing import Any

import requests

from chalicelib.clock import Clock
from chalicelib.errors import Unavailable, Unprocessable
from chalicelib.logs import Log
from chalicelib.payments.intent import reason
from chalicelib.payments.needs import Secrets

VERSION = "2024-06-20"
"""Of the API, so that an upgrade of the account changes nothing here: https://docs.stripe.com/api/versioning ."""
TIMEOUT = (2, 6)
"""Seconds for connecting, and for the answer: a charge and a refund make four calls at most, and a function has 30 seconds."""

_OK = 200
_KEY_REFUSED = {401, 403}
"""An operator must act: our key is wrong, or may not do this."""
_PASSING = _KEY_REFUSED | {409, 429}
"""The idempotency key or the object is in use at this moment, or there are too many calls: https://docs.stripe.com/rate-limits ."""
_SERVER_ERROR = 500

Json = dict[str, Any]


class Refused(Exception):
    """Stripe will not do this, however often it is asked; `reason` is its word for why."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.reason = word


class StripeClient:
    """Each call raises `Refused`; `Unavailable` where it is not known what it did, or it may do it later; `Unprocessable` where its key was
    used for something else. None is repeated here.
    """

    def __init__(self, session: requests.Session, api_url: str, secrets: Secrets, clock: Clock, log: Log) -> None:
        self._session = session
        self._api_url = api_url
        self._secrets = secrets
        self._clock = clock
        self._log = log

    def get(self, path: str, parameters: Mapping[str, str]) -> Json:
        return self._call("GET", path, parameters=parameters)

    def post(self, path: str, key: str, form: Mapping[str, str | int]) -> Json:
        """With an idempotency key, unless that is empty."""
        return self._call("POST", path, {"Idempotency-Key": key} if key else {}, form=form)

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = {},  # never changed
        parameters: Mapping[str, str] | None = None,
        form: Mapping[str, str | int] | None = None,
    ) -> Json:
        url, started = f"{self._api_url}/v1/{path}", self._clock()
        headers = {"Authorization": f"Bearer {self._key()}", "Stripe-Version": VERSION, **headers}
        try:
            response = self._session.request(
                method, url, parameters, form, headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as failure:
            self._log("stripe", method=method, path=path, outcome="no_answer", error=type(failure).__name__)
            raise Unavailable("Stripe does not answer") from None  # its text may hold what was sent
        status, answer = response.status_code, _object(response.content)
        error = answer.get("error")
        word = reason(error) if error else ""
        level = "alarm" if status in _KEY_REFUSED else None
        ms = round(1000 * (self._clock() - started))
        self._log("stripe", level=level, method=method, path=path, status=status, reason=word, ms=ms)
        if status == _OK and answer:
            return answer
        if not isinstance(error, dict) or status in _PASSING or status >= _SERVER_ERROR:
            raise Unavailable(f"Stripe answers {status} {word}".rstrip())
        if error.get("type") == "idempotency_error":
            raise Unprocessable("Stripe was asked for something else under the same key")
        raise Refused(word)

    def _key(self) -> str:
        key = self._secrets.get("stripe").get("secret_key")
        if not key:
            raise Unavailable("The secret stripe has no secret_key: an operator must set it")
        return str(key)


def _object(raw: bytes) -> Json:
    """The JSON object in an answer; empty where it is something else, such as a proxy's page."""
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
