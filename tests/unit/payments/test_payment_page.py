"""The page where payers come to."""

import re
from urllib.parse import urlencode

import pytest

from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.orders.model import PLACED
from chalicelib.pages.page import Pages
from chalicelib.payments.page import PaymentPage
from tests.shop import Shop

BASE = "https://fans.example/api"
KEY = {"publishable_key": "pk_test_0123456789abcdef"}


class Request:
    def __init__(self, language="", **form):
        self.headers = {"accept-language": language}
        self.raw_body = urlencode(form).encode()


class Secrets:
    def __init__(self, held=KEY):
        self._held = held

    def get(self, name):
        assert name == "stripe"
        return self._held


@pytest.fixture
def shop():
    return Shop(shirt=3)


@pytest.fixture
def page(shop):
    return PaymentPage(Pages(BASE), shop.orders, Secrets(), shop.payments)


@pytest.fixture
def by_stripe(shop):
    return PaymentPage(Pages(BASE), shop.orders, Secrets(), None)


def title(answer):
    return re.search("<h1>(.*)</h1>", answer.body)[1]


def test_where_no_money_moves_each_way_that_a_payment_goes_has_a_button(shop, page):
    order = shop.order_in_chat(shirt=2)
    answer = page.show(order.order_id, Request("en"))
    assert title(answer) == "Betaal", "in the language of the chat"
    assert "2 x Shirt" in answer.body
    assert "€ 39,98" in answer.body
    assert re.findall('value="(pm_[A-Za-z_]+)"', answer.body) == [
        "pm_card_visa",
        "pm_card_chargeDeclined",
        "pm_card_authenticationRequired",
    ]
    assert "stripe" not in answer.body + answer.headers["Content-Security-Policy"]


def test_who_says_how_they_pay_sees_what_becomes_of_it(shop, page):
    order_id = shop.order_in_chat().order_id
    pressed = page.take(order_id, Request(method="pm_card_visa"))
    assert (pressed.status_code, pressed.headers["Location"]) == (303, f"/api/payments/{order_id}")
    waiting = page.show(order_id, Request())
    assert title(waiting) == "Een ogenblik"
    assert waiting.headers["Refresh"] == "2"
    shop.process()
    shop.run(order_id)
    ended = page.show(order_id, Request())
    assert title(ended) == "Het is van jou"
    assert "<form" not in ended.body
    assert "Refresh" not in ended.headers
    assert ended.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "pieces", "said"), [("pm_card_chargeDeclined", 1, "geweigerd"), ("pm_card_visa", 9, "terug")]
)
def test_what_came_to_nothing_is_told_with_what_it_cost(shop, page, method, pieces, said):
    shown = page.show(shop.buy_in_chat(method, shirt=pieces), Request()).body
    assert "Niet besteld" in shown
    assert said in shown


def test_a_payment_that_must_be_confirmed_has_a_button_for_it_where_no_money_moves(shop, page):
    order_id = shop.accept(method="pm_card_authenticationRequired")
    shop.orders.pay(order_id)
    before = page.show(order_id, Request("en"))
    assert '<form class="actions" method="post"><button>Confirm</button></form>' in before.body
    assert page.take(order_id, Request()).status_code == 303
    assert shop.orders.pay(order_id) == "paid"
    assert title(page.show(order_id, Request("en"))) == "One moment"


def test_a_payment_that_a_bank_must_confirm_leads_there(shop, by_stripe):
    order_id = shop.accept(method="pm_card_authenticationRequired")
    shop.orders.pay(order_id)
    shown = by_stripe.show(order_id, Request("en")).body
    assert f'<a href="{shop.order(order_id).payment_url}">Confirm</a>' in shown
    by_stripe.take(order_id, Request())
    assert shop.orders.pay(order_id) == "action_required", "nothing is confirmed here"


def test_a_card_is_entered_in_frames_of_stripes_and_only_there_may_stripe_run(shop, by_stripe):
    order_id = shop.order_in_chat().order_id
    answer = by_stripe.show(order_id, Request())
    assert f'data-key="{KEY["publishable_key"]}"' in answer.body
    assert '<script src="https://js.stripe.com/v3/"></script>' in answer.body
    assert "pm_card_visa" not in answer.body
    policy = answer.headers["Content-Security-Policy"]
    for allowed in ("script-src 'self' https://js.stripe.com;", "connect-src 'self' https://api.stripe.com;"):
        assert allowed in policy
    by_stripe.take(order_id, Request(method="pm_1PbCardOfAnna"))
    assert "stripe" not in by_stripe.show(order_id, Request()).headers["Content-Security-Policy"]
    assert shop.order(order_id).payment_method == "pm_1PbCardOfAnna"


def test_without_a_publishable_key_nobody_is_asked_for_a_card(shop):
    page = PaymentPage(Pages(BASE), shop.orders, Secrets({}), None)
    with pytest.raises(Unavailable, match="publishable_key"):
        page.show(shop.order_in_chat().order_id, Request())


@pytest.mark.parametrize("form", [{}, {"method": ""}, {"method": "x" * 101}, {"method": "two words"}, {"card": "pm_1"}])
def test_a_form_without_a_payment_method_is_refused(shop, page, form):
    order_id = shop.order_in_chat().order_id
    with pytest.raises(Invalid):
        page.take(order_id, Request(**form))
    assert shop.order(order_id).awaits_method


def test_paying_again_changes_nothing(shop, page):
    order_id = shop.buy_in_chat()
    order = shop.order(order_id)
    assert page.take(order_id, Request(method="pm_card_chargeDeclined")).status_code == 303
    assert shop.order(order_id) == order
    assert order.status == PLACED


def test_an_order_that_there_is_not_is_not_found(page):
    with pytest.raises(NotFound):
        page.show("order-1", Request())
    with pytest.raises(NotFound):
        page.take("order-1", Request(method="pm_card_visa"))
