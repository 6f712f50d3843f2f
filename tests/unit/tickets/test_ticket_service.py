"""Tickets won, kept, redeemed and revoked."""

import pytest

from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.errors import Conflict, NotFound
from chalicelib.tickets.model import Entry
from chalicelib.tickets.service import KEEP_SECONDS, Tickets
from chalicelib.tickets.signing import Claims, KeyRing, new_key
from chalicelib.tickets.store import Taken, TicketStore
from tests.builders import a_campaign
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.world import FAN

OTHER = "messenger:1000:3000"


class Desk:
    """The service on a fake table, with its clock and its keys in hand."""

    def __init__(self, stock=2, store=TicketStore):
        self.table, self.clock = MemoryTable(), Clock(1_796_000_000.0)
        self.campaigns = Campaigns(CampaignStore(self.table), self.clock)
        self.campaigns.save(a_campaign(stock=stock))
        self.stored = self.campaigns.stored("birthday-bash")
        self.secret = {"keys": []}
        self.rotate("K1")
        self.tickets = Tickets(store(self.table), lambda: self.keys, self.clock)

    def rotate(self, kid):
        """A new key signs; the ones before it verify."""
        for key in self.secret["keys"]:
            key["state"] = "verifying"
        self.secret["keys"].append(new_key(kid))
        self.keys = KeyRing.from_secret(self.secret)

    def win(self, fan=FAN):
        """The code that the fan wins, or empty."""
        self.tickets.begin(self.stored, fan, Entry(("first",)))
        return self.tickets.take(self.stored, fan)

    def left(self):
        return self.campaigns.tickets_left("birthday-bash")

    def redeem(self, code, nonce="scan-1", gate=""):
        return self.tickets.redeem(self.keys.verify(code), nonce, gate)

    def change(self, code, **changes):
        """Change the stored ticket."""
        claims = self.keys.verify(code)
        key = next(key for key in self.table if key[1] == f"ticket#{claims.ticket_id}")
        self.table._items[key].update(changes)  # noqa: SLF001  # times are not given to tickets yet


@pytest.fixture
def desk():
    return Desk()


# ─── winning ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_winner_gets_a_code_that_our_key_signed(desk):
    claims = desk.keys.verify(desk.win())
    ticket = desk.tickets.get(claims)
    assert (ticket.status, ticket.issued_at) == ("issued", int(desk.clock.now * 1000))
    assert claims == Claims("birthday-bash", ticket.ticket_id, "K1")


def test_who_holds_a_ticket_gets_the_same_one_again_however_they_come_to_ask(desk):
    code = desk.win()
    assert desk.tickets.take(desk.stored, FAN) == code
    assert desk.tickets.begin(desk.stored, FAN, Entry(("first", "second"))) == code
    assert desk.tickets.lose(desk.stored, FAN) == code
    assert desk.tickets.code("birthday-bash", desk.tickets.entry(desk.stored, FAN)) == code
    assert desk.left() == 1


def test_a_ticket_keeps_the_key_that_signed_it_when_the_keys_are_rotated(desk):
    code = desk.win()
    desk.rotate("K2")
    assert desk.tickets.take(desk.stored, FAN) == code
    assert desk.keys.verify(code).kid == "K1"
    assert desk.keys.verify(desk.win(OTHER)).kid == "K2"


def test_fans_get_different_tickets(desk):
    assert desk.win() != desk.win(OTHER)
    assert desk.left() == 0


def test_who_has_no_ticket_has_no_code(desk):
    assert desk.tickets.code("birthday-bash", Entry(("first",))) == ""
    desk.tickets.begin(desk.stored, FAN, Entry(("first",)))
    assert desk.tickets.lose(desk.stored, FAN) == ""


# ─── sold out ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_comes_after_the_last_ticket_gets_none_and_costs_the_stock_no_write():
    desk = Desk(stock=1)
    first = desk.win()
    assert desk.win(OTHER) == ""
    written = len(desk.table.writes)
    assert desk.tickets.take(desk.stored, "messenger:1000:4000") == ""
    assert desk.tickets.take(desk.stored, FAN) == first, "the winner still has theirs"
    assert len(desk.table.writes) == written
    assert desk.tickets.sold_out("birthday-bash")


def test_a_container_that_believed_in_a_last_ticket_learns_better_from_the_condition():
    desk = Desk(stock=1)
    assert not desk.tickets.sold_out("birthday-bash")
    elsewhere = Tickets(TicketStore(desk.table), lambda: desk.keys, desk.clock)
    elsewhere.begin(desk.stored, OTHER, Entry(("first",)))
    assert elsewhere.take(desk.stored, OTHER)
    assert not desk.tickets.sold_out("birthday-bash"), "as it read a moment ago"
    assert desk.win() == ""
    assert desk.tickets.sold_out("birthday-bash")


def test_tickets_that_are_added_are_noticed_a_few_seconds_later():
    desk = Desk(stock=1)
    desk.win()
    assert desk.win(OTHER) == ""
    desk.campaigns.save(a_campaign(stock=2))
    assert desk.tickets.take(desk.stored, OTHER) == ""
    desk.clock.now += KEEP_SECONDS
    assert desk.tickets.take(desk.stored, OTHER)


def test_the_stock_is_read_once_in_a_few_seconds(desk):
    before = desk.table.reads
    for _ in range(10):
        desk.tickets.sold_out("birthday-bash")
    assert desk.table.reads == before + 1


def test_what_a_container_took_itself_is_no_longer_left_to_it(desk):
    before = desk.tickets.left("birthday-bash")
    desk.win()
    assert desk.tickets.left("birthday-bash") == before - 1


