"""A user of the organiser's own systems, and what makes an e-mail address one."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.errors import FieldError
from chalicelib.validation import NOT_BLANK, Body

MOST_CONVERSATIONS = 10

LONGEST_EMAIL, LONGEST_LOCAL_PART, LONGEST_LABEL = 254, 64, 63
"""Octets: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1 (a path's 256 without its brackets), and DNS."""

_UNSEEN = r"\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000-\u3002\ufeff\uff0e\uff61"
"""Control characters, white space, what nobody sees, and what only looks like a dot."""
_ATOM = rf'[^\u0000-\u0020"(),.:;<>@\[\\\]{_UNSEEN}]+'
_INNER = rf"[^\u0000-\u002c\u002e\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f{_UNSEEN}]"
_EDGE = rf"[^\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f{_UNSEEN}]"
_LABEL = rf"{_EDGE}({_INNER}*{_EDGE})?"

Email = Annotated[
    str,
    Meta(
        max_length=LONGEST_EMAIL,
        pattern=rf"^{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})+$",
        description="an e-mail address such as anna@example.org, without name, quotation marks or spaces",
        extra_json_schema={"format": "idn-email"},
    ),
]
Name = Annotated[
    str, Meta(max_length=100, pattern=NOT_BLANK, description="a text of 1 to 100 characters that is not blank")
]
Age = Annotated[int, Meta(ge=0, le=150)]
Conversation = Annotated[
    str,
    Meta(
        pattern="^(messenger:[0-9]{1,20}:[0-9]{1,20}|slack:[A-Z0-9]{1,20}:[A-Z0-9]{1,20}|web:[a-z0-9-]{1,40}:[A-Za-z0-9_-]{22})$",
        description="messenger:<page>:<PSID>, slack:<team>:<user> or web:<campaign>:<session>",
    ),
]
Conversations = Annotated[
    list[Conversation],
    Meta(
        max_length=MOST_CONVERSATIONS,
        description="The person's chats: they are deleted with the user, and the user with them",
    ),
]


class _Reachable(Body, frozen=True, kw_only=True):
    @classmethod
    def compared(cls, fields: Mapping[str, Any]) -> Iterable[FieldError]:
        """The lengths of an e-mail address, which are those of its bytes."""
        email = fields.get("email")
        return _too_long(email) if isinstance(email, str) else ()


class UserFields(_Reachable, frozen=True, kw_only=True):
    """What others say about a user."""

    email: Email
    name: Name
    age: Age | None = None
    conversations: Conversations = []  # noqa: RUF012  # msgspec copies it


class UserPatch(_Reachable, frozen=True, kw_only=True):
    """Some of it (https://www.rfc-editor.org/rfc/rfc7396): null takes a field away."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    age: Age | UnsetType | None = UNSET
    conversations: Conversations | UnsetType | None = UNSET


class UserShown(Struct, frozen=True, kw_only=True, rename="camel"):
    user_id: str
    email: str
    name: str
    age: int | None
    conversations: list[str]
    created_at: Annotated[str, Meta(description="2026-12-05T19:00:00.000Z")]
    updated_at: str


class User(NamedTuple):
    user_id: str
    fields: UserFields
    created_at: int
    """Milliseconds since the epoch."""
    updated_at: int
    version: int = 1
    """Raised by every change."""


def unique(email: str) -> str:
    """What no two users share: the address whatever its case, and however its letters and its domain are encoded.

    Mail servers may tell Anna@ from anna@, but people do not. A domain's ß is not its ss (https://www.rfc-editor.org/rfc/rfc5894#section-7.2).
    """
    local, _, domain = email.rpartition("@")
    return f"{_composed(_composed(local).casefold())}@{'.'.join(_encoded(domain))}"


def deliverable(email: str) -> str:
    """The address as every mail program takes it, in ASCII; empty where its first half has other letters, to which SES does not send.

    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
    """
    local, _, domain = email.rpartition("@")
    return f"{local}@{'.'.join(_encoded(domain))}" if local.isascii() else ""


def _encoded(domain: str) -> list[str]:
    """The labels of a domain as they are looked up: https://www.rfc-editor.org/rfc/rfc5890#section-2.3.2.1 ."""
    labels = _composed(_composed(domain).lower()).split(".")
    return [label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _too_long(email: str) -> Iterable[FieldError]:
    local, _, domain = email.rpartition("@")
    labels = _encoded(domain)
    lengths = (
        ("before the @", len(local.encode()), LONGEST_LOCAL_PART),
        ("between two dots", max(map(len, labels)), LONGEST_LABEL),
        ("in all", len(f"{local}@{'.'.join(labels)}".encode()), LONGEST_EMAIL),
    )
    return [
        FieldError("email", f"has {length} bytes {where}; the limit is {limit}")
        for where, length, limit in lengths
        if length > limit and len(email) <= LONGEST_EMAIL
    ]
