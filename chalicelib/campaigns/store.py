"""Campaigns in the table `campaigns`.

| pk | sk | item |
| --- | --- | --- |
| `campaign#<id>` | `campaign` | the campaign as JSON, its salt, its version, its sources |
| `campaign#<id>` | `stock` | `total` tickets, `left` of them |
| `campaign#<id>` | `deed#<when>#<version>#<act>` | who did what to it; never changed, and kept when the campaign is deleted |
| `refs` | `<ref>`, case folded | the id of the campaign that it starts |

Every write of a campaign is one transaction with its deed.
"""

import secrets
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Step, Table
from chalicelib.campaigns import model, rules
from chalicelib.campaigns.model import Act, Campaign, Deed, Stored, partition
from chalicelib.clock import iso
from chalicelib.errors import Conflict, FieldError, NotFound

_REFS = "refs"
_DEED = "deed#"


class Moved(Exception):
    """Someone else has written the campaign since it was read, or made it, or deleted it."""


class Done(Moved):
    """The very act was done before."""


class CampaignStore:
    def __init__(self, table: Table, new_salt: Callable[[], str] = secrets.token_hex) -> None:
        self._table = table
        self._new_salt = new_salt

    def get(self, campaign_id: str) -> Stored:
        """The campaign, or `NotFound`."""
        stored = self.find(campaign_id)
        if stored is None:
            raise NotFound(f"There is no campaign {campaign_id}")
        return stored

    def find(self, campaign_id: str) -> Stored | None:
        item = self._table.get(partition(campaign_id), "campaign")
        if item is None:
            return None
        document = model.load(item["document"])
        return Stored(document, item["salt"], item.get("version", 0), item.get("sources", {}), item.get("endedAt", 0))

    def tickets_left(self, campaign_id: str) -> int:
        stock = self._table.get(partition(campaign_id), "stock")
        return stock["left"] if stock else 0

    def refs(self) -> dict[str, str]:
        """Every ref, case folded, and the id of its campaign."""
        return {item["sk"]: item["campaignId"] for item in self._table.query(_REFS)}

    def deeds(self, campaign_id: str, after: str, limit: int) -> tuple[list[Deed], str]:
        """A page of what was done to a campaign, oldest first; see `Table.page`."""
        items, last = self._table.page(partition(campaign_id), begins=_DEED, after=after, limit=limit)
        return [_deed(item) for item in items], last

    def create(self, campaign: Campaign, act: Act) -> Stored:
        """Write a new campaign, its ref and its stock together.

        `Done` where this very act has written it, `Moved` where another has, `Conflict` for a ref that is taken.
        """
        stored = Stored(campaign, self._new_salt(), ended_at=_ended_at(campaign, 0, act))
        pk = partition(campaign.campaign_id)
        kept = {
            "document": model.dump(campaign),
            "salt": stored.salt,
            "version": stored.version,
            "endedAt": stored.ended_at,
        }
        self._write(
            campaign,
            {
                "campaign": Create({"pk": pk, "sk": "campaign", **kept}),
                "stock": Create({"pk": pk, "sk": "stock", "total": campaign.stock, "left": campaign.stock}),
                "ref": _take_ref(campaign),
                "deed": _record(stored, act, "created"),
            },
        )
        return stored

    def replace(self, old: Stored, campaign: Campaign, act: Act) -> Stored:
        """Write the campaign over the old one, its ref and its stock with it.

        `Moved` where that is not as it was read; `Conflict` for a ref that is taken, or fewer tickets than were given. Tickets that are
        taken meanwhile are not forgotten: the stock changes by the difference.
        """
        ended_at = _ended_at(campaign, old.ended_at, act)
        new = old._replace(campaign=campaign, version=old.version + 1, ended_at=ended_at)
        pk, more = partition(campaign.campaign_id), campaign.stock - old.campaign.stock
        fields = rules.changed(old.campaign, campaign)
        steps: dict[str, Step] = {
            "campaign": _over(old, {"document": model.dump(campaign), "endedAt": ended_at}),
            "deed": _record(new, act, "changed", fields),
        }
        if more:
            steps["stock"] = Change(
                pk, "stock", put={"total": campaign.stock}, add={"left": more}, at_least={"left": -more}
            )
        if campaign.ref.casefold() != old.campaign.ref.casefold():
            steps |= {"ref": _take_ref(campaign), "old ref": _leave_ref(old.campaign)}
        self._write(campaign, steps)
        return new

    def end(self, old: Stored, act: Act) -> Stored:
        """Write that the campaign is over, or raise `Moved`. Who may do this alone needs no right to the refs or the stock."""
        over = replace(old.campaign, state="ended")
        new = old._replace(campaign=over, version=old.version + 1, ended_at=act.at)
        written = _over(old, {"document": model.dump(over), "endedAt": new.ended_at})
        try:
            self._table.write(written, _record(new, act, "changed", ("state",)))
        except ConditionFailed as failed:
            raise Moved from failed
        return new

    def announce(self, old: Stored, sources: Mapping[str, str], act: Act) -> Stored:
        """Write the campaign's sources over the old ones, or raise `Moved`."""
        new = old._replace(sources=sources, version=old.version + 1)
        names = sorted({*sources, *old.sources})
        fields = tuple(f"sources.{name}" for name in names if sources.get(name) != old.sources.get(name))
        over = _over(old, {"sources": dict(sources)})
        self._write(old.campaign, {"campaign": over, "deed": _record(new, act, "changed", fields)})
        return new

    def delete(self, old: Stored, act: Act) -> None:
        """Take the campaign away, its ref and its stock with it, or raise `Moved`."""
        pk = partition(old.campaign.campaign_id)
        self._write(
            old.campaign,
            {
                "campaign": Delete(pk, "campaign", _unchanged(old)),
                "stock": Delete(pk, "stock"),
                "ref": _leave_ref(old.campaign),
                "deed": _record(old._replace(version=old.version + 1), act, "deleted"),
            },
        )

    def _write(self, campaign: Campaign, steps: Mapping[str, Step]) -> None:
        """Do all of it or nothing. Where the campaign is not as it was read, the other steps' conditions mean nothing."""
        try:
            self._table.write(*steps.values())
        except ConditionFailed as failed:
            names = {list(steps)[step] for step in failed.steps}
            if "deed" in names:
                raise Done from failed
            if "campaign" in names:
                raise Moved from failed
            raise _refusal(campaign, names) from failed


