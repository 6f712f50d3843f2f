"""What the stores rely on in a table."""

import threading
import uuid

import pytest

from chalicelib.aws.tables import Add, Change, ConditionFailed, Create, Delete, Put


@pytest.fixture
def pk():
    return f"test#{uuid.uuid4()}"


def test_an_item_comes_back_as_it_was_written(table, pk):
    item = {"pk": pk, "sk": "a", "text": "één 🎉", "number": -7, "yes": True, "nothing": None, "list": [1, "b", [True]]}
    table.write(Put(item | {"map": {"deep": {"er": "x"}}, "empty": "", "none": []}))
    assert table.get(pk, "a") == item | {"map": {"deep": {"er": "x"}}, "empty": "", "none": []}


def test_an_item_that_is_not_there_is_none(table, pk):
    assert table.get(pk, "a") is None


@pytest.mark.parametrize(("longer", "length"), [("pk", 2048), ("sk", 1024)])
def test_a_key_may_be_so_long_and_a_longer_one_has_no_item(table, pk, longer, length):
    key = {
        "pk": pk,
        "sk": "a",
        longer: str(uuid.uuid4()).ljust(length - 1, "é").encode()[:length].decode("utf-8", "ignore"),
    }
    table.write(Put(key))
    assert table.get(**key) == key
    assert table.get(**key | {longer: key[longer] + "é"}) is None


def test_a_second_item_with_the_same_key_is_not_created(table, pk):
    table.write(Create({"pk": pk, "sk": "a", "number": 1}))
    with pytest.raises(ConditionFailed):
        table.write(Create({"pk": pk, "sk": "a", "number": 2}))
    assert table.get(pk, "a")["number"] == 1


def test_a_change_puts_and_adds(table, pk):
    table.write(Put({"pk": pk, "sk": "a", "left": 3, "status": "issued"}))
    table.write(Change(pk, "a", put={"status": "redeemed", "new": ["x"]}, add={"left": -1, "taken": 1}))
    assert table.get(pk, "a") == {"pk": pk, "sk": "a", "left": 2, "status": "redeemed", "new": ["x"], "taken": 1}


@pytest.mark.parametrize(
    "condition",
    [
        {"expect": {"status": "revoked"}},
        {"at_least": {"left": 4}},
        {"expect": {"missing": ""}},
        {"at_least": {"missing": 0}},
    ],
)
def test_a_change_whose_condition_does_not_hold_changes_nothing(table, pk, condition):
    before = {"pk": pk, "sk": "a", "left": 3, "status": "issued"}
    table.write(Put(before))
    with pytest.raises(ConditionFailed):
        table.write(Change(pk, "a", put={"touched": True}, **condition))
    assert table.get(pk, "a") == before


def test_a_change_makes_no_item(table, pk):
    with pytest.raises(ConditionFailed):
        table.write(Change(pk, "a", put={"touched": True}))
    assert table.get(pk, "a") is None


def test_of_several_steps_all_happen_or_none(table, pk):
    table.write(Put({"pk": pk, "sk": "stock", "left": 1}))
    take = Change(pk, "stock", add={"left": -1}, at_least={"left": 1})
    table.write(take, Create({"pk": pk, "sk": "1"}))
    with pytest.raises(ConditionFailed) as failed:
        table.write(Create({"pk": pk, "sk": "2"}), take, Create({"pk": pk, "sk": "1"}))
    assert failed.value.steps == {1, 2}
    assert table.get(pk, "2") is None
    assert table.get(pk, "stock")["left"] == 0


def test_what_is_added_to_an_item_that_is_not_there_makes_it(table, pk):
    for mark in ("1", "2"):
        table.write(Create({"pk": pk, "sk": mark}), Add(pk, "sum", {"i": 1, "c/web/i": 2, "s//s": 3}))
    assert table.get(pk, "sum") == {"pk": pk, "sk": "sum", "i": 2, "c/web/i": 4, "s//s": 6}


def test_nothing_is_added_where_another_step_is_refused(table, pk):
    table.write(Put({"pk": pk, "sk": "1"}))
    with pytest.raises(ConditionFailed) as failed:
        table.write(Create({"pk": pk, "sk": "1"}), Add(pk, "sum", {"i": 1}))
    assert (failed.value.steps, table.get(pk, "sum")) == ({0}, None)


def test_a_query_answers_a_partition_in_order(table, pk):
    for sk in ("turn#02", "turn#10", "turn#01", "other"):
        table.write(Put({"pk": pk, "sk": sk}))
    assert [item["sk"] for item in table.query(pk, begins="turn#")] == ["turn#01", "turn#02", "turn#10"]
    assert [item["sk"] for item in table.query(pk, begins="turn#", newest_first=True, limit=1)] == ["turn#10"]
    assert len(list(table.query(pk))) == 4


def test_a_query_answers_what_lies_between_two_keys_and_they_too(table, pk):
    for sk in ("19:45", "20:00", "20:15", "20:30"):
        table.write(Put({"pk": pk, "sk": sk}))
    assert [item["sk"] for item in table.query(pk, between=("20:00", "20:15"))] == ["20:00", "20:15"]
    assert list(table.query(pk, between=("20:01", "20:14"))) == []


