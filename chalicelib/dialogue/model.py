"""The neutral message that every channel translates to and from, and the state of a conversation.

All of these are NamedTuples: the webhook builds a `Message` too, and its cold start should not pay for more.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

Kind = Literal["text", "choice", "start", "media", "home", "deletion", "order", "notice"]
"""What a fan did: typed, pressed a button, came in by a link or Get Started, sent something that is not text, opened the app's own page
(Slack's App Home), or asked the platform to have all their data deleted. Or what happened: an order of theirs has ended, or what they wait
for has come."""

Act = Literal["opening", "closing"]
"""What a fan can wait for: that the campaign opens, or that it closes while they play."""

TEXT_LIMIT = 2_000
"""Characters of a fan's text that we keep; nobody needs more to answer a question."""


class Message(NamedTuple):
    """What one fan did, whatever the platform calls it."""

    conversation: str
    """`messenger:<page id>:<PSID>`, `slack:<team id>:<user id>`, `web:<campaign id>:<session>`: the channel, the account there, the fan."""
    id: str
    """The platform's own id of the message: the same again means that it is the same message, delivered again."""
    at: int
    """When the fan did it, by the platform's clock, in milliseconds since the epoch."""
    kind: Kind
    text: str = ""
    """What was typed, or the title of the button that was pressed; at most `TEXT_LIMIT` characters."""
    payload: str = ""
    """Of a pressed button: what we gave it (see `Choice.payload`). Of a notice: the `Act`."""
    ref: str = ""
    """Of a start: the campaign's ref in the link or QR code, or empty."""
    campaign: str = ""
    """The id of the campaign whose page the fan is on (web chat), or that a notice is about; empty where one chat serves all campaigns."""
    source: str = ""
    """Of a first message on that page: the source in the page's link, or empty. Elsewhere it is in the ref."""
    order: str = ""
    """The id of the order that has ended."""
    media: str = ""
    """Of media: sticker, image, audio, video, file, location, …"""
    locale: str = ""
    """The fan's language where the platform tells it (`nl`, `nl_NL`), or empty."""
    trace: str = ""
    """The digest that follows this message through the logs."""
    received_at: int = 0
    """When we received it, in milliseconds since the epoch; 0 where the answer goes out in the same request."""
    origin: Mapping[str, str] = {}
    """What its channel wants to know again when it sends the replies (which button was pressed, say). Nobody else looks into it."""

    @property
    def channel(self) -> str:
        return self.conversation.partition(":")[0]


class Choice(NamedTuple):
    """A button. `title` is at most 20 characters, `payload` comes back in `Message.payload`."""

    title: str
    payload: str


class Card(NamedTuple):
    """A ticket as it arrives in a chat: a picture with a title and a link."""

    title: str
    subtitle: str
    image: str
    """An absolute URL of a PNG."""
    link: str
    """The absolute URL of the ticket's page, which ends with its code."""
    link_title: str


class Reply(NamedTuple):
    """One message to the fan. `text` may be empty only where there is a card, or a page.

    ` {name}` in the text becomes the fan's first name where the channel knows it, and disappears where it does not.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    page: tuple["Reply", ...] = ()
    """All that the fan's own page in the app is to show (Slack's App Home), instead of a message."""

    @property
    def ticket(self) -> str:
        """The code of the ticket that the card shows, or empty. Not stored: a code is long, and the link has it."""
        return self.card.link.rpartition("/")[2] if self.card else ""


def packed(replies: Iterable[Reply]) -> list[dict[str, Any]]:
    """Replies as JSON for a queue or a table; empty members are left out."""
    rows = []
    for reply in replies:
        row = {name: value for name, value in reply._asdict().items() if value}
        rows.append(row | {"page": packed(reply.page)} if reply.page else row)
    return rows


def unpacked(rows: Iterable[Mapping[str, Any]]) -> tuple[Reply, ...]:
    """What `packed` packed."""
    return tuple(
        Reply(
            row.get("text", ""),
            tuple(Choice(*choice) for choice in row.get("choices", ())),
            Card(*row["card"]) if "card" in row else None,
            unpacked(row.get("page", ())),
        )
        for row in rows
    )


class State(NamedTuple):
    """What a conversation remembers from turn to turn. Small: it is written with every turn."""

    language: str = ""
    """en or nl; empty until the first turn."""
    campaign: str = ""
    """The id of the campaign that the fan plays, or empty."""
    source: str = ""
    """Of the link that the fan came to it by first, or empty."""
    step: Literal["", "consent", "question", "finished"] = ""
    question: int = 0
    """The position of the question that is being asked."""
    correct: int = 0
    attempt: int = 0
    """Which attempt this is, from 1; after the last question: how many were used."""
    ticket: str = ""
    """The code of the ticket that the fan holds in this campaign, or empty."""
    stopped: bool = False
    wish: str = ""
    """What the fan wants to buy, `<quantity> <product id>`, or empty."""
    draft: str = ""
    """The id that the order will have, once the fan has said yes to what it comes to; or empty."""
    asked: Literal["", "email", "order"] = ""
    """What the last turn has asked about it: the address for the receipt, or whether that is it."""
    customer: str = ""
    """The id of the user as whom the fan buys, or empty."""
    order: str = ""
    """The id of the fan's latest order, or empty."""
    deleting: bool = False
    """We asked whether to delete everything, and wait for a yes."""
    last_at: int = 0
    """When the fan sent the newest message that we handled, by the platform's clock, in milliseconds."""
    waits: Act | Literal[""] = ""
    """What the fan is told unasked when it comes: they are on the campaign's waiting list for it."""


class Begin(NamedTuple):
    """The fan begins an attempt at the campaign."""


class Finish(NamedTuple):
    """The fan has answered the last question."""

    passed: bool


class Introduce(NamedTuple):
    """The fan says by which address they buy."""

    email: str


class Buy(NamedTuple):
    """The fan has said yes."""

    order_id: str
    customer: str
    product_id: str
    quantity: int


class Forget(NamedTuple):
    """Delete all that we keep of this fan, everywhere."""


class Answered(NamedTuple):
    """The fan has answered a question."""

    question: str
    right: bool


class Turn(NamedTuple):
    """What one message leads to: the next state, the replies, and what must happen elsewhere before either counts."""

    state: State
    replies: tuple[Reply, ...]
    effect: Begin | Finish | Forget | Introduce | Buy | None = None
    answered: Answered | None = None
