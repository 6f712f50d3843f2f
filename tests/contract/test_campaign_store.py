"""Campaigns are saved whole: the campaign, its ref and its stock, or nothing of it."""

import threading
import uuid

import pytest
from msgspec.structs import replace

from chalicelib.aws.tables import Change, Put
from chalicelib.campaigns.model import Act, Deed, Stored, dump
from chalicelib.campaigns.store import CampaignStore, Done, Moved
from chalicelib.errors import Conflict, NotFound
from tests.builders import a_campaign

AT = 1_796_000_000_000
ANNA = Act("anna", AT)


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
        put(store, campaign)
        return campaign

    return saved


def put(store, campaign, act=ANNA):
    old = store.find(campaign.campaign_id)
    return store.replace(old, campaign, act) if old else store.create(campaign, act)


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
    assert store.get(changed.campaign_id) == Stored(changed, salt, version=2)
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
        with pytest.raises(Conflict) as refused:
            saved(campaign_id, typed)
        assert wrong_fields(refused) == ["ref"]
    assert refs() == {"taken": "first", "free": "second"}


def test_a_campaign_that_was_refused_for_its_ref_is_not_there_at_all(store, saved, name):
    saved("first", "taken")
    with pytest.raises(Conflict):
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
    with pytest.raises(Conflict) as refused:
        saved(stock=3, name="Not Saved")
    assert wrong_fields(refused) == ["stock"]
    assert store.get(campaign.campaign_id).campaign == campaign
    assert store.tickets_left(campaign.campaign_id) == 6


def test_every_field_that_cannot_be_so_is_named(table, saved):
    saved("other", "taken")
    take(table, saved(stock=10), 4)
    with pytest.raises(Conflict) as refused:
        saved(stock=3, ref="taken")
    assert wrong_fields(refused) == ["stock", "ref"]


# ─── versions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_write_makes_the_next_version(store, saved):
    campaign = saved()
    stored = store.get(campaign.campaign_id)
    assert stored.version == 1
    stored = store.replace(stored, a_campaign(campaign_id=campaign.campaign_id, ref=campaign.ref, name="Two"), ANNA)
    stored = store.announce(stored, {"poster": "The poster"}, ANNA)
    assert stored.version == 3
    assert store.get(campaign.campaign_id) == stored


def test_a_campaign_that_was_written_before_there_were_versions_is_changed_too_and_not_unseen(table, store, saved):
    campaign = saved()
    key = {"pk": f"campaign#{campaign.campaign_id}", "sk": "campaign"}
    table.write(Put(key | {"document": dump(campaign), "salt": "s"}))
    old = store.get(campaign.campaign_id)
    assert (old.version, old.sources) == (0, {})
    later = Act("ben", AT + 1)
    assert (
        store.replace(old, a_campaign(campaign_id=campaign.campaign_id, ref=campaign.ref, name="Two"), later).version
        == 1
    )
    with pytest.raises(Moved):
        store.replace(old, a_campaign(campaign_id=campaign.campaign_id, ref=campaign.ref, name="Three"), later)
    assert store.get(campaign.campaign_id).campaign.name == "Two"


# ─── who did what ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_write_is_recorded_with_it_and_stays_when_the_campaign_is_deleted(store, name):
    campaign = a_campaign(campaign_id=name("c"), ref=name("r"), state="draft")
    stored = store.create(campaign, Act("anna", AT))
    stored = store.replace(stored, a_campaign(campaign_id=name("c"), ref=name("r"), stock=30), Act("ben", AT + 1))
    stored = store.announce(stored, {"poster": "The poster", "story": "A story"}, Act("ben", AT + 2))
    stored = store.announce(stored, {"poster": "Posters"}, Act("anna", AT + 3))
    store.delete(stored, Act("operator", AT + 4))
    assert store.deeds(name("c"), "", 100)[0] == [
        Deed(AT, "anna", "created", 1, "draft", []),
        Deed(AT + 1, "ben", "changed", 2, "live", ["state", "stock"]),
        Deed(AT + 2, "ben", "changed", 3, "live", ["sources.poster", "sources.story"]),
        Deed(AT + 3, "anna", "changed", 4, "live", ["sources.poster", "sources.story"]),
        Deed(AT + 4, "operator", "deleted", 5, "live", []),
    ]


def test_what_was_done_is_read_page_by_page(store, name):
    stored = store.create(a_campaign(campaign_id=name("c"), ref=name("r")), ANNA)
    for number in range(1, 12):
        stored = store.announce(stored, {"poster": str(number)}, Act("anna", AT + number))
    pages, after = [], ""
    while not pages or after:
        deeds, after = store.deeds(name("c"), after, 5)
        pages.append([deed.version for deed in deeds])
    assert pages == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11, 12]]


def test_a_write_that_is_refused_is_not_recorded(store, saved, name):
    saved("first", "taken")
    for campaign_id in ("second", "first"):
        with pytest.raises(Conflict):
            saved(campaign_id, "taken", stock=-1)
    assert store.deeds(name("second"), "", 10) == ([], "")
    assert len(store.deeds(name("first"), "", 10)[0]) == 1


