"""A ticket, as a value."""

import base64
from typing import Literal, NamedTuple

Status = Literal["issued", "redeemed", "revoked"]

ID_LENGTH = 10
"""Characters of a ticket's id: 50 bits, so that a million tickets of one campaign hardly ever meet; a condition refuses the rest."""


PREVIEW = "0.PREVIEW.PREVIEW"
"""In place of a code, who plays a preview wins this. It is none: no key has signed it, and its version is not one of ours."""


class Ticket(NamedTuple):
    ticket_id: str
    """Capitals and digits 2 to 7, as `ticket_id` makes it: people read it out at the door."""
    campaign_id: str
    kid: str
    """The key that signed its code."""
    status: Status
    issued_at: int
    """Milliseconds since the epoch, as are the other times here."""
    redeemed_at: int | None = None
    nonce: str = ""
    """Of the scan that redeemed it: the same scan sent again gets the same answer."""
    gate: str = ""
    valid_from: int | None = None
    valid_until: int | None = None


def ticket_id(entropy: bytes) -> str:
    """The id that these bytes (7 or more: random ones, or a hash) make."""
    return base64.b32encode(entropy).decode()[:ID_LENGTH]


class Entry(NamedTuple):
    """What a fan did in a campaign, whatever conversation it was in."""

    attempts: tuple[str, ...] = ()
    """A digest of the message that began each attempt: the same message again begins none."""
    ticket: str = ""
    """The id of the ticket that was won, or empty."""
    kid: str = ""
    """The key that signed the ticket."""
    source: str = ""
    """Of the link that the fan came by first, or empty."""
    channel: str = ""
    """On which they came first, as in `Message.channel`."""
    language: str = ""
    """That they spoke then."""
