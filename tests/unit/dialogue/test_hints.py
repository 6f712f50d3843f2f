"""A question's hint comes with help, and when a typed answer is none of the choices; never of its own accord."""

import pytest

HINT = "You may live in one."


@pytest.fixture
def asked(world):
    """The fan is asked the second question, which has a hint."""
    world.scan()
    world.answer()
    assert HINT not in world.text
    return world


@pytest.mark.parametrize("typed", ["help", "a tango perhaps"])
def test_a_fan_who_needs_it_gets_the_hint_and_the_question_again(asked, typed):
    asked.say(typed)
    assert HINT in asked.text
    assert "Question 2 of 3" in asked.text


def test_the_hint_is_in_the_language_of_the_fan(asked):
    asked.say("nederlands")
    asked.say("hulp")
    assert "Je kunt er in wonen." in asked.text


def test_a_picture_brings_no_hint(asked):
    asked.hear(asked.message("media", media="image"))
    assert HINT not in asked.text
