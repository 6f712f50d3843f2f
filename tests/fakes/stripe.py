"""Stripe, as far as its documentation tells what we use of it: https://docs.stripe.com/api .

`Stripe` is what happens there. `StripeServer` answers for it on a socket, `Session` without one.
"""

import hashlib
import hmac
import json
import threading
from typing import NamedTuple
from urllib.parse import urlsplit

import requests

from tests.fakes.platform import Answer, Platform

KEY = "sk_test_51Guestlist0123456789"
WEBHOOK_SECRET = "whsec_test0123456789abcdefghij"

DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": ("card_declined", "lost_card"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
    "pm_card_chargeDeclinedIncorrectCvc": ("incorrect_cvc", None),
    "pm_card_chargeDeclinedProcessingError": ("processing_error", None),
}
"""https://docs.stripe.com/testing#declined-payments"""
AUTHENTICATED = {"pm_card_authenticationRequired", "pm_card_threeDSecure2Required"}
PAYING = {"pm_card_visa", "pm_card_mastercard", "pm_card_visa_debit"}

CANCELABLE = {"requires_payment_method", "requires_confirmation", "requires_action"}
LEAST_CENTS = 50


RATE_LIMITED = "429"
LOCKED = "429, lock_timeout"
KEY_REFUSED = "401"
PROXY_ERROR = "502, a page"
ERROR = "500, nothing done"
ERROR_AFTER = "500, done"
LOST = "no answer, nothing done"
LOST_AFTER = "no answer, done"
LATE = "no answer, done later"
EVERY_FAULT = (RATE_LIMITED, LOCKED, KEY_REFUSED, PROXY_ERROR, ERROR, ERROR_AFTER, LOST, LOST_AFTER, LATE)


class Delivery(NamedTuple):
    """An event as it comes to a webhook: in the place of Chalice's request."""

    raw_body: bytes
    headers: dict


class Error(Exception):
    def __init__(self, status, code=None, *, kind="invalid_request_error", **members):
        super().__init__(code)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": f"About {code}", **members}}


