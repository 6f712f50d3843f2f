"""An order was placed: its pieces are sold."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.logs import Log
from chalicelib.products.model import Stored
from chalicelib.reactions.listeners import Heard


class Products(Protocol):
    def sell(self, order_id: str, pieces: Mapping[str, int]) -> bool:
        """Count reserved pieces as sold; False where that was done before."""

    def get(self, product_id: str) -> Stored: ...


class Inventory:
    def __init__(self, products: Products, log: Log) -> None:
        self._products = products
        self._log = log

    def sell(self, heard: Heard) -> None:
        """Once an order, by the reservation itself. What is left of each product is measured, for the alarm `stock-low`."""
        order = heard.order
        if self._products.sell(order.order_id, {line.product_id: line.quantity for line in order.items}):
            for line in order.items:
                product = self._products.get(line.product_id).product
                every = product.stock + product.reserved + product.sold
                left = 100 * product.stock // every if every else 0
                self._log("sold", product=line.product_id, pieces=line.quantity, stock_left_percent=left)
