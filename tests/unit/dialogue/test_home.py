"""The fan's own page in the app, and the command that shows all tickets."""

import pytest

from chalicelib.campaigns.model import Terms
from tests.builders import a_campaign
from tests.world import FAN, World

OTHER = a_campaign(campaign_id="summer-gala", name="Summer Gala", ref="gala")


@pytest.fixture
def world():
    return World()


@pytest.fixture
def both(world):
    world.campaigns.save(OTHER)
    return world


def page(world):
    [reply] = world.hear(world.message("home"))
    return reply.page


def test_who_has_not_played_is_told_how_to_begin(world):
    [part] = page(world)
    assert part.text.startswith("You have not played yet.\nScan the QR code")


def test_the_page_shows_where_the_fan_stands_and_a_way_on(world):
    world.scan()
    world.answer()
    heading, part = page(world)
    assert heading.text == "Your campaigns and tickets"
    assert part.text == "Birthday Bash: you are at question 2 of 3."
    world.replies = (part,)
    world.press("Go on")
    assert "Question 2 of 3" in world.text


def test_the_page_shows_tickets_and_other_campaigns_the_latest_first(both):
    _, won = both.play()
    both.scan("gala")
    _, gala, bash = page(both)
    assert gala.text == "Summer Gala: you are at question 1 of 3."
    assert bash == won


def test_the_page_speaks_the_fans_language(world):
    world.scan(locale="nl")
    assert page(world)[0].text == "Jouw campagnes en tickets"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": "ended"}, "Birthday Bash is over. Thank you for being here!"),
        ({"state": "paused"}, "Birthday Bash is taking a short break. Your place is kept: try again in a while."),
        ({}, "Birthday Bash: no ticket yet, but you may try again."),
        ({"attempts": 1}, "That was your last attempt for Birthday Bash. Thank you for playing!"),
    ],
)
def test_the_page_says_why_there_is_no_ticket(world, changes, text):
    world.play(right=False)
    world.campaigns.save(a_campaign(**changes))
    world.clock.now += 60
    assert page(world)[1].text == text


def test_the_page_says_that_all_tickets_are_taken():
    world = World(a_campaign(stock=1))
    world.play(conversation="messenger:1000:3000")
    world.scan()
    assert page(world)[1].text.startswith("Every ticket for Birthday Bash is taken.")


def test_a_fan_who_has_not_agreed_to_the_terms_can_begin_from_the_page():
    world = World(a_campaign(terms=Terms(url="https://terms.example", consent="ask")))
    world.scan()
    assert page(world)[1].text == "Birthday Bash: you have not begun yet."


def test_looking_at_the_page_is_no_turn(world):
    world.scan()
    before = list(world.conversations)
    page(world)
    assert list(world.conversations) == before


def test_the_page_of_a_fan_who_had_everything_deleted_is_empty(world):
    world.play()
    world.say("delete my data")
    world.say("yes")
    [part] = page(world)
    assert part.text.startswith("You have not played yet.")


def test_the_page_goes_to_its_channel_as_one_reply(world):
    world.scan()
    world.inbox.accept([world.message("home", origin={"tab": "home"})])
    world.bot.handle(world.inbound.event(), lambda: 30_000)
    world.sender.handle(world.outbound.event(), lambda: 30_000)
    [delivery] = world.channel.deliveries
    assert delivery.conversation == FAN
    assert delivery.reply.page[0].text == "Your campaigns and tickets"


def test_a_fan_who_asks_for_tickets_gets_those_of_all_campaigns(both):
    _, first = both.play()
    both.scan("gala")
    shown = both.say("my tickets")
    assert shown[0] == first
    assert "Question 1 of 3" in shown[1].text
    for _ in OTHER.questions:
        both.answer()
    codes = {reply.ticket for reply in both.say("tickets") if reply.card}
    assert {both.keys.verify(code).campaign_id for code in codes} == {"birthday-bash", "summer-gala"}
