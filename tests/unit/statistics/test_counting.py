"""Whatever comes twice, in pieces, late or broken, is counted once: what fans did equals a recount of all tables."""

import contextlib
import copy
import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.aws.tables import Add, Put
from chalicelib.dialogue.model import Answered, Message, Reply, State, Turn
from chalicelib.dialogue.store import Conversation, ConversationStore
from chalicelib.errors import Unavailable
from chalicelib.ids import digest
from chalicelib.statistics.facts import Fact, fact_of
from chalicelib.statistics.listeners import StreamCounter
from chalicelib.statistics.model import LANGUAGE, SOURCE, Tally, amounts
from chalicelib.statistics.service import StatisticsService
from chalicelib.statistics.store import FINAL, MOST_NAMES, SHARDS, StatisticsStore
from chalicelib.tickets.model import Entry, Ticket
from chalicelib.tickets.store import AlreadyHeld, SoldOut, TicketStore
from tests.fakes.clock import Clock
from tests.fakes.stream import StreamedTable
from tests.fakes.table import MemoryTable
from tests.recount import items, recount
from tests.unit.events.rows import an_order

CAMPAIGN = "birthday-bash"
BEGAN = 1_796_040_000.0
SOURCES = ("", "", "poster", "story")
CHANNELS = ("messenger:1000:{}", "slack:T1:{}", "web:birthday-bash:{}", "web:birthday-bash:preview:{}")


class Stage:
    """A campaign that fans play at random, and customers order at; its tables have streams."""

    def __init__(self, chance):
        self.chance = chance
        self.clock = Clock(BEGAN)
        self.records, self.orders = StreamedTable(self.clock), StreamedTable(self.clock)
        self.conversations = StreamedTable(self.clock, images=("NewImage",))
        self.tickets = TicketStore(self.records)
        self.turns = Counter()
        self.records.write(Put({"pk": f"campaign#{CAMPAIGN}", "sk": "stock", "total": 400, "left": 400}))

    @property
    def changes(self):
        return [record for table in (self.records, self.conversations, self.orders) for record in table.records]

    def recount(self):
        return recount(CAMPAIGN, *(items(table) for table in (self.records, self.conversations, self.orders)))

    def happens(self):
        self.clock.now += self.chance.expovariate(1 / 5)
        act = self.chance.choices(
            (self.plays, self.orders_something, self.comes_to_the_door, self.leaves), (86, 7, 5, 2)
        )
        act[0]()

    def plays(self):
        """A fan gets somewhere, or nowhere; each message is a turn, some of them without a campaign."""
        chance = self.chance
        fan = chance.choice(CHANNELS).format(chance.randrange(800))
        language = chance.choice(("en", "nl"))
        if ":preview:" not in fan:
            came = Entry(source=chance.choice(SOURCES), channel=fan.partition(":")[0], language=language)
            with contextlib.suppress(AlreadyHeld, SoldOut):
                chance.choice((self.comes, self.begins, self.begins, self.loses, self.wins))(fan, came)
        campaign = chance.choice((CAMPAIGN, CAMPAIGN, CAMPAIGN, "other", ""))
        answered = chance.choice((None, Answered(chance.choice(("first-set", "style")), chance.random() < 0.6)))
        replies = (Reply("Hi"),) * chance.choice((1, 1, 1, 2))
        before, self.turns[fan] = Conversation(turns=self.turns[fan]), self.turns[fan] + 1
        message = Message(fan, f"m{self.turns[fan]}", 0, "text")
        state = State(language=language, campaign=campaign, source=chance.choice(SOURCES))
        ConversationStore(self.conversations).append(message, before, Turn(state, replies, None, answered), 0)

    def comes(self, fan, came):
        self.tickets.come(CAMPAIGN, _key(fan), came)

    def begins(self, fan, came):
        before = self.tickets.entry(CAMPAIGN, _key(fan))
        self.tickets.begin(CAMPAIGN, _key(fan), came._replace(attempts=(*before.attempts, "m")))

    def loses(self, fan, _came):
        self.tickets.lose(CAMPAIGN, _key(fan), 1)

    def wins(self, fan, _came):
        came = self.tickets.entry(CAMPAIGN, _key(fan))
        self.tickets.take(_key(fan), Ticket(_key(fan), CAMPAIGN, "K1", "issued", 1), came)

    def orders_something(self):
        """An order is accepted, becomes something, and is changed again."""
        chance = self.chance
        made = {"campaignId": chance.choice((CAMPAIGN, "", "other"))}
        if chance.random() < 0.5:
            channel, language = chance.choice(CHANNELS).partition(":")[0], chance.choice(("en", "nl"))
            made |= {"channel": channel, "source": chance.choice(SOURCES), "language": language}
        row = an_order(pk=f"order#{chance.getrandbits(60)}", totalCents=chance.randrange(100_000), **made)
        for status in ("ACCEPTED", chance.choice(("PLACED", "PLACED", "REJECTED", "REFUNDED"))):
            self.orders.write(Put(row | {"status": status}))
        self.orders.write(Put(row | {"status": status, "version": 9}))

    def leaves(self):
        """A fan blocks us, some of them again and again. The web chat has nobody to send to."""
        fan = self.chance.choice(list(self.turns)) if self.turns else ""
        if not fan.startswith("web:"):
            ConversationStore(self.conversations).lose(fan, 0)

    def comes_to_the_door(self):
        """Somebody who has a ticket, once or twice."""
        fan = self.chance.choice(list(self.turns)) if self.turns else ""
        if ticket := self.tickets.get(CAMPAIGN, _key(fan)):
            self.tickets.redeem(ticket._replace(status="redeemed", redeemed_at=1, nonce="n"))


