"""Several of one fan's messages at the same time, and turns that were begun and never written."""

import pytest

from chalicelib.aws.tables import Create
from chalicelib.dialogue.service import ATTEMPTS
from chalicelib.errors import Unavailable
from tests.fakes.table import MemoryTable
from tests.world import World


class Contested(MemoryTable):
    """Before each write of a turn, something else happens, as long as there is something."""

    def __init__(self):
        super().__init__()
        self.meanwhile = []

    def write(self, *steps):
        if self.meanwhile and isinstance(steps[0], Create):
            self.meanwhile.pop(0)()
        super().write(*steps)


@pytest.fixture
def world():
    return World(conversations=Contested())


def elsewhere(world, message):
    """The message is handled by another container, to the end."""
    return lambda: world.dialogue.answer(message)


def test_of_two_messages_at_once_the_second_is_answered_from_where_the_first_led(world):
    world.scan()
    right = world.replies[0].choices[1]
    first = world.message("choice", payload=right.payload)
    world.conversations.meanwhile = [elsewhere(world, first)]
    [reply] = world.press(right.title)
    assert reply.text.startswith("That button belongs to an earlier question.")
    assert "Question 2 of 3" in reply.text


def test_a_message_that_is_handled_twice_at_once_gets_one_answer(world):
    message = world.message("start", ref="bash")
    answers = []
    world.conversations.meanwhile = [lambda: answers.append(world.dialogue.answer(message))]
    assert [world.hear(message)] == answers
    assert world.dialogue.turn(message).newest


def test_a_message_that_always_comes_second_is_to_be_sent_again(world):
    world.scan()
    others = [world.message(text="help") for _ in range(ATTEMPTS)]
    message = world.message(text="hulp")
    world.conversations.meanwhile = [
        act
        for other in others
        for act in (elsewhere(world, other), lambda: None)  # each writes, too
    ]
    with pytest.raises(Unavailable, match="send this one again"):
        world.hear(message)
    assert "Question 1 of 3" in world.hear(message)[0].text


def test_a_ticket_that_was_won_in_a_turn_that_was_never_written_is_shown_by_whatever_comes_next(world):
    world.scan()
    world.answer()
    world.answer()

    def crash():
        raise ConnectionError

    world.conversations.meanwhile = [crash]
    with pytest.raises(ConnectionError):
        world.answer()
    assert world.campaigns.tickets_left("birthday-bash") == 24
    words, card = world.say("restart")
    assert "You hold a ticket" in words.text
    assert world.keys.verify(card.ticket)
    assert world.campaigns.tickets_left("birthday-bash") == 24
