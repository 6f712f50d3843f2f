"""Buying in the chat: what is for sale, for whom, whether that is what they want, and where they pay. Pure, as the engine is.

A fan names a product; is asked once for the e-mail address of the receipt; sees what it comes to, and says yes: then the order is made, and
the fan gets the address of the page where they pay. What the campaign asks meanwhile waits, and is asked again afterwards.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from chalicelib import validation
from chalicelib.dialogue import texts, wishes
from chalicelib.dialogue.model import Buy, Choice, Introduce, Message, Reply, State, Turn
from chalicelib.dialogue.wishes import Wish
from chalicelib.errors import Invalid
from chalicelib.pages.money import money
from chalicelib.products.model import Product
from chalicelib.users.model import UserFields

if TYPE_CHECKING:
    from chalicelib.orders.model import Order

MOST_PIECES = 1000
MOST_CENTS = 99_999_999
"""Of an order: the limits of `orders.model`, which the bot does without loading."""
MOST_SHOWN = 12
"""Products: with the way out, as many choices as Messenger takes."""
TITLE = 20
"""Characters of a choice's title."""

PREFIX = "buy:"
"""Of what the buttons send: `buy:yes:<order>`, `buy:no`, `buy:email` (another address), `buy:item:<how many>:<product>`."""

_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")
_REASONS = {
    "not_paid": "order_not_paid",
    "not_confirmed": "order_not_confirmed",
    "out_of_stock": "order_out_of_stock",
}
"""Why an order came to nothing, where that is not the payment's fault."""


class Piece(Protocol):
    @property
    def quantity(self) -> int: ...
    @property
    def name(self) -> str: ...


