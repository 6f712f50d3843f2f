import pytest

from chalicelib.channels.deletions import KEEP_SECONDS, Deletions
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def deletions(table, clock):
    return Deletions(table, clock)


def test_a_request_is_pending_until_it_is_done(deletions):
    assert deletions.status("abc") is None
    deletions.pending("abc")
    assert deletions.status("abc") == "pending"
    deletions.done("abc")
    assert deletions.status("abc") == "done"


def test_a_request_that_comes_again_after_it_was_done_stays_done(deletions):
    deletions.pending("abc")
    deletions.done("abc")
    deletions.pending("abc")
    assert deletions.status("abc") == "done"


def test_a_record_is_gone_after_90_days_even_before_the_table_removes_it(deletions, clock):
    deletions.pending("abc")
    clock.now += KEEP_SECONDS - 1
    assert deletions.status("abc") == "pending"
    clock.now += 1
    assert deletions.status("abc") is None


def test_a_record_names_nobody(deletions, table):
    deletions.pending("abc")
    [step] = table.writes
    assert set(step.item) == {"pk", "sk", "status", "expiresAt"}
