"""The ways that an order can go, and what must hold at the end of each, whatever failed."""

import json
from collections.abc import Callable
from typing import NamedTuple

from tests.faults.world import TOLD, World

STOCK = 3
REFUND = "undo_order: stripe POST refunds"
PLACE = "place_order: dynamodb TransactWriteItems orders"
TELL = "notify_order: sqs SendMessageBatch inbound.fifo"
UNSENT = "POST /orders: sqs SendMessageBatch order-processing"
LARGE = 1000


class Scenario(NamedTuple):
    begin: Callable[[World], None]
    ends: str
    """The status of the order at the end."""
    price: int = 50_001
    """Cents, of one piece."""
    lost: frozenset = frozenset()
    """Names of what never works."""

    def run(self, planned=()):
        """What happens where this goes wrong: the world after it."""
        world = World(planned, stock=STOCK, price=self.price, lost=self.lost)
        self.begin(world)
        return world.run()


def _orders(method="pm_card_visa", **wanted):
    return lambda world: world.after(0, lambda: world.shop(wanted, method))


def _confirms(*, passed):
    """The payer comes to the bank's page, in some seconds, and again as long as there may be one."""

    def begin(world):
        world.after(0, lambda: world.shop({"shirt": 2}, "pm_card_authenticationRequired"))
        for seconds in range(7, 900, 7):
            world.after(seconds, lambda: world.pay(passed=passed))

    return begin


def _given_up(before):
    """The workflow is ended from outside; Stripe's webhooks come late."""

    def begin(world):
        world.after(0, lambda: world.shop({"shirt": 2}))
        world.abandoned, world.webhooks_after = {before}, 1800

    return begin


def _not_undone(world):
    """Stripe makes no refund for some minutes. An operator sends the dead letter to its queue again."""
    world.after(0, lambda: world.shop({"shirt": 1, "cap": STOCK + 1}))
    world.lost = {REFUND}
    world.after(400, lambda: setattr(world, "lost", frozenset()))
    world.after(410, lambda: world.queues.redrive("order-processing"))


def _in_chat(**wanted):
    def begin(world):
        world.order_in_chat(wanted)
        world.after(1, lambda: world.say_how_to_pay("pm_card_visa"))

    return begin


def _untold_by_the_workflow(world):
    """The workflow is ended from outside, before its last step."""
    _in_chat(shirt=2)(world)
    world.abandoned = {"workflow to notify_order"}


def _unpaid(world):
    world.order_in_chat({"shirt": 2}, earlier=86_000)


def _untold(world):
    """The bot's queue takes nothing for some minutes. An operator sends the dead letter to its queue again."""
    _in_chat(shirt=2)(world)
    world.after(400, lambda: setattr(world, "lost", frozenset()))
    world.after(410, lambda: world.queues.redrive("order-processing"))


def _unknown_customer(world):
    """Somebody puts an order into the queue."""
    items = [{"productId": "shirt", "quantity": 2}]
    order = {"orderId": "order-1", "customerId": "nobody", "items": items, "paymentMethod": "pm_card_visa"}
    world.after(0, lambda: world.queues.send("order-processing", json.dumps(order)))


def _not_taken_by_the_bus(world):
    world.after(0, lambda: world.shop({"shirt": 2}))
    world.refused_by_bus = "MalformedDetail"


SCENARIOS = {
    "paid": Scenario(_orders(shirt=2), "PLACED"),
    "declined": Scenario(_orders("pm_card_chargeDeclined", shirt=2), "REJECTED"),
    "out of stock": Scenario(_orders(shirt=1, cap=STOCK + 1), "REFUNDED"),
    "confirmed": Scenario(_confirms(passed=True), "PLACED"),
    "not confirmed": Scenario(_confirms(passed=False), "REJECTED"),
    "at 1000.00": Scenario(_orders(shirt=2), "PLACED", price=50_000),
    "for nothing": Scenario(_orders(shirt=2), "PLACED", price=0),
    "not sent": Scenario(_orders(shirt=2), "PLACED", lost=frozenset({UNSENT})),
    "not placed": Scenario(_orders(shirt=2), "REFUNDED", lost=frozenset({PLACE})),
    "of nobody": Scenario(_unknown_customer, "REJECTED"),
    "given up uncharged": Scenario(_given_up("workflow to pay_order"), "FAILED"),
    "given up charged": Scenario(_given_up("workflow to place_order"), "REFUNDED"),
    "not told": Scenario(_not_taken_by_the_bus, "PLACED"),
    "in a chat": Scenario(_in_chat(shirt=2), "PLACED"),
    "in a chat, out of stock": Scenario(_in_chat(shirt=STOCK + 1), "REFUNDED"),
    "in a chat, unpaid": Scenario(_unpaid, "REJECTED"),
    "in a chat, given up": Scenario(_untold_by_the_workflow, "PLACED"),
    "in a chat, untold": Scenario(_untold, "PLACED", lost=frozenset({TELL})),
    "not undone": Scenario(_not_undone, "REFUNDED"),
}


