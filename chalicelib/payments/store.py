"""The payment of each order, in the table of orders. Its item is never deleted: so an order has one payment, whoever begins it how often.

| pk | sk | item |
| --- | --- | --- |
| `payment#<order id>` | `payment` | the other members of `Payment` |
"""

import contextlib

from chalicelib.aws.tables import Change, ConditionFailed, Create, Table
from chalicelib.payments.model import Payment

_SK = "payment"
_FIELDS = Payment._fields[1:]


class PaymentStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, order_id: str) -> Payment | None:
        item = self._table.get(_pk(order_id), _SK)
        return Payment(order_id, *(item[name] for name in _FIELDS)) if item else None

    def begin(self, payment: Payment) -> Payment:
        """Keep it as the payment of its order, unless there is one; answers the one that counts."""
        item = {name: getattr(payment, name) for name in _FIELDS}
        try:
            self._table.write(Create({"pk": _pk(payment.order_id), "sk": _SK, **item}))
        except ConditionFailed:
            return self.find(payment.order_id) or payment
        return payment

    def bring(self, payment: Payment, state: str) -> Payment:
        """Bring it from the state that it has to another, unless somebody else brought it elsewhere; answers it as it is then."""
        expect = {"state": payment.state}
        with contextlib.suppress(ConditionFailed):
            self._table.write(Change(_pk(payment.order_id), _SK, put={"state": state}, expect=expect))
        return self.find(payment.order_id) or payment


def _pk(order_id: str) -> str:
    return f"payment#{order_id}"
