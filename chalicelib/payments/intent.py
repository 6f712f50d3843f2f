"""What Stripe's PaymentIntents say, in our words: https://docs.stripe.com/api/payment_intents/object ."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.payments.model import ACTION_REQUIRED, DECLINED, ENDED, PAID, Charge

UNCONFIRMED = "requires_confirmation"
SUCCEEDED = "succeeded"
CANCELED = "canceled"
UNPAID = "requires_payment_method"
"""The last one was declined, as we never make one without: https://docs.stripe.com/payments/paymentintents/lifecycle ."""

_WORD = re.compile("[a-z0-9_]{1,60}")


def charge(intent: Mapping[str, Any]) -> Charge | None:
    """What became of a payment, or None while Stripe has not decided."""
    reference = str(intent.get("id", ""))
    status = intent.get("status")
    if status == SUCCEEDED:
        return Charge(PAID, reference)
    if status == "requires_action":
        return Charge(ACTION_REQUIRED, reference, url=_address(intent))
    if status == UNPAID:
        return Charge(DECLINED, reference, reason(intent.get("last_payment_error")))
    return Charge(DECLINED, reference, ENDED) if status == CANCELED else None


def reason(error: object) -> str:
    """Stripe's word for an error, the card issuer's if there is one: https://docs.stripe.com/declines/codes ."""
    told = error if isinstance(error, dict) else {}
    words = (told.get("decline_code"), told.get("code"), told.get("type"))
    return next((word for word in words if isinstance(word, str) and _WORD.fullmatch(word)), "unknown")


def _address(intent: Mapping[str, Any]) -> str:
    """Where the payer confirms: https://docs.stripe.com/payments/3d-secure/authentication-flow ."""
    action = intent.get("next_action") or {}
    return str((action.get("redirect_to_url") or {}).get("url") or "")