def test_a_query_answers_the_attributes_that_are_asked_for_and_only_those_that_are_there(table, pk):
    table.write(Put({"pk": pk, "sk": "a", "status": "issued", "list": [1], "left": 3}))
    table.write(Put({"pk": pk, "sk": "b", "left": 4}))
    assert list(table.query(pk, only=("status", "list"))) == [{"status": "issued", "list": [1]}, {}]


def test_a_query_reads_on_past_a_page(table, pk):
    for number in range(25):
        table.write(Put({"pk": pk, "sk": f"{number:02}", "filling": "x" * 100_000}))
    assert len(list(table.query(pk))) == 25


def pages(table, pk, **options):
    """The `sk` of the items of each page, to the end."""
    after, found = "", []
    while True:
        items, after = table.page(pk, after=after, **options)
        found.append([item["sk"] for item in items])
        if not after:
            return found


@pytest.mark.parametrize(
    ("limit", "found"),
    [
        (1, [["u#1"], ["u#2"], ["u#é"], ["u#🎉"]]),
        (3, [["u#1", "u#2", "u#é"], ["u#🎉"]]),
        (4, [["u#1", "u#2", "u#é", "u#🎉"]]),
        (100, [["u#1", "u#2", "u#é", "u#🎉"]]),
    ],
)
def test_pages_are_the_list_in_order_each_item_once_and_the_last_says_so(table, pk, limit, found):
    for sk in ("u#2", "u#🎉", "a", "u#1", "v", "u#é"):
        table.write(Put({"pk": pk, "sk": sk}))
    assert pages(table, pk, begins="u#", limit=limit) == found


def test_a_whole_partition_has_pages_too(table, pk):
    for sk in ("c", "a", "b"):
        table.write(Put({"pk": pk, "sk": sk}))
    assert pages(table, pk, limit=2) == [["a", "b"], ["c"]]
    assert table.page(f"{pk}-nobody", limit=2) == ([], "")


def test_a_page_goes_on_where_the_one_before_ended_whatever_came_and_went(table, pk):
    for sk in ("u#1", "u#3", "u#5"):
        table.write(Put({"pk": pk, "sk": sk}))
    _, after = table.page(pk, begins="u#", limit=2)
    table.write(Delete(pk, "u#3"), Put({"pk": pk, "sk": "u#2"}), Put({"pk": pk, "sk": "u#4"}))
    assert [item["sk"] for item in table.page(pk, begins="u#", after=after, limit=2)[0]] == ["u#4", "u#5"]


@pytest.mark.parametrize(("after", "found"), [("\x00", ["u#1"]), ("zz", []), ("../a", ["u#1"]), ("é" * 600, [])])
def test_whatever_a_page_begins_after_it_stays_within_its_list(table, pk, after, found):
    for sk in ("a", "u#1", "z"):
        table.write(Put({"pk": pk, "sk": sk}))
    items, last = table.page(pk, begins="u#", after=after, limit=5)
    assert ([item["sk"] for item in items], last) == (found, "")


def test_a_page_of_large_items_is_shorter_and_no_item_is_lost(table, pk):
    for number in range(25):
        table.write(Put({"pk": pk, "sk": f"{number:02}", "filling": "x" * 100_000}))
    found = [sk for page in pages(table, pk, limit=20) for sk in page]
    assert found == [f"{number:02}" for number in range(25)]


def test_a_deleted_item_is_gone_and_deleting_again_is_fine(table, pk):
    table.write(Put({"pk": pk, "sk": "a"}))
    table.write(Delete(pk, "a"))
    table.write(Delete(pk, "a"))
    assert table.get(pk, "a") is None


@pytest.mark.parametrize("expect", [{"at": 2}, {"missing": 1}, {"at": 1, "name": "b"}])
def test_an_item_that_is_not_as_expected_is_not_deleted(table, pk, expect):
    table.write(Put({"pk": pk, "sk": "a", "at": 1, "name": "a"}))
    with pytest.raises(ConditionFailed):
        table.write(Delete(pk, "a", expect))
    assert table.get(pk, "a")


def test_an_item_that_is_as_expected_is_deleted_once(table, pk):
    table.write(Put({"pk": pk, "sk": "a", "at": 1, "name": "a"}))
    table.write(Delete(pk, "a", {"at": 1, "name": "a"}))
    assert table.get(pk, "a") is None
    with pytest.raises(ConditionFailed):
        table.write(Delete(pk, "a", {"at": 1, "name": "a"}))


def test_a_stock_that_many_take_from_at_once_never_passes_zero(table, pk):
    table.write(Put({"pk": pk, "sk": "stock", "left": 5}))
    taken = []

    def take(number):
        step = Change(pk, "stock", add={"left": -1}, at_least={"left": 1})
        try:
            table.write(step, Create({"pk": pk, "sk": f"ticket#{number}"}))
            taken.append(number)
        except ConditionFailed:
            pass

    threads = [threading.Thread(target=take, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 5
    assert table.get(pk, "stock")["left"] == 0
