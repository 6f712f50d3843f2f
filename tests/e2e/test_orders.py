"""Orders on the running application: through the API, the queue, the workflow and back."""

import json
import signal
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from tests.builders import SCHEDULED
from tests.local_runtime import wait_until

SERVICE, ORGANISER = ({"Authorization": f"Bearer local-{role}-token"} for role in ("service", "organiser"))
ENDED = {"PLACED", "REJECTED", "REFUNDED", "FAILED"}


class Shop:
    """A customer, and a product of the test's own."""

    def __init__(self, web, stock, cents=1999):
        self._web = web
        self._session = requests.Session()
        user = {"email": f"{uuid.uuid4()}@example.org", "name": "Anna"}
        self.customer = self._asked("POST", "/users", SERVICE, json=user).json()["userId"]
        self.product = f"p-{uuid.uuid4().hex[:8]}"
        product = {"productId": self.product, "name": "Shirt", "priceCents": cents, "stock": stock}
        self._asked("POST", "/products", ORGANISER, json=product)

    def moves_to(self, web):
        self._web = web

    def wish(self, quantity=1, method="pm_card_visa"):
        items = [{"productId": self.product, "quantity": quantity}]
        return {"customerId": self.customer, "items": items, "paymentMethod": method}

    def order(self, wish, key=None):
        headers = SERVICE | {"Idempotency-Key": key or str(uuid.uuid4())}
        answer = self._asked("POST", "/orders", headers, json=wish)
        assert answer.status_code == 202, answer.text
        return answer.json()["orderId"]

    def shown(self, order_id):
        return self._asked("GET", f"/orders/{order_id}", SERVICE).json()

    def ended(self, order_id, seconds=10.0):
        wait_until(lambda: self.shown(order_id).get("status") in ENDED, seconds, lambda: str(self.shown(order_id)))
        return self.shown(order_id)

    def pieces(self):
        product = self._asked("GET", f"/products/{self.product}", ORGANISER).json()
        return product["stock"], product["reserved"] + product["sold"]

    def _asked(self, method, path, headers, **options):
        return self._session.request(method, self._web + path, headers=headers, timeout=20, **options)


def test_an_order_is_placed_within_five_seconds_and_once_however_often_it_is_sent(local_run):
    shop = Shop(local_run.web, stock=3)
    began, key = time.monotonic(), str(uuid.uuid4())
    first, again = (shop.order(shop.wish(2), key) for _ in range(2))
    order = shop.ended(first)
    assert time.monotonic() - began < 5
    assert first == again
    assert (order["status"], order["totalCents"]) == ("PLACED", 3998)
    assert [event["what"] for event in order["timeline"]] == ["ACCEPTED", "BEGUN", "PAID", "RESERVED", "PLACED"]
    assert shop.pieces() == (1, 2)


@pytest.mark.parametrize(
    ("quantity", "method", "status", "reason"),
    [(1, "pm_card_chargeDeclined", "REJECTED", "generic_decline"), (4, "pm_card_visa", "REFUNDED", "out_of_stock")],
)
def test_an_order_that_comes_to_nothing_takes_nothing(local_run, quantity, method, status, reason):
    shop = Shop(local_run.web, stock=3)
    order = shop.ended(shop.order(shop.wish(quantity, method)))
    assert (order["status"], order["reason"]) == (status, reason)
    assert shop.pieces() == (3, 0)


def test_an_order_waits_for_its_customer_to_confirm_the_payment(local_run):
    shop = Shop(local_run.web, stock=3)
    order_id = shop.order(shop.wish(method="pm_card_authenticationRequired"))
    link = wait_until(lambda: shop.shown(order_id).get("paymentUrl"))
    assert requests.post(link, data={"confirmed": "yes"}, timeout=10).ok
    assert shop.ended(order_id, seconds=20)["status"] == "PLACED"


def test_a_malformed_message_among_ten_is_given_up_after_three_tries_and_nine_are_placed(local_run):
    shop, sqs = Shop(local_run.web, stock=20), local_run.stage().client("sqs")
    url, dead = (
        sqs.get_queue_url(QueueName=f"guestlist-local-{name}")["QueueUrl"]
        for name in ("order-processing", "order-processing-dlq")
    )
    orders = [uuid.uuid4().hex for _ in range(9)]
    bodies = [json.dumps({"orderId": order_id, **shop.wish()}) for order_id in orders]
    bodies.insert(4, json.dumps({"orderId": "no order", "marked": shop.product}))
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert {shop.ended(order_id)["status"] for order_id in orders} == {"PLACED"}

    def given_up():
        asked = {"AttributeNames": ["ApproximateReceiveCount"], "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
        found = sqs.receive_message(QueueUrl=dead, **asked).get("Messages", ())
        return [message for message in found if shop.product in message["Body"]]

    [message] = wait_until(given_up, seconds=20)
    assert local_run.log().count("process_order") >= 3
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])


