"""A token for the API: how it is written, and when it counts."""

import hashlib
import re
from typing import Literal, NamedTuple

State = Literal["valid", "expired", "revoked"]

ID_BYTES, SECRET_BYTES = 6, 20
"""Random ones: the id is only to be unlike others, and is shown; the secret's 160 bits are what cannot be guessed."""

MOST_CAMPAIGNS = 50
"""Of one token: they travel in what API Gateway is told with each of its requests."""

NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9 ._@-]{0,58}[A-Za-z0-9._@-])?")

_TEXT = re.compile(rf"gl_([0-9a-f]{{{2 * ID_BYTES}}})_[0-9a-f]{{{2 * SECRET_BYTES}}}")


class Token(NamedTuple):
    token_id: str
    digest: str
    """Of its text, which is kept nowhere. A bare SHA-256 is enough: nobody guesses 160 random bits, however fast they try."""
    role: str
    name: str
    """Who or what uses it: stands in the record of who did what."""
    campaigns: tuple[str, ...]
    """Those that it is limited to; none when it is not limited."""
    created_at: int
    """Seconds since the epoch, as are the other times here: so the table wants them, to forget what has expired."""
    expires_at: int | None = None
    revoked_at: int | None = None

    def state(self, now: float) -> State:
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if self.expires_at is None or now < self.expires_at else "expired"


def text(token_id: str, secret: str) -> str:
    """What the caller sends. Programs that look for lost secrets know it by its beginning."""
    return f"gl_{token_id}_{secret}"


def id_in(text: str) -> str:
    """The id of the token that this may be; empty when it is none of ours."""
    found = _TEXT.fullmatch(text)
    return found[1] if found else ""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
