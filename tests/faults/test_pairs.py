"""Two faults on an order's way, wherever they are."""

import pytest

from tests.faults import weather


def broken(summaries):
    return {name: found.wrong for name, found in summaries.items() if found.wrong}


def test_no_two_faults_break_a_promise_of_one_pair_in_some_hundred():
    assert broken(weather.of_pairs(weather.pairs(11, 23))) == {}


@pytest.mark.nightly
def test_no_two_faults_break_a_promise():
    assert broken(weather.of_pairs(weather.pairs())) == {}
