"""What the dialogue asks of the features below it. There are two of each: the real ones, and those of `preview`."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.campaigns.model import Stored
    from chalicelib.dialogue.model import Buy, Message, State
    from chalicelib.orders.model import Order
    from chalicelib.products.model import Product
    from chalicelib.tickets.model import Entry


class Campaigns(Protocol):
    def playing(self, campaign_id: str) -> "Stored | None":
        """The campaign as fans play it now, or None."""

    def named(self, ref: str) -> str:
        """The id of the campaign that this ref starts, or empty."""


class Tickets(Protocol):
    def entry(self, stored: "Stored", conversation: str) -> "Entry":
        """What this fan did in the campaign before."""

    def code(self, campaign_id: str, entry: "Entry") -> str:
        """The code of the ticket that the entry won, or empty."""

    def come(self, stored: "Stored", conversation: str, entry: "Entry") -> None:
        """The fan comes, as the entry has it."""

    def begin(self, stored: "Stored", conversation: str, entry: "Entry") -> str:
        """The fan begins the last of the entry's attempts: empty, or the code of the ticket that they hold already."""

    def left(self, campaign_id: str) -> int:
        """How many tickets are left."""

    def sold_out(self, campaign_id: str) -> bool:
        """Whether every ticket was taken."""

    def take(self, stored: "Stored", conversation: str) -> str:
        """A ticket for this fan: its code; the one that they hold already; or empty when all are taken."""

    def lose(self, stored: "Stored", conversation: str) -> str:
        """The fan finished without winning: empty, or the code of the ticket that they hold all the same."""


class Shop(Protocol):
    def order(self, order_id: str) -> "Order | None":
        """An order as it is now, or None."""

    def products(self) -> "tuple[Product, ...]":
        """What is sold, sold out or not."""

    def new_id(self) -> str:
        """An unguessable id for an order."""

    def customer_of(self, conversation: str) -> str:
        """The id of a user whose chat this is, or empty."""

    def introduce(self, message: "Message", email: str) -> str:
        """The id of the user who has this address, a new one where there is none; the same for the same message."""

    def buy(self, buy: "Buy", message: "Message", state: "State") -> "Order":
        """The order, made of what the fan said yes to; the same one for the same id. `Invalid` names what there is not."""
