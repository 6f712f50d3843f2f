import math
import random

import pytest

from chalicelib.batch import LONGEST_DELAY, Later
from chalicelib.pace import LONGEST_PAUSE, Pace, Pause, brief, retry_after
from tests.fakes.clock import Clock


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


def test_no_calls_never_wait(clock):
    pace = Pace(1, clock)
    pace.wait(3)
    assert pace.wait(0) == 0


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


def test_who_is_early_is_told_whole_seconds_to_wait(clock):
    pace = Pace(10, clock)
    pace.check(10)
    with pytest.raises(Later, match="pace") as later:
        pace.check(1)
    assert later.value.seconds == 1


def test_nobody_is_told_to_wait_longer_than_the_longest_delay(clock):
    pace = Pace(0.001, clock)
    pace.check(1)
    with pytest.raises(Later) as later:
        pace.check(1)
    assert later.value.seconds == LONGEST_DELAY


def test_a_pause_tells_everyone_when_it_is_over_and_why_it_began(clock):
    pause = Pause(clock)
    pause.check()
    met = pause.begin(5, "rate_limited")
    assert (met.seconds, str(met)) == (5, "rate_limited")
    clock.now += 1.5
    with pytest.raises(Later, match="rate_limited") as later:
        pause.check()
    assert later.value.seconds == 4
    clock.now += 3.5
    pause.check()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17),
        ("0", 0),
        ("", 0),
        (str(LONGEST_DELAY + 1), LONGEST_DELAY),
        ("-1", 0),
        ("1.5", 0),
        ("Sun, 22 Nov 2026 15:00:00 GMT", 0),
        ("²", 0),
        ("9" * 5_000, 0),
    ],
)
def test_a_retry_after_header_is_a_number_of_seconds_or_nothing(header, seconds):
    assert retry_after({"Retry-After": header}) == seconds


def test_an_answer_without_a_retry_after_header_names_no_delay():
    assert retry_after({}) == 0


def test_a_pause_for_a_passing_fault_grows_and_stays_brief():
    assert [brief(receives) for receives in (1, 2, 3, 90)] == [1, 2, 4, LONGEST_PAUSE]
