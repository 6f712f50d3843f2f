import pytest

from chalicelib.errors import NotFound
from chalicelib.pages.page import Pages
from chalicelib.payments.local import LocalPayments
from chalicelib.payments.model import PAID
from chalicelib.payments.page import PaymentPage
from chalicelib.payments.store import PaymentStore
from tests.fakes.table import MemoryTable


class Request:
    def __init__(self, language=""):
        self.headers = {"accept-language": language}


@pytest.fixture
def local():
    return LocalPayments(PaymentStore(MemoryTable()), "https://fans.example/api")


@pytest.fixture
def page(local):
    return PaymentPage(Pages("https://fans.example/api"), local)


def test_who_comes_back_from_stripe_is_thanked_and_told_where_to_look():
    answer = PaymentPage(Pages("https://fans.example"), None).show("order-1", Request("nl"))
    assert answer.status_code == 200
    assert "Dank je wel" in answer.body
    assert "<form" not in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


def test_where_no_money_moves_a_payer_presses_a_button_once(local, page):
    local.charge("order-1", 3998, "EUR", "pm_card_authenticationRequired")
    before = page.show("order-1", Request()).body
    assert '<form class="actions" method="post"><button>Confirm</button></form>' in before
    pressed = page.confirm("order-1")
    assert (pressed.status_code, pressed.headers["Location"]) == (303, "/api/payments/order-1")
    assert local.find("order-1").status == PAID
    after = page.show("order-1", Request()).body
    assert "<form" not in after
    assert "Thank you" in after


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_card_chargeDeclined"])
def test_a_payment_that_waits_for_nobody_has_no_button(local, page, method):
    local.charge("order-1", 3998, "EUR", method)
    assert "<form" not in page.show("order-1", Request()).body


def test_a_payment_that_there_is_not_is_not_found(page):
    with pytest.raises(NotFound):
        page.show("order-1", Request())
    with pytest.raises(NotFound):
        page.confirm("order-1")


def test_nothing_is_confirmed_here_where_stripe_moves_the_money():
    with pytest.raises(NotFound):
        PaymentPage(Pages("https://fans.example"), None).confirm("order-1")