class Stripe:
    """One account. `faults` holds what goes wrong with the next calls: one of `EVERY_FAULT` each, or None."""

    def __init__(self):
        self.intents, self.charges, self.refunds, self.events = {}, {}, {}, []
        self.calls, self.faults = [], []
        self._kept = {}
        """By idempotency key: what was asked, and the answer once there is one."""
        self._late = []
        self._lock = threading.Lock()

    # What tests look at and do

    def money(self, order_id):
        """How often an order was charged, and how often refunded."""
        charged = {charge["id"] for charge in self.charges.values() if self._order_of(charge) == order_id}
        refunds = [refund for refund in self.refunds.values() if refund["charge"] in charged]
        return len(charged), len(refunds)

    def authenticate(self, reference, *, passed=True):
        """The payer comes to the bank's page, if there is one."""
        intent = self.intents[reference]
        if intent["status"] != "requires_action":
            return
        intent["next_action"] = None
        if passed:
            self._succeed(intent)
        else:
            self._fail(intent, "payment_intent_authentication_failure", None)

    def forget_keys(self):
        """A day has passed."""
        self._kept.clear()

    def deliver_late(self):
        """What was on its way for long arrives now; nobody waits for the answer."""
        late, self._late = self._late, []
        for call in late:
            self._once(*call)

    # How it answers

    def answer(self, method, path, form, headers):
        """`form` is the body or the query, of text."""
        with self._lock:
            self.calls.append((method, path, form, dict(headers)))
            fault = self.faults.pop(0) if self.faults else None
        call = (method, path, form, headers.get("Idempotency-Key"))
        if fault == LOST:
            return Answer(drop=True)
        if fault == LATE:
            self._late.append(call)
            return Answer(drop=True)
        if fault == PROXY_ERROR:
            return Answer(502, b"<html>Bad Gateway</html>")
        if fault == KEY_REFUSED or headers.get("Authorization") != f"Bearer {KEY}":
            return Answer(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}})
        if fault in (RATE_LIMITED, LOCKED):
            code = "lock_timeout" if fault == LOCKED else "rate_limit"
            return Answer(429, {"error": {"type": "invalid_request_error", "code": code}})
        answer = self._once(*call, fault)
        return Answer(drop=True) if fault == LOST_AFTER else answer

    def _once(self, method, path, form, key, fault=None):
        """As https://docs.stripe.com/api/idempotent_requests says."""
        asked = (method, path, form)
        with self._lock:
            if key in self._kept:
                known, answer = self._kept[key]
                if known != asked:
                    return Answer(400, {"error": {"type": "idempotency_error", "message": "Keys for idempotent …"}})
                if answer is None:
                    code = "idempotency_key_in_use"
                    return Answer(409, {"error": {"type": "invalid_request_error", "code": code}})
                return answer
            if key:
                self._kept[key] = (asked, None)
        with self._lock:
            answer, begun = self._executed(*asked, fault)
            if key:
                self._kept[key] = (asked, answer)
                if not begun:  # parameters that fail validation are not kept
                    del self._kept[key]
        return answer

    def _executed(self, method, path, form, fault):
        """The answer, and whether execution had begun."""
        error = Answer(500, {"error": {"type": "api_error", "message": "An unknown error occurred"}})
        if fault == ERROR:
            return error, True
        try:
            answer = Answer(200, self._route(method, path.removeprefix("/v1/").split("/"), form))
        except Error as refused:
            answer = Answer(refused.status, refused.body)
            return answer, refused.body["error"].get("param") is None
        return (error, True) if fault == ERROR_AFTER else (answer, True)

    def _route(self, method, path, form):
        match method, path:
            case "POST", ["payment_intents"]:
                return self._create(form)
            case "GET", ["payment_intents", reference]:
                return self._shown(self._intent(reference), form)
            case "POST", ["payment_intents", reference, "confirm"]:
                return self._confirm(self._intent(reference), form)
            case "POST", ["payment_intents", reference, "cancel"]:
                return self._cancel(self._intent(reference))
            case "POST", ["refunds"]:
                return self._refund(form)
        raise Error(404, "url_invalid")

    def _create(self, form):
        if int(form["amount"]) < LEAST_CENTS:
            raise Error(400, "amount_too_small", param="amount")
        if form["payment_method"] not in PAYING | AUTHENTICATED | DECLINES.keys():
            raise Error(400, "resource_missing", param="payment_method")
        reference = f"pi_{len(self.intents) + 1}"
        intent = {
            "id": reference,
            "object": "payment_intent",
            "amount": int(form["amount"]),
            "currency": form["currency"],
            "payment_method": form["payment_method"],
            "metadata": _nested("metadata", form),
            "status": "requires_confirmation",
            "last_payment_error": None,
            "latest_charge": None,
            "next_action": None,
        }
        self.intents[reference] = intent
        return self._confirm(intent, form) if form.get("confirm") == "true" else dict(intent)

    def _confirm(self, intent, form):
        if intent["status"] not in CANCELABLE:
            raise Error(400, "payment_intent_unexpected_state", payment_intent=dict(intent))
        method = intent["payment_method"]
        if method is None:
            raise Error(400, "payment_intent_unexpected_state", payment_intent=dict(intent))
        if method in AUTHENTICATED:
            intent["status"] = "requires_action"
            to = {"url": f"https://hooks.stripe.com/3d_secure_2/{intent['id']}", "return_url": form.get("return_url")}
            intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": to}
        elif method in DECLINES:
            self._fail(intent, *DECLINES[method])
            error = intent["last_payment_error"]
            raise Error(402, error["code"], kind="card_error", decline_code=error.get("decline_code"))
        else:
            self._succeed(intent)
        return dict(intent)

    def _cancel(self, intent):
        if intent["status"] not in CANCELABLE:
            raise Error(400, "payment_intent_unexpected_state", payment_intent=dict(intent))
        intent["status"] = "canceled"
        self._happened("payment_intent.canceled", intent)
        return dict(intent)

    def _refund(self, form):
        charge = self.charges.get(self._intent(form["payment_intent"])["latest_charge"])
        if charge is None:
            raise Error(400, "charge_not_found")
        if charge["refunded"]:
            raise Error(400, "charge_already_refunded")
        charge["refunded"] = True
        refund = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "status": "succeeded",
            "charge": charge["id"],
            "payment_intent": form["payment_intent"],
            "metadata": _nested("metadata", form),
        }
        self.refunds[refund["id"]] = refund
        return dict(refund)

    def _succeed(self, intent):
        charge = {"id": f"ch_{len(self.charges) + 1}", "payment_intent": intent["id"], "refunded": False}
        self.charges[charge["id"]] = charge
        intent |= {"status": "succeeded", "latest_charge": charge["id"]}
        self._happened("payment_intent.succeeded", intent)

    def _fail(self, intent, code, decline_code):
        error = {"type": "card_error", "code": code} | ({"decline_code": decline_code} if decline_code else {})
        intent |= {"status": "requires_payment_method", "last_payment_error": error, "payment_method": None}
        self._happened("payment_intent.payment_failed", intent)

    def _intent(self, reference):
        if reference not in self.intents:
            raise Error(404, "resource_missing")
        return self.intents[reference]

    def _shown(self, intent, form):
        charge = intent["latest_charge"]
        expanded = dict(self.charges[charge]) if charge and form.get("expand[]") == "latest_charge" else charge
        return {**intent, "latest_charge": expanded}

    def _order_of(self, charge):
        return self.intents[charge["payment_intent"]]["metadata"].get("order_id")

    def _happened(self, kind, about):
        self.events.append(event(kind, dict(about), f"evt_{len(self.events) + 1}"))


class StripeServer(Platform):
    """On a socket."""

    def __init__(self):
        self.stripe = Stripe()
        super().__init__()

    def answer(self, asked):
        form = {name: values[0] for name, values in (asked.query or asked.body).items()}
        return self.stripe.answer(asked.method, asked.path, form, asked.headers)


class Response(NamedTuple):
    status_code: int
    content: bytes


class Session:
    """In the place of a `requests.Session`."""

    def __init__(self, stripe):
        self._stripe = stripe

    def request(self, method, url, params, data, headers, *, timeout, allow_redirects):
        form = {name: str(value) for name, value in (params or data or {}).items()}
        answer = self._stripe.answer(method, urlsplit(url).path, form, headers)
        if answer.drop:
            raise requests.ReadTimeout("No answer")
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        return Response(answer.status, body)


def event(kind, about, event_id="evt_1"):
    """As https://docs.stripe.com/api/events/object says."""
    return {"id": event_id, "object": "event", "type": kind, "livemode": False, "data": {"object": about}}


def delivery(event, at, *secrets):
    """An event that Stripe sends now."""
    raw = json.dumps(event).encode()
    return Delivery(raw, {"stripe-signature": signed(raw, at, *secrets)})


def signed(raw, at, *secrets):
    """The header Stripe-Signature: https://docs.stripe.com/webhooks#verify-manually ."""
    payload = f"{int(at)}.".encode() + raw
    proofs = [hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest() for secret in secrets or (WEBHOOK_SECRET,)]
    return ",".join([f"t={int(at)}", *(f"v1={proof}" for proof in proofs), "v0=6ffbb59b2300aae63f272406069a9788"])


def _nested(name, form):
    return {key[len(name) + 1 : -1]: value for key, value in form.items() if key.startswith(f"{name}[")}
