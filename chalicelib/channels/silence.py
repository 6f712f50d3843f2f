"""Whether a channel has fallen silent, though a campaign is open and the channel was heard before: no platform tells us that."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.campaigns.model import Campaign
from chalicelib.channels.checks import Problem
from chalicelib.clock import Clock
from chalicelib.statistics.model import Statistics

HEARS = ("messenger", "slack")
"""The channels whose platforms call us; in the web chat the fan does."""
QUIET = timedelta(hours=12)
"""A night is shorter."""
BEFORE = timedelta(hours=24)
LOUD = 50
"""Messages in `BEFORE` of which some were bound to come in `QUIET`, too."""


class Campaigns(Protocol):
    def every(self) -> list[Campaign]: ...


class Counted(Protocol):
    def between(self, campaign_id: str, start: datetime, end: datetime) -> Statistics:
        """What was counted of a campaign."""


class Silence:
    def __init__(self, campaigns: Campaigns, statistics: Counted, clock: Clock) -> None:
        self._campaigns = campaigns
        self._statistics = statistics
        self._clock = clock

    def problems(self) -> Iterator[Problem]:
        """`silent_messenger`, `silent_slack`."""
        now = self._clock()
        quarter = datetime.fromtimestamp(now // 900 * 900, UTC)
        since = quarter - QUIET
        before, lately = Counter[str](), Counter[str]()
        for campaign in self._campaigns.every():
            if campaign.opening(now) == "open":
                before += self._heard(campaign, since - BEFORE, since)
                lately += self._heard(campaign, since, quarter + timedelta(minutes=15))
        return (Problem(f"silent_{channel}") for channel in HEARS if before[channel] >= LOUD and not lately[channel])

    def _heard(self, campaign: Campaign, start: datetime, end: datetime) -> Counter[str]:
        counted = self._statistics.between(campaign.campaign_id, start, end)
        return Counter({channel: tally.messages_in for channel, tally in counted.by_channel.items()})
