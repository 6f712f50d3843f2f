"""A FIFO queue in memory: groups in order, one batch of a group at a time, the same id kept once."""

from chalicelib.errors import Unavailable


class MemoryQueue:
    def __init__(self):
        self.messages = []
        self.returned = []
        """(receipts, seconds) of each call."""
        self.refuses = False
        self._ids = set()

    def send(self, messages):
        if self.refuses:
            raise Unavailable("The queue refuses messages")
        for message in messages:
            if (message.group, message.id) not in self._ids:
                self._ids.add((message.group, message.id))
                self.messages.append(message)

    def return_in(self, receipts, seconds):
        self.returned.append((list(receipts), seconds))

    def event(self, receives=1):
        """All messages as SQS hands them to a function; they stay until `clear`."""
        return {
            "Records": [
                {
                    "messageId": f"{position}",
                    "receiptHandle": f"receipt-{position}",
                    "body": message.body,
                    "attributes": {"MessageGroupId": message.group, "ApproximateReceiveCount": str(receives)},
                }
                for position, message in enumerate(self.messages)
            ]
        }

    def clear(self):
        """Forget the messages, not their ids."""
        self.messages.clear()
