"""Campaigns are saved whole: the campaign, its ref and its stock, or nothing of it."""

import threading
import uuid

import pytest

from chalicelib.aws.tables import Change
from chalicelib.campaigns.store import CampaignStore
from chalicelib.errors import Conflict, Invalid, NotFound
from tests.builders import a_campaign


@pytest.fixture
def store(table):
    return CampaignStore(table)


@pytest.fixture
def name():
    """Makes names that no other test uses, as the emulator's table is shared."""
    own = uuid.uuid4().hex[:12]
    return lambda what: f"{what}-{own}"


@pytest.fixture
def saved(store, name):
    """Saves a campaign with these fields."""

    def saved(campaign_id="c", ref="r", **changes):
        campaign = a_campaign(campaign_id=name(campaign_id), ref=name(ref), **changes)
        store.save(campaign)
        return campaign

    return saved


@pytest.fixture
def refs(store, name):
    """The refs of this test's campaigns, and what they start, without what makes them this test's own."""
    own = name("")

    def refs():
        found = {ref: campaign for ref, campaign in store.refs().items() if ref.endswith(own)}
        return {ref.removesuffix(own): campaign.removesuffix(own) for ref, campaign in found.items()}

    return refs


def take(table, campaign, tickets):
    """Fans take tickets."""
    key = f"campaign#{campaign.campaign_id}"
    table.write(Change(key, "stock", add={"left": -tickets}))


def test_a_new_campaign_comes_back_with_its_stock_its_ref_and_a_salt_of_its_own(store, saved, refs):
    one, other = saved(stock=7), saved("d", "s")
    assert store.get(one.campaign_id).campaign == one
    assert store.tickets_left(one.campaign_id) == 7
    assert refs() == {"r": "c", "s": "d"}
    assert len(store.get(one.campaign_id).salt) == 64
    assert store.get(one.campaign_id).salt != store.get(other.campaign_id).salt


@pytest.mark.parametrize("unknown", ["unknown", "x" * 5_000])
def test_a_campaign_that_is_not_there_is_not_found_and_has_no_tickets(store, unknown):
    with pytest.raises(NotFound):
        store.get(unknown)
    assert store.tickets_left(unknown) == 0


def test_a_changed_campaign_keeps_its_salt_and_its_ref(store, saved, refs):
    salt = store.get(saved().campaign_id).salt
    changed = saved(name="Another Name", state="paused")
    assert store.get(changed.campaign_id) == (changed, salt)
    assert refs() == {"r": "c"}


# ─── refs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_ref_takes_the_place_of_the_old_one_which_is_free_again(saved, refs):
    saved()
    saved(ref="new")
    saved("d", "r")
    assert refs() == {"new": "c", "r": "d"}


def wrong_fields(refused):
    return [error.field for error in refused.value.errors]


@pytest.mark.parametrize("typed", ["taken", "TAKEN"])
def test_a_ref_starts_one_campaign_whatever_its_case_new_or_changed(store, saved, refs, typed):
    saved("first", "taken")
    saved("second", "free")
    for campaign_id in ("second", "third"):
        with pytest.raises(Invalid) as refused:
            saved(campaign_id, typed)
        assert wrong_fields(refused) == ["ref"]
    assert refs() == {"taken": "first", "free": "second"}


def test_a_campaign_that_was_refused_for_its_ref_is_not_there_at_all(store, saved, name):
    saved("first", "taken")
    with pytest.raises(Invalid):
        saved("second", "taken")
    with pytest.raises(NotFound):
        store.get(name("second"))
    assert store.tickets_left(name("second")) == 0


def test_the_case_of_a_ref_may_change(store, saved, refs):
    campaign = saved(ref="bash")
    changed = saved(ref="BASH")
    assert store.get(campaign.campaign_id).campaign == changed
    assert refs() == {"bash": "c"}


def test_two_campaigns_swap_their_refs_by_way_of_a_third(saved, refs):
    saved("one", "a")
    saved("two", "b")
    saved("one", "c")
    saved("two", "a")
    saved("one", "b")
    assert refs() == {"b": "one", "a": "two"}


