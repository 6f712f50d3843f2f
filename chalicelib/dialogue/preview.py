"""What a dialogue needs to play a campaign as it stands, open whatever its state, with nothing taken and nobody counted."""

from typing import NoReturn

from msgspec.structs import replace

from chalicelib.campaigns.model import Stored
from chalicelib.campaigns.service import Campaigns
from chalicelib.dialogue.model import Buy, Message, State
from chalicelib.errors import Invalid, NotFound
from chalicelib.products.model import Product
from chalicelib.tickets.model import PREVIEW, Entry


class PreviewCampaigns:
    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    def playing(self, campaign_id: str) -> Stored | None:
        """As it was saved a moment ago: who looks at it may be changing it."""
        try:
            stored = self._campaigns.stored(campaign_id)
        except NotFound:
            return None
        opened = replace(stored.campaign, state="live", opens_at=None, closes_at=None)
        return stored._replace(campaign=opened, sources={})

    def named(self, ref: str) -> str:  # noqa: ARG002  # of `needs.Campaigns`
        """None: a preview stays with its campaign."""
        return ""


class PreviewShop:
    """Nothing is sold."""

    def order(self, order_id: str) -> None:  # of `needs.Shop`, as all of these
        pass

    def products(self) -> tuple[Product, ...]:
        return ()

    def new_id(self) -> str:
        return ""

    def customer_of(self, conversation: str) -> str:  # noqa: ARG002
        return ""

    def introduce(self, message: Message, email: str) -> str:  # noqa: ARG002
        return ""

    def buy(self, buy: Buy, message: Message, state: State) -> NoReturn:  # noqa: ARG002
        raise Invalid("A preview sells nothing")


class PreviewTickets:
    """There are always some, and whoever wins gets the one that opens no door."""

    def entry(self, stored: Stored, conversation: str) -> Entry:  # noqa: ARG002  # of `needs.Tickets`, as all of these
        return Entry()

    def code(self, campaign_id: str, entry: Entry) -> str:  # noqa: ARG002
        return ""

    def come(self, stored: Stored, conversation: str, entry: Entry) -> None:
        pass

    def begin(self, stored: Stored, conversation: str, entry: Entry) -> str:  # noqa: ARG002
        return ""

    def left(self, campaign_id: str) -> int:  # noqa: ARG002
        return 1

    def sold_out(self, campaign_id: str) -> bool:  # noqa: ARG002
        return False

    def take(self, stored: Stored, conversation: str) -> str:  # noqa: ARG002
        return PREVIEW

    def lose(self, stored: Stored, conversation: str) -> str:  # noqa: ARG002
        return ""
