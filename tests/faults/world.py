"""The whole way of an order in the test's process, with a clock that a test turns and faults wherever it wants them.

What runs is app.py with all behind it, each function in a new container each time; the workflow's definition, the queues' settings and the
bus's rules are those of infra/. In memory are only AWS's services, Stripe, the warehouse, and time.
"""

import contextlib
import functools
import heapq
import itertools
import json
import re
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from app import app
from chalicelib import settings, wiring
from chalicelib.idempotency import Act
from chalicelib.orders.model import Chat, NewOrder, Wish
from chalicelib.orders.store import OrderStore
from chalicelib.payments.stripe_client import TIMEOUT as STRIPE_TIMEOUT
from chalicelib.products.model import Product
from chalicelib.reactions.warehouse import TIMEOUT as WAREHOUSE_TIMEOUT
from chalicelib.users.model import UserFields
from ops.local.launch import PROJECT
from tests.fakes import stripe
from tests.fakes.dynamodb import MemoryDynamo, Refused
from tests.faults import template
from tests.faults.client import SeamClient, refused_entries, rights
from tests.faults.execution import Execution, Failed
from tests.faults.place import new_container, taken_by
from tests.faults.queues import Queues
from tests.faults.seams import (
    APPLIED,
    CRASH_AFTER,
    CRASH_BEFORE,
    LATE,
    LATER,
    NOT_APPLIED,
    REPEATED,
    THROTTLED,
    TWICE,
    Died,
    Seams,
)
from tests.faults.stream import Reader

