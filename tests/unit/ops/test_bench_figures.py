"""How figures are made of samples, and how an aim is judged."""

import json

import pytest

from ops.bench.figures import Fact, Figure, Report, compared, figure
from ops.bench.quiz import size


def test_a_figure_is_the_median_between_its_quartiles():
    assert figure([5, 1, 2, 4, 3]) == Figure(3, 2, 4)
    assert figure([7]) == Figure(7, 7, 7)


def test_a_ratio_compares_samples_that_were_taken_side_by_side():
    """The machine was twice as slow in the second round, for both: the ratio does not change."""
    row = compared("webhook", "cold", "ms", "ours", {"peer": [10, 20], "ours": [5, 10]})
    assert row.ratios == {"peer": Figure(0.5, 0.5, 0.5)}


def test_a_ratio_to_next_to_nothing_is_left_out():
    row = compared("webhook", "warm", "ms", "ours", {"bare": [0.001], "peer": [2], "ours": [1]})
    assert set(row.ratios) == {"peer"}


@pytest.mark.parametrize(("value", "missed"), [(1024, False), (1025, True)])
def test_an_aim_is_the_most_that_a_number_should_be(value, missed):
    assert Fact("Written", value, "bytes", 1024).missed is missed


def test_a_number_without_an_aim_misses_none():
    assert not Fact("Logged", 1e9, "lines").missed


def test_a_report_is_a_table_and_the_same_as_json():
    row = compared("webhook", "cold", "ms", "ours", {"peer": [10, 20], "ours": [5, 10]})
    report = Report([row], [Fact("Written", 1025, "bytes", 1024)])
    assert report.as_text().splitlines() == [
        "",
        "webhook                               peer                ours                x peer",
        "  cold, ms                            15.0 (12.5-17.5)    7.50 (6.25-8.75)    0.50 (0.50-0.50)",
        "",
        "Written                                                     1025 bytes   aim: at most 1024, MISSED",
    ]
    assert json.loads(json.dumps(report.as_json()))["facts"][0]["missed"] is True


def test_an_item_s_size_counts_names_and_values_as_dynamodb_does():
    assert size({"pk": {"S": "é"}}) == 4
    assert size({"n": {"N": "1234"}, "b": {"BOOL": True}}) == 1 + 3 + 1 + 1
    assert size({"l": {"L": [{"S": "ab"}]}, "m": {"M": {"k": {"NULL": True}}}}) == 1 + 3 + 1 + 2 + 1 + 3 + 1 + 2
