"""A queue in SQS.

In one whose name ends in .fifo, messages of one group stay in order, and one sent twice within five minutes is kept once.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chalicelib.aws.client import AwsError, Client
from chalicelib.errors import Unavailable
from chalicelib.ids import digest
from chalicelib.logs import log

BATCH = 10
"""Messages in one request, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


class Outgoing(NamedTuple):
    """What a FIFO queue takes needs a group and an id; other queues have no order, and take everything anew."""

    body: str
    group: str = ""
    """Messages of a group are handed out in order, one batch at a time."""
    id: str = ""
    """The same id within five minutes is the same message."""


class Queue(Protocol):
    def send(self, messages: Sequence[Outgoing]) -> None:
        """Keep all messages, in order, or raise `Unavailable`: then some may have been kept, and sending all again does no harm."""

    def return_in(self, receipts: list[str], seconds: int) -> None:
        """Let messages that we hold come again in so many seconds."""

    def delete(self, receipt: str) -> None:
        """Give up a message that we hold, as it is handled."""


class SqsQueue:
    """`Queue` on SQS."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._known_url = ""

    def send(self, messages: Sequence[Outgoing]) -> None:
        for start in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(position), "MessageBody": message.body, **self._order(message)}
                for position, message in enumerate(messages[start : start + BATCH])
            ]
            try:
                answer = self._client.call("SendMessageBatch", QueueUrl=self._url(), Entries=entries)
            except AwsError as error:
                raise Unavailable(f"The queue {self._name} refuses messages: {error.code}") from error
            if answer.get("Failed"):
                codes = {failure["Code"] for failure in answer["Failed"]}
                raise Unavailable(f"The queue {self._name} refuses messages: {', '.join(sorted(codes))}")

    def return_in(self, receipts: list[str], seconds: int) -> None:
        for start in range(0, len(receipts), BATCH):
            entries = [
                {"Id": str(position), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for position, receipt in enumerate(receipts[start : start + BATCH])
            ]
            try:
                self._client.call("ChangeMessageVisibilityBatch", QueueUrl=self._url(), Entries=entries)
            except AwsError as error:  # they come again all the same, when the queue's visibility timeout is over
                log("return_refused", queue=self._name, code=error.code, messages=len(entries))

    def delete(self, receipt: str) -> None:
        try:
            self._client.call("DeleteMessage", QueueUrl=self._url(), ReceiptHandle=receipt)
        except AwsError as error:  # Lambda deletes it again when the batch is over
            log("delete_refused", queue=self._name, code=error.code)

    def waiting(self) -> int:
        """How many messages nobody holds: nearly, as SQS counts them in many places."""
        asked = {"QueueUrl": self._url(), "AttributeNames": ["ApproximateNumberOfMessages"]}
        return int(self._client.call("GetQueueAttributes", **asked)["Attributes"]["ApproximateNumberOfMessages"])

    def _order(self, message: Outgoing) -> dict[str, str]:
        if not self._name.endswith(".fifo"):
            return {}
        return {
            "MessageGroupId": digest(message.group, length=43),
            "MessageDeduplicationId": digest(message.group, message.id, length=43),
        }

    def _url(self) -> str:
        if not self._known_url:
            self._known_url = self._client.call("GetQueueUrl", QueueName=self._name)["QueueUrl"]
        return self._known_url
