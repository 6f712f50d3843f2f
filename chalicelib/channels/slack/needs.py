"""What the Slack channel's HTTP edge needs of others. Types only: the webhook's cold start does not pay for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.dialogue.model import Message


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Inbox(Protocol):
    def accept(self, messages: Sequence[Message]) -> None:
        """Keep all messages, or raise `Unavailable`."""


class Installations(Protocol):
    """The workspaces that have installed the app."""

    def revoke(self, team: str, at: int) -> None:
        """Forget an installation made before `at` (in milliseconds), or raise `Unavailable`; again is fine."""
