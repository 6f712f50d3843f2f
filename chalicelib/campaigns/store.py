"""Campaigns in the table `campaigns`.

| pk | sk | item |
| --- | --- | --- |
| `campaign#<id>` | `campaign` | the campaign as JSON, its ref, its salt |
| `campaign#<id>` | `stock` | `total` tickets, `left` of them |
| `refs` | `<ref>`, case folded | the id of the campaign that it starts |
"""

import secrets
from collections.abc import Callable

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Step, Table
from chalicelib.campaigns import model
from chalicelib.campaigns.model import Campaign, Stored, partition
from chalicelib.errors import Conflict, FieldError, Invalid, NotFound

_REFS = "refs"


class CampaignStore:
    def __init__(self, table: Table, new_salt: Callable[[], str] = secrets.token_hex) -> None:
        self._table = table
        self._new_salt = new_salt

    def get(self, campaign_id: str) -> Stored:
        """The campaign, or `NotFound`."""
        item = self._table.get(partition(campaign_id), "campaign")
        if item is None:
            raise NotFound(f"There is no campaign {campaign_id}")
        return Stored(model.load(item["document"]), item["salt"])

    def tickets_left(self, campaign_id: str) -> int:
        stock = self._table.get(partition(campaign_id), "stock")
        return stock["left"] if stock else 0

    def refs(self) -> dict[str, str]:
        """Every ref, case folded, and the id of its campaign."""
        return {item["sk"]: item["campaignId"] for item in self._table.query(_REFS)}

    def save(self, campaign: Campaign) -> None:
        """Write the campaign, its ref and its stock together.

        `Invalid` for a ref that is taken, or fewer tickets than were given; `Conflict` when someone else saved it meanwhile. Tickets
        that are taken meanwhile are not forgotten: the stock changes by the difference.
        """
        item = self._table.get(partition(campaign.campaign_id), "campaign")
        steps = self._new(campaign) if item is None else _changed(campaign, item["document"])
        try:
            self._table.write(*steps)
        except ConditionFailed as failed:
            raise _refusal(campaign, failed.steps) from failed

    def _new(self, campaign: Campaign) -> list[Step]:
        pk = partition(campaign.campaign_id)
        return [
            Create({"pk": pk, "sk": "campaign", "document": model.dump(campaign), "salt": self._new_salt()}),
            Create({"pk": pk, "sk": "stock", "total": campaign.stock, "left": campaign.stock}),
            _take_ref(campaign),
        ]


def _changed(campaign: Campaign, old_document: str) -> list[Step]:
    """Only over the document that we read: what someone else saved meanwhile, refs and stock included, is not undone unseen."""
    pk, old = partition(campaign.campaign_id), model.load(old_document)
    more = campaign.stock - old.stock
    steps: list[Step] = [
        Change(pk, "campaign", put={"document": model.dump(campaign)}, expect={"document": old_document}),
        Change(pk, "stock", put={"total": campaign.stock}, add={"left": more}, at_least={"left": -more}),
    ]
    if campaign.ref.casefold() != old.ref.casefold():
        steps += [_take_ref(campaign), Delete(_REFS, old.ref.casefold())]
    return steps


def _take_ref(campaign: Campaign) -> Create:
    return Create({"pk": _REFS, "sk": campaign.ref.casefold(), "campaignId": campaign.campaign_id})


def _refusal(campaign: Campaign, steps: frozenset[int]) -> Exception:
    """Why these steps, by their position, did not hold. Where the campaign is not as we read it, the others mean nothing."""
    document, stock, ref = range(3)
    if document in steps:
        return Conflict("Someone else saved this campaign at the same moment: look at it and save again")
    reasons = {
        stock: FieldError("stock", f"{campaign.stock} is fewer than the tickets that fans hold already: raise it"),
        ref: FieldError("ref", f"{campaign.ref} starts another campaign: choose one that is free"),
    }
    wrong = tuple(reasons[step] for step in sorted(steps))
    return Invalid(f"The campaign was not saved: {' and '.join(error.field for error in wrong)} cannot be so", wrong)
