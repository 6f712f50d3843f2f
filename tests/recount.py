"""Statistics as the raw items of the tables say, counted one after the other: what the streams' counters must come to."""

from collections import Counter, defaultdict

from chalicelib.campaigns.model import Counts
from chalicelib.statistics.model import Answers, Statistics, Tally


def recount(campaign_id, records, conversations=(), orders=()):
    """Of items: all but the hours, which not every item tells."""
    counts = _Counts()
    shards = {f"campaign#{campaign_id}#{shard:x}" for shard in range(16)}
    for item in (item for item in records if item["pk"] in shards):
        counts.entry(item) if item["sk"].startswith("entry#") else counts.ticket(item)
    for item in conversations:
        if item.get("state", {}).get("campaign") == campaign_id and ":preview:" not in item["pk"]:
            counts.turn(item)
        if item["sk"] == f"unreachable#{campaign_id}":
            counts.lost(item)
    for item in orders:
        if item["sk"] == "order" and item["status"] == "PLACED" and item.get("campaignId", "") in {"", campaign_id}:
            counts.order(item)
    return counts.statistics()


def by_source(records, campaign_id="birthday-bash"):
    """Of a table: the fans who came from each source, and how far."""
    tallies = recount(campaign_id, (records.get(*key) for key in records)).by_source
    return {source: Counts(*tally[:4]) for source, tally in tallies.items()}


class _Counts:
    def __init__(self):
        self.whole = Counter()
        self.by = {name: defaultdict(Counter) for name in ("by_channel", "by_source", "by_language", "by_question")}

    def entry(self, item):
        came = {name: item.get(name, "") for name in ("channel", "source", "language")}
        reached = {"starts": item["attempts"], "finishes": "finishedAt" in item, "wins": item["ticket"]}
        for counter in ("scans", *(stage for stage, is_reached in reached.items() if is_reached)):
            self._count(counter, **came)

    def ticket(self, item):
        self._count("tickets")
        self._count("redemptions", int(item["status"] == "redeemed"))

    def turn(self, item):
        said = {"channel": item["pk"].split(":")[0], "language": item["state"]["language"]}
        self._count("messages_in", int("unasked" not in item), **said)
        self._count("messages_out", len(item["replies"]), **said)
        if "answered" in item:
            question, right = item["answered"]
            self.by["by_question"][question]["right" if right else "wrong"] += 1

    def lost(self, item):
        self._count("unreachable", channel=item["pk"].split(":")[0])

    def order(self, item):
        made = {"channel": item["conversation"].split(":")[0]} if item.get("conversation") else {}
        self._count("orders", **made)
        self._count("revenue_cents", item["totalCents"], **made)

    def statistics(self):
        by = {
            name: {value: (Answers if name == "by_question" else Tally)(**counts) for value, counts in values.items()}
            for name, values in self.by.items()
        }
        return Statistics(**self.whole, **by)

    def _count(self, counter, amount=1, **of):
        self.whole[counter] += amount
        for dimension, value in of.items():
            self.by[f"by_{dimension}"][value][counter] += amount
