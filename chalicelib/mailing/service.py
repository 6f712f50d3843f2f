"""Who may be mailed: not who cannot be reached, who complained, or who no longer wants a list's mails."""

from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import NotFound, Unavailable
from chalicelib.mailing import model
from chalicelib.mailing.model import Subscription, Word
from chalicelib.mailing.store import MailStore
from chalicelib.users.model import deliverable


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Mailing:
    """The secret `mail` is `{"unsubscribe_key": …}`, a text, or a list while one is being rotated, the newest last."""

    def __init__(self, store: MailStore, secrets: Secrets, base_url: str, clock: Clock) -> None:
        self._store = store
        self._secrets = secrets
        self._base_url = base_url
        self._clock = clock

    def may_mail(self, address: str, of_list: str = "") -> bool:
        """Whether a mail may go there: one that somebody asked for (a receipt), or one of a list that can be unsubscribed from."""
        name = model.name_of(address)
        word = self._store.word(name)
        if not deliverable(address) or (word and word.refused):
            return False
        return not of_list or not self._store.unsubscribed(Subscription(of_list, name))

    def unsubscribe_url(self, address: str, of_list: str) -> str:
        """Where whoever is mailed there stops a list's mails. It holds no address."""
        token = model.token(self._keys()[-1], Subscription(of_list, model.name_of(address)))
        return f"{self._base_url}/unsubscribe/{token}"

    def unsubscribe_headers(self, address: str, of_list: str) -> tuple[tuple[str, str], ...]:
        """What lets mail programs unsubscribe with one press of a button: https://www.rfc-editor.org/rfc/rfc8058 ."""
        return (
            ("List-Unsubscribe", f"<{self.unsubscribe_url(address, of_list)}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        )

    def subscription(self, token: str) -> Subscription:
        """Whose token this is, or `NotFound`."""
        found = model.subscription(self._keys(), token)
        if found is None:
            raise NotFound("There is no such link")
        return found

    def is_subscribed(self, subscription: Subscription) -> bool:
        return not self._store.unsubscribed(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Again is fine."""
        self._store.unsubscribe(subscription, milliseconds(self._clock))

    def subscribe(self, subscription: Subscription) -> None:
        """Undo that; again is fine."""
        self._store.subscribe(subscription)

    def word(self, address: str) -> Word | None:
        """The last word on an address."""
        return self._store.word(model.name_of(address))

    def refuse(self, address: str, why: str, at: int) -> bool:
        """Mail nothing there any more; whether that is news. `at` is when we were told, in milliseconds."""
        return self._store.say(model.name_of(address), Word(refused=True, why=why, at=at))

    def allow(self, address: str) -> None:
        """Mail there again, whatever was said until now."""
        self._store.say(model.name_of(address), Word(refused=False, why="operator", at=milliseconds(self._clock)))

    def _keys(self) -> list[str]:
        held = self._secrets.get("mail").get("unsubscribe_key")
        keys = [key for key in (held if isinstance(held, list) else [held]) if key]
        if not keys:
            raise Unavailable("The secret mail has no unsubscribe_key: an operator must set it")
        return keys
