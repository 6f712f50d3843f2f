"""The one place that builds services, each lazily and once a container.

Imports stand inside, so that a function loads what it uses and nothing else; a test counts what the webhook loads.
"""

import functools
import os
from typing import TYPE_CHECKING

from chalicelib import clock, settings
from chalicelib.aws.client import Client
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable
from chalicelib.logs import log

if TYPE_CHECKING:
    from chalice.app import Response

    from chalicelib.access.service import Access, Tokens
    from chalicelib.campaigns.api import CampaignsApi
    from chalicelib.campaigns.service import Campaigns
    from chalicelib.campaigns.sources import SourcesApi
    from chalicelib.channels.campaign_run import CampaignRun
    from chalicelib.channels.checks import ChannelChecks
    from chalicelib.channels.deletions import Deletions
    from chalicelib.channels.delivery import Channel
    from chalicelib.channels.inbox import Bot, Inbox
    from chalicelib.channels.messenger.api import MessengerApi
    from chalicelib.channels.outbox import Sender
    from chalicelib.channels.slack.api import SlackApi
    from chalicelib.channels.slack.installations import Installations
    from chalicelib.channels.slack.oauth import SlackInstall
    from chalicelib.channels.web.api import WebChat
    from chalicelib.dialogue.service import Dialogue
    from chalicelib.dialogue.shop import Shop
    from chalicelib.events.publisher import Publisher
    from chalicelib.idempotency import Idempotency
    from chalicelib.mailing.api import UnsubscribePage
    from chalicelib.mailing.listeners import MailEvents
    from chalicelib.mailing.sending import PacedMailer
    from chalicelib.mailing.service import Mailing
    from chalicelib.openapi.api import OpenApi
    from chalicelib.orders.api import OrdersApi
    from chalicelib.orders.listeners import OrderQueue, OrderSteps, OrderSweeper
    from chalicelib.orders.service import Orders
    from chalicelib.pages.page import Pages
    from chalicelib.payments.api import StripeWebhook
    from chalicelib.payments.local import LocalPayments
    from chalicelib.payments.model import Payments
    from chalicelib.payments.page import PaymentPage
    from chalicelib.products.api import ProductsApi
    from chalicelib.products.service import Products
    from chalicelib.reactions.listeners import OnceReaction, Reaction
    from chalicelib.reactions.once import Once
    from chalicelib.reports.api import ReportsApi
    from chalicelib.reports.mails import ReportMails
    from chalicelib.reports.rounds import Rounds
    from chalicelib.reports.service import Reports
    from chalicelib.reports.store import Asked
    from chalicelib.statistics.api import StatisticsApi
    from chalicelib.statistics.listeners import StreamCounter
    from chalicelib.statistics.service import StatisticsService
    from chalicelib.tickets.api import TicketsApi
    from chalicelib.tickets.service import Tickets
    from chalicelib.tickets.signing import KeyRing
    from chalicelib.users.api import UsersApi
    from chalicelib.users.service import Users
# ruff: noqa: PLC0415


@functools.cache
def read_settings() -> settings.Settings:
    return settings.read(os.environ)


def cors_origins() -> tuple[str, ...]:
    return read_settings().cors_origins


@functools.cache
def client(service: str) -> Client:
    """The credentials are those of the function's role, which Lambda sets and keeps valid for the life of the container."""
    credentials = Credentials(
        os.environ.get("AWS_ACCESS_KEY_ID", ""),
        os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        os.environ.get("AWS_SESSION_TOKEN", ""),
    )
    return Client(service, read_settings(), credentials)


@functools.cache
def secrets() -> Secrets:
    return Secrets(client("secretsmanager"), read_settings().stage, clock.system)


@functools.cache
def table(name: str) -> DynamoTable:
    return DynamoTable(client("dynamodb"), read_settings().name(name))


@functools.cache
def queue(name: str) -> SqsQueue:
    return SqsQueue(client("sqs"), read_settings().name(name))


