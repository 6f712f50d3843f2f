"""Campaigns in the table `campaigns`.

| pk | sk | item |
| --- | --- | --- |
| `campaign#<id>` | `campaign` | the campaign as JSON, its ref, its salt |
| `campaign#<id>` | `stock` | `total` tickets, `left` of them |
| `refs` | `<ref>`, case folded | the id of the campaign that it starts |
"""

import secrets
from collections.abc import Callable

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Put, Step, Table
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
        """Write the campaign, its ref and its stock together: `Invalid` for a ref that is taken, or fewer tickets than were given.

        Tickets that are taken meanwhile are not forgotten: the stock changes by the difference.
        """
        item = self._table.get(partition(campaign.campaign_id), "campaign")
        before = Stored(model.load(item["document"]), item["salt"]) if item else None
        ref = campaign.ref.casefold()
        document = {
            "pk": partition(campaign.campaign_id),
            "sk": "campaign",
            "document": model.dump(campaign),
            "salt": before.salt if before else self._new_salt(),
        }
        steps: list[Step] = [Put(document) if before else Create(document), _stock(campaign, before)]
        old_ref = before.campaign.ref.casefold() if before else ""
        if ref != old_ref:
            steps.append(Create({"pk": _REFS, "sk": ref, "campaignId": campaign.campaign_id}))
        if old_ref not in {"", ref}:
            steps.append(Delete(_REFS, old_ref))
        try:
            self._table.write(*steps)
        except ConditionFailed as failed:
            raise _refusal(campaign, failed.steps) from failed


def _stock(campaign: Campaign, before: Stored | None) -> Step:
    key = partition(campaign.campaign_id)
    if before is None:
        return Create({"pk": key, "sk": "stock", "total": campaign.stock, "left": campaign.stock})
    more = campaign.stock - before.campaign.stock
    return Change(
        key,
        "stock",
        put={"total": campaign.stock},
        add={"left": more},
        expect={"total": before.campaign.stock},
        at_least={"left": -more},
    )


def _refusal(campaign: Campaign, steps: frozenset[int]) -> Exception:
    if 2 in steps:  # noqa: PLR2004  # the position of the ref's step
        return Invalid(
            "The campaign was not saved: one field is wrong",
            (FieldError("ref", f"{campaign.ref} starts another campaign: choose one that is free"),),
        )
    if 1 in steps:
        return Invalid(
            "The campaign was not saved: one field is wrong",
            (FieldError("stock", f"{campaign.stock} is fewer than the tickets that fans hold already: raise it"),),
        )
    return Conflict("Someone else saved this campaign at the same moment: look at it and save again")
