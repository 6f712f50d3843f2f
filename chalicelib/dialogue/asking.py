"""The question that is being asked, and what answers it. Pure."""

from chalicelib.campaigns.model import Campaign, Language, Question
from chalicelib.dialogue import matching
from chalicelib.dialogue.model import State


def closed(campaign: Campaign, now: float) -> bool:
    return campaign.opening(now) != "open"


def asked(state: State, campaign: Campaign) -> Question:
    """The question that is being asked; the last one where the organiser has taken questions out meanwhile."""
    return campaign.questions[min(state.question, len(campaign.questions) - 1)]


def answers(state: State, campaign: Campaign | None, text: str) -> bool:
    """Whether a typed text is the right answer to the question that is being asked."""
    if campaign is None or state.campaign != campaign.campaign_id or state.step != "question":
        return False
    return is_right(asked(state, campaign), text)


def is_right(question: Question, text: str) -> bool:
    """Whether a typed text answers a free-text question; a right answer in any of the campaign's languages is right."""
    return matching.accepts(text, [answer for answers in question.accept.values() for answer in answers])


def payload(state: State, campaign: Campaign, question: Question) -> str:
    """Of the buttons of a question: they count for this campaign, attempt and question only."""
    return f"answer:{campaign.campaign_id}:{state.attempt}:{question.id}"


def spoken(state: State, campaign: Campaign) -> Language:
    """The fan's language, as far as the campaign speaks it."""
    return campaign.language(state.language)
