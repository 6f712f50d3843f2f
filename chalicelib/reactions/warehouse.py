"""An order was placed: the organiser's warehouse is told, by a signed webhook.

Signed as Standard Webhooks has it (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), so that
the receiver needs a library and no page of ours. It comes again until it is answered with 2xx; its `webhook-id` is then the same.
"""

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
import requests

from chalicelib.clock import Clock
from chalicelib.errors import Unavailable
from chalicelib.events.catalogue import OrderPlaced
from chalicelib.logs import Log
from chalicelib.reactions.listeners import Heard
from chalicelib.reactions.once import Once

TIMEOUT = (3, 10)
"""Seconds for connecting, and for the answer."""


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Warehouse:
    """At `url`; empty where there is none, and nobody to tell."""

    def __init__(  # each is a thing of its own
        self, session: requests.Session, url: str, secrets: Secrets, once: Once, *, clock: Clock, log: Log
    ) -> None:
        self._session = session
        self._url = url
        self._secrets = secrets
        self._once = once
        self._clock = clock
        self._log = log

    def tell(self, heard: Heard) -> None:
        """At least once an order, and never again once it was taken."""
        if self._url:
            self._once.at_least(heard.order.order_id, "notify-warehouse", lambda: self._post(heard.order))

    def _post(self, order: OrderPlaced) -> None:
        body = msgspec.json.encode({"type": OrderPlaced.detail_type, "timestamp": order.timestamp, "data": order})
        headers = {"Content-Type": "application/json", **self._signed(f"{order.order_id}-placed", body)}
        try:
            answer = self._session.post(self._url, body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise Unavailable(f"The warehouse does not answer: {type(error).__name__}") from None
        self._log("warehouse", order=order.order_id, status=answer.status_code)
        if not 200 <= answer.status_code < 300:  # noqa: PLR2004  # every 2xx
            raise Unavailable(f"The warehouse answers {answer.status_code}")

    def _signed(self, message_id: str, body: bytes) -> dict[str, str]:
        at = str(int(self._clock()))
        key = base64.b64decode(str(self._secrets.get("warehouse").get("signing_secret", "")).removeprefix("whsec_"))
        if not key:
            raise Unavailable("The secret warehouse has no signing_secret: an operator must set it")
        proof = hmac.digest(key, f"{message_id}.{at}.".encode() + body, "sha256")
        signature = f"v1,{base64.b64encode(proof).decode()}"
        return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signature}