def _key(fan):
    """The fan's name in an entry."""
    return digest(fan, length=32)


class Aside:
    def __init__(self):
        self.bodies = []

    def send(self, messages):
        self.bodies += [message.body for message in messages]


class Faulty:
    """A table that refuses some writes, and loses the answers of others."""

    def __init__(self, table, chance):
        self._table = table
        self._chance = chance

    def write(self, *steps):
        if self._chance.random() < 0.05:
            raise Unavailable("refused")
        self._table.write(*steps)
        if self._chance.random() < 0.05:
            raise Unavailable("done, and the answer is lost")


class Lambda:
    """Follows a stream of four shards: batches fail, come again whole, in pieces or much later, and are cut anywhere."""

    def __init__(self, chance, table, store, clock):
        self.chance = chance
        self.aside = Aside()
        self.counters = [
            StreamCounter(
                StatisticsService(store(Faulty(table, chance), shard), clock), self.aside, lambda *_, **__: None
            )
            for shard in range(SHARDS)
        ]

    def follow(self, records):
        shards = [[record for record in records if _shard(record) == shard] for shard in range(4)]
        places = [0] * len(shards)
        while left := [number for number, shard in enumerate(shards) if places[number] < len(shard)]:
            number = self.chance.choice(left)
            shard, place = shards[number], places[number]
            batch = shard[place : place + self.chance.choice((1, 2, 7, 30, 100))]
            places[number] += self.handled(batch)
            if self.chance.random() < 0.1:  # what was handled long ago
                start = self.chance.randrange(place + 1)
                self.handled(shard[start : min(place, start + self.chance.randrange(1, 40))])

    def handled(self, batch):
        """How many of a batch's records need not come again, as far as Lambda knows."""
        failures = self.chance.choice(self.counters).handle({"Records": copy.copy(batch)})["batchItemFailures"]
        if failures:
            failed = {failure["itemIdentifier"] for failure in failures}
            return next(n for n, record in enumerate(batch) if record["dynamodb"]["SequenceNumber"] in failed)
        return len(batch) if self.chance.random() < 0.8 else self.chance.randrange(len(batch) + 1)


def _shard(record):
    return sum(record["dynamodb"]["Keys"]["pk"]["S"].encode()) % 4


