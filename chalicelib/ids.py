"""Short names for long or private things."""

import base64
import hashlib
import secrets


def digest(*parts: str, length: int = 10) -> str:
    """A short name that the same parts always get: `length` characters of URL-safe base64, 6 bits each.

    Used to recognise (message ids, conversations in logs), never to prove: it is not keyed.
    """
    hashed = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(hashed).decode()[:length]


def unguessable() -> str:
    """128 random bits, URL-safe: a session, a confirmation code."""
    return secrets.token_urlsafe(16)
