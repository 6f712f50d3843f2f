"""What a turn may need to know, and how the bot says things in it. Pure."""

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.campaigns.model import Campaign
from chalicelib.dialogue import texts
from chalicelib.dialogue.model import Reply, State, Turn
from chalicelib.tickets.model import Entry

if TYPE_CHECKING:
    from chalicelib.orders.model import Order
    from chalicelib.products.model import Product

DISCLOSURE_GAP = 24 * 60 * 60 * 1000
"""Milliseconds of silence after which the bot says again that it is automated, as Meta asks:
https://developers.facebook.com/docs/messenger-platform/policy ."""


class Scene(NamedTuple):
    """What a turn may need to know besides the conversation and the message."""

    now: float
    """Seconds since the epoch."""
    tickets_url: str
    """Where tickets are shown: a ticket's code is added to it."""
    campaign: Campaign | None = None
    """The campaign that the message is about: named by its link or button, or the one being played."""
    entry: Entry | None = None
    """What the fan did in this campaign before; given where the conversation does not play it yet."""
    source: str = ""
    """Of the link that the fan came to this campaign by first, or empty; given where `entry` is."""
    held: str = ""
    """The code of the ticket that the entry won, or empty."""
    sold_out: bool = False
    elsewhere: tuple[tuple[Campaign, str], ...] = ()
    """The tickets that the fan holds in other campaigns, and their codes; given where `asks_for_tickets`."""
    order: "Order | None" = None
    """The order that has ended, or that the fan asks for; given where `asks_for_order`."""
    products: "tuple[Product, ...]" = ()
    """What is sold; given, as the next two, where `asks_for_shop`."""
    customer: str = ""
    """The user whose chat this is, or empty."""
    new_order: str = ""
    """An unguessable id, for an order that is made of this."""


def say(state: State, campaign: Campaign | None, key: str, **values: object) -> str:
    return texts.say(state.language, key, campaign=campaign.name if campaign else "", **values)


def disclosed(turn: Turn) -> tuple[Reply, ...]:
    """The replies, the first of which says that we are automated, unless it says so already or there is none to say it to."""
    automated = texts.say(turn.state.language, "automated")
    if not turn.replies or automated in turn.replies[0].text:
        return turn.replies
    first = turn.replies[0]
    return (first._replace(text=f"{automated} {first.text}"), *turn.replies[1:])
