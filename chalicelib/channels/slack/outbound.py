"""A neutral reply, translated to calls of Slack's Web API (https://docs.slack.dev/reference/methods/chat.postMessage).

Whatever a reply holds, no call breaks a limit of Block Kit (https://docs.slack.dev/reference/block-kit), and no text is lost. Each message
has one section of text: so its `text`, which notifications show and a pressed button brings back, is all of it, and its blocks stay far
below the 13,000 characters over which Slack refuses them together (https://github.com/slackapi/bolt-js/issues/2509).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.channels.slack.texts import IN_PRIVATE
from chalicelib.channels.text import beginning, shortened, split, units
from chalicelib.dialogue.model import Card, Choice, Reply

TEXT_LIMIT = 3_000
BUTTONS = 25
TITLE_LIMIT = 75
VALUE_LIMIT = 2_000
ALT_LIMIT = 2_000
VIEW_BLOCKS = 100

POST = "chat.postMessage"

_FAN = "\ufdd0"
"""In the place of the fan's mention while a text is cut: a noncharacter, which no text has."""

_Block = dict[str, Any]
_Escapes = dict[int, str]


class Call(NamedTuple):
    method: str
    """https://docs.slack.dev/reference/methods"""
    body: dict[str, Any]
    courtesy: bool = False
    """Kind, but no part of the reply: nobody waits for it."""


def calls(user: str, reply: Reply, origin: Mapping[str, str], *, first: bool) -> list[Call]:
    """The calls that send this reply to a user, in order. None for a reply that says nothing.

    `origin` is what inbound.py told of the message that is answered; the `first` reply to it goes with what the message itself asks for.
    """
    escapes = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", _FAN: f"<@{user}>"})
    channel = origin.get("channel") or user  # Slack takes a user's id for the app's direct message with them
    return [
        *(_courtesies(user, origin, escapes) if first else ()),
        *(_message(channel, blocks) for blocks in _messages(reply, escapes)),
        *([_home(user, reply.page, escapes)] if reply.page else ()),
    ]


def _courtesies(user: str, origin: Mapping[str, str], escapes: _Escapes) -> Iterator[Call]:
    """Pressed buttons make way for the choice that was made; who mentions the app in a channel learns where it answers."""
    if "ts" in origin:
        said = beginning(origin.get("text", ""), TEXT_LIMIT).strip()  # as Slack has it: written already
        chosen = f"✓ {shortened(origin.get('title', ''), TITLE_LIMIT)}".translate(escapes)
        message = {"text": f"{said}\n{chosen}", "blocks": [_section(text) for text in (said, chosen) if text]}
        yield Call("chat.update", {"channel": origin["channel"], "ts": origin["ts"], **message}, courtesy=True)
    if {"mentioned", "thread"} <= origin.keys():
        place = {"channel": origin["mentioned"], "thread_ts": origin["thread"]}
        yield Call(POST, {**place, "text": f"<@{user}> {IN_PRIVATE}"}, courtesy=True)


def _message(channel: str, blocks: list[_Block]) -> Call:
    text = blocks[0]["text"]["text"]
    return Call(
        POST, {"channel": channel, "text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
    )


def _home(user: str, parts: Iterable[Reply], escapes: _Escapes) -> Call:
    """All that the page shows, at once: https://docs.slack.dev/reference/methods/views.publish ."""
    blocks = [block for part in parts for message in _messages(part, escapes) for block in message]
    return Call("views.publish", {"user_id": user, "view": {"type": "home", "blocks": blocks[:VIEW_BLOCKS]}})


def _messages(reply: Reply, escapes: _Escapes) -> list[list[_Block]]:
    """Each message's blocks, a section first. A ticket has a message of its own, which no press of a button changes."""
    messages = _said(_spoken(reply), escapes)
    if reply.choices:
        messages = messages or _said("👇", escapes)
        messages[-1].append(_buttons(reply.choices))
    if reply.card:
        shown = _said(_words(reply.card), escapes) or _said("🎫", escapes)
        shown[-1] += _picture(reply.card)
        messages += shown
    return messages


def _said(text: str, escapes: _Escapes) -> list[list[_Block]]:
    def written(part: str) -> int:
        return units(part.translate(escapes))

    return [[_section(part.translate(escapes))] for part in split(text, TEXT_LIMIT, written)]


def _spoken(reply: Reply) -> str:
    """The reply's text, and below it the choices that their buttons cannot show in full: they can be typed."""
    unseen = [
        choice.title.strip()
        for position, choice in enumerate(reply.choices)
        if position >= BUTTONS or units(choice.title.strip()) > TITLE_LIMIT
    ]
    return "\n".join([reply.text.replace(" {name}", f" {_FAN}"), *(f"• {title}" for title in unseen)])


def _words(card: Card) -> str:
    title = card.title.strip()
    return "\n".join([f"*{title}*" if title else "", card.subtitle])


def _section(written: str) -> _Block:
    """Text as Slack writes it: https://docs.slack.dev/messaging/formatting-message-text . Never folded away behind "See more"."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": written}, "expand": True}


def _buttons(choices: Sequence[Choice]) -> _Block:
    elements = [_choice(choice, f"choice-{number}") for number, choice in enumerate(choices[:BUTTONS])]
    return {"type": "actions", "elements": elements}


def _choice(choice: Choice, action_id: str) -> _Block:
    title = shortened(choice.title, TITLE_LIMIT) or "…"
    payload = beginning(choice.payload, VALUE_LIMIT)
    return {**_button(title, action_id), "value": payload if payload.strip() else title}


def _picture(card: Card) -> Iterator[_Block]:
    if card.image:
        yield {"type": "image", "image_url": card.image, "alt_text": shortened(f"QR {card.title}", ALT_LIMIT)}
    if card.link:
        title = shortened(card.link_title, TITLE_LIMIT) or "↗"
        yield {"type": "actions", "elements": [{**_button(title, "link"), "url": card.link}]}


def _button(title: str, action_id: str) -> _Block:
    return {"type": "button", "text": {"type": "plain_text", "text": title}, "action_id": action_id}