@functools.cache
def tokens() -> "Tokens":
    from chalicelib.access.service import Tokens
    from chalicelib.access.store import TokenStore

    return Tokens(TokenStore(table("users")), clock.system)


@functools.cache
def access() -> "Access":
    from chalicelib.access.service import Access

    return Access(secrets(), tokens())


@functools.cache
def campaigns() -> "Campaigns":
    from chalicelib.campaigns.service import Campaigns
    from chalicelib.campaigns.store import CampaignStore

    return Campaigns(CampaignStore(table("campaigns")), clock.system)


@functools.cache
def campaigns_api() -> "CampaignsApi":
    from chalicelib.campaigns.api import CampaignsApi

    return CampaignsApi(campaigns(), tickets(), idempotency(), read_settings().base_url, clock.system)


@functools.cache
def sources_api() -> "SourcesApi":
    from chalicelib.campaigns.links import Links
    from chalicelib.campaigns.sources import SourcesApi

    def page_id() -> str:
        return str(secrets().get("messenger").get("page_id", ""))

    return SourcesApi(campaigns(), statistics(), Links(read_settings().base_url, page_id))


@functools.cache
def idempotency() -> "Idempotency":
    from chalicelib.idempotency import Idempotency

    return Idempotency(table("users"), clock.system)


@functools.cache
def users() -> "Users":
    from chalicelib.users.service import Users
    from chalicelib.users.store import UserStore

    return Users(UserStore(table("users")), inbox(), clock.system)


@functools.cache
def users_api() -> "UsersApi":
    from chalicelib.users.api import UsersApi

    return UsersApi(users(), idempotency(), read_settings().base_url)


@functools.cache
def products() -> "Products":
    from chalicelib.products.service import Products
    from chalicelib.products.store import ProductStore

    return Products(ProductStore(table("products")))


@functools.cache
def products_api() -> "ProductsApi":
    from chalicelib.products.api import ProductsApi

    return ProductsApi(products(), idempotency(), read_settings().base_url, clock.system)


@functools.cache
def payments() -> "Payments":
    if local := local_payments():
        return local
    import requests

    from chalicelib.payments.store import PaymentStore
    from chalicelib.payments.stripe import StripePayments
    from chalicelib.payments.stripe_client import StripeClient

    read = read_settings()
    stripe = StripeClient(requests.Session(), read.stripe_api_url, secrets(), clock.system, log)
    return StripePayments(stripe, PaymentStore(table("orders")), read.base_url)


def local_payments() -> "LocalPayments | None":
    """The provider that moves no money, where it is the stage's."""
    from chalicelib.payments.local import LocalPayments
    from chalicelib.payments.store import PaymentStore

    read = read_settings()
    return LocalPayments(PaymentStore(table("orders")), read.base_url) if read.payments == "local" else None


@functools.cache
def stripe_webhook() -> "StripeWebhook":
    from chalicelib.payments.api import StripeWebhook

    return StripeWebhook(secrets(), orders(), clock=clock.system, log=log)


@functools.cache
def payment_page() -> "PaymentPage":
    from chalicelib.payments.page import PaymentPage

    return PaymentPage(pages(), orders(), secrets(), local_payments())


@functools.cache
def orders() -> "Orders":
    from chalicelib.aws.workflows import StateMachine
    from chalicelib.orders.service import Orders
    from chalicelib.orders.store import OrderStore

    return Orders(
        OrderStore(table("orders")),
        products=products(),
        customers=users(),
        payments=payments,
        queue=queue("order-processing"),
        workflow=StateMachine(client("states"), read_settings().name("orders")),
        clock=clock.system,
        log=log,
    )


@functools.cache
def orders_api() -> "OrdersApi":
    from chalicelib.orders.api import OrdersApi

    return OrdersApi(orders(), idempotency(), read_settings().base_url)


