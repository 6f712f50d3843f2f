"""One record's failure never costs its neighbours; what was not begun is given back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import batch
from chalicelib.aws.queues import Outgoing
from tests.fakes.queue import MemoryQueue


def a_queue(*bodies):
    """A queue of messages like `anna:1`: the group stands before the colon."""
    queue = MemoryQueue()
    queue.send([Outgoing(body, body.split(":")[0], body) for body in bodies])
    return queue


def run(queue, handle, remaining=lambda: 30_000, receives=1):
    """The bodies that must come again."""
    failures = batch.process(queue.event(receives), remaining, queue, handle)
    return [queue.messages[int(failure["itemIdentifier"])].body for failure in failures["batchItemFailures"]]


def failing_on(*bodies, error=ValueError):
    def handle(record):
        if record.body in bodies:
            raise error

    return handle


def test_a_batch_that_goes_well_returns_nothing():
    assert run(a_queue("anna:1", "ben:1"), lambda _: None) == []


def test_a_failed_record_takes_the_rest_of_its_group_and_nobody_elses():
    queue = a_queue("anna:1", "ben:1", "anna:2", "ben:2", "anna:3")
    seen = []

    def handle(record):
        seen.append(record.body)
        if record.body == "anna:2":
            raise ValueError

    assert run(queue, handle) == ["anna:2", "anna:3"]
    assert seen == ["anna:1", "ben:1", "anna:2", "ben:2"]


@pytest.mark.parametrize(("receives", "seconds"), [(1, 1), (2, 2), (5, 16), (30, 300), (1000, 300)])
def test_a_failure_waits_longer_each_time(receives, seconds):
    queue = a_queue("anna:1")
    run(queue, failing_on("anna:1"), receives=receives)
    assert queue.returned == [(["receipt-0"], seconds)]


def test_a_record_may_say_how_long_it_waits_and_its_group_waits_with_it():
    queue = a_queue("anna:1", "anna:2")
    run(queue, failing_on("anna:1", error=batch.Later(7, "pace")))
    assert queue.returned == [(["receipt-0", "receipt-1"], 7)]


def test_what_cannot_be_begun_in_time_comes_again_at_once():
    times = iter([30_000, 10_000, 4_999, 4_000])
    queue = a_queue("anna:1", "ben:1", "anna:2", "carl:1")
    assert run(queue, lambda _: None, remaining=lambda: next(times)) == ["anna:2", "carl:1"]
    assert queue.returned == [(["receipt-2", "receipt-3"], 0)]


def test_what_must_not_be_repeated_is_deleted_as_soon_as_it_is_handled():
    queue = a_queue("anna:1", "ben:1", "anna:2")
    batch.process(queue.event(), lambda: 30_000, queue, failing_on("ben:1"), repeatable=False)
    assert [message.body for message in queue.messages] == ["ben:1"]


def test_the_rest_of_a_conversation_is_not_begun_when_one_of_it_was_not():
    times = iter([4_000, 30_000])  # as after a pause of the whole machine
    seen = []
    assert run(a_queue("anna:1", "anna:2", "ben:1"), lambda record: seen.append(record.body), lambda: next(times)) == [
        "anna:1",
        "anna:2",
    ]
    assert seen == ["ben:1"]


def test_a_standard_queue_has_no_groups():
    event = {"Records": [{"messageId": str(n), "body": "x", "receiptHandle": "r", "attributes": {}} for n in range(3)]}
    handled = []

    def handle(record):
        handled.append(record.id)
        if record.id == "0":
            raise ValueError

    answer = batch.process(event, lambda: 30_000, MemoryQueue(), handle)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert handled == ["0", "1", "2"]


@given(
    groups=st.lists(st.sampled_from("abc"), max_size=10),
    bad=st.sets(st.integers(0, 9)),
)
def test_whatever_fails_each_group_is_handled_in_order_up_to_its_first_failure(groups, bad):
    bodies = [f"{group}:{number}" for number, group in enumerate(groups)]
    queue = a_queue(*bodies)
    handled = []

    def handle(record):
        if int(record.body.split(":")[1]) in bad:
            raise ValueError
        handled.append(record.body)

    returned = run(queue, handle)
    assert sorted(handled + returned) == sorted(bodies)
    for group in "abc":
        of_group = [body for body in bodies if body.startswith(group)]
        done = [body for body in handled if body.startswith(group)]
        assert done == of_group[: len(done)]
        assert all(int(body.split(":")[1]) not in bad for body in done)
