"""Fans who wait for a campaign to open, or play one that will close, and what they are told then. Pure."""

from collections.abc import Mapping
from typing import Literal

from chalicelib.campaigns.model import Campaign, Opening
from chalicelib.dialogue import asking
from chalicelib.dialogue.model import Act, Choice, Reply, State, Turn
from chalicelib.dialogue.scene import DISCLOSURE_GAP, Scene, disclosed, say

_DAY = 24 * 60 * 60 * 1000
REACH: Mapping[str, int] = {"messenger": _DAY, "slack": 30 * _DAY}
"""For how many milliseconds after a fan's last message a channel takes what we say unasked: Messenger's is its standard messaging window
(https://developers.facebook.com/docs/messenger-platform/policy/policy-overview), Slack's is as long as we remember the fan. On no other
channel is a fan told: the web chat's page shows it to those who come back."""

DUE: Mapping[Act, tuple[Opening, ...]] = {"opening": ("open", "ended"), "closing": ("ended",)}
"""When those who wait for an act are told: as soon as their campaign is so. An opening that never comes ends a wait, too."""


def notice(state: State, channel: str, scene: Scene) -> Turn | None:
    """What a fan is told whose wait (`state.waits`) for the scene's campaign may be over: None when it is not.

    Nothing is said to a fan who cannot be reached any more; the wait is over all the same.
    """
    campaign, act = scene.campaign, state.waits
    assert campaign and act  # noqa: S101, PT018  # who waits, waits for something
    if campaign.opening(scene.now) not in DUE[act]:
        return None
    then, silence = waiting(state, scene), scene.now * 1000 - state.last_at
    if not reaches(channel, silence):
        return Turn(then, ())
    turn = Turn(then, (_news(state, campaign, scene),))
    return turn._replace(replies=disclosed(turn)) if silence > DISCLOSURE_GAP else turn


def reaches(channel: str, silence: float) -> bool:
    """Whether we may speak unasked to a fan whose last message is so many milliseconds ago; on the web chat's page, always."""
    return silence <= REACH.get(channel, silence)


def waiting(state: State, scene: Scene) -> State:
    """The state with what the fan waits for in it: who came before it opened, or in a pause; or who plays what will close."""
    campaign = scene.campaign
    if campaign is None or campaign.campaign_id != state.campaign:
        return state
    waits: Act | Literal[""] = ""
    opening = campaign.opening(scene.now)
    if state.stopped or state.ticket:
        waits = ""
    elif opening == "open":
        waits = "closing" if campaign.closes_at and state.step in {"consent", "question"} else ""
    elif opening != "ended" and (state.step != "finished" or state.attempt < campaign.attempts):
        waits = "opening"
    return state._replace(waits=waits)


def _news(state: State, campaign: Campaign, scene: Scene) -> Reply:
    """That the campaign is open, or over, and why."""
    if campaign.opening(scene.now) == "ended":
        when = campaign.closes(asking.spoken(state, campaign), scene.now)
        return Reply(say(state, campaign, "closed" if campaign.time_is_up(scene.now) else "ended", when=when))
    if scene.sold_out and state.step != "question":  # who is at a question may go on to the end
        return Reply(say(state, campaign, "sold_out"))
    return Reply(say(state, campaign, "opened"), (Choice(say(state, campaign, "start_button"), "start"),))
