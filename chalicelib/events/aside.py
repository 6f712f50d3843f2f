"""Records of a stream that nobody can make anything of: kept for a person, so that they do not hold up those behind them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.aws.queues import Outgoing
from chalicelib.batch import Failures
from chalicelib.errors import Unavailable
from chalicelib.logs import Log

Record = Mapping[str, Any]


class Queue(Protocol):
    def send(self, messages: Sequence[Outgoing]) -> None:
        """Keep them for a person, or raise `Unavailable`."""


def set_aside(record: Record, reason: str, queue: Queue, log: Log) -> list[Record]:
    """Keep a record, whole, with the reason; answers it where even that fails."""
    try:
        queue.send([Outgoing(json.dumps({"reason": reason, "record": record}))])
    except Unavailable:
        return [record]
    log("set_aside", reason=reason)
    return []


def failures(records: Sequence[Record]) -> Failures:
    """The answer of a function that records must come again, and all behind them.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]} for record in records]}
