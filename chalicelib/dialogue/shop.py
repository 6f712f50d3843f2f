"""What the dialogue asks of products, users and orders."""

from collections.abc import Callable
from typing import cast

from chalicelib import ids
from chalicelib.campaigns.model import Language
from chalicelib.clock import Clock, milliseconds
from chalicelib.dialogue.model import Buy, Message, State
from chalicelib.errors import NotFound
from chalicelib.idempotency import Act
from chalicelib.orders.model import Chat, NewOrder, Order, Wish
from chalicelib.orders.service import Orders
from chalicelib.products.model import Product
from chalicelib.products.service import Products
from chalicelib.users.service import Users

MOST_PRODUCTS = 100
"""More are not offered in the chat."""


class Shop:
    """Fans pay at `base_url`."""

    def __init__(
        self,
        orders: Orders,
        products: Products,
        users: Users,
        base_url: str,
        clock: Clock,
        new_id: Callable[[], str] = ids.unguessable,
    ) -> None:
        self._orders = orders
        self._products = products
        self._users = users
        self._base_url = base_url
        self._clock = clock
        self.new_id = new_id

    def order(self, order_id: str) -> Order | None:
        """See `needs.Shop`, as all of these."""
        try:
            return self._orders.get(order_id)
        except NotFound:
            return None

    def products(self) -> tuple[Product, ...]:
        return tuple(self._products.page("", MOST_PRODUCTS)[0])

    def customer_of(self, conversation: str) -> str:
        return next(iter(self._users.of(conversation)), "")

    def introduce(self, message: Message, email: str) -> str:
        """Whoever has the address is the customer, and nothing of them is shown: their chats stay theirs."""
        act = Act("chat", milliseconds(self._clock), ids.digest(message.conversation, message.id, length=22))
        return self._users.introduce(email, message.conversation, act)

    def buy(self, buy: Buy, message: Message, state: State) -> Order:
        wish = Wish(product_id=buy.product_id, quantity=buy.quantity)
        new = NewOrder(customer_id=buy.customer, items=[wish], payment_method="", campaign_id=state.campaign)
        language = cast("Language", state.language)
        url = f"{self._base_url}/payments/{buy.order_id}"
        return self._orders.take_down(buy.order_id, new, Chat(message.conversation, language, url, state.source))
