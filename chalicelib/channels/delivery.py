"""What every channel promises the sender."""

from typing import Protocol

from chalicelib.dialogue.model import Reply


class Undeliverable(Exception):
    """A reply that can never be sent. `kind` is the channel's word for the reason; `ours` where it is our own mistake."""

    def __init__(self, kind: str, *, ours: bool) -> None:
        super().__init__(kind)
        self.kind = kind
        self.ours = ours


class Channel(Protocol):
    def deliver(self, conversation: str, reply: Reply, trace: str, receives: int, received_at: int) -> None:
        """Send a reply that its queue handed out for the `receives`-th time, to a message that we received at `received_at` (or 0).

        `batch.Later` when it must wait, `Undeliverable` when it can never be sent.
        """