def wrong(world, scenario, *, as_ever=True):
    """What of the promises does not hold; `as_ever`: the order ends as it would have without any fault."""
    orders = world.orders()
    found = [f"there are {len(orders)} orders"] if len(orders) != 1 else []
    for order_id, order in orders.items():
        found += _of_order(world, order_id, order)
        if as_ever and order.status != scenario.ends:
            found.append(f"{order.status}, not {scenario.ends}: {order.reason}")
        pieces = order.pieces if order.status == "PLACED" else {}
        found += _of_stock(world, pieces)
    told = {answer["orderId"] for status, answer in world.answers if status == TOLD}
    if not told <= orders.keys():
        found.append("an order that was accepted is lost")
    return found


def _of_order(world, order_id, order):
    steps = [event.what for event in order.timeline if event.what != "NOTIFIED"]
    news = [json.loads(body) for body in world.queues.bodies("inbound.fifo")]
    in_chat = "METHOD_REQUIRED" in steps
    charged, refunded = world.stripe.money(order_id)
    placed = order.status == "PLACED"
    due = placed and order.total_cents > 0
    mails, alerts, warehouse = len(world.mails), len(world.alerts), {number for number, _ in world.told_warehouse}
    lost = world.dead("publish-changes")
    kind = f"Order {order.status.title()}"
    published = {told for told, about in world.published if about == order_id}
    held = {
        "it has ended, or is among the dead letters": order.status != "ACCEPTED" or world.dead("order-processing"),
        "nothing waits for it any more": not world.open_orders() or order.status == "ACCEPTED",
        "its status is the last of its timeline": steps[-1] == order.status or order.status == "ACCEPTED",
        "nothing happened twice": len(set(steps)) == len(steps),
        "it was paid and reserved before": not placed or {"PAID", "RESERVED"} <= set(steps),
        "it was charged once at most": charged <= 1,
        "it was charged if it is placed": not due or charged == 1,
        "what was charged and not delivered was refunded once": refunded == (charged if not placed else 0),
        "its end is told, and nothing else": published == {kind} or lost,
        "it has a receipt, or a dead letter": not placed or mails == 1 or world.dead("send-email") or lost,
        "it has one receipt at most": mails <= placed,
        "a large one is told, or a dead letter": order.total_cents <= 100 * LARGE
        or not placed
        or alerts == 1
        or world.dead("alert")
        or lost,
        "a large one is told once at most": alerts <= (placed and order.total_cents > 100 * LARGE),
        "its fan is told, or there is a dead letter": not in_chat or news or world.dead("order-processing"),
        "the bot can tell what comes twice": len({told["id"] for told in news}) <= in_chat,
        "the warehouse heard of it, or there is a dead letter": not placed
        or warehouse
        or world.dead("notify-warehouse")
        or lost,
        "the warehouse can tell what comes twice": warehouse <= ({f"{order_id}-placed"} if placed else set()),
    }
    return [f"not: {promise}" for promise, holds in held.items() if not holds]


def _of_stock(world, pieces):
    found = []
    for product_id in ("shirt", "cap"):
        product, number = world.product(product_id), pieces.get(product_id, 0)
        there = (product.stock, product.reserved, product.sold)
        ought = [(STOCK - number, 0, number)]
        if world.dead("update-inventory") or world.dead("publish-changes"):
            ought.append((STOCK - number, number, 0))
        if there not in ought:
            found.append(f"of {product_id} there are {there}, not {ought[0]}")
    return found
