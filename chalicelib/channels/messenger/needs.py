"""What the Messenger channel needs of others. Types only: the webhook's cold start does not pay for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.dialogue.model import Message


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Inbox(Protocol):
    def accept(self, messages: Sequence[Message]) -> None:
        """Keep all messages, or raise `Unavailable`."""

    def forget(self, conversation: str, code: str, at: int) -> None:
        """Have a conversation deleted, in order with its messages, or raise `Unavailable`."""


class DeletionLog(Protocol):
    """What became of each deletion request. It knows requests by their code, and nobody's id."""

    def pending(self, code: str) -> None:
        """A request came in. The same again changes nothing."""

    def status(self, code: str) -> str | None:
        """`pending` or `done`; None when there is no such request, or it is long ago."""
