"""Entries and tickets, in the table `campaigns`, beside the stock that they are taken from.

| pk | sk | item |
| --- | --- | --- |
| `campaign#<id>` | `stock` | written by campaigns; `left` goes down here |
| `campaign#<id>#<shard>` | `entry#<fan>` | how a fan came and fared; the fan is a key that only the campaign's salt explains |
| `campaign#<id>#<shard>` | `ticket#<ticket id>` | a ticket, and how its fan came; nothing in it says whose it is |
| `revocations` | `<campaign id>#<ticket id>` | so that scanners without a network can know |

Sixteen shards, because a partition takes 1,000 writes a second.
"""

import contextlib
import hashlib
from collections.abc import Iterator

from chalicelib.aws.tables import Change, ConditionFailed, Create, Item, Put, Table
from chalicelib.campaigns.model import partition
from chalicelib.tickets.model import Entry, Ticket

_REVOCATIONS = "revocations"
_SHARDS = "0123456789abcdef"
_CAME = ("source", "channel", "language")
"""Of an entry: how the fan came."""


class SoldOut(Exception):
    """The stock's condition did not hold."""


class AlreadyHeld(Exception):
    """The fan's entry has a ticket."""


class Taken(Exception):
    """Another ticket of the campaign has this id."""


class TicketStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def left(self, campaign_id: str) -> int:
        stock = self._table.get(partition(campaign_id), "stock")
        return stock["left"] if stock else 0

    def entry(self, campaign_id: str, fan: str) -> Entry:
        item = self._table.get(_shard(campaign_id, fan), f"entry#{fan}")
        if item is None:
            return Entry()
        return Entry(tuple(item["attempts"]), item["ticket"], item["kid"], *(item.get(name, "") for name in _CAME))

    def come(self, campaign_id: str, fan: str, entry: Entry) -> None:
        """The fan comes: how they do counts where it is the first that we hear of them."""
        with contextlib.suppress(ConditionFailed):
            self._table.write(_entry(campaign_id, fan, entry))

    def begin(self, campaign_id: str, fan: str, entry: Entry) -> None:
        """Write the entry's attempts: `AlreadyHeld` where it has a ticket. How the fan came counts where it is the first write."""
        try:
            self._table.write(_entry(campaign_id, fan, entry))
        except ConditionFailed:
            self._change_entry(campaign_id, fan, {"attempts": entry.attempts})

    def lose(self, campaign_id: str, fan: str, at: int) -> None:
        """The fan finished without winning: `AlreadyHeld` where the entry has a ticket all the same."""
        self._change_entry(campaign_id, fan, {"finishedAt": at})

    def take(self, fan: str, ticket: Ticket, came: Entry) -> None:
        """Take one from the stock, for this fan: all of it or nothing. Neither can the stock pass zero, nor a fan hold two.

        The ticket's item says how its fan `came`, as it cannot be told from it whose it is.
        """
        finished = {"ticket": ticket.ticket_id, "kid": ticket.kid, "finishedAt": ticket.issued_at}
        try:
            self._table.write(
                Change(partition(ticket.campaign_id), "stock", add={"left": -1}, at_least={"left": 1}),
                Change(_shard(ticket.campaign_id, fan), f"entry#{fan}", put=finished, expect={"ticket": ""}),
                Create(_row(ticket) | _came(came)),
            )
        except ConditionFailed as failed:
            stock, entry, _ = range(3)
            reason = AlreadyHeld if entry in failed.steps else SoldOut if stock in failed.steps else Taken
            raise reason from failed

    def is_played(self, campaign_id: str) -> bool:
        """Whether any fan has an entry."""
        return any(True for shard in _SHARDS for _ in self._table.query(_shard_of(campaign_id, shard), limit=1))

    def get(self, campaign_id: str, ticket_id: str) -> Ticket | None:
        item = self._table.get(_shard(campaign_id, ticket_id), f"ticket#{ticket_id}")
        return Ticket(**{name: item[name] for name in Ticket._fields}) if item else None

    def redeem(self, ticket: Ticket) -> bool:
        """Write the redeemed ticket over the issued one; False where it is not issued any more."""
        changes = {"status": "redeemed", "redeemed_at": ticket.redeemed_at, "nonce": ticket.nonce, "gate": ticket.gate}
        key = _key(ticket.campaign_id, "ticket", ticket.ticket_id)
        try:
            self._table.write(Change(key["pk"], key["sk"], put=changes, expect={"status": "issued"}))
        except ConditionFailed:
            return False
        return True

    def revoke(self, campaign_id: str, ticket_id: str) -> None:
        """`ConditionFailed` where there is no such ticket."""
        key = _key(campaign_id, "ticket", ticket_id)
        self._table.write(
            Change(key["pk"], key["sk"], put={"status": "revoked"}),
            Put({"pk": _REVOCATIONS, "sk": f"{campaign_id}#{ticket_id}"}),
        )

    def revoked(self) -> Iterator[str]:
        """The ids of all tickets that were revoked."""
        return (item["sk"].rpartition("#")[2] for item in self._table.query(_REVOCATIONS))

    def _change_entry(self, campaign_id: str, fan: str, put: Item) -> None:
        key = _key(campaign_id, "entry", fan)
        try:
            self._table.write(Change(key["pk"], key["sk"], put=put, expect={"ticket": ""}))
        except ConditionFailed as failed:
            raise AlreadyHeld from failed


def _row(ticket: Ticket) -> Item:
    return _key(ticket.campaign_id, "ticket", ticket.ticket_id) | ticket._asdict()


def _key(campaign_id: str, kind: str, name: str) -> Item:
    return {"pk": _shard(campaign_id, name), "sk": f"{kind}#{name}"}


def _entry(campaign_id: str, fan: str, entry: Entry) -> Create:
    new = {"attempts": entry.attempts, "ticket": "", "kid": ""}
    return Create(_key(campaign_id, "entry", fan) | new | _came(entry))


def _came(entry: Entry) -> Item:
    return {name: value for name in _CAME if (value := getattr(entry, name))}


def _shard(campaign_id: str, name: str) -> str:
    return _shard_of(campaign_id, hashlib.sha256(name.encode()).hexdigest()[0])


def _shard_of(campaign_id: str, shard: str) -> str:
    return f"{partition(campaign_id)}#{shard}"
