"""Payments by Stripe: https://docs.stripe.com/payments/paymentintents/lifecycle .

A charge is two calls. The first makes a PaymentIntent, with which no money moves yet; its id is kept beside the order; the second confirms
it. So whatever becomes of the answer to the second, which charges the card, we can look what it did, and undo it: a PaymentIntent succeeds
once, and never after it was cancelled. In one call (`confirm=true`) there would be nothing to look at when its answer is lost, and a call
that is late would charge an order that was given up.

Calls carry idempotency keys made of the order's id, so that repeating one does it once: https://docs.stripe.com/api/idempotent_requests .
Stripe forgets a key after a day, and until then repeats even an error 500 under it: what we keep lasts, and says what to look at instead.
"""

from chalicelib.errors import Unavailable
from chalicelib.payments import intent
from chalicelib.payments.intent import CANCELED, SUCCEEDED, UNCONFIRMED, UNPAID
from chalicelib.payments.model import DECLINED, ENDED, Charge, Payment
from chalicelib.payments.store import PaymentStore
from chalicelib.payments.stripe_client import Json, Refused, StripeClient

_BEGUN = "begun"
_NOT_GIVEN_BACK = {"failed", "canceled"}
"""https://docs.stripe.com/refunds#failed-refunds"""


class StripePayments:
    """`Payments` by Stripe. Whoever confirms a payment there comes back to `base_url`."""

    def __init__(self, stripe: StripeClient, store: PaymentStore, base_url: str) -> None:
        self._stripe = stripe
        self._store = store
        self._base_url = base_url

    def charge(self, order_id: str, amount_cents: int, currency: str, method: str) -> Charge:
        """See `Payments.charge`. An amount or a method that Stripe does not take is declined."""
        asked = Payment(order_id, amount_cents, currency, method, state=_BEGUN)
        known = self._store.find(order_id)
        try:
            held = known or self._begun(asked)
        except Refused as refused:
            return Charge(DECLINED, "", refused.reason)
        held.check(asked)
        if held.state == ENDED:
            return Charge(DECLINED, held.reference, ENDED)
        found = self._look(held) if known else None
        if found is None or found["status"] == UNCONFIRMED:
            found = self._confirmed(held)
        charge = intent.charge(found)
        if charge is None:
            raise Unavailable("Stripe has not decided about the payment: ask again")
        return charge

    def refund(self, order_id: str) -> bool:
        """See `Payments.refund`. A refund that a bank refuses days later is told to the webhook."""
        held = self._store.begin(Payment(order_id))
        if held.state != ENDED:
            held = self._store.bring(held, ENDED)
        if not held.reference:
            return False
        found = self._look(held)
        if found["status"] not in {SUCCEEDED, CANCELED}:
            found = self._cancelled(held)
        if found["status"] not in {SUCCEEDED, CANCELED}:
            raise Unavailable("Stripe has not decided about the payment: ask again")
        if found["status"] == SUCCEEDED and not found["latest_charge"]["refunded"]:
            self._give_back(held)
        return bool(found["status"] == SUCCEEDED)

    def _begun(self, asked: Payment) -> Payment:
        """The payment, with a new PaymentIntent, or as somebody else began or ended it meanwhile."""
        form: dict[str, str | int] = {
            "amount": asked.amount_cents,
            "currency": asked.currency.lower(),
            "payment_method": asked.method,
            "payment_method_types[]": "card",
            "metadata[order_id]": asked.order_id,
        }
        made = self._stripe.post("payment_intents", asked.order_id, form)
        return self._store.begin(asked._replace(reference=made["id"]))

    def _look(self, held: Payment) -> Json:
        try:
            return self._stripe.get(f"payment_intents/{held.reference}", {"expand[]": "latest_charge"})
        except Refused as refused:  # as in another account
            raise Unavailable(f"Stripe does not show us a payment of ours: {refused.reason}") from refused

    def _confirmed(self, held: Payment) -> Json:
        """The PaymentIntent after it was confirmed; as a declined one where Stripe does not take the confirmation."""
        back = {"return_url": f"{self._base_url}/payments/{held.order_id}"}
        try:
            return self._stripe.post(f"payment_intents/{held.reference}/confirm", f"{held.order_id}-confirm", back)
        except Refused as refused:  # declined; or somebody else confirmed or cancelled it
            found = self._look(held)
            if found["status"] == UNCONFIRMED:
                found |= {"status": UNPAID, "last_payment_error": {"code": refused.reason}}
            return found

    def _cancelled(self, held: Payment) -> Json:
        """The PaymentIntent after it was to be cancelled; without a key, under which a refusal would be kept for a day."""
        try:
            return self._stripe.post(f"payment_intents/{held.reference}/cancel", "", {})
        except Refused:  # it has succeeded or was cancelled meanwhile, or is being processed
            return self._look(held)

    def _give_back(self, held: Payment) -> None:
        """Refund all that was not refunded yet: Stripe gives back no more than was charged."""
        try:
            form = {"payment_intent": held.reference, "metadata[order_id]": held.order_id}
            refund = self._stripe.post("refunds", f"refund-{held.order_id}", form)
        except Refused as refused:
            if refused.reason == "charge_already_refunded":  # by a person, at this moment
                return
            raise Unavailable(f"Stripe refuses a refund: {refused.reason}") from refused
        if refund["status"] in _NOT_GIVEN_BACK:
            raise Unavailable("Stripe could not give a payment back: somebody must look at it there")
