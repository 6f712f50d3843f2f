"""Whatever may be saved fits one message of 2,000 characters: see docs/campaigns.md."""

import pytest

from chalicelib.campaigns.validation import decode
from tests.builders import a_campaign_document
from tests.world import World

MOST = 2_000
NAME = "Wolfeschlegelsteinhausenbergerdorff"


def said(most):
    return {"en": "x" * most, "nl": "x" * most}


def longest(**changes):
    """A campaign of which no text can be longer."""
    question = {
        "kind": "choice",
        "text": said(600),
        "hint": said(300),
        "choices": [{"id": f"c{index}", "text": {"en": f"{index:020}", "nl": f"{index:020}"}} for index in range(13)],
        "answer": "c0",
    }
    document = a_campaign_document(
        name="n" * 80,
        prize=said(80),
        welcome=said(400),
        terms={"url": "https://x/" + "y" * 190, "text": said(300), **changes},
        questions=[{"id": f"q{index}", **question} for index in range(20)],
    )
    return decode(document)


def replies(world):
    """Every kind of reply around the questions."""
    yield from world.scan()
    if world.campaign.terms.consent == "ask":
        yield from world.press(world.replies[-1].choices[0].title)
    for text in ("help", "none of these", "🎂", "x" * 2_000, "nl", "hulp", "iets anders"):
        yield from world.say(text)
    for _ in world.campaign.questions:
        payload = world.replies[-1].choices[1].payload
        yield from world.hear(world.message("choice", payload=payload))


@pytest.mark.parametrize("consent", ["notice", "ask"])
def test_the_longest_campaign_is_played_in_single_messages(consent):
    texts = [reply.text.replace("{name}", NAME) for reply in replies(World(longest(consent=consent)))]
    assert len(texts) > 25
    assert max(map(len, texts)) <= MOST