# ─── ids ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Crowded(TicketStore):
    """The first ids that are tried are taken."""

    crowd = 2

    def take(self, fan, ticket, came):
        self.tried = [*getattr(self, "tried", []), ticket.ticket_id]
        if len(self.tried) <= self.crowd:
            raise Taken
        super().take(fan, ticket, came)


class Full(Crowded):
    crowd = 1_000


def test_when_an_id_is_taken_another_one_is_tried():
    desk = Desk(store=Crowded)
    tried = desk.tickets._store  # noqa: SLF001  # to see what it was asked
    assert desk.keys.verify(desk.win()).ticket_id == tried.tried[-1]
    assert len(set(tried.tried)) == 3


def test_when_no_id_is_free_nothing_is_taken():
    desk = Desk(store=Full)
    with pytest.raises(Conflict):
        desk.win()
    assert desk.left() == 2


def test_the_same_fan_is_given_the_same_id_by_any_process_so_that_a_crash_leaves_no_second_ticket(desk):
    code = desk.win()
    again = Desk()
    again.stored, again.keys = desk.stored, desk.keys
    assert again.win() == code


# ─── the door ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ticket_lets_its_holder_in_once(desk):
    code = desk.win()
    first = desk.redeem(code, "scan-1", "North")
    assert (first.status, first.gate, first.redeemed_at) == ("redeemed", "North", int(desk.clock.now * 1000))
    desk.clock.now += 60
    assert desk.redeem(code, "scan-1", "North") == first
    with pytest.raises(Conflict) as refused:
        desk.redeem(code, "scan-2", "South")
    assert refused.value.facts["reason"] == "already_redeemed"
    assert refused.value.facts["redeemedAt"].startswith("2026-")


class SlowGate(TicketStore):
    """Between this gate's look at the ticket and its write, something else happens."""

    meanwhile = None

    def redeem(self, ticket):
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().redeem(ticket)


@pytest.fixture
def slow():
    return Desk(store=SlowGate)


def test_the_slower_of_two_gates_is_told_that_the_ticket_was_used(slow):
    code = slow.win()
    slow.tickets._store.meanwhile = lambda: slow.redeem(code, "scan-1")  # noqa: SLF001  # the other gate
    with pytest.raises(Conflict) as refused:
        slow.redeem(code, "scan-2")
    assert refused.value.facts["reason"] == "already_redeemed"


def test_a_scan_that_was_sent_twice_at_once_gets_one_answer(slow):
    code = slow.win()
    slow.tickets._store.meanwhile = lambda: slow.redeem(code, "scan-1")  # noqa: SLF001  # the same scan
    assert slow.redeem(code, "scan-1").status == "redeemed"


def test_a_ticket_that_is_revoked_during_a_scan_lets_nobody_in(slow):
    code = slow.win()
    ticket = slow.keys.verify(code).ticket_id
    slow.tickets._store.meanwhile = lambda: slow.tickets.revoke("birthday-bash", ticket)  # noqa: SLF001  # an organiser
    with pytest.raises(Conflict) as refused:
        slow.redeem(code)
    assert refused.value.facts["reason"] == "revoked"


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "admitted"),
    [
        (None, None, True),
        (0, 0, True),
        (-1, None, True),
        (None, 1, True),
        (1, None, False),
        (None, -1, False),
        (-9, -1, False),
    ],
)
def test_a_ticket_for_a_time_is_good_from_the_first_to_the_last_millisecond(desk, valid_from, valid_until, admitted):
    code, now = desk.win(), int(desk.clock.now * 1000)
    moved = {"valid_from": valid_from, "valid_until": valid_until}
    desk.change(code, **{name: None if by is None else now + by for name, by in moved.items()})
    if admitted:
        assert desk.redeem(code).status == "redeemed"
    else:
        with pytest.raises(Conflict) as refused:
            desk.redeem(code)
        assert refused.value.facts == {"reason": "invalid_time"}


@pytest.mark.parametrize("wrong", [{"ticket_id": "AAAAAAAAAA"}, {"kid": "K2"}, {"campaign_id": "another"}])
def test_a_good_signature_over_a_ticket_that_was_never_issued_opens_nothing(desk, wrong):
    claims = desk.keys.verify(desk.win())._replace(**wrong)
    with pytest.raises(NotFound):
        desk.tickets.get(claims)
    with pytest.raises(NotFound):
        desk.tickets.redeem(claims, "scan-1", "")


# ─── revoking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_revoked_ticket_is_listed_and_lets_nobody_in(desk):
    code = desk.win()
    ticket = desk.keys.verify(code).ticket_id
    assert desk.tickets.revocations() == []
    for _ in range(2):
        desk.tickets.revoke("birthday-bash", ticket)
    assert desk.tickets.revocations() == [ticket]
    with pytest.raises(Conflict) as refused:
        desk.redeem(code)
    assert refused.value.facts == {"reason": "revoked"}
    assert desk.left() == 1, "and it does not go back into the stock"


def test_a_ticket_that_was_never_issued_cannot_be_revoked(desk):
    with pytest.raises(NotFound):
        desk.tickets.revoke("birthday-bash", "AAAAAAAAAA")


# ─── whose it is ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_that_is_stored_says_who_holds_which_ticket(desk):
    code = desk.win()
    [entry] = [key for key in desk.table if key[1].startswith("entry#")]
    [ticket] = [key for key in desk.table if key[1].startswith("ticket#")]
    stored = str([desk.table.get(*entry), desk.table.get(*ticket)])
    assert FAN not in stored
    assert FAN.rpartition(":")[2] not in stored
    assert entry[1].removeprefix("entry#") not in str(desk.table.get(*ticket))
    assert code not in stored
