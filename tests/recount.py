"""Statistics as the raw items of the tables say, counted one after the other: what the streams' counters must come to."""

from collections import Counter, defaultdict

from chalicelib.campaigns.model import Counts
from chalicelib.statistics.model import Answers, Question, Statistics, Tally


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
    tallies = recount(campaign_id, items(records)).by_source
    return {source: Counts(*tally[:4]) for source, tally in tallies.items()}


def items(table):
    """All that is in one."""
    return [table.get(*key) for key in table]


DIMENSIONS = ("channel", "source", "language")


class _Counts:
    def __init__(self):
        self.whole = _Kept(Tally)
        self.questions = defaultdict(lambda: _Kept(Answers))

    def entry(self, item):
        reached = {"starts": item["attempts"], "finishes": "finishedAt" in item, "wins": item["ticket"]}
        for counter in ("scans", *(stage for stage, is_reached in reached.items() if is_reached)):
            self.whole.count(_came(item), counter)

    def ticket(self, item):
        self.whole.count(_came(item), "tickets")
        self.whole.count(_came(item), "redemptions", int(item["status"] == "redeemed"))

    def turn(self, item):
        said = _came(item["state"]) | {"channel": item["pk"].split(":")[0]}
        self.whole.count(said, "messages_in", int("unasked" not in item))
        self.whole.count(said, "messages_out", len(item["replies"]))
        if "answered" in item:
            question, right = item["answered"]
            self.questions[question].count(said, "right" if right else "wrong")

    def lost(self, item):
        self.whole.count(_came(item), "unreachable")

    def order(self, item):
        made = _came(item) if item.get("channel") else {}
        self.whole.count(made, "orders")
        self.whole.count(made, "revenue_cents", item["totalCents"])

    def statistics(self):
        by_question = {question: Question(**kept.parts()) for question, kept in self.questions.items()}
        return Statistics(**self.whole.parts(), by_question=by_question)


class _Kept:
    def __init__(self, kind):
        self.kind = kind
        self.whole = Counter()
        self.by = {dimension: defaultdict(Counter) for dimension in DIMENSIONS}

    def count(self, came, counter, amount=1):
        for part in (self.whole, *(self.by[dimension][value] for dimension, value in came.items())):
            part[counter] += amount

    def parts(self):
        by = {
            f"by_{dimension}": {value: self.kind(**part) for value, part in parts.items() if any(part.values())}
            for dimension, parts in self.by.items()
        }
        return {"whole": self.kind(**self.whole), **by}


def _came(item):
    return {dimension: item.get(dimension, "") for dimension in DIMENSIONS}
