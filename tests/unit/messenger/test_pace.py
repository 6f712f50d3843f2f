import math
import random

import pytest

from chalicelib.channels.messenger.names import KEEP_SECONDS, MOST, Names
from chalicelib.channels.messenger.pace import Pace


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_second_of_calls_may_go_at_once_and_the_next_must_wait(clock):
    pace = Pace(10, clock)
    assert [pace.wait(1) for _ in range(10)] == [0] * 10
    assert pace.wait(1) == pytest.approx(0.1)


def test_the_refused_are_told_different_moments_in_their_order(clock):
    pace = Pace(10, clock)
    pace.wait(10)
    assert [pace.wait(1) for _ in range(30)] == pytest.approx([n / 10 for n in range(1, 31)])


def test_the_bucket_fills_again_with_time_and_never_beyond_a_second(clock):
    pace = Pace(10, clock)
    pace.wait(10)
    clock.now += 0.5
    assert [pace.wait(1) == 0 for _ in range(6)] == [True] * 5 + [False]
    clock.now += 3_600
    assert [pace.wait(1) == 0 for _ in range(11)] == [True] * 10 + [False]


def test_a_reply_of_more_calls_than_the_bucket_holds_is_lent_them(clock):
    pace = Pace(2, clock)
    assert pace.wait(5) == 0
    clock.now += 1
    assert pace.wait(1) > 0
    clock.now += 1.1
    assert pace.wait(1) == 0


def test_a_page_may_send_less_than_once_a_second(clock):
    pace = Pace(0.5, clock)
    assert pace.wait(1) == 0
    assert pace.wait(1) == pytest.approx(2)


def test_a_clock_that_is_set_back_neither_stops_nor_speeds_the_page(clock):
    pace = Pace(10, clock)
    pace.wait(10)
    clock.now -= 3_600
    assert pace.wait(1) > 0
    clock.now += 1
    assert pace.wait(1) == 0


def test_a_spike_goes_out_at_the_pages_rate_with_few_vain_tries(clock):
    pace, chance = Pace(10, clock), random.Random(5)
    waiting = [(clock.now + chance.random(), n) for n in range(500)]
    sent, tries = [], 0
    while waiting:
        waiting.sort()
        moment, n = waiting.pop(0)
        clock.now = max(clock.now, moment)
        tries += 1
        wait = pace.wait(1)
        if wait:
            waiting.append((clock.now + math.ceil(wait), n))
        else:
            sent.append(clock.now)
    assert sent[-1] - sent[0] == pytest.approx(500 / 10, abs=4)
    assert all(sent[n + 20] - sent[n] >= 0.99 for n in range(480))
    assert tries < 500 * 3


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