def poisoned(records, chance, many):
    """The records, and among them some that nobody can read."""
    records = list(records)
    for number in range(many):
        place = chance.randrange(len(records))
        poison = copy.deepcopy(records[place])
        poison["eventID"] = f"poison-{number}"
        poison["dynamodb"]["Keys"] = {"pk": {"S": CHANNELS[0].format(number)}, "sk": {"S": "turn#0000001"}}
        poison["dynamodb"]["NewImage"] = {"state": {"S": "not one"}}
        poison["eventName"] = "INSERT"
        records.insert(place, poison)
    return records


def followed(stage, records, chance, store=StatisticsStore):
    """The statistics, days after Lambda has followed a stream with these records; and what it has set aside."""
    table = MemoryTable()
    follower = Lambda(chance, table, store, stage.clock)
    follower.follow(records)
    return StatisticsService(StatisticsStore(table), lambda: stage.clock() + 3 * FINAL), follower.aside


@pytest.fixture(scope="module")
def stage():
    """After a day in which 20,000 rows were written and changed."""
    stage = Stage(random.Random(20_000))
    for _ in range(13_500):
        stage.happens()
    return stage


@pytest.fixture(scope="module")
def counted(stage):
    return followed(stage, stage.changes, random.Random(1))[0]


def turns(stage):
    """The records of those that play the campaign."""
    told = ((record, fact_of(record)) for record in stage.conversations.records)
    return [record for record, fact in told if fact and fact.campaign_id == CAMPAIGN and "i" in fact.amounts]


def without_hours(statistics):
    questions = {question: answers._replace(by_hour={}) for question, answers in statistics.by_question.items()}
    return statistics._replace(by_hour={}, by_question=questions)


def summed(rows):
    return [sum(column) for column in zip(*rows, strict=True)]


class CarelessStore(StatisticsStore):
    """Adds without a mark."""

    def count(self, facts, now):
        for added in self._added(facts, 0):
            self._table.write(added)


def test_so_much_happened_that_there_is_something_to_count(stage):
    """What the other tests compare is not nothing."""
    assert len(stage.changes) > 20_000
    truth = stage.recount()
    assert min(truth.whole) >= 40
    for parts in (truth.by_channel, truth.by_source, truth.by_language):
        assert min(summed(parts.values())) >= 40
    assert len(truth.by_channel) == 3
    assert len(truth.by_source) == 3
    assert len(truth.by_language) == 2
    assert all(min(answers.whole) > 10 for answers in truth.by_question.values())


SLOW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@SLOW
@given(st.integers(0, 2**32))
def test_what_was_counted_equals_a_recount_of_all_tables(stage, seed):
    chance = random.Random(seed)
    counted, aside = followed(stage, poisoned(stage.changes, chance, 50), chance)
    found = counted.total(CAMPAIGN)
    assert without_hours(found) == stage.recount()
    assert {json.loads(body)["record"]["eventID"] for body in aside.bodies} == {f"poison-{n}" for n in range(50)}


