"""The report of a campaign's day: what is said of it, whoever reads it, in whichever form."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from chalicelib.campaigns.model import Campaign, Reader
from chalicelib.ids import digest
from chalicelib.statistics.model import Statistics, Tally

FUNNEL = ("scans", "starts", "finishes", "wins", "tickets", "redemptions")
"""A fan's way. Who played without a link was not seen coming, so there may be more starts than scans."""

BUSIEST = 3
"""Hours that are named."""


class Need(NamedTuple):
    """Something that a person should look at."""

    kind: Literal["dead_letters", "unreachable_fans", "sold_out", "stock_low", "silent"]
    about: str = ""
    """A queue, a product or a channel; empty where the whole campaign is meant."""
    amount: int = 0
    """Messages, fans, or what is left."""


class Report(NamedTuple):
    campaign: Campaign
    sources: Mapping[str, str]
    """The names of the campaign's sources, by their ids."""
    day: date
    timezone: str
    begins: datetime
    ends: datetime
    day_before: date
    of_day: Statistics
    of_day_before: Statistics
    total: Statistics
    """Of all days until now."""
    tickets_left: int
    needs: tuple[Need, ...] = ()
    is_last: bool = False
    """Whether the campaign was over when the day was."""

    def busiest(self) -> list[int]:
        """The hours of the day with the most messages in, the busiest first."""
        counts = [(-tally.messages_in, hour) for hour, tally in self.of_day.by_hour.items() if tally.messages_in]
        return [hour for _, hour in sorted(counts)[:BUSIEST]]

    def hardest(self) -> str:
        """The id of the question that was answered right the most seldom; empty where none was answered, or all were right."""
        shares = [
            (answers.whole.right / sum(answers.whole), question)
            for question, answers in self.of_day.by_question.items()
            if answers.whole.wrong
        ]
        return min(shares, default=(1, ""))[1]

    def by_source(self) -> dict[str, Tally]:
        """What came of each source; under the empty id what came of none that there is."""
        tallies: dict[str, Tally] = {}
        for source, tally in self.of_day.by_source.items():
            known = source if source in self.sources else ""
            tallies[known] = Tally(*map(sum, zip(tallies.get(known, Tally()), tally, strict=True)))
        return tallies


class Task(msgspec.Struct, frozen=True, rename="camel"):
    """A report that is to be sent, as the queue `reports` has it."""

    campaign_id: str
    day: date
    reader: str
    """As `reader_id` names them: addresses stay where the campaign is kept."""

    @property
    def act(self) -> str:
        """What is done once."""
        return f"{self.day.isoformat()}#{self.reader}"


def reader_id(reader: Reader) -> str:
    """What tells a campaign's readers apart: the address, whatever its case."""
    return digest(reader.email.casefold(), length=22)


def zone_of(campaign: Campaign, reader: Reader) -> str:
    return reader.timezone or campaign.timezone


def task(body: str) -> Task:
    """What a message of the queue asks for; `ValueError` where that cannot be read."""
    return msgspec.json.decode(body, type=Task)
