"""Users of the organiser's own systems."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib.http import ORGANISER, SERVICE
from chalicelib.openapi.collection import Collection
from chalicelib.openapi.entry import Answer, path, problem
from chalicelib.users.model import UserFields, UserPatch, UserShown


class UserPage(Struct, rename="camel", omit_defaults=True):
    users: list[UserShown]
    next_cursor: str = ""


_ID = "kq3v5Zr9TfWc4mB2xYpL8g"
_NEW = {"email": "anna@example.org", "name": "Anna de Vries", "age": 41}
_TIMES = {"createdAt": "2026-12-05T19:00:00.000Z", "updatedAt": "2026-12-05T19:00:00.000Z"}
_EXAMPLE = {"userId": _ID, **_NEW, "conversations": ["messenger:1000:86420975318642"], **_TIMES}
_USER = path("user", Annotated[str, Meta(min_length=1)], "The user's id", _ID)
_USERS = Collection("/users", "user", (ORGANISER, SERVICE), _USER, UserShown, _EXAMPLE)
_TAKEN = problem(
    409,
    "Another user has this e-mail address, whatever its case",
    "Another user has this e-mail address: change that one, or use another address",
    reason="email_taken",
)

_TAKEN_OR_DELETED = f"{_TAKEN.says}; or the one made with this key was deleted (`reason` is deleted)"

ENTRIES = (
    _USERS.make(UserFields, _NEW, {409: _TAKEN._replace(says=_TAKEN_OR_DELETED)}),
    _USERS.list(UserPage, _EXAMPLE, "By id."),
    _USERS.see(),
    _USERS.replace(
        UserFields,
        _NEW,
        {409: _TAKEN},
        "What is left out is taken away. `userId`, `createdAt` and `updatedAt`, as GET shows them, are passed over.",
    ),
    _USERS.change(
        UserPatch,
        {"name": "Anna Jansen"},
        {409: _TAKEN},
        "A merge patch (RFC 7396): what is left out stays, null takes away.",
    ),
    _USERS.delete(
        "Forget a user",
        {204: Answer("The user is gone, and their conversations are about to be")},
        "Their conversations are deleted too, each after the messages that are in it by now; tickets stay, and name nobody.",
    ),
)
