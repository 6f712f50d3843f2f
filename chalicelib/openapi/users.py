"""Users of the organiser's own systems."""

from typing import Annotated

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ORGANISER, SERVICE
from chalicelib.openapi.entry import (
    CURSOR,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LIMIT,
    LOCATION,
    Answer,
    Entry,
    path,
    problem,
)
from chalicelib.users.model import UserFields, UserPatch, UserShown


class UserPage(Struct, rename="camel", omit_defaults=True):
    users: list[UserShown]
    next_cursor: str = ""


_WHO = (ORGANISER, SERVICE)
_ID = "kq3v5Zr9TfWc4mB2xYpL8g"
_NEW = {"email": "anna@example.org", "name": "Anna de Vries", "age": 41}
_TIMES = {"createdAt": "2026-12-05T19:00:00.000Z", "updatedAt": "2026-12-05T19:00:00.000Z"}
_EXAMPLE = {"userId": _ID, **_NEW, "conversations": ["messenger:1000:86420975318642"], **_TIMES}
_USER = path("user", Annotated[str, Meta(min_length=1)], "The user's id", _ID)
_AS_IT_IS = Answer("The user as it is now", {http.JSON: UserShown}, {http.JSON: _EXAMPLE}, (ETAG,))
_UNKNOWN = problem(404, "There is no such user")
_TAKEN = problem(
    409,
    "Another user has this e-mail address, whatever its case",
    "Another user has this e-mail address: change that one, or use another address",
    reason="email_taken",
)

ENTRIES = (
    Entry(
        "POST",
        "/users",
        "Make a user",
        _WHO,
        parameters=(IDEMPOTENCY_KEY,),
        body={http.JSON: UserFields},
        example=_NEW,
        answers={
            201: Answer("The new user", {http.JSON: UserShown}, {http.JSON: _EXAMPLE}, (LOCATION, ETAG)),
            409: _TAKEN._replace(
                says=f"{_TAKEN.says}; or the one made with this key was deleted (`reason` is deleted)"
            ),
        },
    ),
    Entry(
        "GET",
        "/users",
        "List users",
        _WHO,
        says="By id.",
        parameters=(LIMIT, CURSOR),
        answers={200: Answer("A page of them", {http.JSON: UserPage}, {http.JSON: {"users": [_EXAMPLE]}})},
    ),
    Entry(
        "GET",
        "/users/{user}",
        "See a user",
        _WHO,
        parameters=(_USER,),
        answers={200: _AS_IT_IS, 404: _UNKNOWN},
    ),
    Entry(
        "PUT",
        "/users/{user}",
        "Replace a user",
        _WHO,
        says="What is left out is taken away. `userId`, `createdAt` and `updatedAt`, as GET shows them, are passed over.",
        parameters=(_USER, IF_MATCH),
        body={http.JSON: UserFields},
        example=_NEW,
        answers={200: _AS_IT_IS, 404: _UNKNOWN, 409: _TAKEN},
    ),
    Entry(
        "PATCH",
        "/users/{user}",
        "Change some of a user",
        _WHO,
        says="A merge patch (RFC 7396): what is left out stays, null takes away.",
        parameters=(_USER, IF_MATCH),
        body={http.JSON: UserPatch, http.MERGE_PATCH: UserPatch},
        example={"name": "Anna Jansen"},
        answers={200: _AS_IT_IS, 404: _UNKNOWN, 409: _TAKEN},
    ),
    Entry(
        "DELETE",
        "/users/{user}",
        "Forget a user",
        _WHO,
        says="Their conversations are deleted too, each after the messages that are in it by now; tickets stay, and name nobody.",
        parameters=(_USER, IF_MATCH),
        answers={204: Answer("The user is gone, and their conversations are about to be"), 404: _UNKNOWN},
    ),
)
