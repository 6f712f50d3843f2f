"""What a fan finds on their own page in the app: the campaigns that they came to, and their tickets."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chalicelib.campaigns.model import Campaign
from chalicelib.dialogue import texts
from chalicelib.dialogue.engine import card
from chalicelib.dialogue.model import Choice, Reply, State

MOST_SHOWN = 10
"""Campaigns: each is two reads."""

START = "start:"
"""A button's payload that brings the fan to the campaign whose ref follows."""


class Played(NamedTuple):
    """A campaign that the fan came to."""

    campaign: Campaign
    attempts: int
    """How many the fan began."""
    ticket: str
    """The code of the ticket that the fan holds, or empty."""
    sold_out: bool


def page(state: State, played: Iterable[Played], now: float, tickets_url: str) -> Reply:
    """The page, at `now` (seconds since the epoch), for a fan whose conversation stands at `state`."""
    parts = tuple(_parts(state, played, now, tickets_url))
    language = state.language
    if not parts:
        text = "\n".join(texts.say(language, key) for key in ("home_empty", "no_campaign"))
        return Reply("", page=(Reply(text),))
    return Reply("", page=(Reply(texts.say(language, "home")), *parts))


def _parts(state: State, played: Iterable[Played], now: float, tickets_url: str) -> Iterator[Reply]:
    for one in played:
        if one.ticket:
            yield card(state.language, one.campaign, one.ticket, tickets_url)
        else:
            yield _standing(state, one, now)


def _standing(state: State, played: Played, now: float) -> Reply:
    """How a fan without a ticket stands in a campaign, and a button where there is something to be done."""
    campaign, language = played.campaign, state.language
    here = state.campaign == campaign.campaign_id
    opening = campaign.opening(now)
    if opening != "open":
        when = campaign.opens(campaign.language(language), now)
        return Reply(texts.say(language, opening, campaign=campaign.name, when=when))
    if here and state.step == "question":
        return _button(state, campaign, "home_question", "home_button")
    if played.sold_out:
        return Reply(texts.say(language, "sold_out", campaign=campaign.name))
    if here and state.step in {"", "consent"}:
        return _button(state, campaign, "home_begin", "start_button")
    if played.attempts < campaign.attempts:
        return _button(state, campaign, "home_retry", "retry_button")
    return Reply(texts.say(language, "no_attempts", campaign=campaign.name))


def _button(state: State, campaign: Campaign, text: str, title: str) -> Reply:
    number, count = state.question + 1, len(campaign.questions)
    said = texts.say(state.language, text, campaign=campaign.name, number=number, count=count)
    return Reply(said, (Choice(texts.say(state.language, title), f"{START}{campaign.ref}"),))
