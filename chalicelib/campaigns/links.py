"""The links that bring fans to a campaign, for posters and profiles."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import quote

from chalicelib.campaigns.model import Campaign, marked
from chalicelib.errors import Conflict

Place = Literal["messenger", "web"]
"""Where a link leads. Slack's links carry no ref (https://docs.slack.dev/interactivity/deep-linking): there, fans type it."""


class Links:
    """Of a stage whose pages are at `base_url`, and that answers for the Messenger page with this id, if any."""

    def __init__(self, base_url: str, page_id: Callable[[], str]) -> None:
        self._base_url = base_url
        self._page_id = page_id

    def every(self, campaign: Campaign, source: str = "") -> dict[str, str]:
        """The links that there are, by where they lead."""
        page = self._page_id()
        to_messenger = {"messenger": messenger(page, campaign, source)} if page else {}
        return {**to_messenger, "web": web(self._base_url, campaign, source)}

    def to(self, place: Place, campaign: Campaign, source: str = "") -> str:
        links = self.every(campaign, source)
        if place not in links:
            raise Conflict(
                "This stage has no Messenger page: put its page_id into the secret messenger, or ask for to=web"
            )
        return links[place]


def web(base_url: str, campaign: Campaign, source: str = "") -> str:
    """To the web chat."""
    return f"{base_url}/chat/{campaign.campaign_id}" + (f"?source={source}" if source else "")


def messenger(page: str, campaign: Campaign, source: str = "") -> str:
    """To the page with this name or id: https://developers.facebook.com/docs/messenger-platform/discovery/m-me-links ."""
    return f"https://m.me/{quote(page)}?ref={quote(marked(campaign.ref, source), safe='')}"
