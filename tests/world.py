"""The whole application behind its edges, on fakes: what most tests of behaviour need."""

import itertools

from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.channels.campaign_run import CampaignRun
from chalicelib.channels.deletions import Deletions
from chalicelib.channels.inbox import Bot, Inbox
from chalicelib.channels.outbox import Outbox, Sender
from chalicelib.dialogue.model import Message
from chalicelib.dialogue.preview import PreviewCampaigns, PreviewShop, PreviewTickets
from chalicelib.dialogue.service import Dialogue
from chalicelib.dialogue.shop import Shop
from chalicelib.dialogue.store import ConversationStore
from chalicelib.dialogue.waiting import WaitingList
from chalicelib.tickets.service import Tickets
from chalicelib.tickets.signing import KeyRing, new_key
from chalicelib.tickets.store import TicketStore
from chalicelib.users.service import Users
from chalicelib.users.store import UserStore
from tests.builders import a_campaign
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable
from tests.shop import Shop as OrderShop

FAN = "messenger:1000:2000"


class FakeChannel:
    """Takes what is sent; raises what it is told to, one for each send."""

    def __init__(self):
        self.deliveries = []
        self.faults = []

    def deliver(self, delivery):
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        self.deliveries.append(delivery)

    @property
    def sent(self):
        return [(delivery.conversation, delivery.reply) for delivery in self.deliveries]


class World:
    """`say` and `press` as a fan; look at `replies`, `conversations`, `records`, `log`."""

    def __init__(
        self,
        campaign=None,
        *,
        records=None,
        conversations=None,
        store=ConversationStore,
        tickets=TicketStore,
        users=Users,
        chat_shop=Shop,
    ):
        self.chat_shop = chat_shop
        self.store, self.ticket_store, self.user_service = store, tickets, users
        self.clock = Clock(1_796_000_000.0)
        self.records = records or MemoryTable()
        self.conversations = conversations or MemoryTable()
        self.accounts = MemoryTable()
        self.inbound, self.outbound, self.parked = MemoryQueue(), MemoryQueue(), MemoryQueue()
        self.channel = FakeChannel()
        self.shop = OrderShop(customers=self, clock=self.clock)
        self.lines = []
        self.keys = KeyRing.from_secret({"keys": [new_key("K1")]})
        self.replies = ()
        self.new_id = map("order-{}".format, itertools.count(1)).__next__
        self._numbers = itertools.count(1)
        self.restart()
        self.campaign = campaign or a_campaign()
        self.campaigns.save(self.campaign)

    def restart(self, *, wrapped=lambda store: store):
        """New processes on the same tables and queues, each of them `wrapped`: nothing in memory survives."""
        records, conversations = wrapped(self.records), wrapped(self.conversations)
        inbound, outbound = wrapped(self.inbound), wrapped(self.outbound)
        self.campaigns = Campaigns(CampaignStore(records), self.clock)
        self.tickets = Tickets(self.ticket_store(records), lambda: self.keys, self.clock)
        self.inbox = Inbox(inbound, self.log)
        self.waiting = WaitingList(conversations)
        self.campaign_run = CampaignRun(self.campaigns, self.waiting, self.inbox, self.clock, self.log)
        self.users = self.user_service(UserStore(wrapped(self.accounts)), self.inbox, self.clock)
        orders, products = wrapped(self.shop.orders), wrapped(self.shop.products)
        shop = self.chat_shop(orders, products, self.users, "https://fans.example", self.clock, self.new_id)
        self.dialogue = Dialogue(
            self.store(conversations),
            self.campaigns,
            self.tickets,
            lambda: shop,
            "https://fans.example",
            self.clock,
            self.log,
            forget_users=self.users.forget,
        )
        self.bot = Bot(inbound, self.dialogue, Outbox(outbound), Deletions(conversations, self.clock))
        channels = {"messenger": wrapped(self.channel)}
        self.sender = Sender(outbound, self.parked, channels, self.store(conversations), self.clock, self.log)

    def preview(self):
        """Plays the campaigns as they stand, as `wiring` builds it."""
        return Dialogue(
            self.store(self.conversations),
            PreviewCampaigns(self.campaigns),
            PreviewTickets(),
            PreviewShop,
            "https://fans.example",
            self.clock,
            lambda *_, **__: None,
            forget_users=lambda _: None,
        )

    def get(self, user_id):
        """As `orders.service.Customers`, in whichever process."""
        return self.users.get(user_id)

    def tell(self, conversation, order_id):
        self.users.tell(conversation, order_id)

    def log(self, event, **fields):
        self.lines.append({"event": event, **fields})

    def message(self, kind="text", conversation=FAN, **fields):
        """A message of a fan, one second after the last."""
        self.clock.now += 1
        defaults = {"id": f"m_{next(self._numbers)}", "at": int(self.clock.now * 1000)}
        return Message(conversation=conversation, kind=kind, **{**defaults, **fields})

    def hear(self, message):
        self.replies = self.dialogue.answer(message)
        return self.replies

    def scan(self, ref=None, **fields):
        return self.hear(self.message("start", ref=self.campaign.ref if ref is None else ref, **fields))

    def say(self, text, **fields):
        return self.hear(self.message(text=text, **fields))

    def press(self, title, **fields):
        """Press the button with this title under the newest reply."""
        [payload] = [choice.payload for reply in self.replies for choice in reply.choices if choice.title == title]
        return self.hear(self.message("choice", text=title, payload=payload, **fields))

    def answer(self, *, right=True, **fields):
        """Answer the question that is being asked."""
        text = self.replies[-1].text
        question = next(q for q in self.campaign.questions if any(asked in text for asked in q.text.values()))
        if question.kind == "text":
            return self.say(question.accept["en"][0] if right else "something else entirely", **fields)
        choice = next(choice for choice in question.choices if (choice.id == question.answer) == right)
        titles = {shown.title for shown in self.replies[-1].choices}
        return self.press(next(title for title in choice.text.values() if title in titles), **fields)

    def play(self, *, right=True, **fields):
        """From the scan to the end."""
        self.scan(**fields)
        for _ in self.campaign.questions:
            self.answer(right=right, **fields)
        return self.replies

    @property
    def text(self):
        return self.replies[0].text
