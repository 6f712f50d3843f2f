"""What the dialogue asks of orders."""

from chalicelib.errors import NotFound
from chalicelib.orders.model import Order
from chalicelib.orders.service import Orders


class Shop:
    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def order(self, order_id: str) -> Order | None:
        """An order as it is now, or None."""
        try:
            return self._orders.get(order_id)
        except NotFound:
            return None
