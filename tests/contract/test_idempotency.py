"""The record of a request, on the fake and on the emulator: one of many that come at once is done."""

import contextlib
import json
import threading
import uuid

import pytest

from chalicelib import errors, http
from chalicelib.aws.tables import Change
from chalicelib.idempotency import KEEP_SECONDS, LEASE_SECONDS, Idempotency, withdrawn
from tests.fakes.clock import Clock
from tests.unit.test_idempotency import a_request, told

TOGETHER = 16


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def request_once(table, clock):
    """Send a request with a key of this test's own."""
    once, key = Idempotency(table, clock).once, str(uuid.uuid4())
    return lambda do, body=b"{}": once(a_request(body, key=key), do)


def shown(act):
    return http.json_response({"id": act.id, "words": "één 🎉"}, 201, {"ETag": '"1"'})


def fails(_):
    raise KeyError


def never(_):
    raise AssertionError


def test_an_answer_comes_back_as_it_was_given(request_once):
    first = request_once(shown)
    assert told(request_once(never)) == told(first)


def test_an_attempt_that_died_is_taken_over_with_the_same_act(request_once, clock):
    acts = []
    with pytest.raises(KeyError):
        request_once(lambda act: acts.append(act) or fails(act))
    with pytest.raises(errors.Busy):
        request_once(never)
    clock.now += LEASE_SECONDS
    first = request_once(lambda act: acts.append(act) or shown(act))
    assert acts[0] == acts[1]
    assert told(request_once(never)) == told(first)


def test_what_was_unavailable_can_be_done_at_once(request_once):
    def away(_):
        raise errors.Unavailable("Away")

    with pytest.raises(errors.Unavailable):
        request_once(away)
    assert request_once(shown).status_code == 201


def test_a_day_later_a_key_is_new(request_once, clock):
    first = request_once(shown)
    clock.now += KEEP_SECONDS
    assert told(request_once(shown, b"[]")) != told(first)
    with pytest.raises(errors.Unprocessable):
        request_once(never)


def test_a_withdrawn_answer_is_told_no_more(request_once, table):
    acts = []
    request_once(lambda act: acts.append(act) or shown(act))
    table.write(*withdrawn(table, acts[0].record, errors.Conflict("Deleted", reason="deleted")))
    again = request_once(never)
    assert (again.status_code, json.loads(again.body)["reason"]) == (409, "deleted")
    assert withdrawn(table, "request#unknown", errors.Conflict("Deleted")) == []


class CarelessTable:
    """Takes attempts over without looking whether others did."""

    def __init__(self, table):
        self._table = table
        self.get = table.get

    def write(self, *steps):
        self._table.write(*(step._replace(expect={}) if isinstance(step, Change) else step for step in steps))


def attempts(table, clock):
    """How many of those who come at once take a dead attempt over."""
    once, key, done = Idempotency(table, clock).once, str(uuid.uuid4()), []
    with pytest.raises(KeyError):
        once(a_request(key=key), fails)
    clock.now += LEASE_SECONDS
    looked = threading.Barrier(TOGETHER)

    class Together(CarelessTable):
        def write(self, *steps):
            if "until" in getattr(steps[0], "put", {}):
                looked.wait()
            table.write(*steps)

    together = Idempotency(Together(table), clock).once

    def send():
        with contextlib.suppress(errors.Busy):
            together(a_request(key=key), lambda act: done.append(act) or shown(act))

    threads = [threading.Thread(target=send) for _ in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done)


def test_of_many_that_come_at_once_one_takes_over(table, clock):
    assert attempts(table, clock) == 1


def test_without_the_condition_all_of_them_do(table, clock):
    """The negative control."""
    assert attempts(CarelessTable(table), clock) == TOGETHER
