"""What every channel promises the sender."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from chalicelib.dialogue.model import Reply


class Undeliverable(Exception):
    """A reply that can never be sent. `kind` is the channel's word for the reason; `ours` where it is our own mistake."""

    def __init__(self, kind: str, *, ours: bool) -> None:
        super().__init__(kind)
        self.kind = kind
        self.ours = ours


class Delivery(NamedTuple):
    """A reply on its way, as the outbound queue hands it out."""

    conversation: str
    reply: Reply
    trace: str = ""
    position: int = 0
    """Of the reply among those to the same message."""
    receives: int = 1
    """How many times it was handed out, this time included."""
    received_at: int = 0
    """When we received the message that it answers, in milliseconds since the epoch; or 0."""
    origin: Mapping[str, str] = {}
    """The message's own (see `Message.origin`)."""


class Channel(Protocol):
    def deliver(self, delivery: Delivery) -> None:
        """Send a reply: `batch.Later` when it must wait, `Undeliverable` when it can never be sent."""
