"""What each reaction does for a placed order."""

import base64
import hashlib
import hmac
import itertools
import json
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest
import requests

from chalicelib.aws.client import AwsError
from chalicelib.aws.mails import Mail, SesMailer
from chalicelib.aws.topics import SnsTopic
from chalicelib.batch import Later
from chalicelib.errors import Conflict, InDoubt, NotFound, Unavailable
from chalicelib.mailing.model import Subscription, name_of
from chalicelib.mailing.service import Mailing
from chalicelib.mailing.store import MailStore
from chalicelib.pages.money import money
from chalicelib.products.model import Product, Stored
from chalicelib.reactions.alert import Alert
from chalicelib.reactions.inventory import Inventory
from chalicelib.reactions.mail import Receipts
from chalicelib.reactions.once import Once
from chalicelib.reactions.warehouse import Warehouse
from tests.fakes.client import Client
from tests.fakes.clock import Clock
from tests.fakes.platform import Answer, Platform
from tests.fakes.table import MemoryTable
from tests.unit.reactions.events import DETAIL, PLACE, heard


@pytest.fixture
def clock():
    return Clock(1_796_000_000.0)


@pytest.fixture
def once(clock):
    numbers = itertools.count(1)
    return Once(MemoryTable(), clock, lambda: f"attempt-{next(numbers)}")


@pytest.fixture
def lines():
    return []


@pytest.fixture
def log(lines):
    return lambda event, **fields: lines.append({"event": event, **fields})


THROTTLED = AwsError("SendEmail", "TooManyRequestsException", {})
LOST = AwsError("SendEmail", "TimeoutError", {}, in_doubt=True)

# ─── the receipt ───────────────────────────────────────────────────────────────────────────────────────────────────


class Users:
    def __init__(self, email):
        self._email = email

    def get(self, user_id):
        if user_id != "u-1":
            raise NotFound("There is no such user")
        return SimpleNamespace(fields=SimpleNamespace(email=self._email))


class Orders:
    def __init__(self, name="VIP & friends", language=""):
        self._name = name
        self._language = language

    def get(self, order_id):
        items = [
            SimpleNamespace(name=self._name, quantity=2, price_cents=45_000),
            SimpleNamespace(name="Shirt", quantity=1, price_cents=10_001),
        ]
        return SimpleNamespace(order_id=order_id, items=items, total_cents=100_001, language=self._language)


@pytest.fixture
def addresses(clock):
    return Mailing(MailStore(MemoryTable()), {}, "https://guestlist.example", clock)


@pytest.fixture
def receipts(once, addresses, log):
    def receipts(client, email="anna@example.org", **options):
        mailer = SesMailer(client, "Guestlist <tickets@guestlist.example>", "guestlist-prod-mails")
        return Receipts(Orders(**options), Users(email), addresses, mailer, once=once, log=log)

    return receipts


def mail(client):
    [(operation, parameters)] = client.asked
    assert operation == "SendEmail"
    [to] = parameters["Destination"]["ToAddresses"]
    raw = message_from_bytes(base64.b64decode(parameters["Content"]["Raw"]["Data"]), policy=policy.default)
    parts = [raw.get_body([kind]).get_content().replace("\r\n", "\n") for kind in ("plain", "html")]
    return Mail(to, raw["Subject"], *parts)


def test_a_receipt_goes_to_whom_ordered_with_every_line_in_both_languages(receipts):
    client = Client()
    receipts(client).send(heard())
    sent = mail(client)
    assert sent.to == "anna@example.org"
    assert sent.subject == "Your order o-1 · Je bestelling o-1"
    assert (
        "  2 x VIP & friends, € 450.00: € 900.00\n  1 x Shirt, € 100.01: € 100.01\n  Total: € 1,000.01\n" in sent.text
    )
    assert (
        "  2 x VIP & friends, € 450,00: € 900,00\n  1 x Shirt, € 100,01: € 100,01\n  Totaal: € 1.000,01\n" in sent.text
    )
    for shown in ("VIP &amp; friends", "€ 1,000.01", "€ 1.000,01", '<div lang="en"', '<div lang="nl"'):
        assert shown in sent.html


def test_who_ordered_in_a_chat_gets_a_receipt_in_the_language_of_that_chat(receipts):
    client = Client()
    receipts(client, language="nl").send(heard())
    sent = mail(client)
    assert sent.subject == "Je bestelling o-1"
    assert "€ 1.000,01" in sent.text
    assert "Total:" not in sent.text
    assert '<html lang="nl">' in sent.html


