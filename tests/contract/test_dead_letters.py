"""How dead letters are moved, on the fake and the emulator; and the commands on the stage local."""

import json
import time

import pytest

from ops.dead_letters import Queue, look, move
from tests.fakes.clock import Clock
from tests.fakes.sqs import MemorySqs


class Fake:
    def __init__(self, fifo):
        self.main, self.dead = (
            f"guestlist-prod-orders{end}" for end in ((".fifo", "-dlq.fifo") if fifo else ("", "-dlq"))
        )
        self.clock = Clock()
        self.sqs = MemorySqs(self.clock, self.main, self.dead)
        self.url = self.sqs.url

    def gives_up(self):
        self.sqs.give_up(self.main, self.dead)


class Emulator:
    """A queue that gives up after the first receive, and its dead-letter queue."""

    clock = staticmethod(time.time)

    def __init__(self, fifo, sqs, boto, stage):
        kind = {"FifoQueue": "true"} if fifo else {}
        self._boto, self.sqs = boto, sqs
        self.main, self.dead = (
            f"guestlist-{stage}-orders{end}" for end in ((".fifo", "-dlq.fifo") if fifo else ("", "-dlq"))
        )
        dead = boto.create_queue(QueueName=self.dead, Attributes=kind)["QueueUrl"]
        arn = boto.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "1"})}
        boto.create_queue(QueueName=self.main, Attributes=kind | redrive)

    def url(self, name):
        return self._boto.get_queue_url(QueueName=name)["QueueUrl"]

    def gives_up(self):
        url = self.url(self.main)
        while self._boto.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10).get("Messages"):
            pass


class Letters:
    """Two queues, and what is in them."""

    def __init__(self, where, fifo):
        self.where, self.fifo = where, fifo
        self.main, self.dead = (Queue(where.sqs, where.url(name), wait=0) for name in (where.main, where.dead))

    def fail(self, *bodies):
        """Each is sent, in the group of its first letter, and given up."""
        for position, body in enumerate(bodies):
            order = {"MessageGroupId": body[0], "MessageDeduplicationId": f"{position} {body}"} if self.fifo else {}
            entry = {"Id": "0", "MessageBody": body, "MessageAttributes": KIND, **order}
            self.where.sqs.call("SendMessageBatch", QueueUrl=self.where.url(self.where.main), Entries=[entry])
        self.where.gives_up()

    def move(self, **chosen):
        moved = []
        move(self.dead, self.main, moved.extend, began=int(self.where.clock() * 1000), **chosen)
        return [letter.body for letter in moved]


KIND = {"kind": {"DataType": "String", "StringValue": "é"}}


@pytest.fixture(params=["fifo", "standard"])
def kind(request):
    return request.param


@pytest.fixture(params=["fake", "emulator"])
def letters(request, kind):
    fifo = kind == "fifo"
    if request.param == "fake":
        return Letters(Fake(fifo), fifo)
    aws, stage = request.getfixturevalue("aws"), request.getfixturevalue("fresh_stage")
    return Letters(Emulator(fifo, aws("sqs"), stage.client("sqs"), stage.name), fifo)


def in_order(bodies):
    return [[body for body in bodies if body[0] == group] for group in "ab"]


def test_more_than_fit_one_request_are_moved_as_they_were_in_the_order_of_their_groups(letters):
    bodies = [f"{group}{number} één 🎉" for number in range(13) for group in "ab"]
    letters.fail(*bodies)
    assert letters.main.count() == (0, 0)
    assert sorted(letters.move()) == sorted(bodies)
    assert letters.dead.count() == (0, 0)
    arrived = []
    while found := letters.main.receive():
        assert {letter.attributes["kind"]["StringValue"] for letter in found} == {"é"}
        assert {letter.group == letter.body[0] for letter in found} == {letters.fifo}
        letters.main.delete(found)
        arrived += [letter.body for letter in found]
    assert in_order(arrived) == in_order(bodies)
    assert letters.move() == []


def test_what_is_looked_at_stays_and_is_seen_again_at_once(letters):
    letters.fail("a", "b", "c")
    for _ in range(2):
        seen = look(letters.dead, 10)
        assert sorted(letter.body for letter in seen) == ["a", "b", "c"]
        assert letters.dead.count() == (3, 0)
        assert all(0 <= letters.where.clock() - letter.sent / 1000 < 60 for letter in seen)


def test_chosen_ones_are_moved_and_the_others_stay(letters):
    letters.fail("a1", "a2", "b1")
    ids = {letter.body: letter.id for letter in look(letters.dead, 10)}
    assert letters.move(ids=[ids["a2"], "gone"]) == ["a2"]
    assert letters.dead.count() == (2, 0)
    assert letters.move(limit=1) == ["a1"]
    assert letters.dead.count() == (1, 0)


def test_what_fails_again_at_once_can_be_moved_again(letters):
    """Within the five minutes in which a FIFO queue takes a repetition for the same message."""
    letters.fail("a1", "a2")
    for _ in range(3):
        assert letters.move() == ["a1", "a2"]
        letters.where.gives_up()
        assert letters.dead.count() == (2, 0)


def test_a_move_that_broke_off_between_sending_and_deleting_counts_once_where_a_queue_can_tell(letters):
    letters.fail("a1", "b1")
    letters.main.send(look(letters.dead, 10))
    letters.move()
    assert letters.main.count() == (2 if letters.fifo else 4, 0)
    assert letters.dead.count() == (0, 0)


def test_operators_see_and_move_dead_letters_of_the_stage_local(operate, resources):
    def run(*words):
        told = operate("dlq", *words, AWS_ENDPOINT_URL=resources.endpoint)
        return told.exit_code, told.output

    sqs = resources.client("sqs")
    main, dead = (sqs.get_queue_url(QueueName=f"guestlist-local-inbound{end}.fifo")["QueueUrl"] for end in ("", "-dlq"))
    for url in (main, dead):
        sqs.purge_queue(QueueUrl=url)
    sqs.send_message(QueueUrl=dead, MessageBody="secret", MessageGroupId="fan", MessageDeduplicationId=str(time.time()))
    code, said = run("list")
    assert (code, said.splitlines()[1].split()) == (0, ["inbound", "1", "0", "0", "s"])
    code, said = run("show", "inbound")
    assert (code, "6 B" in said, "secret" in said) == (0, True, False)
    assert "secret" in run("show", "inbound", "--bodies")[1]
    known = said.splitlines()[1].split()[0]
    done = "1 moved from guestlist-local-inbound-dlq.fifo to guestlist-local-inbound.fifo.\n"
    assert run("redrive", "inbound", "--id", known) == (0, done)
    assert run("redrive", "inbound", "--id", known)[0] == 1
    assert run("redrive", "inbound")[0] == 0
    [message] = sqs.receive_message(QueueUrl=main)["Messages"]
    assert message["Body"] == "secret"
    sqs.purge_queue(QueueUrl=main)


@pytest.mark.parametrize("words", [("list",), ("show", "inbound"), ("redrive", "inbound")])
def test_a_stage_that_is_not_deployed_is_told_from_one_without_dead_letters(operate, emulator, words):
    told = operate("dlq", *words, "--stage", "prod", AWS_ENDPOINT_URL=emulator)
    assert told.exit_code == 1
    assert "prod has no guestlist-prod-inbound-dlq.fifo, no guestlist-prod-" in told.output
    assert "is it deployed" in told.output
