"""A link that lets whoever holds it play a campaign as it stands, for a day, before anyone else can.

It is signed with the campaign's own salt, so nothing is kept of it, and it opens that campaign only.
"""

import base64
import hmac
import re

KEEP_SECONDS = 24 * 60 * 60

_TOKEN = re.compile(r"([0-9]{1,12})\.[A-Za-z0-9_-]{43}")


def token(salt: str, expires_at: int) -> str:
    """What stands in the link until then (seconds since the epoch)."""
    signed = hmac.digest(salt.encode(), f"preview\0{expires_at}".encode(), "sha256")
    return f"{expires_at}.{base64.urlsafe_b64encode(signed).decode().rstrip('=')}"


def is_valid(given: str, salt: str, now: float) -> bool:
    """Whether this is a token that we gave for the campaign with this salt, and still counts."""
    found = _TOKEN.fullmatch(given)
    if found is None:
        return False
    expires_at = int(found[1])
    return hmac.compare_digest(given, token(salt, expires_at)) and now < expires_at
