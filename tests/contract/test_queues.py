"""What we rely on in a FIFO queue, and what our client does with SQS's answers."""

import uuid

import pytest

from chalicelib.aws.queues import Outgoing, SqsQueue
from chalicelib.errors import Unavailable


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


def test_more_messages_than_fit_one_request_are_kept_in_order(real_queue, received):
    group = str(uuid.uuid4())
    real_queue.send([Outgoing(str(number), group, f"{group}-{number}") for number in range(23)])
    assert [body for body, _ in received()] == [str(number) for number in range(23)]


def test_the_same_id_is_kept_once(real_queue, received):
    group = str(uuid.uuid4())
    real_queue.send([Outgoing("first", group, "1"), Outgoing("second", group, "1")])
    real_queue.send([Outgoing("third", group, "1")])
    assert [body for body, _ in received()] == ["first"]


def test_the_same_id_in_another_group_is_another_message(real_queue, received):
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    real_queue.send([Outgoing("one", one, "1"), Outgoing("other", other, "1")])
    assert {body for body, _ in received()} == {"one", "other"}


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


def test_returning_a_message_that_is_not_held_is_logged_and_harmless(real_queue, capsys):
    SqsQueue(real_queue._client, "no-such-queue.fifo").return_in(["AQEB"], 1)  # noqa: SLF001  # a queue that is gone
    assert "return_refused" in capsys.readouterr().out
