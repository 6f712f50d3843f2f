"""Proof that Slack is calling: https://docs.slack.dev/authentication/verifying-requests-from-slack .

The signature covers the raw body and the time, so a request is verified before anybody parses it, and cannot be played back later.
While a signing secret is rotated, the previous one is valid too.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

TOLERANCE = 300
"""Seconds between Slack's clock and ours, either way."""

_VERSION = "v0"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


def signing_secrets(secret: Mapping[str, Any]) -> tuple[str, ...]:
    """The signing secrets that are valid now, out of the secret `slack`; none when the operator has set none."""
    values = (secret.get("signing_secret"), secret.get("previous_signing_secret"))
    return tuple(value for value in values if isinstance(value, str) and value)


def refusal(raw: bytes, timestamp: str | None, signature: str | None, secrets: Sequence[str], now: float) -> str:
    """Why a request is not to be believed, or empty when it is Slack's: signed with one of the secrets, at about `now` (in seconds).

    `timestamp` and `signature` are the headers X-Slack-Request-Timestamp and X-Slack-Signature. Without a secret, nothing is believed.
    """
    if not timestamp or not signature:
        return "not signed"
    if not _TIMESTAMP.fullmatch(timestamp):
        return "no time"
    if abs(now - int(timestamp)) > TOLERANCE:
        return "too old or too new"
    signed = f"{_VERSION}:{timestamp}:".encode() + raw
    if any([_same(signature, _proof(secret, signed)) for secret in secrets]):  # noqa: C419  # compares all: constant time
        return ""
    return "wrong signature"


def _proof(secret: str, signed: bytes) -> str:
    return f"{_VERSION}={hmac.digest(secret.encode('utf-8', 'replace'), signed, hashlib.sha256).hex()}"


def _same(given: str, expected: str) -> bool:
    """Compared as bytes: `compare_digest` refuses text that is not ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
