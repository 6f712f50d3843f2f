"""What is done once for an order: whatever fails, and wherever the process dies."""

import itertools

import pytest

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete
from chalicelib.batch import Later
from chalicelib.errors import InDoubt, Unavailable
from chalicelib.reactions.once import AT_IT, Once
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable


class Died(BaseException):
    """The process is gone: nobody tidies up."""


class Faulty(MemoryTable):
    """Dies, or loses an answer, at a write of a kind."""

    def __init__(self):
        super().__init__()
        self.dies_before = self.dies_after = self.refuses = None

    def write(self, *steps):
        [step] = steps
        if isinstance(step, self.dies_before or ()):
            raise Died
        if isinstance(step, self.refuses or ()):
            raise Unavailable("the table refuses")
        super().write(*steps)
        if isinstance(step, self.dies_after or ()):
            raise Died

    def mend(self):
        self.dies_before = self.dies_after = self.refuses = None


@pytest.fixture
def table():
    return Faulty()


@pytest.fixture
def clock():
    return Clock(1_796_000_000.0)


@pytest.fixture
def once(table, clock):
    numbers = itertools.count(1)
    return Once(table, clock, lambda: f"attempt-{next(numbers)}")


class Act:
    """Counts how often it was done; fails as it is told, each time in the next way."""

    def __init__(self, *failures):
        self.done = 0
        self._failures = list(failures)

    def __call__(self):
        failure = self._failures.pop(0) if self._failures else None
        if failure is None or isinstance(failure, InDoubt):
            self.done += 1
        if failure:
            raise failure


def test_it_is_done_once_however_often_its_event_comes(once):
    act = Act()
    for _ in range(3):
        once.at_most("o-1", "mail", act)
    assert act.done == 1


def test_other_orders_and_other_acts_are_others(once):
    act = Act()
    for order, name in itertools.product(("o-1", "o-2"), ("mail", "alert")):
        once.at_most(order, name, act)
    assert act.done == 4


def test_what_was_refused_is_tried_again(once):
    act = Act(Unavailable("SES: Throttling"))
    with pytest.raises(Unavailable):
        once.at_most("o-1", "mail", act)
    once.at_most("o-1", "mail", act)
    assert act.done == 1


def test_what_is_in_doubt_is_never_done_again(once, clock):
    act = Act(InDoubt("no answer"))
    with pytest.raises(InDoubt):
        once.at_most("o-1", "mail", act)
    clock.now += AT_IT
    for _ in range(3):
        with pytest.raises(InDoubt):
            once.at_most("o-1", "mail", act)
    assert act.done == 1


@pytest.mark.parametrize(
    ("fault", "kind", "done"),
    [
        ("dies_before", Create, 1),  # nothing was begun: it is done by the next
        ("dies_after", Create, 0),  # begun, and perhaps done: for a person
        ("dies_before", Change, 1),  # done, and not noted: for a person
        ("dies_after", Change, 1),
    ],
)
def test_wherever_the_process_dies_it_is_not_done_twice_and_not_forgotten(once, table, clock, fault, kind, done):
    act = Act()
    setattr(table, fault, kind)
    with pytest.raises(Died):
        once.at_most("o-1", "mail", act)
    table.mend()
    clock.now += AT_IT
    told = False
    try:
        once.at_most("o-1", "mail", act)
    except InDoubt:
        told = True
    assert act.done == done
    assert told or act.done == 1


def test_without_a_mark_it_would_be_done_twice(once, table, clock):
    """The negative control: the same death, of an act that is only noted afterwards."""
    act = Act()
    with pytest.raises(Died):
        once.at_least("o-1", "mail", lambda: (act(), (_ for _ in ()).throw(Died)))
    once.at_least("o-1", "mail", act)
    assert act.done == 2


def test_while_another_is_at_it_one_waits(once, clock):
    def begun_by_another():
        with pytest.raises(Later) as later:
            once.at_most("o-1", "mail", lambda: None)
        assert 0 < later.value.seconds <= AT_IT

    once.at_most("o-1", "mail", begun_by_another)


def test_what_another_gives_back_at_this_moment_is_begun_anew_with_a_mark_of_ones_own(clock):
    """Between the refusal of our mark and our look at the other's."""

    class GivenBack(MemoryTable):
        def write(self, *steps):
            try:
                super().write(*steps)
            except ConditionFailed:
                super().write(Delete("order#o-1", "reaction#mail"))
                raise

    table = GivenBack()
    table.write(Create({"pk": "order#o-1", "sk": "reaction#mail", "state": "begun", "by": "another", "at": 0}))
    once, act = Once(table, clock, lambda: "ours"), Act()
    with pytest.raises(Later):
        once.at_most("o-1", "mail", act)
    assert act.done == 0, "unmarked, another could do it at the same time"
    once.at_most("o-1", "mail", act)
    assert act.done == 1


def test_a_mark_whose_own_answer_was_lost_is_ones_own(clock):
    class Repeating(MemoryTable):
        """As the client does when an answer is lost: it asks again."""

        def write(self, *steps):
            super().write(*steps)
            if isinstance(steps[0], Create):
                super().write(*steps)

    act = Act()
    Once(Repeating(), clock, lambda: "attempt").at_most("o-1", "mail", act)
    assert act.done == 1


def test_an_act_that_its_receiver_takes_once_is_repeated_until_it_is_noted(once):
    act = Act(Unavailable("503"), InDoubt("no answer"))
    for _ in range(2):
        with pytest.raises(Unavailable):
            once.at_least("o-1", "warehouse", act)
    for _ in range(3):
        once.at_least("o-1", "warehouse", act)
    assert act.done == 2
