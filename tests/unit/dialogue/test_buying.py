"""A fan buys in the chat, turn by turn, on any channel."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.aws.tables import Delete
from chalicelib.idempotency import Act
from chalicelib.products.model import Product
from chalicelib.users.model import UserFields
from tests.builders import a_campaign
from tests.world import FAN, World

EMAIL = "anna@example.org"
VIP, SHIRT = (
    Product(product_id="vip-package", name="VIP package", price_cents=9900, stock=3),
    Product(product_id="t-shirt", name="T-shirt", price_cents=2450, stock=5),
)


def a_shop(*products):
    world = World(a_campaign())
    for product in products:
        world.shop.products.create(product, Act("anna", 0, product.product_id))
    return world


@pytest.fixture
def world():
    return a_shop(VIP, SHIRT)


def titles(world):
    return [choice.title for choice in world.replies[-1].choices]


def state(world):
    return world.dialogue._conversations.load(FAN).state  # noqa: SLF001  # as it is kept


def order(world):
    """The order of the link in the newest reply."""
    [order_id] = re.findall("https://fans.example/payments/([A-Za-z0-9_-]+)", world.text)
    return world.shop.orders.get(order_id)


def users(world):
    return world.users.page("", 100)[0]


# ─── the main job ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fan_names_what_they_want_is_asked_for_an_address_once_sees_what_it_costs_and_gets_a_link(world):
    world.say("buy 2 VIP packages")
    assert "e-mail address" in world.text
    world.say(f"It is {EMAIL}.")
    assert world.text == "2 x VIP package: € 198.00 in all. Shall I order that?"
    assert titles(world) == ["Order it", "Other e-mail", "Never mind"]
    world.press("Order it")
    made = order(world)
    assert (made.status, made.awaits_method, made.total_cents, made.language) == ("ACCEPTED", True, 19800, "en")
    assert (made.conversation, made.customer_id) == (FAN, users(world)[0].user_id)
    assert (users(world)[0].fields.email, users(world)[0].fields.conversations) == (EMAIL, [FAN])
    world.say("order 1 t-shirt")
    assert world.text.startswith("1 x T-shirt: € 24.50 in all.")
    world.say("yes")
    assert order(world).items[0].name == "T-shirt"


def test_it_is_the_same_in_dutch(world):
    world.say("nl")
    world.say("koop twee vip-pakketten")
    assert "e-mailadres" in world.text
    world.say(EMAIL)
    assert world.text.endswith("2 x VIP package: samen € 198,00. Zal ik dat bestellen?")
    world.say("ja graag")
    assert order(world).language == "nl"


def test_a_fan_who_just_wants_to_buy_chooses(world):
    world.say("buy")
    assert "• T-shirt, € 24.50\n• VIP package, € 99.00" in world.text
    assert titles(world) == ["T-shirt", "VIP package", "Never mind"]
    world.press("VIP package")
    assert "e-mail" in world.text
    assert state(world).wish == "1 vip-package"


def test_the_order_is_of_the_campaign_that_is_played(world):
    world.scan()
    for said in ("buy a t-shirt", EMAIL, "yes"):
        world.say(said)
    assert order(world).campaign_id == "birthday-bash"


def test_a_fan_asks_how_the_order_stands(world):
    world.say("my order")
    assert "not ordered anything" in world.text
    for said in ("buy a t-shirt", EMAIL, "yes"):
        world.say(said)
    order_id = order(world).order_id
    world.say("status")
    assert f"waits for you to pay: 1 x T-shirt, € 24.50 in all. https://fans.example/payments/{order_id}" in world.text
    world.shop.orders.pay_with(order_id, "pm_card_visa")
    world.say("mijn bestelling")
    assert "is being processed" in world.text
    world.shop.process()
    world.shop.run(order_id)
    world.say("my order")
    assert "Paid, and yours: 1 x T-shirt" in world.text


# ─── what cannot be ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "answer", "buttons"),
    [
        ("buy a spaceship", "That is not for sale here. This is:", ["T-shirt", "VIP package", "Never mind"]),
        ("buy 4 vip packages", "only 3 left", ["1 x VIP package", "3 x VIP package", "Never mind"]),
        ("buy 1001 t-shirts", "1 to 5", ["1 x T-shirt", "5 x T-shirt", "Never mind"]),
        ("buy 0 t-shirts", "1 to 5", ["1 x T-shirt", "5 x T-shirt", "Never mind"]),
    ],
)
def test_what_cannot_be_bought_is_told_with_a_way_out(world, said, answer, buttons):
    world.say(said)
    assert answer in world.text
    assert titles(world) == buttons
    world.press(buttons[0])
    assert "e-mail" in world.text
    assert world.shop.table.writes == []


def test_what_is_sold_out_is_told_with_what_there_is():
    world = a_shop(VIP, Product(product_id="cap", name="Cap", price_cents=1000))
    world.say("buy 2 caps")
    assert "sold out" in world.text
    assert titles(world) == ["VIP package", "Never mind"]


def test_where_nothing_is_sold_nothing_is_offered():
    world = a_shop()
    world.say("buy 2 caps")
    assert world.text.endswith("Nothing is for sale right now.")
    assert titles(world) == []


def test_what_may_mean_several_products_is_asked():
    names = ("Shirt black", "Shirt white")
    world = a_shop(*(Product(product_id=n[6:], name=n, price_cents=1, stock=9) for n in names))
    world.say("buy 2 shirts")
    assert titles(world) == [*names, "Never mind"]
    world.press("Shirt white")
    assert state(world).wish == "2 white"


def test_what_was_taken_out_of_sale_before_the_yes_is_not_ordered(world):
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    world.shop.products.delete("t-shirt", None, Act("anna", 1, "deleted"))
    world.say("yes")
    assert "not for sale" in world.text
    assert titles(world) == ["VIP package", "Never mind"]
    assert state(world).order == ""


def test_a_customer_who_was_deleted_is_asked_for_an_address_again(world):
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    user = users(world)[0]
    world.users.change(user.user_id, None, lambda _: UserFields(email=EMAIL, name="Anna"))  # no chat goes with it
    world.users.delete(user.user_id, None)
    world.say("yes")
    assert "e-mail address" in world.text
    world.say("other@example.org")
    world.say("yes")
    assert order(world).customer_id == users(world)[0].user_id


@pytest.mark.parametrize("said", ["anna@", "@example.org", "my address", "a@b", "anna@exa mple"])
def test_what_is_no_address_is_asked_again(world, said):
    world.say("buy a t-shirt")
    world.say(said)
    assert "not an e-mail address" in world.text
    assert users(world) == []
    world.say(EMAIL)
    assert "Shall I order that?" in world.text


def test_another_address_may_be_given(world):
    world.say("buy a t-shirt")
    world.say("ana@example.org")
    world.press("Other e-mail")
    world.say(EMAIL)
    world.say("yes")
    [customer] = [user for user in users(world) if user.user_id == order(world).customer_id]
    assert customer.fields.email == EMAIL


def test_a_fan_may_think_better_of_it(world):
    for said in ("buy a t-shirt", EMAIL, "never mind"):
        world.say(said)
    assert world.text == "All right, nothing is ordered."
    world.say("yes")
    assert world.shop.table.writes == []


def test_a_button_of_an_earlier_summary_orders_nothing(world):
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    old = world.replies[-1].choices[0].payload
    world.say("buy 2 vip packages")
    world.hear(world.message("choice", payload=old, text="Order it"))
    assert "earlier choice" in world.text
    assert world.shop.table.writes == []


def test_yes_counts_right_after_the_summary_only_and_its_button_as_long_as_it_stands(world):
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    yes = world.replies[-1].choices[0].payload
    world.say("help")
    world.say("yes")
    assert world.shop.table.writes == []
    world.hear(world.message("choice", payload=yes, text="Order it"))
    assert order(world).items[0].name == "T-shirt"


def test_the_same_yes_again_is_the_same_order(world):
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    message = world.message(text="yes")
    first = world.hear(message)
    world.conversations.write(Delete(FAN, f"turn#{3:07}"))  # as if whoever took it had died before it was written
    assert world.hear(message) == first
    assert len(list(world.shop.orders._store.unpaid())) == 1  # noqa: SLF001


# ─── whose address it is ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_somebody_has_is_answered_as_one_that_nobody_has_and_gives_no_hold_on_them(world):
    world.users.create(UserFields(email=EMAIL, name="Anna"), Act("", 0, "anna"))
    world.say("buy a t-shirt")
    with_user = world.say("ANNA@example.org")
    other = a_shop(VIP, SHIRT)
    other.say("buy a t-shirt")
    assert [reply.text for reply in with_user] == [reply.text for reply in other.say(EMAIL)]
    world.say("yes")
    assert order(world).customer_id == "anna"
    assert world.users.get("anna").fields.conversations == []
    world.say("delete my data")
    world.press("Delete my data")
    assert world.users.get("anna").fields.email == EMAIL


def test_a_fan_whom_the_organiser_knows_by_this_chat_is_not_asked(world):
    world.users.create(UserFields(email=EMAIL, name="Anna", conversations=[FAN]), Act("", 0, "anna"))
    world.say("buy a t-shirt")
    assert "Shall I order that?" in world.text
    assert EMAIL not in world.text
    world.say("yes")
    assert order(world).customer_id == "anna"


def test_a_user_who_was_made_in_the_chat_is_forgotten_with_it(world):
    for said in ("buy a t-shirt", EMAIL, "yes", "delete my data"):
        world.say(said)
    world.press("Delete my data")
    assert users(world) == []
    world.say("my order")
    assert "not ordered anything" in world.text


def test_no_line_of_log_holds_the_address_or_what_is_bought(world):
    for said in ("buy a t-shirt", EMAIL, "yes"):
        world.say(said)
    assert EMAIL not in str(world.lines)
    assert "hirt" not in str(world.lines)


# ─── beside a quiz ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_quiz_waits_and_goes_on(world):
    world.scan()
    world.answer()
    before = state(world)
    for said in ("buy a t-shirt", EMAIL):
        world.say(said)
    world.press("Order it")
    assert "Question 2 of 3" in world.text
    assert [choice.title for choice in world.replies[-1].choices] == ["House", "A waltz"]
    kept = {"question", "correct", "attempt", "step", "campaign"}
    assert {name: getattr(state(world), name) for name in kept} == {name: getattr(before, name) for name in kept}
    world.answer()
    world.answer()
    assert world.replies[-1].ticket


def test_an_answer_that_is_typed_instead_of_an_address_is_an_answer(world):
    world.scan()
    world.say("buy a t-shirt")
    world.say("on a boat")
    assert world.text.startswith("Right!")
    world.say(EMAIL)
    assert "Shall I order that?" in world.text


def asked_for_dessert(world, accept):
    question = replace(world.campaign.questions[2], accept={"en": accept, "nl": accept})
    world.campaigns.save(replace(world.campaign, questions=(question,), pass_mark=1))
    world.scan()


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("order of the phoenix", "You did it"),  # the right answer
        ("order of the dragon", "You had 0 of 1 right"),  # names nothing that is sold: an answer, and a wrong one
        ("buy a t-shirt", "e-mail address"),
        ("buy", "This is for sale"),
    ],
)
def test_in_a_free_text_question_a_wish_counts_where_it_names_what_is_sold(world, said, reply):
    asked_for_dessert(world, ["order of the phoenix"])
    world.say(said)
    assert reply in world.text


def test_a_right_answer_that_is_for_sale_is_an_answer(world):
    asked_for_dessert(world, ["buy a t-shirt"])
    world.say("buy a t-shirt")
    assert "You did it" in world.text


def test_another_campaign_keeps_what_was_ordered(world):
    world.campaigns.save(a_campaign(campaign_id="other", ref="other", name="Another"))
    for said in ("buy a t-shirt", EMAIL, "yes"):
        world.say(said)
    world.scan("other")
    world.say("my order")
    assert "1 x T-shirt" in world.text


def test_a_preview_sells_nothing(world):
    preview = world.preview()
    conversation = "web:birthday-bash:preview:s"
    [reply] = preview.answer(world.message(text="buy a t-shirt", conversation=conversation, campaign="birthday-bash"))
    assert "Nothing is for sale" in reply.text


# ─── whatever fans send ────────────────────────────────────────────────────────────────────────────────────────────

WORDS = "bash|buy|buy 2 vip packages|koop 9 t-shirts|anna@example.org|b@example.org|yes|no|my order|help|stop|start|on a boat"
SAID = st.sampled_from(f"{WORDS}|house|burnt cream|nl|delete my data|buy a boat|x@|delete:yes|restart".split("|"))
ACTS = st.lists(SAID | st.integers(0, 13), max_size=14)


@given(ACTS)
def test_every_order_was_asked_for_and_every_reply_is_within_the_limits(acts):
    world = a_shop(VIP, SHIRT)
    confirmed = 0
    for act in acts:
        choices = [choice for reply in world.replies for choice in reply.choices]
        if isinstance(act, int) and choices:
            choice = choices[act % len(choices)]
            confirmed += choice.payload.startswith("buy:yes:")
            world.hear(world.message("choice", payload=choice.payload, text=choice.title))
        else:
            confirmed += act == "yes" and state(world).asked == "order"
            world.say(str(act))
        for reply in world.replies:
            assert len(reply.text) <= 2000
            assert len(reply.choices) <= 13
            assert all(1 <= len(choice.title) <= 20 for choice in reply.choices)
    made = list(world.shop.orders._store.unpaid())  # noqa: SLF001
    assert len(made) == confirmed
    assert world.shop.queue.messages == []


def test_ids_of_orders_are_new_in_every_summary(world):
    world.say("buy a t-shirt")
    world.say(EMAIL)
    drafts = {state(world).draft}
    for _ in itertools.repeat(None, 3):
        world.say("buy a t-shirt")
        drafts.add(state(world).draft)
    assert len(drafts) == 4
