"""An order was placed: whoever ordered gets a receipt, as HTML and as text; in all our languages, where theirs is not known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.aws.mails import Mail
from chalicelib.errors import NotFound
from chalicelib.logs import Log
from chalicelib.pages.money import money
from chalicelib.reactions.listeners import Heard
from chalicelib.reactions.once import Once
from chalicelib.reactions.texts import MAIL
from chalicelib.users.model import User


class Item(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def quantity(self) -> int: ...
    @property
    def price_cents(self) -> int | None: ...


class Order(Protocol):
    @property
    def order_id(self) -> str: ...
    @property
    def items(self) -> Sequence[Item]: ...
    @property
    def total_cents(self) -> int: ...
    @property
    def language(self) -> str: ...


class Orders(Protocol):
    def get(self, order_id: str) -> Order:
        """The order as it is now, or `NotFound`."""


class Users(Protocol):
    def get(self, user_id: str) -> User:
        """The user as it is now, or `NotFound`."""


class Addresses(Protocol):
    def may_mail(self, address: str) -> bool: ...


class Mailer(Protocol):
    def send(self, mail: Mail) -> None: ...


class Receipts:
    def __init__(  # each is a thing of its own
        self, orders: Orders, users: Users, addresses: Addresses, mailer: Mailer, *, once: Once, log: Log
    ) -> None:
        self._orders = orders
        self._users = users
        self._addresses = addresses
        self._mailer = mailer
        self._once = once
        self._log = log
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )

    def send(self, heard: Heard) -> None:
        """At most once an order. A user who was deleted since, or cannot be reached, gets none."""
        placed = heard.order
        try:
            email = self._users.get(placed.customer_id).fields.email
        except NotFound:
            self._log("no_receipt", order=placed.order_id, reason="deleted")
            return
        if not self._addresses.may_mail(email):
            self._log("no_receipt", order=placed.order_id, reason="refused")
            return
        mail = self._written(email, self._orders.get(placed.order_id))
        self._once.at_most(placed.order_id, "send-email", lambda: self._mailer.send(mail))

    def _written(self, to: str, order: Order) -> Mail:
        spoken = {order.language: MAIL[order.language]} if order.language else MAIL
        values = {"order": order, "texts": spoken, "money": money}
        text, html = (self._templates.get_template(f"receipt.{kind}").render(values) for kind in ("txt", "html"))
        subject = " · ".join(say["subject"].format(order_id=order.order_id) for say in spoken.values())
        return Mail(to, subject, text, html)
