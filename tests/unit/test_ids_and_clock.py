"""Short names, and times as platforms and people write them."""

import string

from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock, ids

URL_SAFE = set(string.ascii_letters + string.digits + "-_")


@given(st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=3), st.integers(1, 43))
def test_a_digest_is_short_url_safe_and_always_the_same(parts, length):
    digest = ids.digest(*parts, length=length)
    assert digest == ids.digest(*parts, length=length)
    assert len(digest) == length
    assert set(digest) <= URL_SAFE


def test_parts_are_not_run_together():
    assert len({ids.digest("ab", "c"), ids.digest("a", "bc"), ids.digest("abc"), ids.digest("abc", "")}) == 4


def test_half_an_emoji_has_a_digest_too():
    assert ids.digest("\ud83d") != ids.digest("\ude00")


def test_no_two_unguessable_ids_are_the_same_and_each_fits_a_link():
    made = {ids.unguessable() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(one) for one in made} == {22}
    assert set("".join(made)) <= URL_SAFE


def test_now_in_milliseconds_is_a_whole_number():
    assert clock.milliseconds(lambda: 1_796_000_000.9876) == 1_796_000_000_987


def test_the_systems_clock_counts_from_the_epoch():
    assert clock.system() > 1_700_000_000


def test_a_time_is_told_in_utc_to_the_millisecond():
    assert clock.iso(0) == "1970-01-01T00:00:00.000Z"
    assert clock.iso(1_796_497_200_007) == "2026-12-05T19:00:00.007Z"
