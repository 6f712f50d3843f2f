import pytest

from chalicelib.channels.messenger.names import KEEP_SECONDS, MOST, Names
from tests.fakes.clock import Clock


@pytest.fixture
def clock():
    return Clock()


class LookUp:
    def __init__(self, name="Anna"):
        self.name = name
        self.asked = []

    def __call__(self, psid):
        self.asked.append(psid)
        return self.name


def test_a_name_is_asked_for_once_in_a_while(clock):
    look_up = LookUp()
    names = Names(look_up, clock)
    assert [names.of("1"), names.of("1"), names.of("2")] == ["Anna"] * 3
    assert look_up.asked == ["1", "2"]
    clock.now += KEEP_SECONDS
    names.of("1")
    assert look_up.asked == ["1", "2", "1"]


def test_a_name_that_the_platform_does_not_tell_is_not_asked_for_again(clock):
    look_up = LookUp(None)
    names = Names(look_up, clock)
    assert [names.of("1"), names.of("1")] == [None, None]
    assert look_up.asked == ["1"]


@pytest.mark.parametrize(
    ("given", "said"), [("  Anna \n Maria ", "Anna Maria"), ("", None), (" ", None), ("x" * 99, "x" * 40)]
)
def test_a_name_is_one_short_line(clock, given, said):
    assert Names(LookUp(given), clock).of("1") == said


def test_the_memory_of_names_is_bounded_and_forgets_the_least_used(clock):
    look_up = LookUp()
    names = Names(look_up, clock)
    for n in range(MOST):
        names.of(str(n))
    names.of("0")
    names.of("new")
    look_up.asked.clear()
    names.of("0")
    names.of("1")
    assert look_up.asked == ["1"]
