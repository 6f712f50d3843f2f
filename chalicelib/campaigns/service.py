"""Campaigns, for those who run them and for the dialogue."""

import contextlib
from collections.abc import Callable, Iterable

from chalicelib.campaigns import model, rules
from chalicelib.campaigns.model import Act, Campaign, Deed, Stored
from chalicelib.campaigns.store import CampaignStore, Done, Moved
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import Conflict, FieldError, NotFound, PreconditionFailed, Unavailable

KEEP_SECONDS = 5
"""How long a container plays a campaign as it read it: one partition serves 3,000 reads a second, and a spike has more messages."""

MOST_KEPT = 500

MOST_SOURCES = 50
"""Of one campaign: they are in its item, which is read with every turn that is not played from memory."""

OPERATOR = "operator"
"""Who did it, where that was by `python -m ops`."""

ATTEMPTS = 8
"""At a change while others change the same campaign: each time, one of them has done it."""


class Campaigns:
    def __init__(self, store: CampaignStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: dict[str, tuple[float, Stored | None]] = {}
        self._refs: tuple[float, dict[str, str]] = (float("-inf"), {})

    # ─── for the dialogue ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def playing(self, campaign_id: str) -> Stored | None:
        """The campaign as it was at most `KEEP_SECONDS` ago, or None."""
        read_at, stored = self._kept.get(campaign_id, (float("-inf"), None))
        if self._clock() - read_at >= KEEP_SECONDS:
            stored = self._store.find(campaign_id)
            if len(self._kept) >= MOST_KEPT:  # ids come from addresses, where anyone can make them up
                self._kept.clear()
            self._kept[campaign_id] = (self._clock(), stored)
        return stored

    def named(self, ref: str) -> str:
        """The id of the campaign that this ref starts, whatever its case and with whichever source behind it, or empty."""
        read_at, refs = self._refs
        if self._clock() - read_at >= KEEP_SECONDS:
            refs = self._store.refs()
            self._refs = (self._clock(), refs)
        return refs.get(model.unmarked(ref)[0].casefold(), "")

    # ─── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def get(self, campaign_id: str) -> Campaign:
        """The campaign as it is now, or `NotFound`."""
        return self.stored(campaign_id).campaign

    def stored(self, campaign_id: str) -> Stored:
        """The same with all that is kept beside it."""
        return self._store.get(campaign_id)

    def every(self) -> list[Campaign]:
        """All campaigns, by id."""
        return [self.get(campaign_id) for campaign_id in self.ids()]

    def ids(self) -> list[str]:
        """Of all campaigns, in order: each has one ref, and a container reads all refs every few seconds while it plays."""
        return sorted(self._store.refs().values())

    def page(self, campaign_ids: Iterable[str], after: str, limit: int) -> tuple[list[Campaign], str]:
        """Those of these campaigns that come after this id, and the id that the next page comes after: empty at the end."""
        wanted = [campaign_id for campaign_id in campaign_ids if campaign_id > after]
        found = [self._store.find(campaign_id) for campaign_id in wanted[:limit]]  # one may be deleted meanwhile
        return [stored.campaign for stored in found if stored], wanted[limit - 1] if len(wanted) > limit else ""

    def tickets_left(self, campaign_id: str) -> int:
        return self._store.tickets_left(campaign_id)

    def deeds(self, campaign_id: str, after: str, limit: int) -> tuple[list[Deed], str]:
        """Who did what to a campaign, oldest first, and where the next page begins; also of a deleted one. Or `NotFound`."""
        deeds, last = self._store.deeds(campaign_id, after, limit)
        if not deeds and not after:
            self._store.get(campaign_id)
        return deeds, last

    # ─── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def create(self, campaign: Campaign, act: Act) -> Stored:
        """Keep a new campaign (valid: see `validation.decode`), or raise `Conflict` where its id or its ref is taken."""
        try:
            return self._store.create(campaign, act)
        except Done:
            return self._store.get(campaign.campaign_id)
        except Moved as moved:
            raise Conflict(f"There is a campaign {campaign.campaign_id} already", reason="campaign_exists") from moved

    def change(
        self, campaign_id: str, by: str, edited: Callable[[Campaign], Campaign], version: int | None = None
    ) -> Stored:
        """Write what `edited` makes of the campaign, where that is something else.

        `PreconditionFailed` where it is not in this version (None: whichever it is in), `Conflict` where it may not become so.
        """

        def write(old: Stored) -> Stored:
            new = edited(old.campaign)
            if new == old.campaign:
                return old
            if wrong := rules.refusals(old.campaign, new, old.sources):
                fields = ", ".join(error.field for error in wrong)
                raise Conflict(f"The campaign is {old.campaign.state}, and may not change in this: {fields}", wrong)
            return self._store.replace(old, new, self._act(by))

        return self._changed(campaign_id, version, write)

    def put(self, campaign: Campaign, by: str) -> Stored:
        """`change` the campaign with this id into this one, or `create` it."""
        if self._store.find(campaign.campaign_id) is None:
            return self.create(campaign, self._act(by))
        return self.change(campaign.campaign_id, by, lambda _: campaign)

    def save(self, campaign: Campaign, by: str = OPERATOR) -> None:
        """`put`, whether the campaign may become so or not: for the stage's own demo and benchmark."""
        old = self._store.find(campaign.campaign_id)
        try:
            if old is None:
                self._store.create(campaign, self._act(by))
            else:
                self._store.replace(old, campaign, self._act(by))
        except Moved as moved:
            raise Conflict("Someone else saved this campaign at the same moment: look at it and save again") from moved

    def delete(self, campaign_id: str, by: str, version: int | None = None) -> None:
        """Take a draft away; its deeds stay. `Conflict` in any other state: fans may have played it."""

        def write(old: Stored) -> Stored:
            if old.campaign.state != "draft":
                raise Conflict(
                    f"The campaign is {old.campaign.state}, and only a draft can be deleted: fans hold its tickets, or may. "
                    "End it instead",
                    reason="not_a_draft",
                    state=old.campaign.state,
                )
            self._store.delete(old, self._act(by))
            return old

        self._changed(campaign_id, version, write)

    def end_over(self, by: str) -> None:
        """Bring every campaign whose time is up into the state `ended`, as fans find it already."""

        def write(old: Stored) -> Stored:
            over = old.campaign.state in ("live", "paused") and old.campaign.time_is_up(self._clock())
            return self._store.end(old, self._act(by)) if over else old

        for campaign_id in self.ids():
            with contextlib.suppress(NotFound):  # deleted meanwhile
                self._changed(campaign_id, None, write)

    # ─── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def announce(self, campaign_id: str, source: str, name: str, by: str) -> bool:
        """Name a source of the campaign; whether it is a new one. `Conflict` where there are too many, or its link would be too long."""
        new = False

        def write(old: Stored) -> Stored:
            nonlocal new
            new = source not in old.sources
            if not new and old.sources[source] == name:
                return old
            _check_source(old, source)
            return self._store.announce(old, {**old.sources, source: name}, self._act(by))

        self._changed(campaign_id, None, write)
        return new

    def withdraw(self, campaign_id: str, source: str, by: str) -> None:
        """Fans who come by its link are counted for no source from now on. `NotFound` where there is none."""

        def write(old: Stored) -> Stored:
            if source not in old.sources:
                raise NotFound(f"The campaign {campaign_id} has no source {source}")
            kept = {known: name for known, name in old.sources.items() if known != source}
            return self._store.announce(old, kept, self._act(by))

        self._changed(campaign_id, None, write)

    def _changed(self, campaign_id: str, version: int | None, write: Callable[[Stored], Stored]) -> Stored:
        """What `write` makes of the campaign: of two that write at once the second looks again, or is told."""
        for _ in range(ATTEMPTS):
            old = self._store.get(campaign_id)
            if version not in (None, old.version):
                raise PreconditionFailed("The campaign was changed since you read it: read it again, and decide anew")
            try:
                return write(old)
            except Moved:
                continue
        raise Unavailable(f"Too many are changing the campaign {campaign_id} at once: try again")

    def _act(self, by: str) -> Act:
        return Act(by, milliseconds(self._clock))


def _check_source(stored: Stored, source: str) -> None:
    if source not in stored.sources and len(stored.sources) >= MOST_SOURCES:
        raise Conflict(f"The campaign has {MOST_SOURCES} sources, the most there can be: delete one", reason="too_many")
    longest = rules.longest_source(stored.campaign.ref)
    if len(source) > longest:
        wrong = FieldError("source", f"has {len(source)} characters; beside the ref {longest} are left: shorten it")
        raise Conflict("The source's link would be too long", (wrong,))
