"""What a report is made of, however much happened on its day, and over HTTP."""

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from chalicelib.aws.queues import Outgoing
from chalicelib.aws.tables import Put
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.errors import Invalid, NotFound
from chalicelib.products.model import Product
from chalicelib.reports.api import ReportsApi
from chalicelib.reports.attention import GIVEN_UP, DeadLetters
from chalicelib.reports.model import Need
from chalicelib.reports.service import Reports
from chalicelib.statistics.model import Answers, Question, Statistics, Tally
from chalicelib.statistics.service import StatisticsService
from chalicelib.statistics.store import StatisticsStore
from ops.deploy import template as cloudformation
from tests.builders import a_campaign
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable
from tests.unit.reports.office import moment
from tests.unit.reports.reports import DAY, a_report

SUNDAY = date(2026, 10, 25)
"""On which clocks go back in Amsterdam."""


def test_a_days_report_is_of_that_day_where_its_reader_lives(office):
    office.announce()
    office.clock.now = moment("2026-11-01T12:00")
    report = office.reports.of("birthday-bash", SUNDAY)
    assert (report.begins.isoformat(), report.ends.isoformat()) == (
        "2026-10-25T00:00:00+02:00",
        "2026-10-26T00:00:00+01:00",
    )
    in_kathmandu = office.reports.of("birthday-bash", SUNDAY, "Asia/Kathmandu")
    assert in_kathmandu.begins.isoformat() == "2026-10-25T00:00:00+05:45"
    [day, before] = office.counters.asked[:2]
    assert before[2] == day[1]
    assert day[2].timestamp() - day[1].timestamp() == 25 * 3600


@pytest.mark.parametrize("day", [date(2026, 11, 2), date(2027, 1, 1)])
def test_a_day_that_has_not_begun_has_no_report(office, day):
    office.announce()
    office.clock.now = moment("2026-11-01T12:00")
    assert office.reports.of("birthday-bash", date(2026, 11, 1)).day == date(2026, 11, 1)
    with pytest.raises(NotFound):
        office.reports.of("birthday-bash", day)
    with pytest.raises(NotFound):
        office.reports.of("birthday-bash", date(2011, 12, 30), "Pacific/Apia")


def reads_of_a_day(messages):
    """How many reads of tables a report takes, of a day with so many messages."""
    campaigns, counted = MemoryTable(), MemoryTable()
    clock = lambda: moment("2026-11-30T12:00")  # noqa: E731
    Campaigns(CampaignStore(campaigns), clock).save(a_campaign())
    counters = {}
    for number in range(messages):
        at = datetime(2026, 11, 29, tzinfo=ZoneInfo("Europe/Amsterdam")).timestamp() + number % 86_400
        quarter = datetime.fromtimestamp(at - at % 900, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M")
        shard = (f"counts#birthday-bash#{number % 8}", quarter)
        counters[shard] = counters.get(shard, 0) + 1
    for (pk, sk), amount in counters.items():
        counted.write(Put({"pk": pk, "sk": sk, "i": amount, "c/web/i": amount}))
    campaigns.reads = counted.reads = 0
    statistics = StatisticsService(StatisticsStore(counted), clock)
    report = Reports(Campaigns(CampaignStore(campaigns), clock), statistics, (), clock).of("birthday-bash", DAY)
    assert report.of_day.whole.messages_in == messages
    return campaigns.reads + counted.reads


def test_a_day_with_100_000_messages_is_reported_from_as_many_reads_as_one_with_10():
    assert reads_of_a_day(100_000) == reads_of_a_day(10) < 60


def test_dead_letters_lost_fans_low_stock_and_silence_need_attention(office):
    office.announce(stock=100)
    office.clock.now = moment("2026-11-30T12:00")
    office.table.write(Put({"pk": "campaign#birthday-bash", "sk": "stock", "total": 100, "left": 10}))
    office.products.products = (
        Product(product_id="shirt", name="Shirt", price_cents=1, stock=1, sold=9),
        Product(product_id="cap", name="Cap", price_cents=1, stock=2, sold=8),
        Product(product_id="new", name="New", price_cents=1),
    )
    office.counters.by_day = {
        "2026-11-28": Statistics(by_channel={"messenger": Tally(messages_in=20), "slack": Tally(messages_in=19)}),
        "2026-11-29": Statistics(Tally(unreachable=2), by_channel={"web": Tally(messages_in=9)}),
    }
    assert office.reports.of("birthday-bash", DAY).needs == (
        Need("unreachable_fans", "", 2),
        Need("stock_low", "", 10),
        Need("stock_low", "Shirt", 1),
        Need("silent", "messenger", 20),
    )
    queues = {"inbound-dlq.fifo": MemoryQueue(), "alert-dlq": MemoryQueue()}
    queues["alert-dlq"].send([Outgoing("given up")])
    assert list(DeadLetters(queues).needs(a_report())) == [Need("dead_letters", "alert-dlq", 1)]


def test_a_campaign_that_is_over_needs_no_more_tickets_and_no_messages(office):
    office.announce(stock=0, closesAt="2026-11-29T22:00")
    office.clock.now = moment("2026-11-30T12:00")
    office.counters.by_day = {"2026-11-28": Statistics(by_channel={"messenger": Tally(messages_in=500)})}
    assert office.reports.of("birthday-bash", DAY).needs == ()


def test_every_queue_of_dead_letters_is_looked_at():
    parts = cloudformation.load(cloudformation.RESOURCES.read_text())["Resources"].values()
    names = [part["Properties"]["QueueName"]["Fn::Sub"] for part in parts if part["Type"] == "AWS::SQS::Queue"]
    assert sorted(GIVEN_UP) == sorted(name.partition("}-")[2] for name in names if "-dlq" in name)


def test_the_report_over_http_has_the_day_the_day_before_and_all_days(office):
    office.announce()
    office.clock.now = moment("2026-11-30T12:00")
    office.counters.by_day["2026-11-29"] = Statistics(
        Tally(starts=3),
        by_hour={9: Tally(messages_in=2)},
        by_source={"": Tally(starts=3)},
        by_question={"style": Question(Answers(1, 2))},
    )
    answer = json.loads(ReportsApi(office.reports).show("birthday-bash", "2026-11-29", None).body)
    assert answer["day"]["starts"] == 3
    assert answer["day"]["byHour"] == {"09": {"messagesIn": 2}}
    assert answer["day"]["bySource"] == {"": {"starts": 3}}
    assert {"right": 1, "wrong": 2}.items() <= answer["day"]["byQuestion"]["style"].items()
    assert answer["dayBefore"]["starts"] == answer["total"]["starts"] == 0
    assert (answer["busiestHours"], answer["hardestQuestion"], answer["ticketsLeft"]) == ([9], "style", 25)
    assert "anna@example.org" not in json.dumps(answer)


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "20261129", "2026-11-29T00:00", "0001-01-01", ""])
def test_what_is_no_day_is_refused(office, day):
    office.announce()
    with pytest.raises(Invalid):
        ReportsApi(office.reports).show("birthday-bash", day, None)
