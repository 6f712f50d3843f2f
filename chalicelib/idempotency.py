"""Requests that may be sent again: a header `Idempotency-Key` makes them count once.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header . The same request with the same key gets the first one's
answer, an error too, for 24 hours; with another body it is refused (422); while the first is being done it has to wait (409).

    def create(self, request):
        body = validation.decode(http.raw_body(request), NewProduct)
        return self._idempotency.once(request, lambda act: self._created(body, act))

An attempt that died is taken over by the next request, at most `LEASE_SECONDS` after it began, with the same `Act`. So whoever does the
act must do it once: its transaction creates an item under `act.id` that is never deleted, and where there is one it was done before.
What is only looked at (is the body right? may they?) comes before `once`.

| pk | sk | item |
| --- | --- | --- |
| `request#<digest of caller, route, key>` | `request` | the act, a digest of the body, until when it is being done, the answer |
"""

import contextlib
import re
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from chalice.app import Request, Response

from chalicelib import errors, http, ids
from chalicelib.aws.tables import Change, ConditionFailed, Create, Item, Step, Table
from chalicelib.clock import Clock, milliseconds

KEEP_SECONDS = 24 * 3600
LEASE_SECONDS = 30
"""How long an attempt may take: the API's function is ended after 15 seconds (`.chalice/config.json`)."""
ASK_AGAIN = 2
"""Seconds until most requests are done."""

_KEY = re.compile("[!-~]{1,100}")
_SK = "request"


class Act(NamedTuple):
    """Something that somebody does once: the same act again changes nothing."""

    by: str
    """The name of their token."""
    at: int
    """When they asked for it first, in milliseconds since the epoch."""
    id: str
    """Unguessable, and no other act's."""
    record: str = ""
    """Where the answer is kept (see `withdrawn`); empty for a request without a key, which is not sent again."""


class Idempotency:
    def __init__(self, table: Table, clock: Clock, new_id: Callable[[], str] = ids.unguessable) -> None:
        self._table = table
        self._clock = clock
        self._new_id = new_id

    def once(self, request: Request, do: Callable[[Act], Response]) -> Response:
        """The answer of `do`, which is asked again only where it died or was `Unavailable` the last time.

        `Busy` while another request does the same, `Unprocessable` where the key was used with another body.
        """
        by = http.principal(request)
        key = request.headers.get("idempotency-key")
        if key is None:
            return do(Act(by.name, milliseconds(self._clock), self._new_id()))
        if not _KEY.fullmatch(key):
            raise errors.Invalid("Idempotency-Key must be 1 to 100 ASCII characters without spaces")
        route = (request.method, request.path, *(request.uri_params or {}).values())
        pk = f"request#{ids.digest(*by[:2], *route, key, length=43)}"
        record = self._begun(pk, sha256(http.raw_body(request)).hexdigest())
        if record["answer"]:
            return _read(record["answer"])
        try:
            answer = do(Act(by.name, record["at"], record["id"], pk))
        except (errors.Unavailable, errors.Busy):
            self._give_up(record)
            raise
        except errors.GuestlistError as error:
            answer = http.refusal(error)
        return self._finished(pk, answer)

    def _begun(self, pk: str, body: str) -> Item:
        """The record of this request: with its answer, or for us to find it."""
        while True:
            now = milliseconds(self._clock)
            lease = {"until": now + LEASE_SECONDS * 1000}
            new = lease | {"id": self._new_id(), "at": now, "digest": body, "answer": "", "expiresAt": _expiry(now)}
            with contextlib.suppress(ConditionFailed):
                self._table.write(Create({"pk": pk, "sk": _SK, **new}))
                return {"pk": pk, **new}
            found = self._table.get(pk, _SK)
            if found is None:  # forgotten at this moment
                continue
            expired = found["expiresAt"] * 1000 <= now  # the table removes expired items a day or two late
            if not expired:
                if found["digest"] != body:
                    raise errors.Unprocessable("This Idempotency-Key was used with another body: make a new one")
                if found["answer"]:
                    return found
                if now < found["until"]:
                    raise _busy(found["until"] - now)
            taken = new if expired else lease
            with contextlib.suppress(ConditionFailed):  # else another request took it over
                self._table.write(
                    Change(pk, _SK, put=taken, expect={"until": found["until"], "answer": found["answer"]})
                )
                return found | taken

    def _finished(self, pk: str, answer: Response) -> Response:
        """Keep the answer, unless there is one already, which then counts."""
        try:
            self._table.write(_answered(pk, answer))
        except ConditionFailed:
            found = self._table.get(pk, _SK)
            return _read(found["answer"]) if found else answer
        return answer

    def _give_up(self, record: Item) -> None:
        """Let the next request try at once. It would anyway, after the lease."""
        with contextlib.suppress(ConditionFailed, errors.Unavailable):
            until = {"until": record["until"]}
            self._table.write(Change(record["pk"], _SK, put={"until": 0}, expect=until | {"answer": ""}))


def withdrawn(table: Table, record: str, instead: errors.GuestlistError) -> list[Step]:
    """What puts an error in the place of an answer, where that is still kept: for a transaction that deletes what it told."""
    answer = _written(http.refusal(instead))
    return [Change(record, _SK, put={"answer": answer})] if table.get(record, _SK) else []


def _answered(pk: str, answer: Response) -> Step:
    return Change(pk, _SK, put={"answer": _written(answer)}, expect={"answer": ""})


def _written(answer: Response) -> Item:
    return {"status": answer.status_code, "headers": answer.headers, "body": answer.body}


def _read(answer: Item) -> Response:
    return http.Text(answer["body"], answer["headers"], answer["status"])


def _expiry(now: int) -> int:
    return now // 1000 + KEEP_SECONDS


def _busy(milliseconds_left: int) -> errors.Busy:
    wait = min(ASK_AGAIN, -(-milliseconds_left // 1000))
    return errors.Busy("The first request with this Idempotency-Key is being done: ask again", wait)
