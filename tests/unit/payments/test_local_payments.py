import pytest

from chalicelib.errors import NotFound
from chalicelib.payments.local import LocalPayments
from chalicelib.payments.model import ACTION_REQUIRED, DECLINED, PAID
from chalicelib.payments.store import PaymentStore
from tests.fakes.table import MemoryTable


@pytest.fixture
def payments():
    return LocalPayments(PaymentStore(MemoryTable()), "http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("pm_card_visa", PAID, ""),
        ("pm_card_visa_debit", PAID, ""),
        ("pm_card_mastercard", PAID, ""),
        ("pm_card_chargeDeclined", DECLINED, "generic_decline"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", DECLINED, "velocity_limit_exceeded"),
        ("pm_card_authenticationRequired", ACTION_REQUIRED, ""),
        ("pm_card_threeDSecureRequired", ACTION_REQUIRED, ""),
        ("pm_card_", DECLINED, "resource_missing"),
        ("pm_1Mq", DECLINED, "resource_missing"),
        ("4242424242424242", DECLINED, "resource_missing"),
        ("", DECLINED, "resource_missing"),
    ],
)
def test_a_method_leads_where_stripes_test_method_of_that_name_leads(payments, method, status, reason):
    charge = payments.charge("order-1", 3998, "EUR", method)
    assert (charge.status, charge.reason) == (status, reason)


def test_a_payment_is_confirmed_at_its_own_address_and_a_paid_one_stays_paid(payments):
    charge = payments.charge("order-1", 3998, "EUR", "pm_card_authenticationRequired")
    assert charge.url == "http://127.0.0.1:8000/payments/order-1"
    for _ in range(2):
        payments.confirm("order-1")
        assert payments.find("order-1").status == PAID


def test_confirming_helps_neither_a_declined_payment_nor_one_that_was_given_up(payments):
    payments.charge("order-1", 3998, "EUR", "pm_card_chargeDeclined")
    payments.charge("order-2", 3998, "EUR", "pm_card_authenticationRequired")
    payments.refund("order-2")
    for order in ("order-1", "order-2"):
        payments.confirm(order)
        assert payments.find(order).status == DECLINED


def test_there_is_nothing_to_look_at_or_to_confirm_where_nothing_was_charged(payments):
    for do in (payments.find, payments.confirm):
        with pytest.raises(NotFound):
            do("order-1")
