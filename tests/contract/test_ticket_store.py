"""Entries and tickets: every rule about them is a condition of a write."""

import threading
import time
import uuid

import pytest

from chalicelib.aws.tables import ConditionFailed
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.tickets.model import Entry, Ticket, ticket_id
from chalicelib.tickets.store import AlreadyHeld, SoldOut, Taken, TicketStore
from tests.builders import a_campaign

AT = 1_796_000_000_000


@pytest.fixture
def store(table):
    return TicketStore(table)


@pytest.fixture
def campaign(table):
    """The id of a campaign with two tickets."""
    name = f"c-{uuid.uuid4().hex[:12]}"
    Campaigns(CampaignStore(table), time.time).save(a_campaign(campaign_id=name, ref=name, stock=2))
    return name


CAME = Entry(source="poster", channel="web", language="nl")


@pytest.fixture
def playing(store, campaign):
    """Lets fans begin."""

    def playing(*fans):
        for fan in fans:
            store.begin(campaign, fan, Entry(("first",)))

    return playing


@pytest.fixture
def held(store, campaign, playing):
    """A ticket that ANNA holds."""
    playing("ANNA")
    ticket = a_ticket(campaign, "ANNA")
    store.take("ANNA", ticket, CAME)
    return ticket


def a_ticket(campaign, seed, **changes):
    return Ticket(ticket_id(seed.encode() * 5), campaign, "K1", "issued", AT)._replace(**changes)


# ─── entries ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fan_who_never_played_has_a_blank_entry(store, campaign):
    assert store.entry(campaign, "ANNA") == Entry()


def test_attempts_are_kept_in_order_and_writing_them_again_changes_nothing(store, campaign):
    store.begin(campaign, "ANNA", Entry(("first",)))
    for _ in range(2):
        store.begin(campaign, "ANNA", Entry(("first", "second")))
    assert store.entry(campaign, "ANNA") == Entry(("first", "second"))
    assert store.entry(campaign, "BEN") == Entry()


def test_losing_leaves_the_attempts_and_no_ticket(store, campaign, playing):
    playing("ANNA")
    store.lose(campaign, "ANNA", AT)
    assert store.entry(campaign, "ANNA") == Entry(("first",))


def test_who_holds_a_ticket_neither_begins_nor_loses_nor_takes_another(store, campaign, held):
    with pytest.raises(AlreadyHeld):
        store.begin(campaign, "ANNA", Entry(("first", "second")))
    with pytest.raises(AlreadyHeld):
        store.lose(campaign, "ANNA", AT)
    with pytest.raises(AlreadyHeld):
        store.take("ANNA", a_ticket(campaign, "another"), Entry())
    assert store.entry(campaign, "ANNA") == Entry(("first",), held.ticket_id, "K1")
    assert store.left(campaign) == 1


# ─── sources ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fan_came_by_the_first_source_and_a_later_one_changes_nothing(store, campaign):
    store.come(campaign, "ANNA", Entry(source="poster"))
    store.come(campaign, "ANNA", Entry(source="story"))
    store.begin(campaign, "ANNA", Entry(("first",), source="story"))
    store.begin(campaign, "ANNA", Entry(("first", "second"), source="story"))
    store.begin(campaign, "BEN", Entry(("first",)))
    store.come(campaign, "BEN", Entry(source="story"))
    assert store.entry(campaign, "ANNA") == Entry(("first", "second"), source="poster")
    assert store.entry(campaign, "BEN") == Entry(("first",))


def test_a_campaign_is_played_from_the_first_fan_on(store, campaign):
    assert not store.is_played(campaign)
    store.begin(campaign, "ANNA", Entry(("first",)))
    assert store.is_played(campaign)


# ─── taking ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ticket_comes_out_of_the_stock_into_the_entry(store, campaign, held):
    assert store.left(campaign) == 1
    assert store.entry(campaign, "ANNA") == Entry(("first",), held.ticket_id, "K1")
    assert store.get(campaign, held.ticket_id) == held
    assert store.get(campaign, "UNKNOWN") is None


