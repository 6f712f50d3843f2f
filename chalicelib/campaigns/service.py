"""Campaigns, for those who run them and for the dialogue."""

from chalicelib.campaigns.model import Campaign, Stored
from chalicelib.campaigns.store import CampaignStore
from chalicelib.clock import Clock
from chalicelib.errors import NotFound

KEEP_SECONDS = 5
"""How long a container plays a campaign as it read it: one partition serves 3,000 reads a second, and a spike has more messages."""

MOST_KEPT = 500


class Campaigns:
    def __init__(self, store: CampaignStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: dict[str, tuple[float, Stored | None]] = {}
        self._refs: tuple[float, dict[str, str]] = (float("-inf"), {})

    def get(self, campaign_id: str) -> Campaign:
        """The campaign as it is now, or `NotFound`."""
        return self._store.get(campaign_id).campaign

    def every(self) -> list[Campaign]:
        """All campaigns, by id: each has one ref."""
        return [self.get(campaign_id) for campaign_id in sorted(self._store.refs().values())]

    def tickets_left(self, campaign_id: str) -> int:
        return self._store.tickets_left(campaign_id)

    def save(self, campaign: Campaign) -> None:
        """Keep a valid campaign (see `validation.decode`): a new one, or in place of the one with its id."""
        self._store.save(campaign)

    def playing(self, campaign_id: str) -> Stored | None:
        """The campaign as it was at most `KEEP_SECONDS` ago, or None."""
        read_at, stored = self._kept.get(campaign_id, (float("-inf"), None))
        if self._clock() - read_at >= KEEP_SECONDS:
            try:
                stored = self._store.get(campaign_id)
            except NotFound:
                stored = None
            if len(self._kept) >= MOST_KEPT:  # ids come from addresses, where anyone can make them up
                self._kept.clear()
            self._kept[campaign_id] = (self._clock(), stored)
        return stored

    def named(self, ref: str) -> str:
        """The id of the campaign that this ref starts, whatever its case, or empty."""
        read_at, refs = self._refs
        if self._clock() - read_at >= KEEP_SECONDS:
            refs = self._store.refs()
            self._refs = (self._clock(), refs)
        return refs.get(ref.strip().casefold(), "")