class Stall:
    """One turn at it. `products` is what is sold, `customer` the fan as a user, if known, `new_order` the id that an order would get.

    `aside` makes the turn of a text that is not about the campaign: its question is asked again, where one is being asked.
    """

    def __init__(
        self,
        state: State,
        products: Sequence[Product],
        customer: str,
        new_order: str,
        aside: Callable[[State, str], Turn],
    ) -> None:
        self._state = state._replace(asked="", customer=state.customer or customer)
        self._products = products
        self._new_order = new_order
        self._aside = aside

    def pressed(self, payload: str) -> Turn:
        """A button of ours, or yes and no in its place."""
        match payload.removeprefix(PREFIX).split(":"):
            case ["yes", order_id] if order_id and order_id == self._state.draft:
                return self._buy()
            case ["no"]:
                return self._aside(self._state._replace(wish="", draft=""), self._text("buy_cancelled"))
            case ["email"] if self._state.wish:
                return self._ask_address("buy_email")
            case ["item", quantity, product_id] if quantity.isascii() and quantity.isdecimal():
                return self._wants(product_id, min(int(quantity[:9]), wishes.MOST))
        return self.offer("buy_stale")

    def offer(self, key: str, shown: Sequence[Product] | None = None, quantity: int = 1) -> Turn:
        """What is for sale, or some of it, after the text of this key."""
        there = [product for product in (self._products if shown is None else shown) if product.stock]
        if not there:
            return self._aside(self._state, self._text("buy_nothing"))
        there = there[:MOST_SHOWN]
        lines = [f"• {product.name}, {self._money(product.price_cents)}" for product in there]
        choices = {_title(product.name): f"{PREFIX}item:{quantity}:{product.product_id}" for product in there}
        return self._say("\n".join((self._text(key), *lines)), *choices.items())

    def wants(self, wish: Wish) -> Turn:
        """What is meant by a wish, which names something or nothing."""
        quantity, indices = wishes.meant(wish, [product.name for product in self._products])
        if not wish.words:
            return self.offer("buy_offer", quantity=wish.quantity)
        match [self._products[index] for index in indices]:
            case []:
                return self.offer("buy_unknown")
            case [product]:
                return self._wants(product.product_id, quantity)
            case several:
                return self.offer("buy_which", several, quantity)

    def names(self, wish: Wish) -> bool:
        """Whether a wish names something that is for sale, or nothing at all."""
        return not wish.words or bool(wishes.meant(wish, [product.name for product in self._products])[1])

    def hears_address(self, text: str) -> Turn:
        """The address that the fan gives, which the service makes a user of; or the question again."""
        address = _ADDRESS.search(text)
        email = address[0].strip(".!?'\"()[]") if address else ""
        try:
            validation.convert({"email": email, "name": "a fan"}, UserFields)
        except Invalid:
            return self._ask_address("buy_email_wrong")
        return Turn(self._state._replace(customer=""), (), Introduce(email))

    def goes_on(self) -> Turn:
        """With what the fan wanted, now that we know who they are."""
        quantity, _, product_id = self._state.wish.partition(" ")
        return self._wants(product_id, int(quantity)) if product_id else self.offer("buy_offer")

    def bought(self, order: "Order") -> Turn:
        """The order is made."""
        state = self._state._replace(order=order.order_id, wish="", draft="")
        return self._aside(state, standing(state.language, order))

    def refused(self, *, customer: bool) -> Turn:
        """The order could not be made: the customer is not there any more, or what they wanted is not."""
        if customer:
            self._state = self._state._replace(customer="")
            return self._ask_address("buy_email")
        self._state = self._state._replace(wish="", draft="")
        return self.offer("buy_unknown")

    def _wants(self, product_id: str, quantity: int) -> Turn:
        product = next((product for product in self._products if product.product_id == product_id), None)
        if product is None:
            return self.offer("buy_unknown")
        if not product.stock:
            return self.offer("buy_sold_out")
        most = min(MOST_PIECES, MOST_CENTS // max(product.price_cents, 1))
        if not 1 <= quantity <= most:
            return self._how_many("buy_limit", product, min(most, product.stock))
        if quantity > product.stock:
            return self._how_many("buy_left", product, product.stock)
        self._state = self._state._replace(wish=f"{quantity} {product_id}", draft="")
        return self._sum_up(product, quantity) if self._state.customer else self._ask_address("buy_email")

    def _how_many(self, key: str, product: Product, most: int) -> Turn:
        text = texts.say(self._state.language, key, most=most, name=product.name)
        numbers = sorted({1, most})
        return self._say(
            text,
            *(
                (_title(f"{number} x {product.name}"), f"{PREFIX}item:{number}:{product.product_id}")
                for number in numbers
            ),
        )

    def _ask_address(self, key: str) -> Turn:
        self._state = self._state._replace(asked="email", draft="")
        return self._say(self._text(key))

    def _sum_up(self, product: Product, quantity: int) -> Turn:
        self._state = self._state._replace(asked="order", draft=self._new_order)
        text = texts.say(
            self._state.language,
            "buy_summary",
            items=f"{quantity} x {product.name}",
            total=self._money(quantity * product.price_cents),
        )
        return self._say(
            text, (self._text("buy_yes"), f"{PREFIX}yes:{self._new_order}"), (self._text("buy_other"), f"{PREFIX}email")
        )

    def _buy(self) -> Turn:
        quantity, _, product_id = self._state.wish.partition(" ")
        return Turn(self._state, (), Buy(self._state.draft, self._state.customer, product_id, int(quantity)))

    def _say(self, text: str, *choices: tuple[str, str]) -> Turn:
        """A reply with a way out."""
        out = (self._text("buy_no"), f"{PREFIX}no")
        return Turn(self._state, (Reply(text, tuple(Choice(*choice) for choice in (*choices, out))),))

    def _text(self, key: str) -> str:
        return texts.say(self._state.language, key)

    def _money(self, cents: int) -> str:
        return money(cents, self._state.language)


def command(state: State, message: Message, word: str) -> str:
    """The command of ours that a message is, or empty. `word` is the command that its words are elsewhere."""
    if message.kind == "choice":
        return message.payload if message.payload.startswith(PREFIX) or message.payload in {"shop", "order"} else ""
    if state.asked == "order" and word in {"yes", "no"}:
        return f"{PREFIX}yes:{state.draft}" if word == "yes" else f"{PREFIX}no"
    return word if word in {"shop", "order"} else ""


def gives_address(state: State, message: Message) -> bool:
    """Whether a message may be the address that we asked for, or the one that the fan gives anew."""
    return message.kind == "text" and bool(state.wish) and not state.draft and "@" in message.text


def standing(language: str, order: "Order") -> str:
    """How an order stands, for who made it."""
    values = {
        "items": listed(order.items),
        "total": money(order.total_cents, language),
        "url": order.payment_url,
        "why": _why(language, order.reason),
    }
    key = order.status.lower()
    if order.status == "ACCEPTED":
        key = "waits" if order.payment_url else "accepted"
    return texts.say(language, f"order_{key}", **values)


def listed(pieces: Iterable[Piece]) -> str:
    """`2 x VIP package, 1 x Cap`."""
    return ", ".join(f"{piece.quantity} x {piece.name}" for piece in pieces)


def _why(language: str, reason: str) -> str:
    invalid = "order_invalid" if reason.startswith("invalid_") else "order_declined"
    return texts.say(language, _REASONS.get(reason, invalid))


def _title(text: str) -> str:
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"