def test_every_member_of_a_ticket_is_kept(store, campaign, playing):
    playing("ANNA")
    bound = a_ticket(campaign, "bound", valid_from=AT + 1, valid_until=AT + 2)
    store.take("ANNA", bound, Entry())
    assert store.get(campaign, bound.ticket_id) == bound


def test_a_campaign_that_is_not_there_has_no_tickets(store):
    assert store.left("unknown") == 0


def test_a_third_winner_cannot_take_one_of_two_tickets(store, campaign, playing):
    playing("ANNA", "BEN", "CARL")
    store.take("ANNA", a_ticket(campaign, "one"), Entry())
    store.take("BEN", a_ticket(campaign, "two"), Entry())
    with pytest.raises(SoldOut):
        store.take("CARL", a_ticket(campaign, "three"), Entry())
    assert store.left(campaign) == 0
    assert store.entry(campaign, "CARL").ticket == ""


def test_who_holds_the_last_ticket_is_told_so_and_not_that_they_are_sold_out(store, campaign, held, playing):
    playing("BEN")
    store.take("BEN", a_ticket(campaign, "last"), Entry())
    with pytest.raises(AlreadyHeld):
        store.take("ANNA", a_ticket(campaign, "another"), Entry())


def test_an_id_that_another_ticket_has_is_not_given_again(store, campaign, held, playing):
    playing("BEN")
    with pytest.raises(Taken):
        store.take("BEN", held, Entry())
    assert store.left(campaign) == 1
    assert store.entry(campaign, "BEN").ticket == ""


# ─── redeeming ─────────────────────────────────────────────────────────────────────────────────────────────────────


def redeemed(ticket, nonce, gate=""):
    return ticket._replace(status="redeemed", redeemed_at=AT + 5, nonce=nonce, gate=gate)


def test_a_ticket_is_redeemed_once(store, campaign, held):
    assert store.redeem(redeemed(held, "scan-1", "North"))
    assert not store.redeem(redeemed(held, "scan-2", "South"))
    assert store.get(campaign, held.ticket_id) == redeemed(held, "scan-1", "North")


class CarelessTable:
    """Writes changes without their conditions."""

    def __init__(self, table):
        self._table = table

    def write(self, *steps):
        self._table.write(*(step._replace(expect={}) for step in steps))


def winners(store, held, gates=8):
    """The gates that let the ticket's holder in when all of them scan it at once."""
    barrier, won = threading.Barrier(gates), []

    def scan(gate):
        barrier.wait()
        if store.redeem(redeemed(held, f"scan-{gate}", str(gate))):
            won.append(str(gate))

    threads = [threading.Thread(target=scan, args=(gate,)) for gate in range(gates)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_of_many_gates_that_scan_a_ticket_at_once_one_lets_its_holder_in(store, campaign, held):
    [gate] = winners(store, held)
    assert store.get(campaign, held.ticket_id).gate == gate


def test_without_the_condition_every_gate_lets_somebody_in(table, held):
    """The negative control."""
    assert len(winners(TicketStore(CarelessTable(table)), held)) == 8


# ─── revoking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_revoked_ticket_is_listed_and_not_redeemed(store, campaign, held):
    for _ in range(2):
        store.revoke(campaign, held.ticket_id)
    assert not store.redeem(redeemed(held, "scan-1"))
    assert store.get(campaign, held.ticket_id).status == "revoked"
    assert list(store.revoked()).count(held.ticket_id) == 1


def test_a_redeemed_ticket_can_be_revoked(store, campaign, held):
    store.redeem(redeemed(held, "scan-1"))
    store.revoke(campaign, held.ticket_id)
    assert store.get(campaign, held.ticket_id) == redeemed(held, "scan-1")._replace(status="revoked")


def test_a_ticket_that_is_not_there_is_not_revoked(store, campaign):
    with pytest.raises(ConditionFailed):
        store.revoke(campaign, "UNKNOWN")
    assert "UNKNOWN" not in list(store.revoked())
