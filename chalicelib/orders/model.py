"""An order: what somebody buys, what they owe, and what has become of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from chalicelib.errors import FieldError
from chalicelib.products.model import Currency, ProductId
from chalicelib.validation import Body

MOST_ITEMS = 20
"""Two writes each: they fit into one transaction, and so do all pieces of an order."""
MOST_CENTS = 99_999_999
"""https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""

Status = Literal["ACCEPTED", "PLACED", "REJECTED", "REFUNDED", "FAILED"]
ACCEPTED: Status = "ACCEPTED"
PLACED: Status = "PLACED"
REJECTED: Status = "REJECTED"
REFUNDED: Status = "REFUNDED"
FAILED: Status = "FAILED"

Step = Literal[
    "ACCEPTED",
    "METHOD_REQUIRED",
    "METHOD_GIVEN",
    "BEGUN",
    "ACTION_REQUIRED",
    "PAID",
    "RESERVED",
    "UNDOING",
    "PLACED",
    "REJECTED",
    "REFUNDED",
    "FAILED",
    "NOTIFIED",
]
"""What a timeline tells."""

OrderId = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="1 to 64 of A-Z, a-z, 0-9, _ and -")]
FREE = "free"
"""The payment method of what costs nothing."""
CustomerId = Annotated[str, Meta(min_length=1, max_length=100)]
CampaignId = Annotated[
    str, Meta(pattern="^[a-z0-9-]{0,40}$", description="The campaign that sold it, for its statistics; or empty")
]
Quantity = Annotated[int, Meta(ge=1, le=1000)]
PaymentMethod = Annotated[
    str, Meta(pattern="^[!-~]{1,100}$", description="the payment provider's name for it, such as pm_card_visa")
]


class Wish(Body, frozen=True, kw_only=True):
    product_id: ProductId
    quantity: Quantity


class NewOrder(Body, frozen=True, kw_only=True):
    customer_id: CustomerId
    items: Annotated[list[Wish], Meta(min_length=1, max_length=MOST_ITEMS, description="Each product once")]
    payment_method: PaymentMethod
    campaign_id: CampaignId = ""

    @classmethod
    def compared(cls, fields: Mapping[str, Any]) -> Iterable[FieldError]:
        """A product that is named twice."""
        items = fields.get("items")
        named = (
            [item.get("productId") if isinstance(item, dict) else None for item in items or ()]
            if isinstance(items, list)
            else []
        )
        times = Counter(name for name in named if isinstance(name, str))
        for index, name in enumerate(named):
            if isinstance(name, str) and times[name] > 1 and name in named[:index]:
                yield FieldError(f"items[{index}].productId", f"{name} is there already: add to its quantity")


class Chat(NamedTuple):
    """Where a fan orders who says later how they pay."""

    conversation: str
    language: Literal["en", "nl"]
    payment_url: str
    """The page where they will."""
    source: str = ""
    """Of the link by which they came to the campaign, or empty."""

    @property
    def channel(self) -> str:
        return self.conversation.partition(":")[0]


class OrderMessage(NewOrder, frozen=True, kw_only=True):
    """What waits in the queue."""

    order_id: OrderId


class Item(Struct, frozen=True, kw_only=True, rename="camel"):
    """What of a product is ordered, as it was called and cost when the order was accepted."""

    product_id: str
    quantity: int
    name: str = ""
    price_cents: int | None = None
    """None: there was no such product."""


class Event(Struct, frozen=True):
    at: Annotated[int, Meta(description="Milliseconds since the epoch")]
    what: Step


class Order(Struct, frozen=True, kw_only=True, rename="camel"):
    order_id: str
    customer_id: str
    items: tuple[Item, ...]
    total_cents: int
    payment_method: str
    """Empty while the customer has yet to say how they pay."""
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    status: Status = ACCEPTED
    currency: Currency = "EUR"
    reason: str = ""
    """Why it did not come to be placed: for programs."""
    payment_url: str = ""
    """Where the customer pays, or confirms the payment, while that is needed."""
    campaign_id: str = ""
    conversation: str = ""
    """The chat in which it was ordered, until the fan was told there what became of it."""
    channel: str = ""
    """Of that chat: messenger, slack or web; empty for what was ordered elsewhere."""
    source: str = ""
    """Of the link by which the fan came to the campaign, or empty."""
    language: Literal["", "en", "nl"] = ""
    """The customer's, where it is known."""
    timeline: tuple[Event, ...] = ()
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it goes on: it has not ended, and nothing of it is being undone."""
        return self.status == ACCEPTED and not self.has("UNDOING")

    @property
    def awaits_method(self) -> bool:
        """Whether it waits for the customer to say how they pay."""
        return self.is_open and not self.payment_method

    @property
    def since(self) -> int:
        """When it was to be processed; or when it was accepted, where it is not to be yet."""
        return self.when("METHOD_GIVEN") or self.created_at

    @property
    def pieces(self) -> dict[str, int]:
        return {item.product_id: item.quantity for item in self.items}

    def has(self, what: Step) -> bool:
        return self.when(what) is not None

    def when(self, what: Step) -> int | None:
        return next((event.at for event in self.timeline if event.what == what), None)

    def message(self) -> dict[str, Any]:
        """For the queue, and for the workflow."""
        return {
            "orderId": self.order_id,
            "customerId": self.customer_id,
            "items": [{"productId": item.product_id, "quantity": item.quantity} for item in self.items],
            "paymentMethod": self.payment_method,
        }


class Waiting(NamedTuple):
    """An order that has not ended."""

    order_id: str
    since: int
