"""A ticket's code: what the QR code holds, and what anyone with our public keys can check without asking us.

    1.BIRTHDAY-BASH.7KQ2M4XPRT.K1.<Ed25519 signature, 103 characters of base32>

That is version, campaign, ticket, key and the signature over all four. Every character is of QR's alphanumeric mode
(https://www.qrcode.com/en/about/version.html), which takes 5.5 bits where base64 would take 8, and none needs escaping in a URL.
A code has one spelling only. `docs/tickets.md` says how to check one in any language.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chalicelib import errors

VERSION = "1"
DOMAIN = b"guestlist ticket\0"
"""Stands before the signed text, so that no other signature of these keys can pass for a ticket's."""

SIGNING: Final = "signing"
VERIFYING: Final = "verifying"
REVOKED: Final = "revoked"
State = Literal["signing", "verifying", "revoked"]

_CODE = re.compile(r"(1\.([A-Z0-9-]{1,64})\.([A-Z0-9]{1,32})\.([A-Z0-9]{1,8}))\.([A-Z2-7]{103})", re.ASCII)
_KID = re.compile(r"[A-Z0-9]{1,8}", re.ASCII)
_RAW_KEY_BYTES = 32


class Claims(NamedTuple):
    """What a good code says."""

    campaign_id: str
    ticket_id: str
    kid: str


class Key(NamedTuple):
    kid: str
    state: State
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None


class KeyRing:
    """The stage's keys: one signs, those that signed before it go on verifying, a revoked one makes its tickets invalid."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = {key.kid: key for key in keys}
        signers = [key.kid for key in keys if key.state == SIGNING and key.private]
        if len(self._keys) != len(keys):
            raise errors.Unavailable("The ticket keys are not usable: two have the same kid")
        if len(signers) != 1:
            raise errors.Unavailable(f"The ticket keys are not usable: one key must be signing, {len(signers)} are")
        self.signing_kid = signers[0]
        """The key for new tickets; a ticket keeps the one that it was issued with."""

    @classmethod
    def from_secret(cls, secret: Mapping[str, Any] | None) -> "KeyRing":
        """Read the secret `guestlist/<stage>/tickets`, or raise `Unavailable`, which says what is wrong with it.

        `{"keys": [{"kid", "private"?, "public", "state": "signing"|"verifying"|"revoked"}]}`; the keys are raw, in base64url.
        """
        if not secret:
            raise errors.Unavailable("This stage has no ticket keys yet: python -m ops tickets rotate-keys makes them")
        try:
            return cls([_key(entry) for entry in secret["keys"]])
        except (KeyError, TypeError, ValueError) as error:
            raise errors.Unavailable(f"The ticket keys are not usable: {type(error).__name__} in the secret") from error

    def sign(self, campaign_id: str, ticket_id: str, kid: str) -> str:
        """The ticket's code: always the same for the same ticket and key."""
        body = f"{VERSION}.{campaign_id.upper()}.{ticket_id}.{kid}"
        private = self._keys[kid].private if kid in self._keys else None
        if private is None:
            raise errors.Unavailable(f"The ticket key {kid} is not there to sign with")
        code = f"{body}.{_base32(private.sign(DOMAIN + body.encode()))}"
        if not _CODE.fullmatch(code) or campaign_id != campaign_id.lower():
            raise ValueError(f"{campaign_id!r} and {ticket_id!r} cannot stand in a ticket's code")
        return code

    def verify(self, code: str) -> Claims:
        """What the code says, or `NotFound` when it is not a code that one of our present keys has signed."""
        match = _CODE.fullmatch(code)
        if match is None:
            raise _invalid()
        body, campaign, ticket, kid, signed = match.groups()
        key = self._keys.get(kid)
        signature = base64.b32decode(signed + "=")
        if key is None or key.state == REVOKED or _base32(signature) != signed:
            raise _invalid()
        try:
            key.public.verify(signature, DOMAIN + body.encode())
        except InvalidSignature as error:
            raise _invalid() from error
        return Claims(campaign.lower(), ticket, kid)

    def public_keys(self) -> list[dict[str, str]]:
        """What a scanner needs to check codes offline; revoked keys are listed too, and must be refused."""
        return [
            {
                "kid": key.kid,
                "publicKey": base64url(key.public.public_bytes_raw()),
                "algorithm": "Ed25519",
                "state": key.state,
            }
            for key in self._keys.values()
        ]

    def revoked_kids(self) -> list[str]:
        return [key.kid for key in self._keys.values() if key.state == REVOKED]


def new_key(kid: str, private: Ed25519PrivateKey | None = None) -> dict[str, str]:
    """A signing key as the secret holds it; random unless one is given."""
    if not _KID.fullmatch(kid):
        raise ValueError(f"A kid is 1 to 8 capitals and digits, not {kid!r}")
    private = private or Ed25519PrivateKey.generate()
    return {
        "kid": kid,
        "private": base64url(private.private_bytes_raw()),
        "public": base64url(private.public_key().public_bytes_raw()),
        "state": SIGNING,
    }


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _key(entry: Mapping[str, Any]) -> Key:
    kid, state = entry["kid"], entry["state"]
    if not _KID.fullmatch(kid) or state not in (SIGNING, VERIFYING, REVOKED):
        raise ValueError
    public = Ed25519PublicKey.from_public_bytes(_raw(entry["public"]))
    private = Ed25519PrivateKey.from_private_bytes(_raw(entry["private"])) if entry.get("private") else None
    if private and private.public_key() != public:
        raise ValueError
    return Key(kid, state, public, private)


def _raw(text: str) -> bytes:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != _RAW_KEY_BYTES:
        raise ValueError
    return raw


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _invalid() -> errors.NotFound:
    return errors.NotFound("This ticket is invalid: no key of ours has signed its code")
