"""Proof that Stripe is calling: https://docs.stripe.com/webhooks#verify-manually .

The signature covers the time and the raw body, so a request is verified before anybody parses it, and cannot be played back later. While
an operator rolls the secret in Stripe's dashboard, Stripe signs with the old one and the new one, for up to a day.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any

TOLERANCE = 300
"""Seconds between Stripe's clock and ours, either way."""

_SCHEME = "v1"
"""`v0` is for test events only; whoever takes it can be made to take weaker ones."""
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def signing_secret(secret: Mapping[str, Any]) -> str:
    """The endpoint's secret, out of the secret `stripe`; empty when the operator has set none."""
    value = secret.get("webhook_secret")
    return value if isinstance(value, str) else ""


def refusal(raw: bytes, header: str | None, secret: str, now: float) -> str:
    """Why a request is not to be believed, or empty when it is Stripe's: signed with the secret, at about `now` (in seconds).

    `header` is Stripe-Signature: `t=<seconds>,v1=<signature>,v1=<another>,v0=…`. Without a secret, nothing is believed.
    """
    pairs = [
        (name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in (header or "").split(","))
    ]
    times = [value for name, value in pairs if name == "t"]
    signatures = [value for name, value in pairs if name == _SCHEME]
    if not signatures:
        return "not signed"
    if len(times) != 1 or not _TIMESTAMP.fullmatch(times[0]):
        return "no time"
    if abs(now - int(times[0])) > TOLERANCE:
        return "too old or too new"
    expected = hmac.digest(secret.encode(), times[0].encode() + b"." + raw, hashlib.sha256).hex()
    same = [hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()) for given in signatures]
    return "" if secret and any(same) else "wrong signature"
