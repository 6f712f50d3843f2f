import json

import pytest

from chalicelib import errors
from chalicelib.payments.api import StripeWebhook
from chalicelib.payments.model import DECLINED, ENDED, PAID, Charge
from tests.fakes import stripe

NOW = 1_796_000_000


class Orders:
    """Takes note once."""

    def __init__(self):
        self.known = {"order-1"}
        self.told, self.refuses = [], False

    def payment_ended(self, order_id, charge):
        if self.refuses:
            raise errors.Unavailable("The table refuses")
        if order_id not in self.known:
            raise errors.NotFound("There is no such order")
        self.told.append((order_id, charge))


class Edge:
    def __init__(self):
        self.orders, self.lines = Orders(), []
        self.secret = {"webhook_secret": stripe.WEBHOOK_SECRET}
        self.webhook = StripeWebhook(
            {"stripe": self.secret},
            self.orders,
            clock=lambda: NOW + 1.5,
            log=lambda event, **fields: self.lines.append((event, fields)),
        )

    def take(self, delivery):
        answer = self.webhook.receive(delivery)
        return answer.status_code, answer.body

    def send(self, event):
        return self.take(stripe.delivery(event, NOW))


@pytest.fixture
def edge():
    return Edge()


def an_intent(status="succeeded", order_id="order-1", **more):
    return {"id": "pi_1", "object": "payment_intent", "status": status, "metadata": {"order_id": order_id}} | more


PAID_NOW = stripe.event("payment_intent.succeeded", an_intent())


@pytest.mark.parametrize(
    ("kind", "intent", "charge"),
    [
        ("payment_intent.succeeded", an_intent(), Charge(PAID, "pi_1")),
        ("payment_intent.canceled", an_intent("canceled"), Charge(DECLINED, "pi_1", ENDED)),
        (
            "payment_intent.payment_failed",
            an_intent("requires_payment_method", last_payment_error={"code": "payment_intent_authentication_failure"}),
            Charge(DECLINED, "pi_1", "payment_intent_authentication_failure"),
        ),
    ],
)
def test_orders_are_told_how_a_payment_ended(edge, kind, intent, charge):
    assert edge.send(stripe.event(kind, intent)) == (200, "")
    assert edge.orders.told == [("order-1", charge)]
    assert edge.lines == [("payment_ended", {"kind": kind, "order": "order-1", "ours": 1})]


def test_events_of_a_whole_payment_are_understood(edge):
    """As our Stripe makes them."""
    account = stripe.Stripe()
    headers = {"Authorization": f"Bearer {stripe.KEY}"}
    form = {"amount": "3998", "currency": "eur", "payment_method": "pm_card_authenticationRequired", "confirm": "true"}
    account.answer("POST", "/v1/payment_intents", form | {"metadata[order_id]": "order-1"}, headers)
    account.authenticate("pi_1")
    for event in account.events:
        edge.send(event)
    assert edge.orders.told == [("order-1", Charge(PAID, "pi_1"))]


def test_an_event_that_the_orders_cannot_take_comes_again(edge):
    edge.orders.refuses = True
    with pytest.raises(errors.Unavailable):
        edge.send(PAID_NOW)
    edge.orders.refuses = False
    assert edge.send(PAID_NOW) == (200, "")
    assert len(edge.orders.told) == 1


@pytest.mark.parametrize(
    "intent",
    [
        an_intent(order_id="somebody-elses"),
        an_intent(order_id=""),
        an_intent(order_id=7),
        an_intent() | {"metadata": None},
        an_intent() | {"metadata": "order-1"},
        an_intent("processing"),
    ],
)
def test_a_payment_that_is_not_ours_or_not_over_is_left_alone(edge, intent):
    assert edge.send(stripe.event("payment_intent.succeeded", intent)) == (200, "")
    assert edge.orders.told == []
    [(event, fields)] = edge.lines
    assert (event, fields["ours"]) == ("payment_ended", 0)


def test_a_refund_that_failed_later_calls_a_person(edge):
    refund = {"id": "re_1", "object": "refund", "status": "failed", "metadata": {"order_id": "order-1"}}
    assert edge.send(stripe.event("refund.failed", refund)) == (200, "")
    assert edge.orders.told == []
    assert edge.lines == [("refund_failed", {"level": "alarm", "order": "order-1", "refunds_failed": 1})]


def test_other_events_are_taken_and_do_nothing(edge):
    edge.orders.refuses = True
    assert edge.send(stripe.event("charge.succeeded", {"id": "ch_1", "object": "charge"})) == (200, "")
    assert edge.lines == [("ignored", {"provider": "stripe", "kind": "charge.succeeded"})]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "not signed"),
        ("t=soon,v1=aa", "no time"),
        (f"t={NOW - 400},v1=aa", "too old or too new"),
        (f"t={NOW},v1=aa", "wrong signature"),
    ],
)
@pytest.mark.parametrize("raw", [b"not json", b"", b"\xff\x00", json.dumps(PAID_NOW).encode()])
def test_what_stripe_did_not_sign_is_refused_whatever_it_says_and_not_logged(edge, raw, header, reason):
    with pytest.raises(errors.Unauthenticated):
        edge.take(stripe.Delivery(raw, {"stripe-signature": header}))
    assert edge.lines == [("refused", {"route": "stripe", "reason": reason, "refusals": 1})]
    assert edge.orders.told == []


def test_without_a_secret_nothing_is_believed(edge):
    edge.secret.clear()
    with pytest.raises(errors.Unauthenticated):
        edge.send(PAID_NOW)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"7",
        b"{}",
        b"[" * 100_000,
        b'{"type": "payment_intent.succeeded"}',
        b'{"type": "payment_intent.succeeded", "data": {"object": "pi_1"}}',
        b'{"type": 7, "data": {"object": {}}}',
    ],
)
def test_what_is_signed_and_no_event_is_invalid(edge, raw):
    with pytest.raises(errors.Invalid):
        edge.take(stripe.Delivery(raw, {"stripe-signature": stripe.signed(raw, NOW)}))
    assert edge.orders.told == []
