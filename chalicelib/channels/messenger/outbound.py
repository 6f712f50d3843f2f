"""A neutral reply, translated to calls of Meta's Send API (https://developers.facebook.com/docs/messenger-platform/reference/send-api).

Whatever a reply holds, no call breaks a limit of the platform, and no text is lost.
"""

from collections.abc import Iterator
from typing import Any, Literal

from chalicelib.channels.text import beginning, shortened, split, units
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


def _spoken(reply: Reply, name: str | None) -> str:
    """The reply's text, and below it the choices that their buttons cannot show in full: they can be typed."""
    text = reply.text.replace(" {name}", f" {name}" if name else "")
    unseen = [
        choice.title.strip()
        for position, choice in enumerate(reply.choices)
        if position >= QUICK_REPLIES or units(choice.title.strip()) > TITLE_LIMIT
    ]
    return "\n".join([text, *(f"• {title}" for title in unseen)])


def _with_choices(message: Call, choices: tuple[Choice, ...]) -> Call:
    """Choices belong to the last message: quick replies vanish as soon as another one follows."""
    text = message.get("text", "")
    stay = len(choices) <= BUTTONS and {choice.payload for choice in choices} <= STAYS_PRESSABLE
    if stay and text and units(text) <= BUTTON_TEXT_LIMIT:
        buttons = [{"type": "postback", **_button(choice)} for choice in choices]
        return _template({"template_type": "button", "text": text, "buttons": buttons})
    return {
        **message,
        "quick_replies": [{"content_type": "text", **_button(choice)} for choice in choices[:QUICK_REPLIES]],
    }


def _button(choice: Choice) -> Call:
    title = shortened(choice.title, TITLE_LIMIT) or "…"
    payload = beginning(choice.payload, PAYLOAD_LIMIT)
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
    if any(units(word) > CARD_LIMIT for word in words):
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
