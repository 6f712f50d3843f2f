"""Events as EventBridge puts them into a queue, and the queue's records as Lambda hands them over."""

import json

from chalicelib.aws.topics import Place
from chalicelib.events.catalogue import Line, OrderPlaced
from chalicelib.reactions.listeners import Heard

PLACE = Place("eu-west-1", "123456789012")


def placed(order_id="o-1", **changes):
    return OrderPlaced(
        **{
            "order_id": order_id,
            "customer_id": "u-1",
            "amount": 1000.01,
            "currency": "EUR",
            "items": [Line(product_id="vip", quantity=2), Line(product_id="shirt", quantity=1)],
            "timestamp": "2026-12-05T19:00:00.000Z",
            **changes,
        }
    )


def heard(order_id="o-1", **changes):
    return Heard(placed(order_id, **changes), PLACE)


DETAIL = {
    "orderId": "o-1",
    "customerId": "u-1",
    "amount": 1000.01,
    "currency": "EUR",
    "items": [{"productId": "vip", "quantity": 2}, {"productId": "shirt", "quantity": 1}],
    "timestamp": "2026-12-05T19:00:00.000Z",
    "version": 1,
}


def body(**changes):
    """As https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html has it."""
    return json.dumps(
        {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "Order Placed",
            "source": "order.service",
            "account": PLACE.account,
            "time": "2026-12-05T19:00:01Z",
            "region": PLACE.region,
            "resources": [],
            "detail": DETAIL,
            **changes,
        }
    )
