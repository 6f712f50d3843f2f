"""What we rely on in a FIFO queue, on the fake and the emulator; and what our client does with SQS's answers."""

import uuid

import pytest

from chalicelib.aws.queues import BATCH, Outgoing, SqsQueue
from chalicelib.errors import Unavailable
from tests.fakes.queue import MemoryQueue


@pytest.fixture(params=["fake", "emulator"])
def queue(request):
    return MemoryQueue() if request.param == "fake" else request.getfixturevalue("real_queue")


@pytest.fixture
def kept(queue, request):
    """What the queue hands out, in order: (body, receipt). It is handled and deleted, unless you `hold` it."""
    if not isinstance(queue, MemoryQueue):
        return request.getfixturevalue("received")

    def take(*, hold=False):
        found = [(record["body"], record["receiptHandle"]) for record in queue.event()["Records"]]
        for _, receipt in [] if hold else found:
            queue.delete(receipt)
        return found

    return take


@pytest.fixture
def received(resources):
    """Takes everything out of the inbound queue: (body, receipt) in order; with `hold`, without deleting it."""
    sqs = resources.client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)

    def take(*, hold=False):
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [(message["Body"], message["ReceiptHandle"]) for message in messages]
            for _, receipt in [] if hold else found[-len(messages) :]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)
        return found

    return take


def bodies(found):
    return [body for body, _ in found]


# ─── the fake, too ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_messages_than_fit_one_request_are_kept_in_order(queue, kept):
    group = str(uuid.uuid4())
    queue.send([Outgoing(str(number), group, f"{group}-{number}") for number in range(2 * BATCH + 3)])
    assert bodies(kept()) == [str(number) for number in range(2 * BATCH + 3)]


def test_the_same_id_is_kept_once(queue, kept):
    group = str(uuid.uuid4())
    queue.send([Outgoing("first", group, "1"), Outgoing("second", group, "1")])
    queue.send([Outgoing("third", group, "1")])
    assert bodies(kept()) == ["first"]


def test_the_same_id_in_another_group_is_another_message(queue, kept):
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    queue.send([Outgoing("one", one, "1"), Outgoing("other", other, "1")])
    assert set(bodies(kept())) == {"one", "other"}


def test_an_id_that_was_handled_is_still_the_same_message(queue, kept):
    group = str(uuid.uuid4())
    queue.send([Outgoing("first", group, "1")])
    assert bodies(kept()) == ["first"]
    queue.send([Outgoing("again", group, "1")])
    assert kept() == []


def test_any_group_id_and_body_that_a_platform_may_make_is_kept(queue, kept):
    group = f"messenger:{uuid.uuid4()} {'🎉' * 200}"
    queue.send([Outgoing("één\n🎉 <&>", group, "m_\0 " + "x" * 500)])
    assert bodies(kept()) == ["één\n🎉 <&>"]


def test_sending_nothing_is_fine(queue, kept):
    queue.send([])
    assert kept() == []


def test_a_deleted_message_is_gone_its_neighbour_stays_and_deleting_again_is_fine(queue, kept):
    queue.send([Outgoing("one", str(uuid.uuid4()), "1"), Outgoing("other", str(uuid.uuid4()), "1")])
    receipts = dict(kept(hold=True))
    for _ in range(2):
        queue.delete(receipts["one"])
    queue.return_in([receipts["other"]], 0)
    assert bodies(kept()) == ["other"]


# ─── SQS alone ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_returned_message_comes_again(real_queue, received):
    group = str(uuid.uuid4())
    real_queue.send([Outgoing("patience", group, "1")])
    [(_, receipt)] = received(hold=True)
    assert received() == []
    real_queue.return_in([receipt], 0)
    assert [body for body, _ in received()] == ["patience"]


def test_a_queue_that_is_not_there_refuses(aws):
    with pytest.raises(Unavailable, match=r"QueueDoesNotExist|NonExistentQueue"):
        SqsQueue(aws("sqs"), "no-such-queue.fifo").send([Outgoing("x", "g", "1")])


def test_messages_that_are_too_large_are_refused(real_queue):
    with pytest.raises(Unavailable):
        real_queue.send([Outgoing("x" * 1_100_000, "g", str(uuid.uuid4()))])


def test_a_queue_that_is_gone_costs_a_line_in_the_log_when_messages_are_returned_or_deleted(aws, capsys):
    gone = SqsQueue(aws("sqs"), "no-such-queue.fifo")
    gone.return_in(["AQEB"], 1)
    gone.delete("AQEB")
    printed = capsys.readouterr().out
    assert '"event":"return_refused","queue":"no-such-queue.fifo"' in printed
    assert '"event":"delete_refused","queue":"no-such-queue.fifo"' in printed


class Sqs:
    """Notes what it is asked, and refuses some entries of each batch."""

    def __init__(self, *refused):
        self.calls = []
        self._refused = [{"Id": "0", "SenderFault": False, "Code": code} for code in refused]

    def call(self, operation, **parameters):
        self.calls.append((operation, parameters))
        return {"QueueUrl": "url", "Failed": self._refused}


def test_when_some_of_a_batch_are_refused_the_sender_is_told_why():
    with pytest.raises(Unavailable, match="refuses messages: InternalError, Throttled"):
        SqsQueue(Sqs("Throttled", "InternalError", "Throttled"), "q.fifo").send([Outgoing("x", "g", "1")])


def test_more_receipts_than_fit_one_request_are_returned_and_the_queues_address_is_asked_for_once():
    sqs = Sqs()
    SqsQueue(sqs, "q.fifo").return_in([str(number) for number in range(BATCH + 3)], 7)
    assert [operation for operation, _ in sqs.calls] == [
        "GetQueueUrl",
        "ChangeMessageVisibilityBatch",
        "ChangeMessageVisibilityBatch",
    ]
    entries = [entry for _, asked in sqs.calls[1:] for entry in asked["Entries"]]
    assert [entry["ReceiptHandle"] for entry in entries] == [str(number) for number in range(BATCH + 3)]
    assert {entry["VisibilityTimeout"] for entry in entries} == {7}
