"""An order from the API to the mail in the customer's box: everything that is local, and nothing that is faked but the money."""

import json
import time
import uuid

import pytest
import requests

from chalicelib.mailing.model import name_of
from tests.local_runtime import wait_until

SERVICE, ORGANISER = ({"Authorization": f"Bearer local-{role}-token"} for role in ("service", "organiser"))


class Shop:
    """Sells a product of its own to a customer of its own."""

    def __init__(self, run, cents, email="{}@example.org"):
        self._run = run
        self.email = email.format(uuid.uuid4().hex)
        customer = {"email": self.email, "name": "Anna"}
        self.customer = self._ask("POST", "/users", ORGANISER, customer)["userId"]
        self.product = f"p-{uuid.uuid4().hex[:8]}"
        product = {"productId": self.product, "name": "A shirt", "priceCents": cents, "stock": 3}
        self._ask("POST", "/products", ORGANISER, product)

    def order(self, method="pm_card_visa"):
        items = [{"productId": self.product, "quantity": 1}]
        body = {"customerId": self.customer, "items": items, "paymentMethod": method}
        headers = SERVICE | {"Idempotency-Key": uuid.uuid4().hex}
        return self._ask("POST", "/orders", headers, body)["orderId"]

    def status(self, order_id):
        return self._ask("GET", f"/orders/{order_id}", SERVICE)["status"]

    def pieces(self):
        product = self._ask("GET", f"/products/{self.product}", ORGANISER)
        return {room: product[room] for room in ("stock", "reserved", "sold")}

    def mails(self):
        """What is in the customer's box."""
        found = requests.get(f"{self._run.aws}/_ministack/ses/messages", timeout=5).json()["messages"]
        return [mail for of_account in found.values() for mail in of_account if mail["To"] == [self.email]]

    def _ask(self, method, path, headers, body=None):
        answer = requests.request(method, self._run.web + path, headers=headers, json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture
def shop(local_run):
    return lambda cents=2_500, **options: Shop(local_run, cents, **options)


@pytest.fixture
def alerts(local_run):
    """What the alert topic tells a subscriber by now."""
    stage = local_run.stage()
    sqs, sns = stage.client("sqs"), stage.client("sns")
    url = sqs.create_queue(QueueName=f"alerts-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    [topic] = [
        one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith("guestlist-local-alerts")
    ]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    found = []

    def alerts(order_id):
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        for message in messages:
            found.append(json.loads(message["Body"])["Message"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [message for message in found if order_id in message]

    yield alerts
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def test_a_paid_order_is_placed_in_under_five_seconds_mailed_and_sold(shop):
    shop = shop()
    began = time.monotonic()
    order = shop.order()
    wait_until(lambda: shop.status(order) == "PLACED", complaint=lambda: shop.status(order))
    assert time.monotonic() - began < 5
    [mail] = wait_until(shop.mails)
    assert mail["Source"] == "Guestlist <tickets@guestlist.example>"
    assert mail["Subject"] == f"Your order {order} · Je bestelling {order}"
    assert "1 x A shirt, € 25.00: € 25.00" in mail["BodyText"]
    assert "€ 25,00" in mail["BodyHtml"]
    wait_until(lambda: shop.pieces() == {"stock": 2, "reserved": 0, "sold": 1}, complaint=lambda: str(shop.pieces()))
    time.sleep(1)
    assert len(shop.mails()) == 1


def test_only_an_order_over_a_thousand_is_alerted_and_once(shop, alerts):
    exactly, over = shop(100_000), shop(100_001)
    orders = exactly.order(), over.order()
    for each, order in zip((exactly, over), orders, strict=True):
        wait_until(lambda: each.status(order) == "PLACED")  # noqa: B023  # called at once
        wait_until(each.mails)
    assert "Large order: EUR 1000.01" in wait_until(lambda: alerts(orders[1]))[0]
    time.sleep(1)
    assert len(alerts(orders[1])) == 1
    assert alerts(orders[0]) == []


def test_a_declined_order_is_neither_mailed_nor_sold(shop):
    shop = shop()
    order = shop.order("pm_card_chargeDeclined")
    wait_until(lambda: shop.status(order) == "REJECTED", complaint=lambda: shop.status(order))
    time.sleep(1)
    assert shop.mails() == []
    assert shop.pieces() == {"stock": 3, "reserved": 0, "sold": 0}


def test_a_receipt_that_was_begun_and_never_heard_of_again_is_sent_when_an_operator_says_so(shop, local_run, operate):
    shop, stage = shop(), local_run.stage()
    order = shop.order()
    [first] = wait_until(shop.mails)
    dynamodb, table = stage.client("dynamodb"), {"TableName": "guestlist-local-orders"}
    key = {"pk": {"S": f"order#{order}"}, "sk": {"S": "reaction#send-email"}}
    wait_until(lambda: dynamodb.get_item(Key=key, **table)["Item"]["state"]["S"] == "done")
    begun = {"state": {"S": "begun"}, "by": {"S": "somebody"}, "at": {"N": "1790000000000"}}
    dynamodb.put_item(Item=key | begun, **table)
    sqs = stage.client("sqs")
    dead = sqs.get_queue_url(QueueName="guestlist-local-send-email-dlq")["QueueUrl"]
    detail = {"orderId": order, "customerId": shop.customer, "amount": 25.0, "currency": "EUR"}
    detail |= {"items": [{"productId": shop.product, "quantity": 1}], "timestamp": "2026-12-05T19:00:00.000Z"}
    event = {"source": "order.service", "detail-type": "Order Placed", "account": "000000000000", "region": "eu-west-1"}
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(event | {"detail": detail}))

    def settle(*words):
        told = operate("dlq", "settle", "send-email", "--order", order, *words, AWS_ENDPOINT_URL=local_run.aws)
        assert told.exit_code == 0, told.output
        return told.output

    assert "and nobody knows whether it was done" in settle()
    assert "1 moved" in settle("--again")
    again = wait_until(lambda: [mail for mail in shop.mails() if mail != first])
    wait_until(lambda: "done" in settle("--again"))
    assert [mail["Subject"] for mail in again] == [first["Subject"]]
    assert len(shop.mails()) == 2


@pytest.fixture
def bounced(local_run):
    """Whether mails to somebody came back."""
    dynamodb = local_run.stage().client("dynamodb")

    def bounced(shop):
        key = {"pk": {"S": f"mail#{name_of(shop.email)}"}, "sk": {"S": "word"}}
        return dynamodb.get_item(TableName="guestlist-local-users", Key=key).get("Item")

    return bounced


def test_who_could_not_be_reached_is_mailed_no_more(shop, local_run, bounced):
    """SES's mailbox simulator: the mail comes back, SES tells the topic, the topic the queue, the queue the function."""
    shop = shop(email="bounce+{}@simulator.amazonses.com")
    shop.order()
    wait_until(lambda: bounced(shop))
    order = shop.order()
    local_run.wait_to_print(f"no_receipt  order={order}  reason=refused")
    assert len(shop.mails()) == 1


def test_who_was_reached_is_mailed_again(shop, bounced):
    """The negative control."""
    shop = shop(email="success+{}@simulator.amazonses.com")
    for mails in (1, 2):
        shop.order()
        wait_until(lambda: len(shop.mails()) == mails)  # noqa: B023  # called at once
    assert not bounced(shop)
