"""Users, for the organiser's own systems; and the one way in which a person is forgotten."""

import contextlib
from collections.abc import Callable
from typing import Protocol

from chalicelib import ids
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from chalicelib.idempotency import Act
from chalicelib.users.model import User, UserFields
from chalicelib.users.store import MadeBefore, UserStore

ATTEMPTS = 8
"""At changing a user that others change at the same moment: each time, one of them has done it."""


class Inbox(Protocol):
    def forget(self, conversation: str, code: str, at: int) -> None:
        """Have a conversation deleted, in order with its messages, or raise `Unavailable`; the same code again changes nothing."""

    def tell(self, conversation: str, order_id: str, at: int) -> None:
        """Have a fan told what has become of an order, in order with their messages, or raise `Unavailable`; again changes nothing."""


class Users:
    def __init__(self, store: UserStore, inbox: Inbox, clock: Clock) -> None:
        self._store = store
        self._inbox = inbox
        self._clock = clock

    def get(self, user_id: str) -> User:
        """The user as it is now, or `NotFound`."""
        user = self._store.get(user_id)
        if user is None:
            raise NotFound("There is no such user")
        return user

    def page(self, after: str, limit: int) -> tuple[list[User], str]:
        """Users by id, and where the next page begins."""
        return self._store.page(after, limit)

    def create(self, fields: UserFields, act: Act) -> User:
        """A new user, or `Conflict` where another has its e-mail address."""
        user = User(act.id, fields, act.at, act.at)
        try:
            self._store.create(user, act)
        except MadeBefore as before:
            found = self._store.get(act.id)
            if found is None:
                raise _deleted() from before
            return found
        return user

    def of(self, conversation: str) -> list[str]:
        """The ids of the users whose chat this is."""
        return self._store.of(conversation)

    def introduce(self, email: str, conversation: str, act: Act) -> str:
        """The id of the user who has this address; where there is none, of a new one, whose chat this is.

        Who says an address need not be whose it is: so a user that there is gets no chat by this.
        """
        for _ in range(ATTEMPTS):
            if found := self._store.with_address(email):
                return found
            name = email.partition("@")[0]
            with contextlib.suppress(Conflict):  # somebody else made one
                return self.create(UserFields(email=email, name=name, conversations=[conversation]), act).user_id
        raise _busy()

    def change(self, user_id: str, version: int | None, changed: Callable[[UserFields], UserFields]) -> User:
        """Write what `changed` makes of the user, or raise `Conflict` where another has the new e-mail address.

        `PreconditionFailed` where the user is not in this version; None is whichever it is in.
        """
        for _ in range(ATTEMPTS):
            old = self._in_version(user_id, version)
            fields = changed(old.fields)
            new = old._replace(fields=fields, updated_at=milliseconds(self._clock), version=old.version + 1)
            if self._store.replace(old, new):
                return new
        raise _busy()

    def delete(self, user_id: str, version: int | None) -> None:
        """Delete a user, and have the bot delete their chats, each after the messages that are in it by now.

        `Unavailable` when the bot cannot be told: the user is gone then, and the same call tells it.
        """
        if self._store.leaving(user_id) is None:
            self._delete(user_id, version)
        if leaving := self._store.leaving(user_id):
            for chat in leaving.conversations:
                self._inbox.forget(chat, ids.digest(user_id, chat, length=22), leaving.at)
            self._store.left(leaving)

    def forget(self, conversation: str) -> None:
        """A person wants to be forgotten, who has this conversation: delete the users that they are. Again is fine."""
        for user_id in self._store.of(conversation):
            with contextlib.suppress(NotFound):  # someone else did it
                self.delete(user_id, None)

    def tell(self, conversation: str, order_id: str) -> None:
        """Have the bot tell a person, who has this conversation, what has become of an order. Again changes nothing."""
        self._inbox.tell(conversation, order_id, milliseconds(self._clock))

    def _delete(self, user_id: str, version: int | None) -> None:
        for _ in range(ATTEMPTS):
            user = self._in_version(user_id, version)
            if self._store.delete(user, milliseconds(self._clock), _deleted()):
                return
        raise _busy()

    def _in_version(self, user_id: str, version: int | None) -> User:
        user = self.get(user_id)
        if version not in (None, user.version):
            raise PreconditionFailed("The user was changed since you read it: read it again, and decide anew")
        return user


def _deleted() -> Conflict:
    return Conflict("The user that was made with this Idempotency-Key was deleted since", reason="deleted")


def _busy() -> Unavailable:
    return Unavailable("Too many are changing this user at once: try again")