def test_a_products_name_cannot_write_into_the_mail(receipts):
    client = Client()
    receipts(client, name="<script>alert(1)</script>").send(heard())
    assert "<script>" not in mail(client).html


def test_a_receipt_is_sent_once_however_often_the_event_comes(receipts):
    client = Client()
    for _ in range(3):
        receipts(client).send(heard())
    assert len(client.asked) == 1


def test_a_receipt_that_was_refused_is_sent_again(receipts):
    client = Client(THROTTLED)
    with pytest.raises(Unavailable, match="SES: TooManyRequestsException"):
        receipts(client).send(heard())
    receipts(client).send(heard())
    assert len(client.asked) == 2


def test_a_receipt_whose_answer_was_lost_is_for_a_person(receipts, clock):
    client = Client(LOST)
    for _ in range(3):
        with pytest.raises(InDoubt):
            receipts(client).send(heard())
        clock.now += 100
    assert len(client.asked) == 1


def test_who_was_deleted_gets_none(receipts, lines):
    client = Client()
    receipts(client).send(heard(customer_id="u-2"))
    assert client.asked == []
    assert lines == [{"event": "no_receipt", "order": "o-1", "reason": "deleted"}]


def test_who_cannot_be_reached_gets_none_and_who_only_unsubscribed_does(receipts, addresses, lines):
    addresses.unsubscribe(Subscription("birthday-bash", name_of("anna@example.org")))
    client = Client()
    receipts(client).send(heard("o-1"))
    assert len(client.asked) == 1
    addresses.refuse("anna@example.org", "bounce", at=1)
    receipts(client).send(heard("o-2"))
    assert len(client.asked) == 1
    assert lines == [{"event": "no_receipt", "order": "o-2", "reason": "refused"}]


def test_nothing_goes_where_ses_does_not_send_to(receipts, lines):
    client = Client()
    receipts(client, email="zoë@example.org").send(heard())
    assert client.asked == []
    assert lines == [{"event": "no_receipt", "order": "o-1", "reason": "refused"}]


def test_a_receipt_that_must_wait_is_sent_later(receipts, once):
    def early():
        raise Later(7, "pace")

    with pytest.raises(Later):
        once.at_most("o-1", "send-email", early)
    client = Client()
    receipts(client).send(heard())
    assert len(client.asked) == 1


def test_no_line_of_log_holds_an_address(receipts, lines, capsys):
    receipts(Client()).send(heard())
    assert "anna@" not in str(lines) + capsys.readouterr().out


@pytest.mark.parametrize(
    ("cents", "english", "dutch"),
    [(0, "€ 0.00", "€ 0,00"), (5, "€ 0.05", "€ 0,05"), (123_456_789, "€ 1,234,567.89", "€ 1.234.567,89")],
)
def test_money_is_written_as_its_readers_do(cents, english, dutch):
    assert (money(cents, "en"), money(cents, "nl")) == (english, dutch)


# ─── the inventory ─────────────────────────────────────────────────────────────────────────────────────────────────


