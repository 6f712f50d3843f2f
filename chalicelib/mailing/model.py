"""What is known of an address that mails go to, or no longer do, and who may say so."""

import base64
import hmac
import re
from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.ids import digest
from chalicelib.users.model import unique

_NAME_LENGTH = 43
_TOKEN = re.compile(
    rf"(?P<list>[a-z0-9-]{{1,60}})\.(?P<name>[A-Za-z0-9_-]{{{_NAME_LENGTH}}})\.(?P<proof>[A-Za-z0-9_-]{{22}})"
)


class Word(NamedTuple):
    """The last word on an address, whatever is mailed to it."""

    refused: bool
    why: str
    """`bounce` or `complaint`, and SES's word for its kind; or `operator`."""
    at: int
    """When it happened, in milliseconds since the epoch: of two words the later one counts, in whichever order they come."""


class Subscription(NamedTuple):
    """One address on one list, such as those who get the report of a campaign."""

    list: str
    name: str
    """The address's (see `name_of`)."""


def name_of(address: str) -> str:
    """What stands for an address where nobody needs to read it: all of its SHA-256, in URL-safe base64, however it is written."""
    return digest(unique(address), length=_NAME_LENGTH)


def token(key: str, subscription: Subscription) -> str:
    """The proof that whoever holds it was mailed at this address for this list: HMAC-SHA256, 128 bits of it."""
    return f"{subscription.list}.{subscription.name}.{_proof(key, subscription)}"


def subscription(keys: Sequence[str], text: str) -> Subscription | None:
    """Whose token this is, made with one of the keys; None where it was not."""
    found = _TOKEN.fullmatch(text)
    if not found:
        return None
    said = Subscription(found["list"], found["name"])
    right = [hmac.compare_digest(_proof(key, said), found["proof"]) for key in keys]
    return said if any(right) else None


def _proof(key: str, subscription: Subscription) -> str:
    proof = hmac.digest(key.encode(), "\0".join(("unsubscribe", *subscription)).encode(), "sha256")
    return base64.urlsafe_b64encode(proof[:16]).decode().rstrip("=")
