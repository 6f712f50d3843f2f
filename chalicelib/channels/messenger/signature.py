"""Proofs that Meta is calling: signed webhooks, the verify token, and signed requests.

Webhooks are signed over the raw body (https://developers.facebook.com/docs/messenger-platform/webhooks#validate-payloads), so they are
verified before anybody parses them. While an app secret is rotated, the previous one is valid too.
"""

import binascii
import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import errors

_SCHEME = "sha256="
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def app_secrets(secret: Mapping[str, Any]) -> tuple[str, ...]:
    """The app secrets that are valid now, out of the secret `messenger`; none when the operator has set none."""
    values = (secret.get("app_secret"), secret.get("previous_app_secret"))
    return tuple(value for value in values if isinstance(value, str) and value)


def verified(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header` (X-Hub-Signature-256) signs the raw body with one of the secrets. Without a secret, nothing is verified."""
    if not header or not header.startswith(_SCHEME):
        return False
    given = header.removeprefix(_SCHEME)
    return any([_same(given, _mac(secret, raw).hex()) for secret in secrets])  # noqa: C419  # compares all: constant time


def same_token(given: str | None, expected: object) -> bool:
    """Whether a verify token is ours, in constant time; an operator who has set none accepts none."""
    return isinstance(expected, str) and expected != "" and _same(given or "", expected)


def deletion_request(signed: str, secrets: Sequence[str]) -> tuple[str, str]:
    """Verify, then parse, the `signed_request` of Meta's data deletion callback: the person's id, and a code for the request.

    The same request again has the same code, and only the app secret's holders could make it up.
    `Unauthenticated` unless one of the secrets signed it, `Invalid` when what it signed names nobody.
    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    proof, _, payload = signed.partition(".")
    signer = _signer(_decoded(proof), payload.encode("utf-8", "replace"), secrets)
    try:
        facts = json.loads(_decoded(payload))
    except (ValueError, RecursionError) as error:
        raise errors.Invalid("The signed request holds no JSON") from error
    if not isinstance(facts, dict) or str(facts.get("algorithm", "")).upper() != "HMAC-SHA256":
        raise errors.Unauthenticated("The signed request's algorithm must be HMAC-SHA256")
    user_id = facts.get("user_id")
    if not isinstance(user_id, str) or not _IDENTIFIER.fullmatch(user_id):
        raise errors.Invalid("The signed request names no user_id")
    code = _mac(signer, f"deletion\0{user_id}\0{facts.get('issued_at')}".encode("utf-8", "replace"))
    return user_id, code.hex()[:32]


def _signer(proof: bytes, payload: bytes, secrets: Sequence[str]) -> str:
    for secret in secrets:
        if hmac.compare_digest(proof, _mac(secret, payload)):
            return secret
    raise errors.Unauthenticated("The signed request is not signed with this app's secret")


def _decoded(text: str) -> bytes:
    """Base64url without padding; nothing where it is not that, which is no signature and no JSON."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _mac(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode("utf-8", "replace"), message, hashlib.sha256)


def _same(given: str, expected: str) -> bool:
    """Compared as bytes: `compare_digest` refuses text that is not ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
