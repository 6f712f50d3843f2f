"""Whatever goes wrong with calls of Stripe and of our table: an order is charged once at most; what is not delivered is given back once.

Each fault, and each pair of faults, at every call of an order's whole way: charged (and tried again, and given up), delivered or not, and
given back until that is certain; in the end, calls arrive that were on their way for long.
"""

import contextlib
import itertools

import pytest

from chalicelib.errors import Unavailable
from chalicelib.payments.model import ACTION_REQUIRED, DECLINED, PAID, Charge
from chalicelib.payments.store import PaymentStore
from chalicelib.payments.stripe import StripePayments
from chalicelib.payments.stripe_client import StripeClient
from tests.fakes import stripe
from tests.fakes.stripe import ERROR, ERROR_AFTER, EVERY_FAULT, LATE, LOST_AFTER, RATE_LIMITED, Session, Stripe
from tests.fakes.table import MemoryTable

ORDER = "order-1"
TRIES = 3
"""Of charging, until the order is given up; then it is given back, however long that takes."""
LONGEST_WAY = 15
"""Calls, of Stripe and of the table."""

IN_PAIRS = (RATE_LIMITED, ERROR, ERROR_AFTER, LOST_AFTER, LATE)
"""Of `EVERY_FAULT`, those that differ in what is done and what is kept."""


class FaultyTable:
    """Takes its faults from the list that Stripe's come from: the call is done or not, and has no answer."""

    def __init__(self, table, faults):
        self._table, self._faults, self.calls = table, faults, 0

    def get(self, *key):
        return self._call(self._table.get, *key)

    def write(self, *steps):
        return self._call(self._table.write, *steps)

    def _call(self, do, *arguments):
        self.calls += 1
        fault = self._faults.pop(0) if self._faults else None
        if fault in (ERROR_AFTER, LOST_AFTER):
            do(*arguments)
        if fault:
            raise Unavailable("The table does not answer")
        return do(*arguments)


class OneCall:
    """The negative control: charges in one call, and gives back what it knows to be charged."""

    def __init__(self, client, *, key):
        self._client, self._key, self._reference = client, key, ""

    def charge(self, order_id, amount_cents, currency, method):
        form = {"amount": amount_cents, "currency": currency, "payment_method": method, "confirm": "true"}
        answer = self._client.post("payment_intents", self._key, form | {"metadata[order_id]": order_id})
        self._reference = answer["id"]
        return Charge(PAID, self._reference)

    def refund(self, order_id):
        if self._reference:
            self._client.post("refunds", f"refund-{order_id}", {"payment_intent": self._reference})
        return bool(self._reference)


class Way:
    """An order's way with these faults."""

    def __init__(self, faults=(), make=None):
        self.stripe = Stripe()
        self.stripe.faults += faults
        secrets = {"stripe": {"secret_key": stripe.KEY}}
        client = StripeClient(Session(self.stripe), "https://stripe.test", secrets, lambda: 0.0, lambda *_, **__: None)
        self.table = FaultyTable(MemoryTable(), self.stripe.faults)
        ours = StripePayments(client, PaymentStore(self.table), "https://fans.example")
        self.payments = make(client) if make else ours

    def go(self, method, *, delivered=True):
        """Answers what was told of the charge, or None, and how often the order was charged and refunded."""
        charge = self._charged(method)
        if charge and charge.status == ACTION_REQUIRED:
            self.stripe.authenticate(charge.reference)
            charge = self._charged(method)
        if not (delivered and charge and charge.status == PAID):
            self._given_back()
        self.stripe.faults.clear()
        self.stripe.deliver_late()
        self.stripe.forget_keys()
        return charge and charge.status, self.stripe.money(ORDER)

    def _charged(self, method):
        for _ in range(TRIES):
            with contextlib.suppress(Unavailable):
                return self.payments.charge(ORDER, 3998, "EUR", method)
        return None

    def _given_back(self):
        for attempt in itertools.count(1):
            try:
                self.payments.refund(ORDER)
            except Unavailable:
                if attempt % TRIES == 0:  # dead-lettered, until a person comes, a day later
                    self.stripe.forget_keys()
            else:
                return


WAYS = {
    "delivered": ("pm_card_visa", True),
    "not delivered": ("pm_card_visa", False),
    "declined": ("pm_card_chargeDeclined", True),
    "to be confirmed": ("pm_card_authenticationRequired", True),
}


def is_right(status, money, *, pays, delivered):
    """Paid and delivered: charged once. Else nothing is kept: what was charged was given back."""
    if status == PAID and delivered:
        return money == (1, 0)
    if not pays:
        return status in {DECLINED, None} and money == (0, 0)
    return status in {PAID, None} and money in {(0, 0), (1, 1)}


def wrong(way, weathers, make=None):
    """The weathers after which the order has paid what it should not have, or has not what it paid for."""
    method, delivered = WAYS[way]
    pays = way != "declined"
    found = {}
    for faults in weathers:
        status, money = Way(faults, make).go(method, delivered=delivered)
        if not is_right(status, money, pays=pays, delivered=delivered):
            found[faults] = status, money
    return found


def one_fault():
    for position, fault in itertools.product(range(LONGEST_WAY), EVERY_FAULT):
        yield (*[None] * position, fault)


def two_faults():
    for first, second in itertools.combinations(range(LONGEST_WAY), 2):
        for one, other in itertools.product(IN_PAIRS, repeat=2):
            yield (*[None] * first, one, *[None] * (second - first - 1), other)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("delivered", ("paid", (1, 0))),
        ("not delivered", ("paid", (1, 1))),
        ("declined", ("declined", (0, 0))),
        ("to be confirmed", ("paid", (1, 0))),
    ],
)
def test_without_a_fault_every_way_ends_as_it_should_within_the_calls_that_are_tried(way, expected):
    method, delivered = WAYS[way]
    calm = Way()
    assert calm.go(method, delivered=delivered) == expected
    assert calm.table.calls + len(calm.stripe.calls) < LONGEST_WAY - 3  # which more calls follow, if one fails


@pytest.mark.parametrize("way", WAYS)
def test_after_any_fault_an_order_has_paid_once_or_nothing(way):
    assert wrong(way, one_fault()) == {}


@pytest.mark.parametrize("way", WAYS)
def test_after_any_two_faults_an_order_has_paid_once_or_nothing(way):
    assert wrong(way, two_faults()) == {}


def test_charging_in_one_call_loses_track_of_a_charge():
    """The negative control: with an idempotency key, what was given up stays charged when it was done, or is done later."""
    gives_up = ((LATE,) * TRIES, (LOST_AFTER, *[RATE_LIMITED] * (TRIES - 1)), (ERROR_AFTER,))
    found = wrong("delivered", gives_up, lambda client: OneCall(client, key=ORDER))
    assert found == dict.fromkeys(gives_up, (None, (1, 0)))


def test_charging_without_a_key_charges_twice():
    """The negative control."""
    found = wrong("delivered", one_fault(), lambda client: OneCall(client, key=""))
    assert found[(LOST_AFTER,)] == (PAID, (2, 0))
