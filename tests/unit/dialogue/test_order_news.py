"""The bot tells a fan what has become of an order."""

import json

import pytest
from pytest_chalice.handlers import RequestHandler

from chalicelib.idempotency import Act
from chalicelib.users.model import UserFields
from tests.builders import a_campaign
from tests.fakes.web import application
from tests.world import FAN, World

SESSION = "s" * 22
WEB = f"web:birthday-bash:{SESSION}"


@pytest.fixture
def world():
    world = World(a_campaign())
    world.users.create(UserFields(email="anna@example.org", name="Anna"), Act("", 0, "anna"))
    world.shop.stock(shirt=3)
    return world


def buys(world, conversation=FAN, method="pm_card_visa", **items):
    """Orders, pays, and has it done by the workflow; what bot and sender then sent."""
    world.shop.buy_in_chat(method, conversation=conversation, **items)
    return delivered(world)


def delivered(world):
    assert world.bot.handle(world.inbound.event(), lambda: 30_000)["batchItemFailures"] == []
    world.inbound.clear()
    world.sender.handle(world.outbound.event(), lambda: 30_000)
    world.outbound.clear()
    sent, world.channel.deliveries = world.channel.sent, []
    return [reply for _, reply in sent]


def test_a_fan_who_paid_reads_it_in_the_chat_and_in_its_language(world):
    world.say("nl")
    [reply] = buys(world, shirt=2)
    assert reply.text == "Betaald, en van jou: 2 x Shirt. De bon is onderweg naar je e-mailadres."


@pytest.mark.parametrize(
    ("method", "pieces", "said"),
    [
        ("pm_card_chargeDeclined", 1, "1 x Shirt. The payment was declined. Nothing was charged."),
        ("pm_card_visa", 9, "9 x Shirt. Others were faster: there are not that many left. You get your € 179.91 back."),
    ],
)
def test_a_fan_whose_order_came_to_nothing_reads_why_and_what_became_of_the_money(world, method, pieces, said):
    world.say("help")
    [reply] = buys(world, method=method, shirt=pieces)
    assert reply.text.endswith(said)


def test_a_question_that_is_being_asked_is_asked_again_with_its_buttons(world):
    world.scan()
    state = world.dialogue._conversations.load(FAN).state  # noqa: SLF001  # as it is kept
    [reply] = buys(world, shirt=1)
    assert reply.text.startswith("Paid, and yours: 1 x Shirt.")
    assert "Question 1 of 3" in reply.text
    assert [choice.title for choice in reply.choices] == ["In the kitchen", "On a boat", "In the gym"]
    assert world.dialogue._conversations.load(FAN).state == state  # noqa: SLF001
    world.replies = (reply,)
    assert "Question 2 of 3" in world.answer()[0].text


def test_a_fan_is_told_once_however_often_the_news_comes(world):
    world.say("help")
    assert len(buys(world, shirt=1)) == 1
    world.inbound.forget()
    world.outbound.forget()
    world.users.tell(FAN, "an-unguessable-id")
    world.outbound.forget()
    assert len(delivered(world)) <= 1, "sent again under the same id, as any reply is"
    world.say("help")
    world.inbound.forget()
    world.users.tell(FAN, "an-unguessable-id")
    assert delivered(world) == []


def test_on_the_web_the_page_shows_it_with_the_transcript_and_nothing_is_sent(world):
    world.say("start", conversation=WEB, campaign="birthday-bash")
    assert buys(world, conversation=WEB, shirt=1) == []
    client = RequestHandler(application(world))
    messages = client.get(f"/chat/birthday-bash/messages?session={SESSION}").json["messages"]
    assert [message["from"] for message in messages] == ["fan", "bot", "bot"]
    assert messages[-1]["text"].startswith("Paid, and yours: 1 x Shirt.")


@pytest.mark.parametrize(("hours", "told"), [(23, 1), (25, 0)])
def test_in_messenger_nobody_is_told_a_day_after_they_last_wrote(world, hours, told):
    world.say("help")
    world.clock.now += hours * 3600
    assert len(buys(world, shirt=1)) == told


def test_elsewhere_they_are(world):
    world.sender._channels["slack"] = world.channel  # noqa: SLF001  # the world has one fake for all platforms
    world.say("help", conversation="slack:T1:U1")
    world.clock.now += 25 * 3600
    assert len(buys(world, conversation="slack:T1:U1", shirt=1)) == 1


def test_who_asked_for_silence_or_to_be_forgotten_is_not_told(world):
    world.say("stop")
    assert buys(world, shirt=1) == []
    assert buys(world, conversation="messenger:1000:3000", shirt=1) == []
    assert list(world.conversations.query("messenger:1000:3000")) == []


def test_the_news_is_no_sign_of_life_of_the_fan(world):
    world.say("help")
    at = world.dialogue._conversations.load(FAN).state.last_at  # noqa: SLF001  # as it is kept
    world.clock.now += 3600
    buys(world, shirt=1)
    assert world.dialogue._conversations.load(FAN).state.last_at == at  # noqa: SLF001


def test_no_line_of_log_holds_what_was_bought(world):
    world.say("help")
    buys(world, shirt=1)
    assert "Shirt" not in json.dumps(world.lines)
