"""Dead letters, and their way back: received, sent, deleted, in this order, so that whatever ends us leaves each in a queue.

SQS can move them itself, by StartMessageMoveTask. But such a task takes all of them or none, promises no order for chosen ones, and the
local emulator has none: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html

A FIFO queue takes a repetition within five minutes for the same message. So a dead letter is sent under its own id: a move that broke
off and is repeated counts once. Under the deduplication id of its first sending, what failed within those minutes would be swallowed, and
then deleted. Elsewhere, and later, it may come twice, which handlers recognise.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from chalicelib.errors import Unavailable
from ops.stages import Json

BATCH = 10
"""Messages in one request."""

REQUEST_BYTES = 262_144
"""That a request to any queue may have; SQS counts a message's attributes, too."""

HOLD = 120
"""Seconds for which a dead letter that we look at is nobody else's. If we are killed, it is back after that."""


class Letter(NamedTuple):
    """A message of a dead-letter queue, which we hold."""

    id: str
    sent: int
    """Milliseconds since the epoch. A FIFO queue counts from when it was given up."""
    group: str
    """Empty where a queue has no order to keep."""
    body: str
    attributes: Json
    receipt: str

    @property
    def size(self) -> int:
        return len(self.body.encode())


class Destination(Protocol):
    """Where dead letters go to."""

    name: str

    def send(self, letters: Sequence[Letter]) -> dict[str, str]:
        """Take letters; answers the ids of those that it refuses, with the reason."""


class Nowhere:
    """For letters of which nothing more is to be done."""

    name = "nowhere"

    def send(self, letters: Sequence[Letter]) -> dict[str, str]:  # noqa: ARG002  # it takes all
        return {}


class Left(NamedTuple):
    """What a move has left where it was."""

    refused: dict[str, str]
    """The reasons, by the letters' ids."""
    later: int
    """How many came after the move had begun: what fails again at once would be moved for ever."""


class Sqs(Protocol):
    """`chalicelib.aws.client.Client`."""

    def call(self, operation: str, **parameters: object) -> Json: ...


class Queue:
    """A queue as an operator sees it."""

    def __init__(self, sqs: Sqs, url: str, wait: int = 1) -> None:
        self.name = url.rpartition("/")[2]
        self._sqs = sqs
        self._url = url
        self._wait = wait

    def count(self) -> tuple[int, int]:
        """How many messages wait, and how many somebody holds. SQS calls both approximate: a minute after a change they are right."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._call("GetQueueAttributes", AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def receive(self) -> list[Letter]:
        """The next ones, for us alone for `HOLD` seconds; none when there are none, as a wait asks every server of SQS."""
        answer = self._call(
            "ReceiveMessage",
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=HOLD,
            WaitTimeSeconds=self._wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [
            Letter(
                message["MessageId"],
                int(message["Attributes"]["SentTimestamp"]),
                message["Attributes"].get("MessageGroupId", ""),
                message["Body"],
                message.get("MessageAttributes", {}),
                message["ReceiptHandle"],
            )
            for message in answer.get("Messages", [])
        ]

    def send(self, letters: Sequence[Letter]) -> dict[str, str]:
        """Keep dead letters here; answers the ids of those that SQS refused, with its reason."""
        entries = [
            {"Id": letter.id, "MessageBody": letter.body, "MessageAttributes": letter.attributes}
            | ({"MessageGroupId": letter.group} if letter.group else {})
            | ({"MessageDeduplicationId": letter.id} if self.name.endswith(".fifo") else {})
            for letter in letters
        ]
        return _refused(self._call("SendMessageBatch", Entries=entries))

    def delete(self, letters: Iterable[Letter]) -> dict[str, str]:
        """Give up letters that we hold; answers the ids of those that SQS kept, with its reason."""
        entries = [{"Id": letter.id, "ReceiptHandle": letter.receipt} for letter in letters]
        return _refused(self._call("DeleteMessageBatch", Entries=entries)) if entries else {}

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Let letters that we hold be seen at once, in the place where they were."""
        for start in range(0, len(letters), BATCH):
            entries = [
                {"Id": letter.id, "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for letter in letters[start : start + BATCH]
            ]
            with contextlib.suppress(Unavailable):  # then they are back when `HOLD` is over
                self._call("ChangeMessageVisibilityBatch", Entries=entries)

    def _call(self, operation: str, **parameters: object) -> Json:
        return self._sqs.call(operation, QueueUrl=self._url, **parameters)


def look(dead: Queue, limit: int) -> list[Letter]:
    """The first dead letters, which stay. Of a message group, SQS shows no more than `BATCH` at once."""
    held: dict[str, Letter] = {}
    try:
        while len(held) < limit and _fresh(dead, held):
            pass
        return list(held.values())[:limit]
    finally:
        dead.put_back(list(held.values()))


def move(
    dead: Queue,
    destination: Destination,
    tell: Callable[[Sequence[Letter]], None],
    *,
    began: int,
    ids: Sequence[str] = (),
    limit: int = sys.maxsize,
) -> Left:
    """Move dead letters, or those of `ids`, and `tell` of each round. Those that came after `began` (in milliseconds) are left.

    One that is refused stays, and what is behind it in its message group; the others are moved.
    """
    held: dict[str, Letter] = {}
    refused: dict[str, str] = {}
    blocked: set[str] = set()
    moved = 0
    wanted = min(limit, len(set(ids)) or limit)
    try:
        while moved < wanted and (letters := _fresh(dead, held)):
            chosen = [one for one in letters if one.sent <= began and (not ids or one.id in ids)]
            for round_ in rounds(chosen[: wanted - moved]):
                together = [letter for letter in round_ if letter.group not in blocked]
                reasons = destination.send(together) if together else {}
                reasons |= dead.delete([letter for letter in together if letter.id not in reasons])
                refused |= reasons
                blocked |= {letter.group for letter in together if letter.group and letter.id in reasons}
                gone = [letter for letter in together if letter.id not in reasons]
                for letter in gone:
                    del held[letter.id]
                moved += len(gone)
                tell(gone)
        return Left(refused, sum(letter.sent > began for letter in held.values()))
    finally:
        dead.put_back(list(held.values()))


def rounds(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """What may go in one request, in order: one of each message group, as SQS may refuse one of a request and keep the next."""
    while letters:
        together = list({letter.group or letter.id: letter for letter in reversed(letters)}.values())[::-1]
        while len(together) > 1 and sum(map(_request_bytes, together)) > REQUEST_BYTES:
            together.pop()
        yield together
        letters = [letter for letter in letters if letter not in together]


def _fresh(dead: Queue, held: dict[str, Letter]) -> list[Letter]:
    """Receive, and hold, dead letters that we do not hold yet; none when all that can be seen have been."""
    letters = dead.receive()
    fresh = [letter for letter in letters if letter.id not in held]
    held |= {letter.id: letter for letter in letters}
    return fresh


def _request_bytes(letter: Letter) -> int:
    return len(json.dumps([letter.body, letter.attributes], ensure_ascii=False).encode())


def _refused(answer: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, str]:
    return {failure["Id"]: failure["Code"] for failure in answer.get("Failed", ())}