@functools.cache
def order_queue() -> "OrderQueue":
    from chalicelib.orders.listeners import OrderQueue

    return OrderQueue(queue("order-processing"), orders())


@functools.cache
def order_steps() -> "OrderSteps":
    from chalicelib.orders.listeners import OrderSteps

    return OrderSteps(orders())


@functools.cache
def order_sweeper() -> "OrderSweeper":
    from chalicelib.orders.listeners import OrderSweeper

    return OrderSweeper(orders())


def key_ring() -> "KeyRing":
    """The ticket keys as the secret has them now (the secret itself is kept for five minutes)."""
    from chalicelib.tickets.signing import KeyRing

    return KeyRing.from_secret(secrets().get("tickets"))


@functools.cache
def tickets() -> "Tickets":
    from chalicelib.tickets.service import Tickets
    from chalicelib.tickets.store import TicketStore

    return Tickets(TicketStore(table("campaigns")), key_ring, clock.system)


@functools.cache
def tickets_api() -> "TicketsApi":
    from chalicelib.tickets.api import TicketsApi

    return TicketsApi(tickets(), key_ring, campaigns(), pages())


@functools.cache
def pages() -> "Pages":
    from chalicelib.pages.page import Pages

    return Pages(read_settings().base_url)


@functools.cache
def dialogue() -> "Dialogue":
    from chalicelib.dialogue.service import Dialogue
    from chalicelib.dialogue.store import ConversationStore

    def forget_users(conversation: str) -> None:
        users().forget(conversation)

    store, base_url = ConversationStore(table("conversations")), read_settings().base_url
    return Dialogue(store, campaigns(), tickets(), shop, base_url, clock.system, log, forget_users=forget_users)


@functools.cache
def shop() -> "Shop":
    from chalicelib.dialogue.shop import Shop

    return Shop(orders(), products(), users(), read_settings().base_url, clock.system)


@functools.cache
def preview() -> "Dialogue":
    """Plays campaigns for those who make them: nothing of it is logged, or counted."""
    from chalicelib.dialogue.preview import PreviewCampaigns, PreviewShop, PreviewTickets
    from chalicelib.dialogue.service import Dialogue
    from chalicelib.dialogue.store import ConversationStore

    def silent(event: str, **fields: object) -> None:
        """Logged turns are counted."""

    def forget_users(conversation: str) -> None:
        """Nobody is the user of a preview."""

    return Dialogue(
        ConversationStore(table("conversations")),
        PreviewCampaigns(campaigns()),
        PreviewTickets(),
        PreviewShop,
        read_settings().base_url,
        clock.system,
        silent,
        forget_users=forget_users,
    )


@functools.cache
def web_chat() -> "WebChat":
    from chalicelib.channels.web.api import WebChat

    return WebChat(dialogue(), preview, campaigns(), pages(), clock.system)


@functools.cache
def inbox() -> "Inbox":
    from chalicelib.channels.inbox import Inbox

    return Inbox(queue("inbound.fifo"), log)


@functools.cache
def campaign_run() -> "CampaignRun":
    from chalicelib.channels.campaign_run import CampaignRun
    from chalicelib.dialogue.waiting import WaitingList

    return CampaignRun(campaigns(), WaitingList(table("conversations")), inbox(), clock.system, log)


@functools.cache
def channel_checks() -> "ChannelChecks":
    import requests

    from chalicelib.channels.checks import ChannelChecks
    from chalicelib.channels.messenger.subscription import MessengerCheck
    from chalicelib.channels.silence import Silence
    from chalicelib.channels.slack.check import SlackCheck

    session, read = requests.Session(), read_settings()
    messenger = MessengerCheck(session, read, secrets(), clock.system, log)
    slack = SlackCheck(session, read, secrets(), slack_installations(), clock.system, log)
    silence = Silence(campaigns(), statistics(), clock.system)
    return ChannelChecks({"silence": silence.problems, "messenger": messenger.problems, "slack": slack.problems}, log)


