"""Users in the table `users`.

| pk | sk | item |
| --- | --- | --- |
| `users` | `<user id>` | the user, its version |
| `email#<address>` | `email` | that the address is taken: written as `model.unique` writes it |
| `conversation#<conversation>` | `<user id>` | whose chat it is; of a deleted user, until the bot was told |
| `made#<user id>` | `made` | that the user was made, by which request with an idempotency key; kept for two days |
| `leaving#<user id>` | `leaving` | the chats of a deleted user that the bot was not told of yet; kept for 30 days |

Every change of a user is one transaction with the first three. The partition `users` is one that DynamoDB divides by itself
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html#isolate-frequently-accessed-items).
"""

from typing import NamedTuple

import msgspec

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Put, Step, Table
from chalicelib.errors import Conflict
from chalicelib.idempotency import Act, withdrawn
from chalicelib.users.model import User, UserFields, unique

MADE_SECONDS = 2 * 24 * 3600
"""Longer than an idempotency key counts."""
LEAVING_SECONDS = 30 * 24 * 3600
"""As long as a conversation is kept at most."""

_USERS = "users"
_EMAIL, _MADE, _LEAVING = "email", "made", "leaving"


class MadeBefore(Exception):
    """The same act has made its user already."""


class Leaving(NamedTuple):
    user_id: str
    at: int
    """When the user was deleted, in milliseconds since the epoch."""
    conversations: tuple[str, ...]


class UserStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, user_id: str) -> User | None:
        item = self._table.get(_USERS, user_id)
        return _user(item) if item else None

    def page(self, after: str, limit: int) -> tuple[list[User], str]:
        """Users by id, and what is `after` for the next page."""
        items, last = self._table.page(_USERS, after=after, limit=limit)
        return [_user(item) for item in items], last

    def of(self, conversation: str) -> list[str]:
        """The ids of the users whose chat this is."""
        return [item["sk"] for item in self._table.query(_link(conversation))]

    def with_address(self, email: str) -> str:
        """The id of the user who has this e-mail address, or empty."""
        item = self._table.get(f"email#{unique(email)}", _EMAIL)
        return item["userId"] if item else ""

    def create(self, user: User, act: Act) -> None:
        """`Conflict` where the e-mail address is taken, `MadeBefore` where this act did this."""
        key = {"pk": _made(user.user_id), "sk": _MADE, "record": act.record}
        made = [Create(key | {"expiresAt": act.at // 1000 + MADE_SECONDS})] if act.record else []
        steps = [Create(_row(user)), _take(user), *made, *_links(user)]
        try:
            self._table.write(*steps)
        except ConditionFailed as failed:
            address = 1
            raise (MadeBefore if failed.steps != {address} else _taken()) from failed

    def replace(self, old: User, new: User) -> bool:
        """Write the new user over this version of the old one; False where it is not in this version any more."""
        steps: list[Step] = [Change(_USERS, new.user_id, put=_attributes(new), expect={"version": old.version})]
        if _address(new) != _address(old):
            steps += [_take(new), Delete(_address(old), _EMAIL)]
        kept = set(new.fields.conversations)
        steps += [step for step in _links(new) if step not in _links(old)]
        steps += [Delete(_link(gone), old.user_id) for gone in {*old.fields.conversations} - kept]
        try:
            self._table.write(*steps)
        except ConditionFailed as failed:
            if 0 in failed.steps:
                return False
            raise _taken() from failed
        return True

    def delete(self, user: User, at: int, instead: Conflict) -> bool:
        """Delete this version of a user, and what their request was answered, and write down who is `leaving`; False as above."""
        chats = sorted({*user.fields.conversations})
        expires = {"expiresAt": at // 1000 + LEAVING_SECONDS}
        leaving = {"pk": _leaving(user.user_id), "sk": _LEAVING, "at": at, "conversations": chats, **expires}
        made = self._table.get(_made(user.user_id), _MADE)
        steps: list[Step] = [
            Delete(_USERS, user.user_id, expect={"version": user.version}),
            Delete(_address(user), _EMAIL),
            *([Put(leaving)] if chats else []),
            *(Put({"pk": _link(chat), "sk": user.user_id, **expires}) for chat in chats),
            *(withdrawn(self._table, made["record"], instead) if made else []),
        ]
        try:
            self._table.write(*steps)
        except ConditionFailed:
            return False
        return True

    def leaving(self, user_id: str) -> Leaving | None:
        item = self._table.get(_leaving(user_id), _LEAVING)
        return Leaving(user_id, item["at"], tuple(item["conversations"])) if item else None

    def left(self, leaving: Leaving) -> None:
        """The bot knows of all their chats."""
        links = (Delete(_link(chat), leaving.user_id) for chat in leaving.conversations)
        self._table.write(Delete(_leaving(leaving.user_id), _LEAVING), *links)


def _user(item: Item) -> User:
    """Its limits were checked when it was written, and are not checked again."""
    fields = UserFields(**{name: item[name] for name in UserFields.__struct_fields__})
    return User(item["sk"], fields, item["createdAt"], item["updatedAt"], item["version"])


def _row(user: User) -> Item:
    return {"pk": _USERS, "sk": user.user_id, **_attributes(user)}


def _attributes(user: User) -> Item:
    fields: Item = msgspec.to_builtins(user.fields)
    return fields | {"createdAt": user.created_at, "updatedAt": user.updated_at, "version": user.version}


def _take(user: User) -> Create:
    return Create({"pk": _address(user), "sk": _EMAIL, "userId": user.user_id})


def _address(user: User) -> str:
    return f"email#{unique(user.fields.email)}"


def _links(user: User) -> list[Step]:
    return [Put({"pk": _link(chat), "sk": user.user_id}) for chat in dict.fromkeys(user.fields.conversations)]


def _link(conversation: str) -> str:
    return f"conversation#{conversation}"


def _made(user_id: str) -> str:
    return f"made#{user_id}"


def _leaving(user_id: str) -> str:
    return f"leaving#{user_id}"


def _taken() -> Conflict:
    return Conflict(
        "Another user has this e-mail address: change that one, or use another address", reason="email_taken"
    )
