"""Tickets: won, shown, redeemed at the door."""

import base64
import hmac
from collections.abc import Callable

from chalicelib.campaigns.model import Stored
from chalicelib.clock import Clock, iso, milliseconds
from chalicelib.errors import Conflict, NotFound
from chalicelib.tickets.model import Entry, Ticket, ticket_id
from chalicelib.tickets.signing import Claims, KeyRing
from chalicelib.tickets.store import AlreadyHeld, SoldOut, Taken, TicketStore

KEEP_SECONDS = 5
"""How long a container believes what it read of the stock."""


class Tickets:
    def __init__(self, store: TicketStore, keys: Callable[[], KeyRing], clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._left: dict[str, tuple[float, int]] = {}

    def entry(self, stored: Stored, conversation: str) -> Entry:
        """What this fan did in the campaign before."""
        return self._store.entry(stored.campaign.campaign_id, _fan(stored, conversation))

    def code(self, campaign_id: str, entry: Entry) -> str:
        """The code of the ticket that the entry won, or empty."""
        return self._keys().sign(campaign_id, entry.ticket, entry.kid) if entry.ticket else ""

    def come(self, stored: Stored, conversation: str, entry: Entry) -> None:
        """The fan comes, as the entry has it; again, and in another way, changes nothing."""
        self._store.come(stored.campaign.campaign_id, _fan(stored, conversation), entry)

    def begin(self, stored: Stored, conversation: str, entry: Entry) -> str:
        """The fan begins the last of the entry's attempts: empty, or the code of the ticket that they hold already."""
        return self._unless_held(stored, conversation, lambda campaign, fan: self._store.begin(campaign, fan, entry))

    def sold_out(self, campaign_id: str) -> bool:
        """Whether every ticket was taken, as far as this container knows."""
        return self.left(campaign_id) < 1

    def left(self, campaign_id: str) -> int:
        """How many tickets are left, as far as this container knows: what it read is kept for `KEEP_SECONDS`."""
        read_at, left = self._left.get(campaign_id, (float("-inf"), 0))
        if self._clock() - read_at >= KEEP_SECONDS:
            left = self._store.left(campaign_id)
            self._left[campaign_id] = (self._clock(), left)
        return left

    def take(self, stored: Stored, conversation: str) -> str:
        """A ticket for this fan: its code; the one that they hold already; or empty when all are taken."""
        campaign_id, entry = stored.campaign.campaign_id, self.entry(stored, conversation)
        if entry.ticket or self.sold_out(campaign_id):
            return self.code(campaign_id, entry)
        keys, fan = self._keys(), _fan(stored, conversation)
        for salt in range(3):
            made = ticket_id(hmac.digest(stored.salt.encode(), f"{salt}\0{fan}".encode(), "sha256"))
            ticket = Ticket(made, campaign_id, keys.signing_kid, "issued", milliseconds(self._clock))
            try:
                self._store.take(fan, ticket, entry)
            except Taken:
                continue
            except AlreadyHeld:
                return self._held(stored, conversation)
            except SoldOut:
                self._left[campaign_id] = (self._clock(), 0)
                return ""
            read_at, left = self._left[campaign_id]
            self._left[campaign_id] = (read_at, left - 1)
            return keys.sign(campaign_id, ticket.ticket_id, ticket.kid)
        raise Conflict("No free ticket id was found")

    def lose(self, stored: Stored, conversation: str) -> str:
        """The fan finished without winning: empty, or the code of the ticket that they hold all the same."""
        now = milliseconds(self._clock)
        return self._unless_held(stored, conversation, lambda campaign, fan: self._store.lose(campaign, fan, now))

    def is_played(self, campaign_id: str) -> bool:
        """Whether anything of a fan is kept with the campaign."""
        return self._store.is_played(campaign_id)

    def get(self, claims: Claims) -> Ticket:
        """The ticket that a good code names, or `NotFound`."""
        ticket = self._store.get(claims.campaign_id, claims.ticket_id)
        if ticket is None or ticket.kid != claims.kid:
            raise NotFound("This ticket is invalid: it was never issued")
        return ticket

    def redeem(self, claims: Claims, nonce: str, gate: str) -> Ticket:
        """Let the holder in, once: the same nonce again gets the same answer, another one a `Conflict` with the reason."""
        ticket = self.get(claims)
        now = milliseconds(self._clock)
        if ticket.status == "issued":
            if now < (ticket.valid_from or now) or now > (ticket.valid_until or now):
                raise Conflict("This ticket is for another time", reason="invalid_time")
            redeemed = ticket._replace(status="redeemed", redeemed_at=now, nonce=nonce, gate=gate)
            if self._store.redeem(redeemed):
                return redeemed
            ticket = self.get(claims)  # another gate was faster
        if ticket.status == "revoked":
            raise Conflict("This ticket was revoked", reason="revoked")
        if not hmac.compare_digest(ticket.nonce.encode(), nonce.encode()):
            raise Conflict(
                "This ticket was redeemed already", reason="already_redeemed", redeemedAt=iso(ticket.redeemed_at or 0)
            )
        return ticket

    def revoke(self, campaign_id: str, ticket_id: str) -> None:
        """The ticket lets nobody in any more; again is fine; `NotFound` where there is none."""
        if self._store.get(campaign_id, ticket_id) is None:
            raise NotFound(f"There is no ticket {ticket_id} in {campaign_id}")
        self._store.revoke(campaign_id, ticket_id)

    def revocations(self) -> list[str]:
        """The ids of all revoked tickets."""
        return list(self._store.revoked())

    def _unless_held(self, stored: Stored, conversation: str, write: Callable[[str, str], None]) -> str:
        try:
            write(stored.campaign.campaign_id, _fan(stored, conversation))
        except AlreadyHeld:
            return self._held(stored, conversation)
        return ""

    def _held(self, stored: Stored, conversation: str) -> str:
        return self.code(stored.campaign.campaign_id, self.entry(stored, conversation))


def _fan(stored: Stored, conversation: str) -> str:
    """The fan, as a key that says nothing about them without the campaign's salt."""
    keyed = hmac.digest(stored.salt.encode(), conversation.encode(), "sha256")
    return base64.b32encode(keyed[:20]).decode()