def test_an_order_among_the_dead_letters_is_placed_when_it_is_redriven_and_once(local_run, operate):
    shop, sqs = Shop(local_run.web, stock=2), local_run.stage().client("sqs")
    dead = sqs.get_queue_url(QueueName="guestlist-local-order-processing-dlq")["QueueUrl"]
    order_id = uuid.uuid4().hex
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"orderId": order_id, **shop.wish()}))

    def redrive():
        told = operate("dlq", "redrive", "order-processing", AWS_ENDPOINT_URL=local_run.aws)
        return told.exit_code, told.output.split(maxsplit=1)[0]

    assert redrive() == (0, "1")
    assert shop.ended(order_id)["status"] == "PLACED"
    assert redrive() == (0, "0")
    assert shop.pieces() == (1, 1)


def test_an_order_whose_execution_was_lost_in_a_restart_is_undone_by_the_sweeper(start_local_run):
    """The emulator ends executions with itself. In an account, one that fails or takes over five minutes leaves an order as it is, too."""
    first = start_local_run()
    shop = Shop(first.web, stock=3)
    orders = [shop.order(shop.wish(method="pm_card_authenticationRequired")) for _ in range(2)]
    links = [wait_until(lambda: shop.shown(order_id).get("paymentUrl")) for order_id in orders]  # noqa: B023
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(20) == 0

    second = start_local_run(data=first.data)
    shop.moves_to(second.web)
    confirmed = requests.post(second.web + urlsplit(links[0]).path, data={"confirmed": "yes"}, timeout=10)
    assert confirmed.ok, confirmed.text
    sweep(second)
    assert [shop.shown(order_id)["status"] for order_id in orders] == ["ACCEPTED", "ACCEPTED"], (
        "it may go on for a while"
    )
    for order_id in orders:
        make_older(second, order_id, minutes=16)
    sweep(second)
    assert [shop.shown(order_id)["status"] for order_id in orders] == ["REFUNDED", "FAILED"]
    assert shop.pieces() == (3, 0)


def sweep(run):
    """As the schedule does every five minutes."""
    lambda_ = run.stage().client("lambda")
    lambda_.invoke(FunctionName="guestlist-local-sweep_orders", Payload=json.dumps(SCHEDULED))


def make_older(run, order_id, minutes):
    """Have it accepted so long ago."""
    dynamodb, table = run.stage().client("dynamodb"), "guestlist-local-orders"
    key = {"pk": {"S": f"order#{order_id}"}, "sk": {"S": "order"}}
    row = dynamodb.get_item(TableName=table, Key=key)["Item"]
    before = int(row["createdAt"]["N"])
    at = before - 60_000 * minutes
    places = [{"pk": {"S": "open-orders"}, "sk": {"S": f"{when:013}#{order_id}"}} for when in (before, at)]
    dynamodb.delete_item(TableName=table, Key=places[0])
    dynamodb.put_item(TableName=table, Item=places[1])
    dynamodb.put_item(TableName=table, Item=row | {"createdAt": {"N": str(at)}})


def race(web, orders, pieces):
    """So many orders of a piece each, by 16 clients: how they ended, and what is left."""
    shop = Shop(web, stock=pieces)
    with ThreadPoolExecutor(16) as clients:
        accepted = list(clients.map(lambda _: shop.order(shop.wish()), range(orders)))
        ended = list(clients.map(lambda order_id: shop.ended(order_id, seconds=300)["status"], accepted))
    return Counter(ended), shop.pieces()


@pytest.mark.parametrize(("orders", "pieces"), [(60, 12), pytest.param(500, 100, marks=pytest.mark.nightly)])
def test_as_many_orders_are_placed_as_there_are_pieces_and_all_others_get_their_money_back(local_run, orders, pieces):
    ended, left = race(local_run.web, orders, pieces)
    assert ended == {"PLACED": pieces, "REFUNDED": orders - pieces}
    assert left == (0, pieces)