def test_an_act_that_is_done_again_is_known_and_changes_nothing(store, name):
    once = Act("anna", AT, "act-1")
    store.create(a_campaign(campaign_id=name("c"), ref=name("r")), once)
    with pytest.raises(Done):
        store.create(a_campaign(campaign_id=name("c"), ref=name("r"), name="Again"), once)
    with pytest.raises(Moved) as other:
        store.create(a_campaign(campaign_id=name("c"), ref=name("r")), Act("anna", AT, "act-2"))
    assert not isinstance(other.value, Done)
    assert store.get(name("c")).campaign.name == "Birthday Bash"


# ─── deleting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_campaign_leaves_its_id_and_ref_free_and_nothing_of_its_stock(store, saved, refs):
    campaign = saved()
    store.delete(store.get(campaign.campaign_id), ANNA)
    assert store.find(campaign.campaign_id) is None
    assert store.tickets_left(campaign.campaign_id) == 0
    assert refs() == {}
    again = store.create(campaign, Act("anna", AT + 1))
    assert again.version == 1
    assert store.tickets_left(campaign.campaign_id) == 25


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
    with pytest.raises(Moved):
        put(CampaignStore(meanwhile), a_campaign(campaign_id=campaign_id, **{**ours, "ref": name(ours["ref"])}))
    now = store.get(campaign_id).campaign
    assert now.name == theirs.get("name", "Birthday Bash")
    assert store.tickets_left(campaign_id) == now.stock == theirs.get("stock", 25)
    assert refs() == {theirs.get("ref", "r"): "c"}


@pytest.mark.parametrize("write", ["announce", "delete"])
def test_what_was_changed_meanwhile_is_neither_announced_over_nor_deleted(table, saved, store, write):
    campaign_id = saved().campaign_id
    late = CampaignStore(Interrupted(table, lambda: saved(name="Theirs")))
    old = store.get(campaign_id)
    with pytest.raises(Moved):
        late.delete(old, ANNA) if write == "delete" else late.announce(old, {"poster": "P"}, ANNA)
    assert (store.get(campaign_id).campaign.name, store.get(campaign_id).sources) == ("Theirs", {})


def test_of_two_that_make_the_same_campaign_one_is_told(table, saved, name):
    meanwhile = Interrupted(table, saved)
    with pytest.raises(Moved):
        CampaignStore(meanwhile).create(a_campaign(campaign_id=name("c"), ref=name("r")), Act("ben", AT + 1))


def test_tickets_that_are_taken_while_a_campaign_is_saved_are_not_forgotten(table, saved, store):
    campaign = saved(stock=10)
    meanwhile = Interrupted(table, lambda: take(table, campaign, 4))
    put(CampaignStore(meanwhile), a_campaign(campaign_id=campaign.campaign_id, ref=campaign.ref, stock=8))
    assert store.tickets_left(campaign.campaign_id) == 4


def test_of_many_who_save_at_once_each_is_kept_or_told(table, store, saved, refs):
    campaign_id = saved(stock=10).campaign_id
    outcomes = {}

    def save(number):
        try:
            saved(stock=20 + number, ref=f"r{number}")
            outcomes[number] = "kept"
        except Moved:
            outcomes[number] = "told"

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 8
    now = store.get(campaign_id).campaign
    assert outcomes[now.stock - 20] == "kept"
    assert store.get(campaign_id).version == 1 + list(outcomes.values()).count("kept")
    assert store.tickets_left(campaign_id) == now.stock
    assert refs() == {f"r{now.stock - 20}": "c"}


def test_when_a_campaign_was_ended_is_kept_through_later_changes(store, name, saved):
    live = saved(state="live")
    assert store.get(live.campaign_id).ended_at == 0
    ended = a_campaign(campaign_id=live.campaign_id, ref=live.ref, state="ended")
    put(store, ended, Act("anna", AT + 1))
    put(store, a_campaign(campaign_id=live.campaign_id, ref=live.ref, state="ended", name="New"), Act("anna", AT + 2))
    assert store.get(live.campaign_id).ended_at == AT + 1


# ─── ending ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_is_ended_with_a_deed_and_its_moment_and_nothing_else(store, saved):
    campaign = saved()
    ended = store.end(store.get(campaign.campaign_id), Act("run", AT + 5))
    assert ended == store.get(campaign.campaign_id)
    assert (ended.campaign, ended.ended_at) == (replace(campaign, state="ended"), AT + 5)
    deeds, _ = store.deeds(campaign.campaign_id, "", 10)
    assert deeds[-1] == Deed(AT + 5, "run", "changed", 2, "ended", ["state"])


def test_a_campaign_that_was_changed_meanwhile_is_not_ended(store, saved):
    read = store.get(saved().campaign_id)
    store.replace(read, replace(read.campaign, closes_at="2999-01-01T20:00"), ANNA)
    with pytest.raises(Moved):
        store.end(read, Act("run", AT + 5))
    assert store.get(read.campaign.campaign_id).campaign.state == "live"
