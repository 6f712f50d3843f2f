"""Orders: accepted once, paid once, then placed or undone.

The workflow (infra/order_workflow.asl.json) asks for one step after the other: `validate`, `pay`, `reserve`, `place`, and `undo` where one
of them says no, or fails for good. Each may be asked again, late, and beside another: whether an order goes on or is undone is decided by
one conditional write, and once it is undone neither the provider takes its money nor a product its pieces. At last `notify` has a fan told
who ordered in a chat; whatever becomes of that, the order stays as it is.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from msgspec.structs import replace

from chalicelib.aws.queues import Outgoing
from chalicelib.aws.workflows import Workflow
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import FieldError, Invalid, NotFound, Unavailable
from chalicelib.idempotency import Act
from chalicelib.logs import Log
from chalicelib.orders.model import (
    ACCEPTED,
    FAILED,
    FREE,
    MOST_CENTS,
    PLACED,
    REFUNDED,
    REJECTED,
    Chat,
    Event,
    Item,
    NewOrder,
    Order,
    OrderMessage,
    Status,
    Step,
    Wish,
)
from chalicelib.orders.store import OrderStore
from chalicelib.payments.model import DECLINED, PAID, Charge, Payments
from chalicelib.payments.model import Status as PaymentStatus
from chalicelib.products.model import Stored

ATTEMPTS = 8
"""At changing an order that others change at the same moment: each time, one of them has done it."""

SEND_AGAIN = 60_000
"""Milliseconds after which an order that nobody has begun is sent to the queue again."""
CONFIRM_WITHIN = 180_000
"""Milliseconds that a customer has to confirm a payment: the workflow ends after 300 seconds."""
PAY_WITHIN = 24 * 3600_000
"""Milliseconds that a customer has to say how they pay. Nothing is reserved meanwhile."""
HANGS = 15 * 60_000
"""Milliseconds after which an order that has not ended is undone: three times as long as a workflow takes at most."""

_OUR_FAULT = ("failed", "hung")
"""Reasons for which an order is FAILED, where nothing was charged; for all others it is REJECTED."""


class Products(Protocol):
    def get(self, product_id: str) -> Stored:
        """The product, or `NotFound`."""

    def reserve(self, order_id: str, pieces: dict[str, int]) -> bool: ...
    def release(self, order_id: str, pieces: dict[str, int]) -> None: ...


class Customers(Protocol):
    def get(self, user_id: str) -> object:
        """The user, or `NotFound`."""

    def tell(self, conversation: str, order_id: str) -> None:
        """Have them told in their chat what has become of an order, or raise `Unavailable`; the same order again changes nothing."""


class Queue(Protocol):
    def send(self, messages: Sequence[Outgoing]) -> None:
        """Keep the messages, or raise `Unavailable`."""


class Orders:
    def __init__(
        self,
        store: OrderStore,
        *,
        products: Products,
        customers: Customers,
        payments: Callable[[], Payments],
        queue: Queue,
        workflow: Workflow,
        clock: Clock,
        log: Log,
    ) -> None:
        self._store = store
        self._products = products
        self._customers = customers
        self._payments = payments
        self._queue = queue
        self._workflow = workflow
        self._clock = clock
        self._log = log

    def get(self, order_id: str) -> Order:
        """The order as it is now, or `NotFound`."""
        order = self._store.get(order_id)
        if order is None:
            raise NotFound("There is no such order")
        return order

    # From the API and the queue to the workflow

    def accept(self, new: NewOrder, act: Act) -> Order:
        """Keep a new order, and have it processed; the same act again is the same order. `Invalid` names what there is not."""
        items = self._checked(new)
        order = self._kept(hashlib.sha256(act.id.encode()).hexdigest()[:24], new, items, act.at)
        self._put_forward(order)
        return order

    def take_down(self, order_id: str, new: NewOrder, chat: Chat) -> Order:
        """Keep a new order whose customer has yet to say how they `pay_with`; the same id again is the same order. `Invalid` as above.

        The id opens the page where they pay, so nobody can guess it.
        """
        items = self._checked(new)
        order = self._kept(order_id, new, items, milliseconds(self._clock), chat)
        return order if order.total_cents else self.pay_with(order_id, FREE)

    def pay_with(self, order_id: str, method: str) -> Order:
        """Have an order processed that waited for this payment method; any other stays as it is. `NotFound` where there is none."""
        order = self._change(
            order_id,
            lambda order: (
                self._at(replace(order, payment_method=method, payment_url=""), "METHOD_GIVEN")
                if order.awaits_method
                else order
            ),
            self._store.put_forward,
        )
        if order.is_open and not order.has("BEGUN"):
            self._put_forward(order)
        return order

    def process(self, message: OrderMessage, beside: str) -> None:
        """Have the workflow do an order, once: one that waits in the queue only is made.

        What a workflow could not do to the end is done here: one that is being undone is undone, and the fan is told of one that has ended.

        `beside` is the ARN of the queue.
        """
        order = self._store.get(message.order_id) or self._kept(
            message.order_id, message, self._priced(message.items), milliseconds(self._clock)
        )
        if order.is_open:
            self._workflow.start(order.order_id, order.message(), beside)
        else:
            self.undo(order.order_id)
            self.notify(order.order_id)

    # The workflow's steps

    def validate(self, order_id: str) -> bool:
        """Whether the order can be charged."""
        order = self._noted(order_id, "BEGUN")
        wrong = [*self._unknown(order.customer_id), *_wrong(order.items)]
        if wrong:
            self._blamed(order_id, f"invalid_{wrong[0].field}")
        return not wrong and order.is_open

    def pay(self, order_id: str) -> PaymentStatus:
        """Charge the order, or find out what has become of the charge."""
        order = self.get(order_id)
        charge = self._charged(order)
        match charge.status:
            case "paid":
                self._noted(order_id, "PAID", payment_url="")
            case "action_required":
                order = self._noted(order_id, "ACTION_REQUIRED", payment_url=charge.url)
                asked = order.when("ACTION_REQUIRED") or order.created_at
                if milliseconds(self._clock) - asked > CONFIRM_WITHIN:
                    charge = charge._replace(status=DECLINED, reason="not_confirmed")
        if charge.status == DECLINED:
            self._blamed(order_id, charge.reason or "declined")
        return charge.status

    def reserve(self, order_id: str) -> bool:
        """Keep the pieces for the order: False where there are too few, or the order has ended."""
        if not self._products.reserve(order_id, self.get(order_id).pieces):
            self._blamed(order_id, "out_of_stock")
            return False
        self._noted(order_id, "RESERVED")
        return True

    def place(self, order_id: str) -> Status:
        """The order is done, where it is paid and reserved and not being undone; answers its status."""

        def placed(order: Order) -> Order:
            done = order.is_open and order.has("PAID") and order.has("RESERVED")
            return self._at(order, PLACED, PLACED) if done else order

        return self._change(order_id, placed, self._store.end).status

    def undo(self, order_id: str, why: str = "failed") -> Status:
        """Give back whatever the order has taken, and end it; an order that has ended stays as it is. Answers its status.

        `why` counts where no step has said so.
        """
        order = self._change(
            order_id,
            lambda order: self._at(replace(order, reason=order.reason or why), "UNDOING") if order.is_open else order,
            self._store.replace,
        )
        if order.status != ACCEPTED:
            return order.status
        refunded = self._payments().refund(order_id)
        self._products.release(order_id, order.pieces)
        unpaid = FAILED if order.reason in _OUR_FAULT else REJECTED
        status = REFUNDED if refunded else unpaid

        def ended(order: Order) -> Order:
            return self._at(replace(order, payment_url=""), status, status) if order.status == ACCEPTED else order

        order = self._change(order_id, ended, self._store.end)
        self._log("order", order=order_id, outcome=order.status, reason=order.reason)
        return order.status

    def notify(self, order_id: str) -> None:
        """Have the fan told who ordered in a chat, once the order has ended. The chat's name is not kept any longer."""
        order = self.get(order_id)
        if order.conversation and order.status != ACCEPTED:
            self._customers.tell(order.conversation, order_id)
            self._change(order_id, self._notified, self._store.end)

    def payment_ended(self, order_id: str, charge: Charge) -> None:
        """Take note of what became of a payment: an order that has ended without it gives it back. The workflow asks by itself."""
        order = self.get(order_id)
        if charge.status == PAID and order.status in (REJECTED, REFUNDED, FAILED):
            self._payments().refund(order_id)

    # What nobody does any more

    def sweep(self, remaining: Callable[[], int], reserve: int) -> None:
        """Send orders again that nobody has begun, and undo those that hang, or that nobody pays.

        The rest comes with the next sweep where time runs short.
        """
        now = milliseconds(self._clock)
        for found, patience, sweep in (
            (self._store.waiting(), SEND_AGAIN, self._swept),
            (self._store.unpaid(), PAY_WITHIN, self._given_up),
        ):
            for waiting in found:
                age = now - waiting.since
                if age < patience or remaining() < reserve:
                    break
                try:
                    sweep(waiting.order_id, age)
                except Unavailable as error:
                    self._log("unswept", order=waiting.order_id, reason=str(error), failures=1)

    def _swept(self, order_id: str, age: int) -> None:
        order = self.get(order_id)
        if age > HANGS:
            self.undo(order_id, "hung")
            self.notify(order_id)
        elif order.is_open and not order.has("BEGUN"):
            self._send(order)

    def _given_up(self, order_id: str, _age: int) -> None:
        self.undo(order_id, "not_paid")
        self.notify(order_id)

    # What it is made of

    def _put_forward(self, order: Order) -> None:
        try:
            self._send(order)
        except Unavailable as error:  # it is kept, so `sweep` sends it
            self._log("unsent", order=order.order_id, reason=str(error), failures=1)

    def _send(self, order: Order) -> None:
        self._queue.send([Outgoing(json.dumps(order.message()))])

    def _checked(self, new: NewOrder) -> tuple[Item, ...]:
        """The items and their prices, or `Invalid`."""
        items = self._priced(new.items)
        if wrong := [*self._unknown(new.customer_id), *_wrong(items)]:
            raise Invalid("The order cannot be accepted", tuple(wrong))
        return items

    def _kept(self, order_id: str, new: NewOrder, items: tuple[Item, ...], at: int, chat: Chat | None = None) -> Order:
        order = Order(
            order_id=order_id,
            customer_id=new.customer_id,
            items=items,
            total_cents=_total(items),
            payment_method=new.payment_method,
            campaign_id=new.campaign_id,
            created_at=at,
            updated_at=at,
            timeline=(Event(at, "ACCEPTED"),),
        )
        if chat:
            order = replace(self._at(order, "METHOD_REQUIRED"), channel=chat.channel, **chat._asdict())
        return order if self._store.create(order) else self.get(order_id)

    def _priced(self, wishes: Iterable[Wish]) -> tuple[Item, ...]:
        return tuple(self._item(wish) for wish in wishes)

    def _item(self, wish: Wish) -> Item:
        bare = Item(product_id=wish.product_id, quantity=wish.quantity)
        try:
            product = self._products.get(wish.product_id).product
        except NotFound:
            return bare
        return replace(bare, name=product.name, price_cents=product.price_cents)

    def _unknown(self, customer_id: str) -> list[FieldError]:
        try:
            self._customers.get(customer_id)
        except NotFound as error:
            return [FieldError("customerId", str(error))]
        return []

    def _charged(self, order: Order) -> Charge:
        if not order.total_cents:
            return Charge(PAID, "")
        return self._payments().charge(order.order_id, order.total_cents, order.currency, order.payment_method)

    def _noted(self, order_id: str, what: Step, **fields: str) -> Order:
        """The order with this in its timeline: written once, and never into one that has ended or is being undone."""
        return self._change(
            order_id,
            lambda order: self._at(replace(order, **fields), what) if order.is_open and not order.has(what) else order,
            self._store.replace,
        )

    def _blamed(self, order_id: str, reason: str) -> None:
        """Keep why the order will be undone: the first reason counts."""
        self._change(
            order_id,
            lambda order: replace(order, reason=order.reason or reason) if order.is_open else order,
            self._store.replace,
        )

    def _notified(self, order: Order) -> Order:
        told = self._at(order, "NOTIFIED", order.status)
        return replace(told, conversation="") if order.conversation else order

    def _at(self, order: Order, what: Step, status: Status = ACCEPTED) -> Order:
        now = milliseconds(self._clock)
        return replace(order, status=status, timeline=(*order.timeline, Event(now, what)))

    def _change(self, order_id: str, changed: Callable[[Order], Order], write: Callable[[Order, Order], bool]) -> Order:
        """Write what `changed` makes of the order, where that is something else, and answer it.

        `write` is the store's `replace`, or its `end` where that ends the order: few steps have the right to end one.
        """
        for _ in range(ATTEMPTS):
            old = self.get(order_id)
            new = changed(old)
            if new == old:
                return old
            new = replace(new, updated_at=milliseconds(self._clock), version=old.version + 1)
            if write(old, new):
                return new
        raise Unavailable(f"Too many are changing the order {order_id} at once: try again")


def _total(items: Iterable[Item]) -> int:
    return sum((item.price_cents or 0) * item.quantity for item in items)


def _wrong(items: Sequence[Item]) -> Iterable[FieldError]:
    for index, item in enumerate(items):
        if item.price_cents is None:
            yield FieldError(f"items[{index}].productId", f"There is no product {item.product_id}")
    if _total(items) > MOST_CENTS:
        yield FieldError("items", f"cost {_total(items)} cents; the limit of an order is {MOST_CENTS}")
