"""Who waits is found without looking at those whose time has not come, on the fake table and the emulator's alike."""

import uuid

import pytest

from chalicelib.dialogue import waiting
from chalicelib.dialogue.waiting import Waiting, WaitingList

LATER = 1_800_000_000


@pytest.fixture
def of_table():
    return "conversations"


@pytest.fixture
def waiting_list(table):
    return WaitingList(table)


@pytest.fixture
def campaign():
    """A campaign that no other test uses."""
    return f"c-{uuid.uuid4().hex[:12]}"


def found(waiting_list, *campaigns, act="opening"):
    return sorted(waiting_list.all(lambda campaign, of: campaign in campaigns and of == act))


def test_who_joins_is_found_until_they_leave(waiting_list, campaign):
    fans = [f"slack:T1:U{number}" for number in range(3)]
    for number, fan in enumerate(fans):
        waiting_list.join(campaign, "opening", fan, number, LATER)
    waiting_list.join(campaign, "opening", fans[0], 0, LATER)
    assert found(waiting_list, campaign) == [Waiting(fan, campaign, "opening", n) for n, fan in enumerate(fans)]
    for _ in range(2):
        waiting_list.leave(campaign, "opening", fans[1])
    assert [fan.conversation for fan in found(waiting_list, campaign)] == [fans[0], fans[2]]


def test_acts_and_campaigns_are_lists_of_their_own_though_one_is_named_like_the_beginning_of_another(
    waiting_list, campaign
):
    for name in (campaign, f"{campaign}-2", f"{campaign}0"):
        for act in ("opening", "closing"):
            waiting_list.join(name, act, "web:c:s1", 1, LATER)
    assert found(waiting_list, f"{campaign}-2") == [Waiting("web:c:s1", f"{campaign}-2", "opening", 1)]
    assert len(found(waiting_list, campaign, f"{campaign}-2", f"{campaign}0", act="closing")) == 3


def test_a_list_is_read_page_by_page_and_one_that_is_not_due_is_stepped_over(waiting_list, campaign, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 3)
    first, second, third = (f"{campaign}-{number}" for number in range(3))
    for name in (first, second, third):
        for number in range(40):
            waiting_list.join(name, "opening", f"slack:T1:U{number}", number, LATER)
    asked = []

    def due(name, act):
        asked.append(name)
        return name in (first, third)

    assert len(list(waiting_list.all(due))) == 80
    assert asked.count(second) <= waiting.SHARDS


def test_who_is_told_meanwhile_disturbs_nobody(waiting_list, campaign, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 2)
    for number in range(40):
        waiting_list.join(campaign, "opening", f"slack:T1:U{number}", number, LATER)
    met = []
    for fan in waiting_list.all(lambda name, _: name == campaign):
        met.append(fan.conversation)
        waiting_list.leave(campaign, "opening", fan.conversation)
    assert len(met) == len(set(met)) == 40
