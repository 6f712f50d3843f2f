"""The edges of orders that are not HTTP: the queue, the workflow's steps, the schedule."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib import batch, validation
from chalicelib.errors import Unavailable
from chalicelib.orders.model import OrderMessage
from chalicelib.orders.service import Orders

LONGEST_UNDOING = 10_000
"""Milliseconds that undoing one order may take."""

Outcome = dict[str, Any]


class OrderQueue:
    def __init__(self, queue: batch.Queue, orders: Orders) -> None:
        self._queue = queue
        self._orders = orders

    def handle(self, event: Mapping[str, Any], remaining: Callable[[], int]) -> batch.Failures:
        """Have a batch of orders processed (an SQS event); see `batch.process`. What is no order is a failed record."""
        return batch.process(event, remaining, self._queue, self._process)

    def _process(self, record: batch.Record) -> None:
        self._orders.process(validation.decode(record.body.encode(), OrderMessage), record.source)


class OrderSteps:
    """The workflow's steps, by the names of infra/order_workflow.asl.json. Each gets the message of an order, and answers an outcome.

    An error named `Unavailable` passes by itself, so the workflow tries again; any other is for good.
    """

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def validate(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            return {"valid": self._orders.validate(event["orderId"])}

    def pay(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            return {"paymentStatus": self._orders.pay(event["orderId"]).upper()}

    def reserve(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            return {"reserved": self._orders.reserve(event["orderId"])}

    def place(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            return {"status": self._orders.place(event["orderId"])}

    def undo(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            return {"status": self._orders.undo(event["orderId"])}

    def notify(self, event: Mapping[str, Any]) -> Outcome:
        with _named():
            self._orders.notify(event["orderId"])
            return {"notified": True}


class OrderSweeper:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def handle(self, remaining: Callable[[], int]) -> None:
        """Run on a schedule; see `Orders.sweep`."""
        self._orders.sweep(remaining, LONGEST_UNDOING)


@contextmanager
def _named() -> Iterator[None]:
    """Step Functions knows an error by the name of its very class."""
    try:
        yield
    except Unavailable as error:
        raise Unavailable(str(error)) from error
