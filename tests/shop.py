"""Orders with all that they need, in memory: products, customers, payments, the queue and the workflow."""

import math

from chalicelib.aws.queues import Outgoing
from chalicelib.aws.tables import Change
from chalicelib.errors import NotFound, Unavailable
from chalicelib.idempotency import Act
from chalicelib.orders.listeners import OrderQueue, OrderSteps
from chalicelib.orders.model import Chat, NewOrder, Wish
from chalicelib.orders.service import Orders
from chalicelib.orders.store import OrderStore
from chalicelib.payments.local import LocalPayments
from chalicelib.payments.store import PaymentStore
from chalicelib.products.model import Product
from chalicelib.products.service import Products
from chalicelib.products.store import ProductStore
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable
from tests.workflow import Failed, LocalWorkflow

ARN = "arn:aws:sqs:eu-west-1:000000000000:guestlist-local-order-processing"


class Customers:
    """Anna. `told` is who was to be told of which order."""

    def __init__(self):
        self.told = []

    def get(self, user_id):
        if user_id != "anna":
            raise NotFound("There is no such user")

    def tell(self, conversation, order_id):
        self.told.append((conversation, order_id))


class Faulty:
    """Hands calls on to `inner`, and makes the ones that `faults` tells Unavailable, before or after they are done."""

    def __init__(self, inner, faults):
        self._inner, self._faults = inner, faults

    def __getattr__(self, name):
        call = getattr(self._inner, name)

        def called(*arguments, **options):
            fault = self._faults.pop(0) if self._faults else None
            if fault == "before":
                raise Unavailable("not done")
            answer = call(*arguments, **options)
            if fault == "after":
                raise Unavailable("done, but nobody knows")
            return answer

        return called if callable(call) else call


class Shop:
    """`buy` an order, `run` its workflow, look at it and at the `pieces` of products."""

    def __init__(self, *, customers=None, clock=None, **stock):
        self.clock = clock or Clock()
        self.customers = customers or Customers()
        self.faults = []
        """For the next calls of tables and the provider of payments: `before`, `after`, or None for none."""
        self.table, self.queue, self.lines = MemoryTable(), MemoryQueue(), []
        self.products_table = MemoryTable()
        self.payments_table = MemoryTable()
        self.products = Products(ProductStore(Faulty(self.products_table, self.faults)))
        self.payments = LocalPayments(PaymentStore(self.payments_table), "https://fans.example")
        self.workflow = LocalWorkflow({}, self.sleep)
        self.orders = Orders(
            OrderStore(Faulty(self.table, self.faults)),
            products=self.products,
            customers=self.customers,
            payments=lambda: Faulty(self.payments, self.faults),
            queue=self.queue,
            workflow=self.workflow,
            clock=self.clock,
            log=lambda event, **fields: self.lines.append((event, fields)),
        )
        steps = OrderSteps(self.orders)
        self.workflow.steps |= {f"{name}_order": getattr(steps, name) for name in STEPS}
        self.stock(**stock)

    def stock(self, **numbers):
        """Products, and how many there are of each."""
        for product_id, number in numbers.items():
            product = Product(product_id=product_id, name=product_id.title(), price_cents=1999, stock=number)
            self.products.create(product, Act("anna", 0, product_id))

    def sleep(self, seconds):
        self.clock.now += seconds

    def accept(self, act="1", method="pm_card_visa", customer="anna", **items):
        wishes = [Wish(product_id=product, quantity=number) for product, number in (items or {"shirt": 1}).items()]
        new = NewOrder(customer_id=customer, items=wishes, payment_method=method)
        return self.orders.accept(new, Act("shop", int(self.clock() * 1000), act)).order_id

    def price(self, product_id, cents):
        self.products_table.write(Change("products", product_id, put={"priceCents": cents}))

    def put(self, body):
        """Put a message into the queue."""
        self.queue.send([Outgoing(body)])

    def process(self, receives=1):
        """Hand the queue's messages to their function; answers those that failed."""
        handle = OrderQueue(self.queue, self.orders).handle
        failures = handle(self.queue.event(receives, source=ARN), lambda: 30_000)["batchItemFailures"]
        failed = {int(failure["itemIdentifier"]) for failure in failures}
        self.queue.keep(failed)
        return failed

    def buy(self, *given, **wanted):
        """From the request to the order's end: its id."""
        order_id = self.accept(*given, **wanted)
        self.process()
        self.run(order_id)
        return order_id

    def order_in_chat(self, order_id="an-unguessable-id", *, customer="anna", conversation="web:bash:s", **items):
        """As the bot does for a fan: it waits for a payment method."""
        wishes = [Wish(product_id=product, quantity=number) for product, number in (items or {"shirt": 1}).items()]
        new = NewOrder(customer_id=customer, items=wishes, payment_method="", campaign_id="bash")
        chat = Chat(conversation, "nl", f"https://fans.example/payments/{order_id}")
        return self.orders.take_down(order_id, new, chat)

    def buy_in_chat(self, method="pm_card_visa", **order):
        order_id = self.order_in_chat(**order).order_id
        self.orders.pay_with(order_id, method)
        self.process()
        self.run(order_id)
        return order_id

    def run(self, order_id):
        try:
            self.workflow.run(order_id)
        except Failed as failed:
            return str(failed)
        return ""

    def sweep(self, minutes=0):
        self.clock.now += 60 * minutes
        self.orders.sweep(lambda: math.inf, 0)

    def order(self, order_id):
        return self.orders.get(order_id)

    def told(self, order_id):
        """An order's status, reason and story."""
        order = self.order(order_id)
        return order.status, order.reason, [event.what for event in order.timeline]

    def paid(self, order_id):
        """Whether the order's money is with us."""
        payment = PaymentStore(self.payments_table).find(order_id)
        return payment is not None and payment.state == "paid"

    def pieces(self, product_id="shirt"):
        product = ProductStore(self.products_table).get(product_id).product
        return product.stock, product.reserved, product.sold


STEPS = ("validate", "pay", "reserve", "place", "undo", "notify")