def test_without_marks_it_does_not(stage):
    """The negative control."""
    counted, _ = followed(stage, stage.changes, random.Random(1), CarelessStore)
    assert counted.total(CAMPAIGN).whole.messages_in > stage.recount().whole.messages_in


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_the_days_of_any_time_zone_and_the_hours_come_to_the_whole(counted, zone):
    zone = ZoneInfo(zone)
    first = datetime.fromtimestamp(BEGAN, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [counted.between(CAMPAIGN, first + timedelta(days=n), first + timedelta(days=n + 1)) for n in range(3)]
    whole = counted.total(CAMPAIGN, zone)
    assert sum(bool(day.whole.messages_in) for day in days) > 1
    assert summed(day.whole for day in days) == list(whole.whole)
    for counted_of in (whole, *whole.by_question.values()):
        assert summed(counted_of.by_hour.values()) == list(counted_of.whole)


def test_an_hour_is_the_one_in_which_it_was_written(stage, counted):
    written = (turn["dynamodb"]["ApproximateCreationDateTime"] for turn in turns(stage))
    hours = Counter(datetime.fromtimestamp(at, UTC).hour for at in written)
    assert {hour: tally.messages_in for hour, tally in counted.total(CAMPAIGN).by_hour.items()} == hours


def test_nothing_that_is_kept_names_a_fan(stage):
    table = MemoryTable()
    follower = Lambda(random.Random(4), table, StatisticsStore, stage.clock)
    follower.follow(stage.changes)
    kept = repr(items(table))
    for conversation in {key[0] for key in stage.conversations}:
        assert conversation not in kept
    for fan in {key[1].partition("#")[2] for key in stage.records if key[1].startswith("entry#")}:
        assert fan not in kept


# ─── one batch ─────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 299), st.integers(1, 120)), max_size=12), st.randoms())
def test_whatever_pieces_a_stream_comes_in_once_all_have_come_all_is_counted_once(stage, pieces, chance):
    records = stage.conversations.records[:300]
    once, twice = MemoryTable(), MemoryTable()
    for table, parts in ((once, []), (twice, pieces)):
        counters = [
            StreamCounter(StatisticsService(StatisticsStore(table, shard), stage.clock), Aside(), lambda *_, **__: None)
            for shard in range(SHARDS)
        ]
        for start, length in [*parts, (0, 150), (150, 150)]:
            assert (
                chance.choice(counters).handle({"Records": records[start : start + length]})["batchItemFailures"] == []
            )
    found, expected = (
        StatisticsService(StatisticsStore(table), stage.clock).total(CAMPAIGN) for table in (twice, once)
    )
    assert found == expected


def test_a_record_that_is_in_a_batch_twice_counts_once(stage):
    table = MemoryTable()
    service = StatisticsService(StatisticsStore(table), stage.clock)
    record = turns(stage)[-1]
    StreamCounter(service, Aside(), lambda *_, **__: None).handle({"Records": [record, record]})
    assert [item["i"] for item in items(table) if "i" in item] == [1]


def test_what_is_brought_again_much_later_is_in_the_total_all_the_same(stage):
    """By a person, after the sum of its time was kept."""
    table, clock = MemoryTable(), Clock(stage.clock())
    service = StatisticsService(StatisticsStore(table), clock)
    counter = StreamCounter(service, Aside(), lambda *_, **__: None)
    first, last, *_ = turns(stage)
    counter.handle({"Records": [last]})
    clock.now += 7 * 24 * 60 * 60
    assert service.total(CAMPAIGN).whole.messages_in == 1
    counter.handle({"Records": [first]})
    assert service.total(CAMPAIGN).whole.messages_in == 2


def test_a_batch_costs_a_mark_for_each_fact_and_two_requests_for_a_hundred(stage):
    requests = []

    class Counting(MemoryTable):
        def write(self, *steps):
            requests.append(Counter(type(step).__name__ for step in steps))
            super().write(*steps)

    service = StatisticsService(StatisticsStore(Counting()), stage.clock)
    batch = turns(stage)[-100:]
    StreamCounter(service, Aside(), lambda *_, **__: None).handle({"Records": batch})
    assert len(requests) == 2
    assert sum(steps["Create"] for steps in requests) == 100
    assert all(steps["Add"] <= 4 for steps in requests)


def test_no_update_names_more_amounts_than_dynamodb_takes():
    """Fans of a hundred sources, who answer a hundred questions."""
    widest = []

    class Measured(MemoryTable):
        def write(self, *steps):
            widest.extend(len(step.amounts) for step in steps if isinstance(step, Add))
            super().write(*steps)

    facts = [
        Fact(
            f"e{n}",
            CAMPAIGN,
            int(BEGAN),
            amounts(Tally(messages_in=1), {SOURCE: f"s{n}"}) | {f"{LANGUAGE}/{m}/q/q{n}/r": 1 for m in range(9)},
        )
        for n in range(100)
    ]
    table = Measured()
    StatisticsStore(table).count(facts, int(BEGAN))
    assert max(widest) <= MOST_NAMES < sum(widest)
    assert sum(item.get("i", 0) for item in items(table)) == len(facts)