class Products:
    def __init__(self):
        self.sold = set()
        self.reserved = {"o-1"}

    def sell(self, order_id, pieces):
        if order_id not in self.reserved:
            raise Conflict(f"Nothing is reserved for the order {order_id}")
        assert pieces == {"vip": 2, "shirt": 1}
        new = order_id not in self.sold
        self.sold.add(order_id)
        return new

    def get(self, product_id):
        stock = {"vip": 1, "shirt": 50}[product_id]
        return Stored(Product(product_id=product_id, name="P", price_cents=1, stock=stock, sold=20 - stock // 5), 1)


def test_pieces_are_sold_once_and_what_is_left_is_measured(log, lines):
    products = Products()
    for _ in range(2):
        Inventory(products, log).sell(heard())
    assert products.sold == {"o-1"}
    assert [(line["product"], line["pieces"], line["stock_left_percent"]) for line in lines] == [
        ("vip", 2, 4),
        ("shirt", 1, 83),
    ]


def test_an_order_without_a_reservation_fails_for_a_person(log):
    with pytest.raises(Conflict):
        Inventory(Products(), log).sell(heard("o-2"))


# ─── the warehouse ─────────────────────────────────────────────────────────────────────────────────────────────────

KEY = b"a key that only the two know"
SECRET = {"warehouse": {"signing_secret": "whsec_" + base64.b64encode(KEY).decode()}}


class Site(Platform):
    """The organiser's; notes the headers and the raw body of what it is told."""

    def answer(self, asked):
        return self.plan.pop(0) if self.plan else Answer(204)


@pytest.fixture
def site():
    site = Site()
    yield site
    site.close()


class Session(requests.Session):
    """Notes what is sent, as its receiver verifies the raw bytes."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def send(self, request, **options):
        self.sent.append(request)
        return super().send(request, **options)


@pytest.fixture
def session():
    with Session() as session:
        yield session


@pytest.fixture
def warehouse(site, session, once, clock, log):
    def warehouse(url=None, secrets=SECRET):
        url = f"{site.url}/hook" if url is None else url
        return Warehouse(session, url, secrets, once, clock=clock, log=log)

    return warehouse


def test_the_warehouse_is_told_what_was_ordered(warehouse, site):
    warehouse().tell(heard())
    [asked] = site.asked
    assert (asked.method, asked.path) == ("POST", "/hook")
    assert asked.body == {"type": "Order Placed", "timestamp": "2026-12-05T19:00:00.000Z", "data": DETAIL}


def test_it_can_verify_who_tells_it_and_when(warehouse, session, clock):
    """By the words of Standard Webhooks: the id, the time and the raw body, with a point between, by HMAC-SHA256."""
    warehouse().tell(heard())
    [sent] = session.sent
    assert sent.headers["webhook-id"] == "o-1-placed"
    assert sent.headers["webhook-timestamp"] == str(int(clock()))
    signed = b".".join((b"o-1-placed", str(int(clock())).encode(), sent.body))
    proof = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert sent.headers["webhook-signature"] == f"v1,{proof}"
    assert json.loads(sent.body)["data"]["orderId"] == "o-1"


@pytest.mark.parametrize("answer", [Answer(500), Answer(404), Answer(302), Answer(429), Answer(drop=True)])
def test_it_is_told_again_until_it_takes_it_and_then_no_more(warehouse, site, session, answer):
    site.plan = [answer]
    with pytest.raises(Unavailable):
        warehouse().tell(heard())
    told_by_then = len(site.asked)
    for _ in range(3):
        warehouse().tell(heard())
    assert len(site.asked) == told_by_then + 1
    assert {sent.headers["webhook-id"] for sent in session.sent} == {"o-1-placed"}


def test_where_there_is_no_warehouse_nobody_is_told(warehouse, session):
    warehouse(url="").tell(heard())
    assert session.sent == []


def test_without_a_secret_nothing_is_sent(warehouse, session):
    with pytest.raises(Unavailable, match="signing_secret"):
        warehouse(secrets={"warehouse": {}}).tell(heard())
    assert session.sent == []


def test_no_line_of_log_holds_what_was_ordered(warehouse, lines):
    warehouse().tell(heard())
    assert lines == [{"event": "warehouse", "order": "o-1", "status": 204}]


# ─── the alert ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_large_order_is_told_once_in_the_topic_of_its_own_account(once):
    client = Client()
    alert = Alert(SnsTopic(client, "guestlist-prod-alerts"), once, "https://guestlist.example")
    for _ in range(3):
        alert.tell(heard())
    [(operation, told)] = client.asked
    assert operation == "Publish"
    assert told["TopicArn"] == f"arn:aws:sns:{PLACE.region}:{PLACE.account}:guestlist-prod-alerts"
    assert told["Subject"] == "Large order: EUR 1000.01"
    assert "https://guestlist.example/orders/o-1" in told["Message"]


def test_an_alert_whose_answer_was_lost_is_for_a_person(once):
    client = Client(LOST)
    alert = Alert(SnsTopic(client, "alerts"), once, "https://guestlist.example")
    with pytest.raises(InDoubt):
        alert.tell(heard())
    assert len(client.asked) == 1


def test_an_alert_that_was_refused_is_told_again(once):
    client = Client(AwsError("Publish", "Throttling", {}))
    alert = Alert(SnsTopic(client, "alerts"), once, "https://guestlist.example")
    with pytest.raises(Unavailable):
        alert.tell(heard())
    alert.tell(heard())
    assert len(client.asked) == 2
