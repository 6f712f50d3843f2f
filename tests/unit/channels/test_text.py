import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels import text


def test_long_text_is_cut_between_words():
    parts = text.split("word " * 1_000, 2_000)
    assert [len(part) for part in parts] == [1999, 1999, 999]
    assert all(part.startswith("word") and part.endswith("word") for part in parts)


def test_a_word_that_just_fits_is_not_cut():
    assert text.split("x" * 10 + " y", 10) == ["x" * 10, "y"]


@pytest.mark.parametrize("cluster", ["😀", "👍🏽", "👩‍👩‍👧‍👦", "e\u0301", "❤️", "🇳🇱", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_an_emoji_or_accent_is_never_cut_apart(cluster):
    limit = 25
    whole = "x" * (limit - 1) + cluster
    assert text.split(whole, limit) == ["x" * (limit - 1), cluster]
    assert text.shortened("x" * (limit - 2) + cluster + "yy", limit) == "x" * (limit - 2) + "…"


def test_a_cluster_longer_than_a_message_is_cut_all_the_same():
    whole = "e" + "\u0301" * 60
    parts = text.split(whole, 25)
    assert "".join(parts) == whole
    assert max(map(len, parts)) <= 25


def test_a_text_that_fits_is_one_part_and_a_blank_one_is_none():
    assert text.split("  Hello\n", 5) == ["Hello"]
    assert text.split(" \n ", 5) == []


def test_an_emoji_counts_as_two():
    assert text.units("é😀") == 3
    assert text.beginning("😀" * 3, 5) == "😀" * 2


def escaped(part):
    return part.replace("&", "&amp;")


@given(st.text("a& \u0301😀"), st.integers(min_value=5, max_value=30))
def test_parts_fit_as_they_are_measured_and_hold_all_of_the_text(whole, limit):
    parts = text.split(whole, limit, lambda part: text.units(escaped(part)))
    assert all(text.units(escaped(part)) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(whole.split())
