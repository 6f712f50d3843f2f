"""A client for Guestlist's HTTP API, to copy and to change. It needs Python 3.11 and requests.

    guestlist = Guestlist("https://guestlist.example", token)
    shirt = guestlist.create("/products", {"name": "Tour shirt", "priceCents": 1999, "stock": 50})
    guestlist.create(f"/products/{shirt['productId']}/stock", {"delta": -2, "reason": "Damaged on the way"})
    guestlist.update(f"/products/{shirt['productId']}", lambda product: {"name": product["name"].upper()})
    for product in guestlist.every("/products"):
        print(product["name"], product["stock"])

Whatever the network does, each call counts once: what got no answer is sent again, and a POST carries a key by which the server knows it
again. What the server refuses is raised as a `Problem`.
"""

import contextlib
import functools
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests

ATTEMPTS = 8
"""At one call, in about a minute: within half of one the server takes over what died half-way."""
TIMEOUT = 20
"""Seconds without a word of the server."""


class Problem(Exception):
    """The server's refusal (https://www.rfc-editor.org/rfc/rfc9457): `status`, `detail`, and more in `members`."""

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = members
        self.detail = members.get("detail", "")
        self.errors = {wrong["field"]: wrong["message"] for wrong in members.get("errors", ())}
        fields = "".join(f"\n  {field}: {message}" for field, message in self.errors.items())
        super().__init__(f"{status}: {self.detail}{fields}")


class NotFound(Problem):
    """404: there is no such thing."""


class Conflict(Problem):
    """409: not in its present state; `members["reason"]` says why."""


class ChangedMeanwhile(Problem):
    """412: somebody else has changed it since it was read."""


_PROBLEMS = {404: NotFound, 409: Conflict, 412: ChangedMeanwhile}


class Thing(dict[str, Any]):
    """What the server shows, and in which version."""

    etag = ""


class Guestlist:
    def __init__(
        self,
        url: str,
        token: str,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._session = session or requests.Session()
        self._sleep = sleep

    def get(self, path: str, **query: str | int) -> Thing:
        return self._call("GET", path, params=query)

    def every(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """All of a list, page by page as they are needed."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            cursor = {"cursor": page.pop("nextCursor", "")}
            [things] = page.values()
            yield from things
            if not cursor["cursor"]:
                return

    def create(self, path: str, body: Mapping[str, Any], key: str = "") -> Thing:
        """POST. To have it count once even when your own program is run again, give a key that it will make again: an order's number."""
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key or str(uuid.uuid4())})

    def update(self, path: str, change: Callable[[Thing], Mapping[str, Any]]) -> Thing:
        """PATCH with what `change` makes of the thing as it is; when somebody else changes it at that moment, of what it is then.

        `change` answers only the fields that change, and what they should be. By how much a stock changes is said by `create`.
        """
        for _ in range(1, ATTEMPTS):
            with contextlib.suppress(ChangedMeanwhile):
                return self._change(path, change)
        return self._change(path, change)

    def delete(self, path: str) -> None:
        """Gone is gone, by whomever."""
        with contextlib.suppress(NotFound):
            self._call("DELETE", path)

    def _change(self, path: str, change: Callable[[Thing], Mapping[str, Any]]) -> Thing:
        thing = self.get(path)
        return self._call("PATCH", path, json=change(thing), headers={"If-Match": thing.etag})

    def _call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **what: Any) -> Thing:
        headers = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        send = functools.partial(
            self._session.request, method, self._url + path, headers=headers, timeout=TIMEOUT, **what
        )
        for attempt in range(1, ATTEMPTS):
            pause = random.uniform(0.75, 1) * 2 ** (
                attempt - 2
            )  # seconds: longer each time, and not in step with other clients
            try:
                answer = send()
            except (requests.ConnectionError, requests.Timeout):
                self._sleep(pause)
                continue
            if not _asks_for_patience(answer):
                return _read(answer)
            self._sleep(max(pause, float(answer.headers.get("Retry-After", 0))))
        return _read(send())


def _asks_for_patience(answer: requests.Response) -> bool:
    """A 409 with Retry-After says that the first request with this key is still being done."""
    return answer.status_code in (429, 500, 502, 503, 504) or (
        answer.status_code == requests.codes.conflict and "Retry-After" in answer.headers
    )


def _read(answer: requests.Response) -> Thing:
    try:
        body = answer.json() if answer.content else {}
    except requests.JSONDecodeError:  # a proxy's page
        body = {"detail": answer.text[:200]}
    if not answer.ok:
        raise _PROBLEMS.get(answer.status_code, Problem)(answer.status_code, body)
    thing = Thing(body)
    thing.etag = answer.headers.get("ETag", "")
    return thing
