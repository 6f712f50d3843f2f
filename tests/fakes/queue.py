"""A queue in memory that keeps the promises of `chalicelib.aws.queues.Queue`."""

from chalicelib.errors import Unavailable


class MemoryQueue:
    def __init__(self):
        self._kept = {}
        """Messages by the number under which they were kept."""
        self._ids = set()
        self._sent = 0
        self.returned = []
        """(receipts, seconds) of each call."""
        self.refuses = False

    @property
    def messages(self):
        return list(self._kept.values())

    def waiting(self):
        return len(self._kept)

    def send(self, messages):
        if self.refuses:
            raise Unavailable("The queue refuses messages")
        for message in messages:
            if not message.id or (message.group, message.id) not in self._ids:
                self._ids.add((message.group, message.id))
                self._kept[self._sent] = message
                self._sent += 1

    def return_in(self, receipts, seconds):
        self.returned.append((list(receipts), seconds))

    def delete(self, receipt):
        self._kept.pop(int(receipt.removeprefix("receipt-")), None)

    def event(self, receives=1, source=""):
        """All messages as SQS hands them to a function; they stay until they are deleted."""
        return {
            "Records": [
                {
                    "messageId": str(number),
                    "receiptHandle": f"receipt-{number}",
                    "body": message.body,
                    "eventSourceARN": source,
                    "attributes": {"ApproximateReceiveCount": str(receives)}
                    | ({"MessageGroupId": message.group} if message.group else {}),
                }
                for number, message in self._kept.items()
            ]
        }

    def keep(self, numbers):
        """Delete all messages but these."""
        self._kept = {number: message for number, message in self._kept.items() if number in numbers}

    def clear(self):
        """Delete all messages."""
        self._kept.clear()

    def forget(self):
        """Five minutes later: ids may come again."""
        self._ids.clear()

    def spoil(self, number):
        """Break the body of a message."""
        self._kept[number] = self._kept[number]._replace(body="{broken")