def _ended_at(campaign: Campaign, before: int, act: Act) -> int:
    return (before or act.at) if campaign.state == "ended" else 0


def _over(old: Stored, put: Mapping[str, object]) -> Change:
    new = {**put, "version": old.version + 1}
    return Change(partition(old.campaign.campaign_id), "campaign", put=new, expect=_unchanged(old))


def _unchanged(stored: Stored) -> dict[str, object]:
    """The condition that a campaign is as it was read: what someone else wrote meanwhile is not undone unseen."""
    if stored.version:
        return {"version": stored.version}
    return {"document": model.dump(stored.campaign)}  # written before there were versions


def _take_ref(campaign: Campaign) -> Create:
    return Create({"pk": _REFS, "sk": campaign.ref.casefold(), "campaignId": campaign.campaign_id})


def _leave_ref(campaign: Campaign) -> Delete:
    return Delete(_REFS, campaign.ref.casefold())


def _record(stored: Stored, act: Act, did: str, fields: tuple[str, ...] = ()) -> Create:
    """The deed, under a key in the order of time that no other has: a version is made once, and an act is done once."""
    campaign = stored.campaign
    key = {"pk": partition(campaign.campaign_id), "sk": f"{_DEED}{iso(act.at)}#{stored.version}#{act.id}"}
    done = {"at": act.at, "by": act.by, "did": did, "version": stored.version, "state": campaign.state}
    return Create(key | done | {"fields": fields})


def _deed(item: Item) -> Deed:
    return Deed(**{name: item[name] for name in Deed._fields})


def _refusal(campaign: Campaign, steps: set[str]) -> Conflict:
    reasons = {
        "stock": FieldError("stock", f"{campaign.stock} is fewer than the tickets that fans hold already: raise it"),
        "ref": FieldError("ref", f"{campaign.ref} starts another campaign: choose one that is free"),
    }
    wrong = tuple(reason for step, reason in reasons.items() if step in steps)
    return Conflict(f"The campaign was not saved: {' and '.join(error.field for error in wrong)} cannot be so", wrong)
