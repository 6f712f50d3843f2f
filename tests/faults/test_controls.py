"""What the register is good for: each of these mistakes in the application breaks a promise, and is found by it."""

import json

import pytest

from chalicelib import wiring
from chalicelib.aws.events import EventBus
from chalicelib.aws.events import Outgoing as Told
from chalicelib.aws.tables import Change, Put
from chalicelib.errors import Unavailable
from chalicelib.events import publisher
from chalicelib.idempotency import Idempotency
from chalicelib.orders.store import OrderStore
from chalicelib.payments.model import ENDED, PAID, Charge
from chalicelib.payments.stripe import StripePayments
from chalicelib.products.store import ProductStore
from chalicelib.reactions.once import Once
from tests.faults import weather
from tests.faults.place import Session, worlds


@pytest.fixture(scope="module", autouse=True)
def in_memory():
    with worlds():
        yield


def breaks(name, promise, *, calm=True):
    """Whether some single fault breaks a promise, in a scenario in which nothing is wrong without one."""
    runs = weather.singles(name)
    assert (next(runs).wrong == []) is calm
    return any(promise in found for run in runs for found in run.wrong)


class WithoutKey:
    """Charges in one call, which a lost answer leaves unknown, and which is new each time."""

    def charge(self, order_id, amount_cents, currency, method):
        form = {"amount": amount_cents, "currency": currency, "payment_method": method, "confirm": "true"}
        headers = {"Authorization": f"Bearer {wiring.secrets().get('stripe')['secret_key']}"}
        url = "https://stripe.example/v1/payment_intents"
        answer = Session().request(
            "POST", url, None, form | {"metadata[order_id]": order_id}, headers, timeout=(2, 6), allow_redirects=False
        )
        if answer.status_code != 200:
            raise Unavailable("Stripe refuses")
        return Charge(PAID, json.loads(answer.content)["id"])

    def refund(self, order_id):
        return False


def test_charging_without_an_idempotency_key(monkeypatch):
    monkeypatch.setattr(wiring, "payments", WithoutKey)
    assert breaks("paid", "it was charged once at most")


class Hasty(StripePayments):
    """Takes a payment that was to be given back for one that was."""

    def refund(self, order_id):
        held = self._store.find(order_id)
        if held and held.state == ENDED:
            return bool(held.reference)
        return super().refund(order_id)


def test_a_refund_that_is_not_asked_for_again(monkeypatch):
    monkeypatch.setattr("chalicelib.payments.stripe.StripePayments", Hasty)
    assert breaks("out of stock", "what was charged and not delivered was refunded once")


class Blind(ProductStore):
    """Writes without a condition."""

    def reserve(self, order_id, pieces):
        for product_id, number in pieces.items():
            kept = {"pk": f"product#{product_id}", "sk": f"reservation#{order_id}", "room": "reserved"}
            moved = Change("products", product_id, add={"stock": -number, "reserved": number})
            self._table.write(moved, Put(kept))
        return True


def test_stock_that_is_taken_without_a_condition(monkeypatch):
    monkeypatch.setattr("chalicelib.products.store.ProductStore", Blind)
    assert breaks("paid", "of shirt there are")


def bus():
    return EventBus(wiring.client("events"), "guestlist-local-order-events")


def placed(order):
    about = {"orderId": order.order_id, "customerId": order.customer_id, "timestamp": "2026-12-05T19:00:00.000Z"}
    items = [{"productId": product, "quantity": number} for product, number in order.pieces.items()]
    detail = {**about, "amount": order.total_cents / 100, "currency": "EUR", "items": items, "version": 1}
    return Told("order.service", "Order Placed", json.dumps(detail))


class TellsFirst(OrderStore):
    """Publishes what it is about to write."""

    def end(self, old, new):
        if new.status == "PLACED":
            bus().put([placed(new)])
        return super().end(old, new)


class TellsAfterwards(OrderStore):
    """Publishes what it has written, where the process lives on."""

    def end(self, old, new):
        done = super().end(old, new)
        if done and new.status == "PLACED":
            bus().put([placed(new)])
        return done


@pytest.fixture
def no_stream(monkeypatch):
    monkeypatch.setattr(publisher, "event_of", lambda _: None)


def test_an_event_that_is_published_before_its_order_is_written(monkeypatch):
    monkeypatch.setattr("chalicelib.orders.store.OrderStore", TellsFirst)
    assert breaks("not placed", "its end is told, and nothing else", calm=False)


def test_an_event_that_is_published_after_its_order_is_written(monkeypatch, no_stream):
    monkeypatch.setattr("chalicelib.orders.store.OrderStore", TellsAfterwards)
    assert breaks("paid", "its end is told, and nothing else")


class MarksAfterwards(Once):
    """Notes what it has done, and begins without a word."""

    def at_most(self, order_id, act, do):
        self.at_least(order_id, act, do)


def test_a_mail_that_is_marked_after_it_is_sent(monkeypatch):
    monkeypatch.setattr("chalicelib.reactions.once.Once", MarksAfterwards)
    assert breaks("paid", "it has one receipt at most")
    assert breaks("paid", "a large one is told once at most")


class Deaf(EventBus):
    """Does not read FailedEntryCount."""

    def put(self, events):
        super().put(events)
        return [""] * len(events)


def test_a_refused_event_that_nobody_looks_at(monkeypatch):
    monkeypatch.setattr("chalicelib.aws.events.EventBus", Deaf)
    assert breaks("paid", "its end is told, and nothing else")


class Forgetful(Idempotency):
    """Does each request anew."""

    def once(self, request, do):
        return super().once(_Keyless(request), do)


class _Keyless:
    def __init__(self, request):
        self._request, self.headers = request, {}

    def __getattr__(self, name):
        return getattr(self._request, name)


def test_a_request_that_is_sent_again_and_makes_another_order(monkeypatch):
    monkeypatch.setattr("chalicelib.idempotency.Idempotency", Forgetful)
    assert breaks("paid", "there are 2 orders")