@functools.cache
def deletions() -> "Deletions":
    from chalicelib.channels.deletions import Deletions

    return Deletions(table("conversations"), clock.system)


@functools.cache
def messenger() -> "MessengerApi":
    from chalicelib.channels.messenger.api import MessengerApi

    return MessengerApi(secrets(), inbox(), deletions(), base_url=read_settings().base_url, clock=clock.system, log=log)


@functools.cache
def slack_installations() -> "Installations":
    from chalicelib.channels.slack.installations import Installations

    return Installations(table("conversations"), secrets(), clock.system)


@functools.cache
def slack_install() -> "SlackInstall":
    import requests

    from chalicelib.channels.slack.oauth import SlackInstall, States

    states = States(table("conversations"), clock.system)
    return SlackInstall(
        secrets(), slack_installations(), states, pages(), read_settings(), session=requests.Session(), log=log
    )


@functools.cache
def slack() -> "SlackApi":
    from chalicelib.channels.slack.api import SlackApi

    return SlackApi(secrets(), inbox(), slack_installations(), clock=clock.system, log=log)


@functools.cache
def bot() -> "Bot":
    from chalicelib.channels.inbox import Bot
    from chalicelib.channels.outbox import Outbox

    return Bot(queue("inbound.fifo"), dialogue(), Outbox(queue("outbound.fifo")), deletions())


@functools.cache
def sender() -> "Sender":
    import requests

    from chalicelib.channels.messenger.sender import MessengerSender
    from chalicelib.channels.outbox import Sender
    from chalicelib.channels.slack.sender import SlackSender
    from chalicelib.dialogue.store import ConversationStore

    session, read = requests.Session(), read_settings()
    channels: dict[str, Channel] = {
        "messenger": MessengerSender(session, read, secrets(), clock.system, log),
        "slack": SlackSender(session, read, slack_installations(), clock.system, log),
    }
    conversations = ConversationStore(table("conversations"))
    return Sender(queue("outbound.fifo"), queue("outbound-dlq.fifo"), channels, conversations, clock.system, log)


@functools.cache
def publisher() -> "Publisher":
    from chalicelib.aws.events import EventBus
    from chalicelib.events.publisher import Publisher

    bus = EventBus(client("events"), read_settings().name("order-events"))
    return Publisher(bus, queue("publish-changes-dlq"), log)


@functools.cache
def once() -> "Once":
    from chalicelib import ids
    from chalicelib.reactions.once import Once

    return Once(table("orders"), clock.system, ids.unguessable)


@functools.cache
def mailing() -> "Mailing":
    from chalicelib.mailing.service import Mailing
    from chalicelib.mailing.store import MailStore

    return Mailing(MailStore(table("users")), secrets(), read_settings().base_url, clock.system)


@functools.cache
def mailer() -> "PacedMailer":
    from chalicelib.aws.mails import SesMailer
    from chalicelib.mailing.sending import PacedMailer

    read = read_settings()
    ses = SesMailer(client("ses"), read.mail_from, read.name("mails"))
    return PacedMailer(ses, read.mails_per_second, clock.system, log)


@functools.cache
def mail_events() -> "MailEvents":
    from chalicelib.mailing.listeners import MailEvents

    return MailEvents(queue("mail-events"), mailing(), log)


@functools.cache
def unsubscribe_page() -> "UnsubscribePage":
    from chalicelib.mailing.api import UnsubscribePage

    return UnsubscribePage(pages(), mailing())


@functools.cache
def receipts() -> "OnceReaction":
    from chalicelib.reactions.listeners import OnceReaction
    from chalicelib.reactions.mail import Receipts

    send = Receipts(orders(), users(), mailing(), mailer(), once=once(), log=log).send
    return OnceReaction(queue("send-email"), queue("send-email-dlq"), send, log)