BEGINNING = 1_796_000_000.0
LONGEST = 4 * 3600
"""Seconds after which a world that is not quiet is given up."""
SECRETS = {
    "stripe": {"secret_key": stripe.KEY, "webhook_secret": stripe.WEBHOOK_SECRET},
    "warehouse": {"signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
}
TIMEOUTS = json.loads((PROJECT / ".chalice" / "config.json").read_text())["lambda_functions"]
API = "api_handler"
SCHEDULED = dict.fromkeys(
    ("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources"), ""
)
TOLD, SEE_OTHER = 202, 303
CHAT_ORDER = "order-1"


class Running(NamedTuple):
    """An invocation."""

    label: str
    """In the names of its calls: the function, or the route."""
    function: str
    event: dict
    ends: float
    """When it is killed."""


class World:
    """`shop` for something, `run` until all is quiet, and look at what is there then.

    `planned` says what goes wrong at which cells.
    """

    def __init__(self, planned=(), *, stock=3, price=50_001, lost=frozenset()):
        self.seams, self.dynamo = Seams(planned), MemoryDynamo()
        self.now = BEGINNING
        self.queues = Queues(QUEUES, lambda: self.now, self._arrived)
        self.stripe, self.mails, self.alerts, self.told_warehouse = stripe.Stripe(), [], [], []
        self.executions, self.answers, self.published = {}, [], []
        self.errors = []
        """What functions raised."""
        self.rights = set()
        """(function, action, resource) of each call of AWS, as policies write them."""
        self.lost = lost
        """Names of calls and deliveries that never work."""
        self.refused_by_bus = ""
        """The code with which the bus refuses every event."""
        self.webhooks_after = 1
        self.abandoned = frozenset()
        """Names of deliveries by the workflow before which it ends, as an operator can make it."""
        self._tasks, self._order = [], itertools.count()
        self._running = []
        self._readers = [Reader(self, *stream) for stream in STREAMS]
        self._heard = 0
        with taken_by(self):
            for product_id in ("shirt", "cap"):
                product = Product(product_id=product_id, name=product_id.title(), price_cents=price, stock=stock)
                wiring.products().create(product, Act("anna", 0, product_id))
            wiring.users().create(UserFields(email="anna@example.org", name="Anna"), Act("shop", 0, "anna"))

    # What happens by itself

    def run(self):
        """Until nothing is left to do; answers itself."""
        with taken_by(self):
            self.after(300, self._sweep)
            while self._tasks and self.now < BEGINNING + LONGEST:
                at, _, do = heapq.heappop(self._tasks)
                self.now = max(self.now, at)
                do()
                self._listen()
        return self

    def after(self, seconds, do):
        heapq.heappush(self._tasks, (self.now + seconds, next(self._order), do))

    def post(self, path, body, headers, principal=None, **parameters):
        """A request to the API: its answer, or `Failed`. `parameters` are those of the path."""
        event = {
            "requestContext": {"httpMethod": "POST", "resourcePath": path, "authorizer": principal or {}},
            "headers": {"Content-Type": "application/json", **headers},
            "multiValueQueryStringParameters": None,
            "pathParameters": parameters,
            "stageVariables": None,
            "body": body,
            "isBase64Encoded": False,
        }
        return self.deliver(f"POST {path}", API, event, label=f"POST {path}")

    def shop(self, wanted, method="pm_card_visa", tries=50):
        """A program orders, and asks again with the same key until it knows."""
        items = [{"productId": product, "quantity": number} for product, number in wanted.items()]
        body = json.dumps({"customerId": "anna", "items": items, "paymentMethod": method})
        with contextlib.suppress(Failed):
            answer = self.post("/orders", body, {"Idempotency-Key": "key-1"}, {"name": "shop", "role": "service"})
            self.answers.append((answer["statusCode"], json.loads(answer["body"])))
            if answer["statusCode"] == TOLD:
                return
        if tries:
            self.after(2, lambda: self.shop(wanted, method, tries - 1))

    def order_in_chat(self, wanted, earlier=0):
        """A fan orders, so many seconds ago, and is to say how they pay. What the bot does for that is no part of this."""
        wishes = [Wish(product_id=product, quantity=number) for product, number in wanted.items()]
        new = NewOrder(customer_id="anna", items=wishes, payment_method="")
        self.now -= earlier
        with taken_by(self):
            wiring.orders().take_down(
                CHAT_ORDER, new, Chat("web:bash:1", "en", "https://fans.example/payments/order-1")
            )
        self.now += earlier

    def say_how_to_pay(self, method, tries=50):
        """The fan fills in the form of the page, and again until it is taken."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with contextlib.suppress(Failed):
            answer = self.post("/payments/{order}", f"method={method}", headers, order=CHAT_ORDER)
            if answer["statusCode"] == SEE_OTHER:
                return
        if tries:
            self.after(2, lambda: self.say_how_to_pay(method, tries - 1))

    def pay(self, *, passed=True):
        """The payer comes to the bank's page."""
        for reference in list(self.stripe.intents):
            self.stripe.authenticate(reference, passed=passed)

    def _sweep(self):
        with contextlib.suppress(Failed):
            self.deliver("schedule to sweep_orders", "sweep_orders", SCHEDULED)
        if self._tasks or self.open_orders():
            self.after(300, self._sweep)

    def _listen(self):
        """Hand on what streams and Stripe have to tell."""
        for reader in self._readers:
            reader.listen()
        for event in self.stripe.events[self._heard :]:
            self.after(self.webhooks_after, functools.partial(self._notify, event))
        self._heard = len(self.stripe.events)

    def _notify(self, event):
        """A webhook of Stripe's, again until it is answered 2xx."""
        sent = stripe.delivery(event, self.now)
        with contextlib.suppress(Failed):
            answer = self.post("/webhooks/stripe", sent.raw_body.decode(), dict(sent.headers))
            if answer["statusCode"] < 300:
                return
        self.after(60, lambda: self._notify(event))

    def _arrived(self, queue, seconds):
        if queue in CONSUMERS:
            self.after(seconds, lambda: self._drain(queue))

    def _drain(self, queue):
        """One batch: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html ."""
        consumer = CONSUMERS[queue]
        taken = self.queues.receive(queue, consumer.batch)
        if not taken:
            return
        event = {"Records": [message.record(queue) for message in taken]}
        with contextlib.suppress(Failed):
            answer = self.deliver(f"{queue} to {consumer.function}", consumer.function, event)
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            self.queues.delete(queue, [message for message in taken if str(message.number) not in failed])

    # Deliveries

    def deliver(self, name, function, event, label=""):
        """Have a function handle something: its answer, or `Failed`, by the name that Step Functions would know it by."""
        if name in self.abandoned:
            for execution in self.executions.values():
                execution.status = "ABORTED"
            raise Failed("aborted")
        fault = self._fault(name)
        asked = functools.partial(self._invoked, label or function, function, event)
        match fault:
            case "crash before":
                raise Failed("Runtime.ExitError")
            case "throttled":
                raise Failed("Lambda.TooManyRequestsException")
            case "timed out and not applied":
                self.now += 35
                raise Failed("States.Timeout")
            case "delivered out of order":
                self.after(LATER, lambda: self._regardless(asked))
                raise Failed("States.Timeout")
            case "delivered twice":
                self._regardless(asked)
        answer = asked()
        if fault == CRASH_AFTER:
            raise Failed("Runtime.ExitError")
        if fault in (APPLIED, REPEATED):
            raise Failed("States.Timeout")
        return answer

    def _invoked(self, label, function, event):
        ends = self.now + TIMEOUTS[function]["lambda_timeout"]
        new_container()
        self._running.append(Running(label, function, event, ends))
        try:
            return HANDLERS[function](json.loads(json.dumps(event)), self)
        except Died:
            raise Failed("Sandbox.Timedout" if self.now > ends else "Runtime.ExitError") from None
        except Exception as error:
            self.errors.append(error)
            raise Failed(type(error).__name__) from error
        finally:
            self._running.pop()

    def get_remaining_time_in_millis(self):
        """As of Lambda's context."""
        return max(0, int(1000 * (self._running[-1].ends - self.now)))

    def _regardless(self, asked):
        """Nobody waits for what becomes of it."""
        with contextlib.suppress(Failed):
            asked()

    def _fault(self, name):
        return THROTTLED if name in self.lost else self.seams.fault(name)

    # Calls

    def begin(self, what):
        """A function is about to call: what goes wrong with that. Nothing goes wrong with what a test itself asks."""
        if not self._running:
            return None
        running = self._running[-1]
        if self.now > running.ends:
            raise Died
        fault = self._fault(f"{running.label}: {what}")
        if fault == CRASH_BEFORE:
            raise Died
        if fault == TWICE:
            again = functools.partial(self._invoked, running.label, running.function, running.event)
            self._regardless(again)
        return fault

    def end(self, fault):
        if fault == CRASH_AFTER:
            raise Died
        if self._running and self.now > self._running[-1].ends:
            raise Died

    def client(self, service):
        return SeamClient(self, service)

    def aws(self, service, operation, asked):
        """What a service does."""
        if self._running:
            self.rights |= {(self._running[-1].function, *right) for right in rights(service, operation, asked)}
        match service:
            case "dynamodb":
                return self.dynamo.call(operation, asked)
            case "sqs":
                return self.queues.call(operation, asked)
            case "secretsmanager":
                return {"SecretString": json.dumps(SECRETS[asked["SecretId"].rpartition("/")[2]])}
            case "ses":
                self.mails.append(asked)
            case "sns":
                self.alerts.append(asked)
            case "states":
                self._start(asked["name"], asked["input"])
            case "events":
                return self._put(asked["Entries"])
        return {}

    def _start(self, name, given):
        if name in self.executions:
            raise Refused("ExecutionAlreadyExists")
        self.executions[name] = Execution(self, json.loads(given))

    def _put(self, entries):
        if self.refused_by_bus:
            return refused_entries(entries, self.refused_by_bus)
        for entry in entries:
            self.published.append((entry["DetailType"], json.loads(entry["Detail"])["orderId"]))
            told = {
                "version": "0",
                "id": str(next(self._order)),
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "account": "123456789012",
                "region": "eu-west-1",
                "resources": [],
                "detail": json.loads(entry["Detail"]),
            }
            for rule in RULES:
                if rule.matches(told):
                    for queue in rule.queues:
                        self.after(0, functools.partial(self._route, rule, queue, json.dumps(told)))
        return {"FailedEntryCount": 0, "Entries": [{} for _ in entries]}

    def _route(self, rule, queue, body):
        """EventBridge tries for a day to put an event into a queue."""
        fault = self._fault(f"{rule.name} to {queue}")
        for _ in range({None: 1, APPLIED: 1, REPEATED: 1, CRASH_AFTER: 1, TWICE: 2}.get(fault, 0)):
            self.queues.send(queue, body)
        if fault == LATE:
            self.after(LATER, lambda: self.queues.send(queue, body))
        elif fault not in (None, TWICE):
            self.after(10, functools.partial(self._route, rule, queue, body))

    # HTTP

    def request_stripe(self, method, url, params, data, headers, *, timeout, allow_redirects):
        path = re.sub("pi_[0-9]+", "{}", urlsplit(url).path.removeprefix("/v1/"))
        session = stripe.Session(self.stripe)
        act = functools.partial(
            session.request, method, url, params, data, headers, timeout=timeout, allow_redirects=allow_redirects
        )
        refused = stripe.Response(429, b'{"error": {"type": "invalid_request_error", "code": "rate_limit"}}')
        return self._http(f"stripe {method} {path}", act, refused, STRIPE_TIMEOUT[1])

    def post_to_warehouse(self, url, data, *, headers, timeout, allow_redirects):
        def act():
            self.told_warehouse.append((headers["webhook-id"], data))
            return stripe.Response(204, b"")

        return self._http("warehouse POST", act, stripe.Response(429, b""), WAREHOUSE_TIMEOUT[1])

    def _http(self, what, act, refused, timeout):
        fault = self.begin(what)
        if fault == THROTTLED:
            return refused
        if fault == LATE:
            self.after(LATER, act)
        answer = None if fault in (LATE, NOT_APPLIED) else act()
        self.end(fault)
        if fault in (LATE, NOT_APPLIED, APPLIED, REPEATED):
            self.now += timeout
            raise requests.ReadTimeout("No answer")
        return answer

    # What there is

    def orders(self):
        """As the store reads them, by id."""
        with taken_by(self):
            store = OrderStore(wiring.table("orders"))
            keys = self.dynamo.tables["guestlist-local-orders"]
            ids = [pk.removeprefix("order#") for pk, sk in keys if sk == "order"]
            return {order_id: store.get(order_id) for order_id in ids}

    def open_orders(self):
        places = ("open-orders", "unpaid-orders")
        return [key for key in self.dynamo.tables["guestlist-local-orders"] if key[0] in places]

    def product(self, product_id):
        with taken_by(self):
            return wiring.products().get(product_id).product

    def dead(self, queue):
        """The events and messages that lie among the dead letters of a queue."""
        return self.queues.bodies(f"{queue}-dlq")


class Consumer(NamedTuple):
    function: str
    batch: int


class Stream(NamedTuple):
    table: str
    function: str


def _short(queue):
    return queue.removeprefix(settings.queue(""))


QUEUES, RULES = template.queues(), template.rules()
ON_THE_WAY = {"order-processing", *(queue for rule in RULES for queue in rule.queues)}
CONSUMERS = {
    _short(source.queue): Consumer(source.name, source.batch_size)
    for source in app.event_sources
    if hasattr(source, "queue") and _short(source.queue) in ON_THE_WAY
}
LOOKING_ON = ("count_orders",)
"""Functions that follow the stream of orders, and nothing of an order depends on: tests of their own are about them."""
STREAMS = [
    Stream("orders", source.name)
    for source in app.event_sources
    if ":table/guestlist-local-orders/" in getattr(source, "stream_arn", "") and source.name not in LOOKING_ON
]
HANDLERS = {API: app, **app.handler_map}