# ─── stock ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("stock", "left"), [(10, 6), (15, 11), (5, 1), (4, 0)])
def test_the_stock_changes_by_the_difference_so_that_given_tickets_count(store, table, saved, stock, left):
    campaign = saved(stock=10)
    take(table, campaign, 4)
    saved(stock=stock)
    assert store.tickets_left(campaign.campaign_id) == left


def test_the_stock_cannot_be_lowered_below_what_was_given(store, table, saved):
    campaign = saved(stock=10)
    take(table, campaign, 4)
    with pytest.raises(Invalid) as refused:
        saved(stock=3, name="Not Saved")
    assert wrong_fields(refused) == ["stock"]
    assert store.get(campaign.campaign_id).campaign == campaign
    assert store.tickets_left(campaign.campaign_id) == 6


def test_every_field_that_cannot_be_so_is_named(table, saved):
    saved("other", "taken")
    take(table, saved(stock=10), 4)
    with pytest.raises(Invalid) as refused:
        saved(stock=3, ref="taken")
    assert wrong_fields(refused) == ["stock", "ref"]


# ─── at the same moment ────────────────────────────────────────────────────────────────────────────────────────────


class Interrupted:
    """A table in which something else happens before the next write."""

    def __init__(self, table, meanwhile):
        self._table, self._meanwhile = table, meanwhile
        self.get, self.query = table.get, table.query

    def write(self, *steps):
        meanwhile, self._meanwhile = self._meanwhile, lambda: None
        meanwhile()
        self._table.write(*steps)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"name": "Theirs"}, {"name": "Ours"}),
        ({"stock": 30}, {"stock": 20}),
        ({"stock": 30}, {"name": "Ours"}),
        ({"ref": "theirs"}, {"ref": "ours"}),
        ({"ref": "same"}, {"ref": "same"}),
    ],
)
def test_what_someone_else_saved_meanwhile_is_not_undone_unseen(table, saved, store, name, refs, theirs, ours):
    campaign_id = saved(stock=25).campaign_id
    meanwhile = Interrupted(table, lambda: saved(**{"stock": 25, **theirs}))
    ours = {"ref": "r", **ours}
    with pytest.raises(Conflict, match="look at it and save again"):
        CampaignStore(meanwhile).save(a_campaign(campaign_id=campaign_id, **{**ours, "ref": name(ours["ref"])}))
    now = store.get(campaign_id).campaign
    assert now.name == theirs.get("name", "Birthday Bash")
    assert store.tickets_left(campaign_id) == now.stock == theirs.get("stock", 25)
    assert refs() == {theirs.get("ref", "r"): "c"}


def test_of_two_that_make_the_same_campaign_one_is_told(table, saved, name):
    meanwhile = Interrupted(table, saved)
    with pytest.raises(Conflict):
        CampaignStore(meanwhile).save(a_campaign(campaign_id=name("c"), ref=name("r")))


def test_tickets_that_are_taken_while_a_campaign_is_saved_are_not_forgotten(table, saved, store):
    campaign = saved(stock=10)
    meanwhile = Interrupted(table, lambda: take(table, campaign, 4))
    CampaignStore(meanwhile).save(a_campaign(campaign_id=campaign.campaign_id, ref=campaign.ref, stock=8))
    assert store.tickets_left(campaign.campaign_id) == 4


def test_of_many_who_save_at_once_each_is_kept_or_told(table, store, saved, refs):
    campaign_id = saved(stock=10).campaign_id
    outcomes = {}

    def save(number):
        try:
            saved(stock=20 + number, ref=f"r{number}")
            outcomes[number] = "kept"
        except Conflict:
            outcomes[number] = "told"

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    now = store.get(campaign_id).campaign
    assert outcomes[now.stock - 20] == "kept"
    assert store.tickets_left(campaign_id) == now.stock
    assert refs() == {f"r{now.stock - 20}": "c"}
