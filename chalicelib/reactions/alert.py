"""A large order was placed: somebody is told."""

from typing import Protocol

from chalicelib.aws.topics import Place
from chalicelib.reactions.listeners import Heard
from chalicelib.reactions.once import Once


class Topic(Protocol):
    def publish(self, place: Place, subject: str, message: str) -> None: ...


class Alert:
    def __init__(self, topic: Topic, once: Once, base_url: str) -> None:
        self._topic = topic
        self._once = once
        self._base_url = base_url

    def tell(self, heard: Heard) -> None:
        """At most once an order. Which orders are large is in the rule of infra/resources.yaml."""
        order = heard.order
        subject = f"Large order: {order.currency} {order.amount:.2f}"
        message = f"{subject}\n\n{self._base_url}/orders/{order.order_id}\nplaced at {order.timestamp}\n"
        self._once.at_most(order.order_id, "alert", lambda: self._topic.publish(heard.place, subject, message))
