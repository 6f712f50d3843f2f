"""SQS in memory with the clock of a test: visibility, receives, dead letters. What of it an order's way uses."""

import itertools
from typing import NamedTuple

from tests.fakes.dynamodb import Refused
from tests.fakes.sqs import DEDUPLICATION_SECONDS


class Settings(NamedTuple):
    """Of one queue, as infra/resources.yaml has them."""

    visibility: int = 30
    receives: int = 1_000_000
    dead_letters: str = ""


class Message:
    def __init__(self, number, body, group):
        self.number, self.body, self.group = number, body, group
        self.visible, self.receives = 0.0, 0

    def record(self, queue):
        """As Lambda hands it over."""
        return {
            "messageId": str(self.number),
            "receiptHandle": str(self.number),
            "body": self.body,
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:eu-west-1:123456789012:guestlist-local-{queue}",
            "attributes": {"ApproximateReceiveCount": str(self.receives)}
            | ({"MessageGroupId": self.group} if self.group else {}),
        }


class Queues:
    """`changed` is told of a queue and the seconds after which it has something visible."""

    def __init__(self, settings, clock, changed):
        self._settings, self._clock, self._changed = settings, clock, changed
        self._kept = {name: [] for name in settings}
        self._ids = {}
        self._numbers = itertools.count(1)

    @property
    def names(self):
        return list(self._kept)

    def bodies(self, queue):
        return [message.body for message in self._kept[queue]]

    def send(self, queue, body, group="", dedup=""):
        if dedup and self._ids.get((queue, group, dedup), 0) > self._clock():
            return
        self._ids[queue, group, dedup] = self._clock() + DEDUPLICATION_SECONDS
        self._kept[queue].append(Message(next(self._numbers), body, group))
        self._changed(queue, 0)

    def receive(self, queue, most):
        """Up to so many visible messages, which are invisible from now on. Who was received too often is among the dead letters then."""
        settings, taken = self._settings[queue], []
        for message in [each for each in self._kept[queue] if each.visible <= self._clock()][:most]:
            message.receives += 1
            if message.receives > settings.receives:
                self._kept[queue].remove(message)
                self.send(settings.dead_letters, message.body, message.group)
            else:
                self._hide(queue, message, settings.visibility)
                taken.append(message)
        return taken

    def delete(self, queue, messages):
        self._kept[queue] = [message for message in self._kept[queue] if message not in messages]

    def redrive(self, queue):
        """What an operator does: python -m ops dlq redrive."""
        dead = self._settings[queue].dead_letters
        bodies = self.bodies(dead)
        self._kept[dead].clear()
        for body in bodies:
            self.send(queue, body)

    def call(self, operation, asked):
        if operation == "GetQueueUrl":
            return {"QueueUrl": f"https://sqs.example/{asked['QueueName']}"}
        queue = asked["QueueUrl"].rpartition("/")[2].removeprefix("guestlist-local-")
        if queue not in self._kept:
            raise Refused("AWS.SimpleQueueService.NonExistentQueue")
        match operation:
            case "SendMessageBatch":
                for entry in asked["Entries"]:
                    group, dedup = entry.get("MessageGroupId", ""), entry.get("MessageDeduplicationId", "")
                    self.send(queue, entry["MessageBody"], group, dedup)
            case "ChangeMessageVisibilityBatch":
                for entry in asked["Entries"]:
                    for message in self._held(queue, entry["ReceiptHandle"]):
                        self._hide(queue, message, entry["VisibilityTimeout"])
            case "DeleteMessage":
                self.delete(queue, self._held(queue, asked["ReceiptHandle"]))
            case _:
                raise NotImplementedError(operation)
        return {}

    def _held(self, queue, receipt):
        return [message for message in self._kept[queue] if str(message.number) == receipt]

    def _hide(self, queue, message, seconds):
        message.visible = self._clock() + seconds
        self._changed(queue, seconds)
