"""SQS in memory, asked as `chalicelib.aws.client.Client` asks it: FIFO and standard queues, deduplication, visibility."""

import itertools
import uuid

from chalicelib.errors import Unavailable

DEDUPLICATION_SECONDS = 300


class MemorySqs:
    def __init__(self, clock, *names):
        self._clock = clock
        self._queues = {self.url(name): [] for name in names}
        self._known = {}
        """(queue, group, deduplication id) to the end of its interval."""
        self._receipts = itertools.count()
        self.refuses = {}
        """Bodies that no queue takes, and the code with which each is refused."""
        self.keeps = {}
        """The same for messages that are not deleted."""

    def url(self, name):
        return f"https://sqs.example/1/{name}"

    def call(self, operation, **parameters):
        if "QueueUrl" in parameters and parameters["QueueUrl"] not in self._queues:
            raise Unavailable(f"{operation}: QueueDoesNotExist")
        return getattr(self, f"_{operation}")(**parameters)

    def put(self, name, body, group="", id=None, **attributes):  # noqa: A002  # as SQS calls it
        """What a producer sends."""
        entry = {"Id": "0", "MessageBody": body, "MessageAttributes": attributes}
        entry |= {"MessageGroupId": group, "MessageDeduplicationId": id or uuid.uuid4().hex} if group else {}
        assert self._SendMessageBatch(self.url(name), [entry])["Failed"] == []

    def give_up(self, name, dead):
        """As after the last receive: all messages go to the dead-letter queue, under the ids that they have."""
        self._queues[self.url(dead)] += [message | {"visible": 0.0} for message in self._queues[self.url(name)]]
        self._queues[self.url(name)] = []

    def remove(self, name):
        """Delete a whole queue."""
        del self._queues[self.url(name)]

    def bodies(self, name):
        return [message["Body"] for message in self._queues[self.url(name)]]

    def messages(self, name):
        return list(self._queues[self.url(name)])

    def visible(self, name):
        return [message["Body"] for message in self._queues[self.url(name)] if self._is_visible(message)]

    def _ListQueues(self, QueueNamePrefix, MaxResults):  # noqa: N802, N803  # SQS's names, here and below
        return {"QueueUrls": [url for url in self._queues if url.startswith(self.url(QueueNamePrefix))]}

    def _GetQueueAttributes(self, QueueUrl, AttributeNames):  # noqa: N802, N803
        messages = self._queues[QueueUrl]
        visible = sum(map(self._is_visible, messages))
        counts = {
            "ApproximateNumberOfMessages": visible,
            "ApproximateNumberOfMessagesNotVisible": len(messages) - visible,
        }
        return {"Attributes": {name: str(counts[name]) for name in AttributeNames}}

    def _ReceiveMessage(self, QueueUrl, MaxNumberOfMessages, VisibilityTimeout, **_):  # noqa: N802, N803
        messages = self._queues[QueueUrl]
        blocked = {message["group"] for message in messages if not self._is_visible(message)} - {""}
        taken = [m for m in messages if self._is_visible(m) and m["group"] not in blocked][:MaxNumberOfMessages]
        for message in taken:
            message |= {
                "ReceiptHandle": f"receipt-{next(self._receipts)}",
                "visible": self._clock() + VisibilityTimeout,
            }
        return {"Messages": [dict(message) for message in taken]} if taken else {}

    def _SendMessageBatch(self, QueueUrl, Entries):  # noqa: N802, N803
        failed = []
        for entry in Entries:
            assert len(Entries) <= 10
            assert ("MessageDeduplicationId" in entry) == QueueUrl.endswith(".fifo") <= ("MessageGroupId" in entry)
            if code := self.refuses.get(entry["MessageBody"]):
                failed.append({"Id": entry["Id"], "Code": code})
            elif not self._is_known(QueueUrl, entry):
                self._queues[QueueUrl].append(self._message(entry))
        return {"Failed": failed}

    def _DeleteMessageBatch(self, QueueUrl, Entries):  # noqa: N802, N803
        messages, failed = self._queues[QueueUrl], []
        for entry in Entries:
            [found] = [m for m in messages if m.get("ReceiptHandle") == entry["ReceiptHandle"]] or [None]
            if found and (code := self.keeps.get(found["Body"])):
                failed.append({"Id": entry["Id"], "Code": code})
            elif found:
                messages.remove(found)
        return {"Failed": failed}

    def _ChangeMessageVisibilityBatch(self, QueueUrl, Entries):  # noqa: N802, N803
        for entry in Entries:
            for message in self._queues[QueueUrl]:
                if message.get("ReceiptHandle") == entry["ReceiptHandle"]:
                    message["visible"] = self._clock() + entry["VisibilityTimeout"]
        return {}

    def _is_visible(self, message):
        return message["visible"] <= self._clock()

    def _is_known(self, url, entry):
        """Whether it repeats what was sent within the interval; its own begins now, unless it does."""
        if "MessageDeduplicationId" not in entry:
            return False
        key = (url, entry["MessageGroupId"], entry["MessageDeduplicationId"])
        known = self._known.get(key, 0) > self._clock()
        if not known:
            self._known[key] = self._clock() + DEDUPLICATION_SECONDS
        return known

    def _message(self, entry):
        attributes = {"SentTimestamp": str(int(self._clock() * 1000))}
        attributes |= {name: entry[name] for name in ("MessageGroupId", "MessageDeduplicationId") if entry.get(name)}
        return {
            "MessageId": str(uuid.uuid4()),
            "Body": entry["MessageBody"],
            "Attributes": attributes,
            "MessageAttributes": entry["MessageAttributes"],
            "group": entry.get("MessageGroupId", ""),
            "visible": 0.0,
        }
