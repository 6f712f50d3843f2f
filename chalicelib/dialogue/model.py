"""The neutral message that every channel translates to and from, and the state of a conversation.

All of these are NamedTuples: the webhook builds a `Message` too, and its cold start should not pay for more.
"""

from typing import Literal, NamedTuple

Kind = Literal["text", "choice", "start", "media", "deletion"]
"""What a fan did: typed, pressed a button, came in by a link or Get Started, sent something that is not text, or asked the platform
to have all their data deleted."""

TEXT_LIMIT = 2_000
"""Characters of a fan's text that we keep; nobody needs more to answer a question."""


class Message(NamedTuple):
    """What one fan did, whatever the platform calls it."""

    conversation: str
    """`messenger:<page id>:<PSID>`, `web:<campaign id>:<session>`: the channel, the account there, the fan."""
    id: str
    """The platform's own id of the message: the same again means that it is the same message, delivered again."""
    at: int
    """When the fan did it, by the platform's clock, in milliseconds since the epoch."""
    kind: Kind
    text: str = ""
    """What was typed, or the title of the button that was pressed; at most `TEXT_LIMIT` characters."""
    payload: str = ""
    """Of a pressed button: what we gave it (see `Choice.payload`)."""
    ref: str = ""
    """Of a start: the campaign's ref in the link or QR code, or empty."""
    campaign: str = ""
    """The id of the campaign whose page the fan is on (web chat), or empty where one chat serves all campaigns."""
    media: str = ""
    """Of media: sticker, image, audio, video, file, location, …"""
    locale: str = ""
    """The fan's language where the platform tells it (`nl`, `nl_NL`), or empty."""
    trace: str = ""
    """The digest that follows this message through the logs."""

    @property
    def channel(self) -> str:
        return self.conversation.partition(":")[0]


class Choice(NamedTuple):
    """A button. `title` is at most 20 characters, `payload` comes back in `Message.payload`."""

    title: str
    payload: str


class Card(NamedTuple):
    """A picture with a title and a link: how a ticket arrives in a chat."""

    title: str
    subtitle: str
    image: str
    """An absolute URL of a PNG."""
    link: str
    """An absolute URL of a page."""
    link_title: str


class Reply(NamedTuple):
    """One message to the fan. `text` may be empty only where there is a card.

    ` {name}` in the text becomes the fan's first name where the channel knows it, and disappears where it does not.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    ticket: str = ""
    """The code of the ticket that the card shows, or empty."""
