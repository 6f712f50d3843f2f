"""Queue batches: one record's failure never costs its neighbours, and no record is cut short.

A handler answers with the records that were not handled (`batchItemFailures`,
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). On a FIFO queue a failed record takes the later ones of its
message group with it, so that a conversation stays in order; other groups go on.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from chalicelib.logs import log

RESERVE_MILLISECONDS = 5_000
"""The longest that handling one record takes, unless the handler says otherwise."""

LONGEST_DELAY = 300
"""Seconds."""

Failures = dict[str, list[dict[str, str]]]


class Later(Exception):  # an instruction, not an error
    """Raised by a handler whose record must wait: put it back, to come again in `seconds`."""

    def __init__(self, seconds: int, reason: str) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Record(NamedTuple):
    """One message of an SQS event (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""

    id: str
    body: str
    group: str
    receipt: str
    receives: int
    """How many times it was handed out, this time included."""
    source: str = ""
    """The queue's ARN."""


class Queue(Protocol):
    """The queue that the batch came from."""

    def return_in(self, receipts: list[str], seconds: int) -> None:
        """Let these messages come again in so many seconds."""

    def delete(self, receipt: str) -> None:
        """We are done with a message."""


def process(
    event: Mapping[str, Any],
    remaining: Callable[[], int],
    queue: Queue,
    handle: Callable[[Record], None],
    *,
    repeatable: bool = True,
    reserve: int = RESERVE_MILLISECONDS,
) -> Failures:
    """Handle each record in order; answer with the ones that must come again.

    `remaining` tells the function's remaining milliseconds; a record is only begun while `reserve` of them are left, and else comes
    again at once. One that fails comes again after 1, 2, 4, … seconds (or after `Later.seconds`), and the rest of its group with it.
    Lambda deletes the others when the whole batch is over. Where handling a record twice is seen by someone, it is not `repeatable`, and
    is deleted as soon as it is handled: a process that dies then repeats one record at most, and not the whole batch.
    """
    waits: dict[str, _Wait] = {}
    returned: list[tuple[Record, int]] = []
    for record in records(event):
        wait = waits.get(record.group)
        if wait is None:
            wait = _attempt(record, handle) if remaining() >= reserve else _Wait(0, "short of time")
            if wait is None:
                if not repeatable:
                    queue.delete(record.receipt)
                continue
            waits[record.group] = wait._replace(failures=None)
        log("returned", message=record.id, receives=record.receives, **wait._asdict())
        returned.append((record, wait.seconds))
    for seconds in {seconds for _, seconds in returned}:
        queue.return_in([record.receipt for record, wait in returned if wait == seconds], seconds)
    return {"batchItemFailures": [{"itemIdentifier": record.id} for record, _ in returned]}


def records(event: Mapping[str, Any]) -> Iterable[Record]:
    for raw in event["Records"]:
        attributes = raw["attributes"]
        yield Record(
            id=raw["messageId"],
            body=raw["body"],
            group=attributes.get("MessageGroupId", raw["messageId"]),
            receipt=raw["receiptHandle"],
            receives=int(attributes.get("ApproximateReceiveCount", "1")),
            source=raw.get("eventSourceARN", ""),
        )


class _Wait(NamedTuple):
    """For how many seconds a group waits, and why. `failures` is 1 for the record that failed, and none for those behind it."""

    seconds: int
    reason: str
    failures: int | None = None


def _attempt(record: Record, handle: Callable[[Record], None]) -> _Wait | None:
    """Handle it: None when done."""
    try:
        handle(record)
    except Later as later:
        return _Wait(later.seconds, str(later))
    except Exception as error:  # noqa: BLE001  # the edge: whatever is wrong with one record must not cost its neighbours
        return _Wait(backoff(record.receives), type(error).__name__, failures=1)
    return None


def backoff(receives: int) -> int:
    """Seconds to wait after the so-manieth try: 1, 2, 4, … up to `LONGEST_DELAY`."""
    return int(min(2 ** min(receives - 1, 20), LONGEST_DELAY))
