"""The HTTP edge of users."""

import msgspec
from chalice.app import Request, Response

from chalicelib import http, validation
from chalicelib.clock import iso
from chalicelib.idempotency import Idempotency
from chalicelib.users.model import User, UserFields, UserPatch, UserShown
from chalicelib.users.service import Users

_LIST = "users"
_READ_ONLY = {"userId", "createdAt", "updatedAt"}
"""What GET adds: sent back, it is passed over."""


class UsersApi:
    def __init__(self, users: Users, idempotency: Idempotency, base_url: str) -> None:
        self._users = users
        self._idempotency = idempotency
        self._base_url = base_url

    def create(self, request: Request) -> Response:
        """`POST /users`."""
        fields = validation.decode(http.raw_body(request), UserFields)
        return self._idempotency.once(request, lambda act: self._created(self._users.create(fields, act)))

    def page(self, request: Request) -> Response:
        """`GET /users`."""
        asked = http.page(request, _LIST)
        users, last = self._users.page(asked.after, asked.limit)
        body: dict[str, object] = {_LIST: [_shown(user) for user in users]}
        return http.json_response(body | ({"nextCursor": http.cursor(_LIST, last)} if last else {}))

    def show(self, user_id: str, _request: Request) -> Response:
        """`GET /users/{user}`."""
        return _answer(self._users.get(user_id))

    def replace(self, user_id: str, request: Request) -> Response:
        """`PUT /users/{user}`."""
        fields = validation.convert(_sent(request), UserFields)
        return _answer(self._users.change(user_id, http.if_match(request), lambda _: fields))

    def patch(self, user_id: str, request: Request) -> Response:
        """`PATCH /users/{user}`."""
        patch = _sent(request)
        validation.convert(patch, UserPatch)

        def patched(fields: UserFields) -> UserFields:
            return validation.convert(validation.merged(msgspec.to_builtins(fields), patch), UserFields)

        return _answer(self._users.change(user_id, http.if_match(request), patched))

    def delete(self, user_id: str, request: Request) -> Response:
        """`DELETE /users/{user}`."""
        self._users.delete(user_id, http.if_match(request))
        return http.Text("", {"Cache-Control": "no-store"}, 204)

    def _created(self, user: User) -> Response:
        return _answer(user, 201, {"Location": f"{self._base_url}/users/{user.user_id}"})


def _sent(request: Request) -> dict[str, validation.Json]:
    sent = validation.json_object(http.raw_body(request))
    return {name: value for name, value in sent.items() if name not in _READ_ONLY}


def _answer(user: User, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return http.json_response(_shown(user), status, {"ETag": http.etag(user.version), **(headers or {})})


def _shown(user: User) -> dict[str, object]:
    fields = user.fields
    shown: dict[str, object] = msgspec.to_builtins(
        UserShown(
            user_id=user.user_id,
            email=fields.email,
            name=fields.name,
            age=fields.age,
            conversations=fields.conversations,
            created_at=iso(user.created_at),
            updated_at=iso(user.updated_at),
        )
    )
    return shown
