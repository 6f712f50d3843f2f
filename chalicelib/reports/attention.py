"""What a person should look at: each watch knows one kind of it."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from chalicelib.products.model import Product
from chalicelib.reports.model import Need, Report

GIVEN_UP = (
    "inbound-dlq.fifo",
    "outbound-dlq.fifo",
    "order-processing-dlq",
    "publish-changes-dlq",
    "count-changes-dlq",
    "count-orders-dlq",
    "count-turns-dlq",
    "mail-events-dlq",
    "send-email-dlq",
    "update-inventory-dlq",
    "notify-warehouse-dlq",
    "alert-dlq",
    "reports-dlq",
)
"""The stage's queues of dead letters."""

LOW = 10
"""Percent, as of the alarm `stock-low`."""

LIVELY = 20
"""Messages a day that do not stop by chance."""

MOST_PRODUCTS = 100
"""That are looked at."""


class Waiting(Protocol):
    def waiting(self) -> int:
        """How many messages are in a queue, or nearly."""


class Products(Protocol):
    def page(self, after: str, limit: int) -> tuple[list[Product], str]: ...


class DeadLetters:
    """In these queues, by name, lies what nobody could handle."""

    def __init__(self, queues: Mapping[str, Waiting]) -> None:
        self._queues = queues

    def needs(self, report: Report) -> Iterator[Need]:  # noqa: ARG002  # they are of the stage, whichever campaign is reported
        for name, queue in self._queues.items():
            if count := queue.waiting():
                yield Need("dead_letters", name, count)


class UnreachableFans:
    """On this day a reply to them could not be sent, for the first time: they have blocked the chat, or left."""

    def needs(self, report: Report) -> Iterator[Need]:
        if count := report.of_day.whole.unreachable:
            yield Need("unreachable_fans", amount=count)


class LowStock:
    """Of a campaign's tickets, and of products."""

    def __init__(self, products: Products) -> None:
        self._products = products

    def needs(self, report: Report) -> Iterator[Need]:
        stock, left = report.campaign.stock, report.tickets_left
        if stock and not report.is_last and 100 * left <= LOW * stock:
            yield Need("stock_low" if left else "sold_out", amount=left)
        for product in self._products.page("", MOST_PRODUCTS)[0]:
            every = product.stock + product.reserved + product.sold
            if every and 100 * product.stock <= LOW * every:
                yield Need("stock_low", product.name, product.stock)


class SilentChannels:
    """One that brought messages the day before, and none on this day, has perhaps lost its webhook."""

    def needs(self, report: Report) -> Iterator[Need]:
        for channel, before in report.of_day_before.by_channel.items():
            now = report.of_day.by_channel.get(channel)
            if before.messages_in >= LIVELY and not report.is_last and not (now and now.messages_in):
                yield Need("silent", channel, before.messages_in)
