"""What whoever charges an order may rely on, whoever moves the money: the local provider, and Stripe behind our adapter."""

import contextlib
import threading
import uuid

import pytest
import requests

from chalicelib.errors import Unavailable, Unprocessable
from chalicelib.payments.local import LocalPayments
from chalicelib.payments.model import ACTION_REQUIRED, DECLINED, ENDED, PAID
from chalicelib.payments.store import PaymentStore
from chalicelib.payments.stripe import StripePayments
from chalicelib.payments.stripe_client import StripeClient
from tests.fakes import stripe

BASE_URL = "https://fans.example"


class Local:
    """The local provider, and its payers."""

    def __init__(self, table):
        self._store = PaymentStore(table)
        self.payments = LocalPayments(self._store, BASE_URL)

    def money(self, order_id):
        held = self._store.find(order_id)
        state = held.state if held else ENDED
        return int(state in {"paid", "refunded"}), int(state == "refunded")

    def confirm(self, order_id):
        self.payments.confirm(order_id)


class ByStripe:
    """Our adapter with a Stripe on a socket, and its payers."""

    def __init__(self, table, server, session):
        self._store, self._stripe = PaymentStore(table), server.stripe
        self.payments = StripePayments(a_client(server, session), self._store, BASE_URL)

    def money(self, order_id):
        return self._stripe.money(order_id)

    def confirm(self, order_id):
        self._stripe.authenticate(self._store.find(order_id).reference)


def a_client(server, session):
    secrets = {"stripe": {"secret_key": stripe.KEY}}
    return StripeClient(session, server.url, secrets, lambda: 0.0, lambda *_, **__: None)


@pytest.fixture(params=["local", "stripe"])
def provider(request, table):
    if request.param == "local":
        yield Local(table)
        return
    with contextlib.closing(stripe.StripeServer()) as server, requests.Session() as session:
        yield ByStripe(table, server, session)


@pytest.fixture
def payments(provider):
    return provider.payments


@pytest.fixture
def order():
    return uuid.uuid4().hex


def test_an_order_is_charged_once_however_often_it_is_asked(provider, payments, order):
    first = payments.charge(order, 3998, "EUR", "pm_card_visa")
    assert (first.status, first.reason, first.url) == (PAID, "", "")
    assert first.reference
    assert [payments.charge(order, 3998, "EUR", "pm_card_visa") for _ in range(2)] == [first, first]
    assert provider.money(order) == (1, 0)


def test_another_order_is_another_payment(provider, payments, order):
    other = f"{order}-2"
    references = {payments.charge(each, 3998, "EUR", "pm_card_visa").reference for each in (order, other)}
    assert len(references) == 2
    assert payments.refund(other)
    assert (provider.money(order), provider.money(other)) == ((1, 0), (1, 1))


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "lost_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("pm_of_nobody", "resource_missing"),
    ],
)
def test_a_declined_order_says_why_and_stays_declined(provider, payments, order, method, reason):
    first = payments.charge(order, 3998, "EUR", method)
    assert (first.status, first.reason, first.url) == (DECLINED, reason, "")
    again = payments.charge(order, 3998, "EUR", method)
    assert (again.status, again.reason) == (DECLINED, reason)
    assert provider.money(order) == (0, 0)


@pytest.mark.parametrize("method", ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"])
def test_a_payment_that_its_payer_must_confirm_says_where_and_is_paid_then(provider, payments, order, method):
    first = payments.charge(order, 3998, "EUR", method)
    assert (first.status, first.reason) == (ACTION_REQUIRED, "")
    assert first.url.startswith("https://")
    assert payments.charge(order, 3998, "EUR", method) == first
    assert provider.money(order) == (0, 0)
    provider.confirm(order)
    paid = payments.charge(order, 3998, "EUR", method)
    assert (paid.status, paid.reference, paid.url) == (PAID, first.reference, "")
    assert provider.money(order) == (1, 0)


def test_an_order_gets_its_money_back_once_and_is_not_charged_again(provider, payments, order):
    charged = payments.charge(order, 3998, "EUR", "pm_card_visa")
    assert [payments.refund(order) for _ in range(3)] == [True, True, True]
    again = payments.charge(order, 3998, "EUR", "pm_card_visa")
    assert (again.status, again.reference, again.reason) == (DECLINED, charged.reference, ENDED)
    assert provider.money(order) == (1, 1)


def test_an_order_that_was_declined_gets_nothing_back(provider, payments, order):
    payments.charge(order, 3998, "EUR", "pm_card_chargeDeclined")
    assert [payments.refund(order) for _ in range(2)] == [False, False]
    assert provider.money(order) == (0, 0)


def test_an_order_that_was_given_up_before_it_was_charged_is_not_charged_any_more(provider, payments, order):
    assert [payments.refund(order) for _ in range(2)] == [False, False]
    late = payments.charge(order, 3998, "EUR", "pm_card_visa")
    assert (late.status, late.reason) == (DECLINED, ENDED)
    assert provider.money(order) == (0, 0)


def test_a_payment_that_was_given_up_cannot_be_confirmed_any_more(provider, payments, order):
    payments.charge(order, 3998, "EUR", "pm_card_authenticationRequired")
    assert not payments.refund(order)
    provider.confirm(order)
    assert payments.charge(order, 3998, "EUR", "pm_card_authenticationRequired").reason == ENDED
    assert not payments.refund(order)
    assert provider.money(order) == (0, 0)


@pytest.mark.parametrize(
    "other", [(3999, "EUR", "pm_card_visa"), (3998, "USD", "pm_card_visa"), (3998, "EUR", "pm_card_mastercard")]
)
def test_an_order_is_not_charged_something_else_later(provider, payments, order, other):
    payments.charge(order, 3998, "EUR", "pm_card_visa")
    with pytest.raises(Unprocessable):
        payments.charge(order, *other)
    assert provider.money(order) == (1, 0)


def insistently(do):
    """The answer, however often one must ask for it."""
    while True:
        with contextlib.suppress(Unavailable):
            return do()


def at_once(*deeds):
    """Do all of it at the same time; answers what each led to."""
    barrier, answers = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(number):
        barrier.wait()
        answers[number] = insistently(deeds[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_who_charge_an_order_at_once_none_charges_it_again(provider, payments, order):
    charges = at_once(*[lambda: payments.charge(order, 3998, "EUR", "pm_card_visa")] * 8)
    assert {charge.status for charge in charges} == {PAID}
    assert len(set(charges)) == 1
    assert provider.money(order) == (1, 0)


def test_in_one_call_without_a_key_each_of_many_charges_the_order(order):
    """The negative control."""
    form = {"amount": 3998, "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    with contextlib.closing(stripe.StripeServer()) as server, requests.Session() as session:
        client = a_client(server, session)
        at_once(*[lambda: client.post("payment_intents", "", form | {"metadata[order_id]": order})] * 8)
        assert server.stripe.money(order) == (8, 0)


@pytest.mark.parametrize("attempt", range(5))
def test_of_charging_and_giving_up_at_once_nothing_stays_charged(provider, payments, order, attempt):
    charge, refund = (lambda: payments.charge(order, 3998, "EUR", "pm_card_visa"), lambda: payments.refund(order))
    *_, refunded, also = at_once(charge, charge, charge, refund, refund)
    charged, given_back = provider.money(order)
    assert charged == given_back <= 1
    assert refunded == also == bool(charged)
    assert payments.charge(order, 3998, "EUR", "pm_card_visa").reason == ENDED
