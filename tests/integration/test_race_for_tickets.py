"""32 fans at once against 10 tickets, on the emulator's real conditions and transactions."""

import contextlib
import threading
import uuid

import pytest

from chalicelib import settings
from chalicelib.aws.client import Client
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import Change, Create, DynamoTable
from chalicelib.tickets.store import TicketStore
from tests.builders import a_campaign
from tests.world import World

FANS = 32
TICKETS = 10


class WatchedTable:
    """Counts the writes that touch a stock item."""

    def __init__(self, table):
        self._table = table
        self.get, self.query = table.get, table.query
        self.stock_writes = 0

    def write(self, *steps):
        self.stock_writes += any(isinstance(step, Change) and step.sk == "stock" for step in steps)
        self._table.write(*steps)


class CarelessStore(TicketStore):
    """Looks first and writes then, without the condition."""

    looked = threading.Barrier(FANS)

    def take(self, fan, ticket, came):
        left = self.left(ticket.campaign_id)
        self.looked.wait()
        if left > 0:
            self._table.write(
                Change(f"campaign#{ticket.campaign_id}", "stock", add={"left": -1}),
                Create({"pk": f"campaign#{ticket.campaign_id}", "sk": f"ticket#{ticket.ticket_id}"}),
            )


@pytest.fixture
def records(resources):
    read = settings.read(resources.environ())
    client = Client("dynamodb", read, Credentials("test", "test"))
    with contextlib.closing(client):
        yield WatchedTable(DynamoTable(client, read.name("campaigns")))


def race(records, store):
    """Let all fans answer the last question at the same moment; answers the world and each fan's last replies."""
    campaign = a_campaign(campaign_id=f"race-{uuid.uuid4().hex[:8]}", ref=uuid.uuid4().hex[:8], stock=TICKETS)
    world = World(campaign, records=records, tickets=store)
    last_words = []
    for number in range(FANS):
        fan = f"messenger:1000:{number}"
        world.scan(conversation=fan)
        world.answer(conversation=fan)
        world.answer(conversation=fan)
        last_words.append(world.message(text=campaign.questions[2].accept["en"][0], conversation=fan))
    barrier = threading.Barrier(FANS)
    replies = {}

    def finish(message):
        barrier.wait()
        replies[message.conversation] = world.dialogue.answer(message)

    threads = [threading.Thread(target=finish, args=(message,)) for message in last_words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return world, replies


def check(world, replies):
    codes = {reply.ticket for answer in replies.values() for reply in answer if reply.ticket}
    refused = [answer for answer in replies.values() if "Every ticket" in answer[0].text]
    assert len(codes) == TICKETS
    assert len(refused) == FANS - TICKETS
    assert world.campaigns.tickets_left(world.campaign.campaign_id) == 0


def test_of_32_fans_exactly_10_win_and_22_are_refused_kindly(records):
    check(*race(records, TicketStore))


def test_after_the_last_ticket_nothing_is_written_to_the_stock(records):
    world, _ = race(records, TicketStore)
    written = records.stock_writes
    for number in range(FANS, FANS + 5):
        world.scan(conversation=f"messenger:1000:{number}")
        assert "Every ticket" in world.text
    assert records.stock_writes == written


def test_without_the_condition_the_same_race_sells_too_many(records):
    """The negative control."""
    world, replies = race(records, CarelessStore)
    with pytest.raises(AssertionError):
        check(world, replies)
    assert world.campaigns.tickets_left(world.campaign.campaign_id) < 0