@functools.cache
def inventory() -> "Reaction":
    from chalicelib.reactions.inventory import Inventory
    from chalicelib.reactions.listeners import Reaction

    return Reaction(queue("update-inventory"), Inventory(products(), log).sell)


@functools.cache
def warehouse() -> "Reaction":
    import requests

    from chalicelib.reactions.listeners import Reaction
    from chalicelib.reactions.warehouse import Warehouse

    url = read_settings().warehouse_url
    tell = Warehouse(requests.Session(), url, secrets(), once(), clock=clock.system, log=log).tell
    return Reaction(queue("notify-warehouse"), tell)


@functools.cache
def alert() -> "OnceReaction":
    from chalicelib.aws.topics import SnsTopic
    from chalicelib.reactions.alert import Alert
    from chalicelib.reactions.listeners import OnceReaction

    topic = SnsTopic(client("sns"), read_settings().name("alerts"))
    tell = Alert(topic, once(), read_settings().base_url).tell
    return OnceReaction(queue("alert"), queue("alert-dlq"), tell, log)


@functools.cache
def statistics() -> "StatisticsService":
    import random

    from chalicelib.statistics.service import StatisticsService
    from chalicelib.statistics.store import SHARDS, StatisticsStore

    shard = random.randrange(SHARDS)  # noqa: S311  # spreads load
    return StatisticsService(StatisticsStore(table("statistics"), shard), clock.system)


@functools.cache
def statistics_api() -> "StatisticsApi":
    from chalicelib.statistics.api import StatisticsApi

    return StatisticsApi(statistics(), campaigns(), clock.system)


@functools.cache
def counter(dead_letters: str) -> "StreamCounter":
    from chalicelib.statistics.listeners import StreamCounter

    return StreamCounter(statistics(), queue(dead_letters), log)


@functools.cache
def reports() -> "Reports":
    from chalicelib.reports.attention import GIVEN_UP, DeadLetters, LowStock, SilentChannels, UnreachableFans
    from chalicelib.reports.service import Reports

    dead_letters = DeadLetters({name: queue(name) for name in GIVEN_UP})
    watches = (dead_letters, UnreachableFans(), LowStock(products()), SilentChannels())
    return Reports(campaigns(), statistics(), watches, clock.system)


@functools.cache
def reports_api() -> "ReportsApi":
    from chalicelib.reports.api import ReportsApi

    return ReportsApi(reports())


@functools.cache
def asked() -> "Asked":
    from chalicelib.reports.store import Asked

    return Asked(table("statistics"))


@functools.cache
def report_rounds() -> "Rounds":
    from chalicelib.reports.rounds import Rounds

    return Rounds(campaigns(), asked(), queue("reports"), clock.system, log)


@functools.cache
def report_once() -> "Once":
    from chalicelib import ids
    from chalicelib.reactions.once import Once

    return Once(table("statistics"), clock.system, ids.unguessable, "report")


@functools.cache
def report_mails() -> "ReportMails":
    from chalicelib.reports.letters import Letters
    from chalicelib.reports.mails import ReportMails

    return ReportMails(campaigns(), reports(), mailing(), mailer(), letters=Letters(), once=report_once(), log=log)


@functools.cache
def report_queue() -> "OnceReaction":
    from chalicelib.reactions.listeners import OnceReaction
    from chalicelib.reports.model import task

    return OnceReaction(queue("reports"), queue("reports-dlq"), report_mails().send, log, task)


def health() -> dict[str, str]:
    from chalicelib.version import VERSION

    return {"status": "ok", "stage": read_settings().stage, "version": VERSION}


@functools.cache
def openapi() -> "OpenApi":
    from chalicelib.openapi.api import OpenApi

    return OpenApi(read_settings().base_url)


def static(name: str, version: str) -> "Response":
    """A file of the pages: its address holds its version, so browsers keep it."""
    from chalicelib.pages import assets

    return assets.serve(name, version)
