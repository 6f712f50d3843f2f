"""Paying in a real browser: the page with Stripe's card field or its local buttons, and the chat that hears of it."""

import re

import pytest

from tests.fakes.web import site
from tests.world import World

PHONE = {"width": 390, "height": 844}
SCRIPT = {"content_type": "text/javascript"}

STRIPE = """
window.Stripe = (key, options) => ({
  elements: () => ({ create: () => ({ mount: (place) => { document.querySelector(place).textContent = `${key} ${options.locale}`; } }) }),
  createPaymentMethod: async () => (window.refuses ?? (window.refuses = true))
    ? (window.refuses = false, { error: { message: "Your card number is incomplete." } })
    : { paymentMethod: { id: "pm_1PbCardOfAnna" } },
});
"""
"""In the place of Stripe's script, which the browser cannot reach here: the first card is refused. https://docs.stripe.com/js"""


@pytest.fixture
def world():
    world = World()
    world.shop.stock(cap=9)
    for said in ("buy 2 caps", "anna@example.org", "yes"):
        world.say(said)
    return world


@pytest.fixture
def order_id(world):
    return re.search("/payments/([A-Za-z0-9_-]+)", world.text)[1]


@pytest.fixture
def opened(chromium):
    """Opens an address as a fan; every complaint of the browser fails the test."""
    complaints, contexts = [], []

    def opened(address):
        context = chromium.new_context(viewport=PHONE, locale="en-GB")
        contexts.append(context)
        context.route("https://js.stripe.com/v3/", lambda route: route.fulfill(body=STRIPE, **SCRIPT))
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def heading(page, text):
    return page.get_by_role("heading", name=text, exact=True)


def done(world, order_id):
    """The workflow and the bot do their work."""
    world.shop.process()
    world.shop.run(order_id)
    world.bot.handle(world.inbound.event(), lambda: 30_000)
    world.inbound.clear()


def test_where_no_money_moves_a_fan_presses_how_the_card_behaves_and_sees_what_became_of_it(opened, world, order_id):
    with site(world) as served:
        page = opened(f"{served.url}/payments/{order_id}")
        page.get_by_text("€ 39.98").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="The card pays").click()
        heading(page, "One moment").wait_for()
        done(world, order_id)
        heading(page, "It is yours").wait_for()


def test_a_card_is_taken_by_stripe_and_only_its_name_comes_to_us(opened, world, order_id):
    with site(world, by_stripe=True) as served:
        page = opened(f"{served.url}/payments/{order_id}")
        page.get_by_text("pk_test_0123456789abcdef en").wait_for()
        pay = page.get_by_role("button", name="Pay € 39.98")
        pay.click()
        page.get_by_text("Your card number is incomplete.").wait_for()
        assert world.shop.order(order_id).awaits_method
        pay.click()
        heading(page, "One moment").wait_for()
        assert world.shop.order(order_id).payment_method == "pm_1PbCardOfAnna"


def test_the_chat_hears_of_the_payment_by_itself(opened):
    world = World()
    world.shop.stock(cap=9)
    with site(world) as served:
        page = opened(f"{served.url}/chat/birthday-bash")
        for said in ("buy a cap", "anna@example.org"):
            page.locator("#choices button").first.wait_for()
            page.get_by_role("textbox").fill(said)
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Order it").click()
        link = page.locator("a[href*='/payments/']")
        order_id = link.get_attribute("href").rpartition("/")[2]
        world.shop.orders.pay_with(order_id, "pm_card_visa")
        done(world, order_id)
        page.get_by_text("Paid, and yours: 1 x Cap").wait_for()
