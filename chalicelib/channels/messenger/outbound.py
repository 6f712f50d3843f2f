"""A neutral reply, translated to calls of Meta's Send API (https://developers.facebook.com/docs/messenger-platform/reference/send-api).

Whatever a reply holds, no call breaks a limit of the platform, and no text is lost. Lengths are counted in UTF-16 units, the
strictest way in which the platform could count characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Literal

from chalicelib.dialogue.model import Card, Choice, Reply

TEXT_LIMIT = 2_000
BUTTON_TEXT_LIMIT = 640
QUICK_REPLIES = 13
BUTTONS = 3
TITLE_LIMIT = 20
PAYLOAD_LIMIT = 1_000
CARD_LIMIT = 80

STAYS_PRESSABLE = {"start", "help", "language", "restart"}
"""Commands that make sense at any later time: their buttons stay in the chat. All other choices are quick replies, which the
platform takes away when one is pressed or the next message comes, so that no old answer can be pressed."""

Call = dict[str, Any]
Action = Literal["mark_seen", "typing_on"]


def calls(psid: str, reply: Reply, name: str | None) -> list[Call]:
    """The bodies of the calls that send this reply, in order. None for a reply that says nothing."""
    parts = split(_spoken(reply, name), TEXT_LIMIT)
    messages: list[Call] = [{"text": part} for part in parts]
    if reply.card:
        messages += _card_messages(reply.card)
    if reply.choices:
        if not messages:
            messages = [{"text": "👇"}]
        messages[-1] = _with_choices(messages[-1], reply.choices)
    return [{"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": message} for message in messages]


def action(psid: str, sender_action: Action) -> Call:
    """A sign of life: https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions ."""
    return {"recipient": {"id": psid}, "sender_action": sender_action}


def split(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` UTF-16 units, cut at white space where there is any, never inside an emoji or accent."""
    parts = []
    rest = text.strip()
    while _units(rest) > limit:
        end = _fitting(rest, limit)
        spaces = [match.start() for match in re.finditer(r"\s", rest[: end + 1])]
        end = spaces[-1] if spaces else end
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*parts, rest] if rest else parts


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning and `…`."""
    text = text.strip()
    return text if _units(text) <= limit else text[: _fitting(text, limit - 1)].rstrip() + "…"


def _spoken(reply: Reply, name: str | None) -> str:
    """The reply's text, and below it the choices that their buttons cannot show in full: they can be typed."""
    text = reply.text.replace(" {name}", f" {name}" if name else "")
    unseen = [
        choice.title.strip()
        for position, choice in enumerate(reply.choices)
        if position >= QUICK_REPLIES or _units(choice.title.strip()) > TITLE_LIMIT
    ]
    return "\n".join([text, *(f"• {title}" for title in unseen)])


def _with_choices(message: Call, choices: tuple[Choice, ...]) -> Call:
    """Choices belong to the last message: quick replies vanish as soon as another one follows."""
    text = message.get("text", "")
    stay = len(choices) <= BUTTONS and {choice.payload for choice in choices} <= STAYS_PRESSABLE
    if stay and text and _units(text) <= BUTTON_TEXT_LIMIT:
        buttons = [{"type": "postback", **_button(choice)} for choice in choices]
        return _template({"template_type": "button", "text": text, "buttons": buttons})
    return {
        **message,
        "quick_replies": [{"content_type": "text", **_button(choice)} for choice in choices[:QUICK_REPLIES]],
    }


def _button(choice: Choice) -> Call:
    title = shortened(choice.title, TITLE_LIMIT) or "…"
    payload = choice.payload[: _fitting(choice.payload, PAYLOAD_LIMIT)]
    return {"title": title, "payload": payload if payload.strip() else title}


def _card_messages(card: Card) -> Iterator[Call]:
    """A card with a link is a generic template; one without is its words and the picture. Nothing of it is lost when it is cut."""
    words = (card.title.strip(), card.subtitle.strip())
    if not card.link or not card.title.strip():
        yield from ({"text": part} for part in split("\n".join(words), TEXT_LIMIT))
        yield from ({"text": part} for part in split(card.link, TEXT_LIMIT))
        if card.image:
            yield {"attachment": {"type": "image", "payload": {"url": card.image}}}
        return
    if any(_units(word) > CARD_LIMIT for word in words):
        yield from ({"text": part} for part in split("\n".join(words), TEXT_LIMIT))
    open_page = {"type": "web_url", "url": card.link}
    element = {
        "title": shortened(card.title, CARD_LIMIT),
        "subtitle": shortened(card.subtitle, CARD_LIMIT),
        "image_url": card.image,
        "default_action": open_page,
        "buttons": [{**open_page, "title": shortened(card.link_title, TITLE_LIMIT) or "↗"}],
    }
    filled = {name: value for name, value in element.items() if value}
    # square: the default, 1.91 to 1, would cut a QR code's top and bottom off
    yield _template({"template_type": "generic", "image_aspect_ratio": "square", "elements": [filled]})


def _template(payload: Call) -> Call:
    return {"attachment": {"type": "template", "payload": payload}}


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text fit into so many UTF-16 units, without cutting a cluster (unless one alone is too long)."""
    if _units(text) <= limit:
        return len(text)
    end = units = 0
    while (units := units + _units(text[end])) <= limit:
        end += 1
    return next((whole for whole in range(end, 0, -1) if not _sticks(text, whole)), end)


def _sticks(text: str, position: int) -> bool:
    """Whether the character here belongs to the one before: accents, skin tones, emoji joined to one, flags.

    The part of https://unicode.org/reports/tr29/ that a chat meets; pairs of flags are kept together without counting them.
    """
    char, before = text[position], text[position - 1]
    joins = unicodedata.category(char) in ("Mn", "Me", "Mc") or char == "\u200d" or "\U0001f3fb" <= char <= "\U0001f3ff"
    tag = "\U000e0020" <= char <= "\U000e007f"
    flag = all("\U0001f1e6" <= letter <= "\U0001f1ff" for letter in (before, char))
    return joins or tag or flag or before == "\u200d"
