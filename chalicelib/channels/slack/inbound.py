"""What Slack sends, translated to neutral messages: events, slash commands, pressed buttons. docs/slack.md has a line for every kind.

A fan's conversation is `slack:<workspace>:<user>`, wherever in the workspace they write: the dialogue itself is always in the app's direct
message with them, because in a channel it would give away answers and tickets. A message's `origin` tells the sender what Slack
calls the place: `channel` (that direct message, where Slack named it), of a pressed button that counts once `ts`, `text` and `title` (the
message that it belongs to), of a mention `mentioned` and `thread` (the channel and the thread to point the fan out of).

Nothing here trusts a shape: what asks for no answer, or cannot be understood, is `Ignored` with its kind, to be counted.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from chalicelib import ids
from chalicelib.channels.received import json_object, storable
from chalicelib.dialogue.model import TEXT_LIMIT, Kind, Message

STAYS_PRESSABLE = {"start", "help", "language"}
"""Commands whose buttons mean the same however often they are pressed. All other buttons of a message count once, whichever is pressed."""

PRESSED_TEXT_LIMIT = 3_000
"""Characters of a pressed message's text that travel with it: what a section can hold."""

_RECEIVED_LIMIT = 40_000
_NAME_LIMIT = 128
_PAYLOAD_LIMIT = 2_000
_REF_LIMIT = 250
"""Characters; Slack's own limits are the same, or lower."""

_IDENTIFIER = re.compile(r"[A-Z0-9]{2,32}")
_TIME = re.compile(r"([0-9]{1,11})\.([0-9]{3})[0-9]*")

_TYPED = {"", "file_share", "me_message", "thread_broadcast"}
"""Subtypes of a message that a fan wrote: https://docs.slack.dev/reference/events/message#subtypes ."""
_NOT_TYPED = {"bot_message": "bot", "message_changed": "edited", "message_deleted": "deleted"}

_INTERACTIONS = {"view_submission", "view_closed", "shortcut", "message_action"}
"""They belong to modals and shortcuts, of which the app has none."""

_MENTION = re.compile(r"<@[^<>]*>")
_MARKUP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_EMOJI = re.compile(r":([^\s:]+):(?::skin-tone-\d:)?")
_CODE_POINTS = re.compile(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*")
_CUSTOM_EMOJI = "🙂"
"""In place of an emoji that only this workspace has."""

_Json = dict[str, Any]
Origin = Mapping[str, str]


class Ignored(Exception):  # an outcome: why this request gets no answer
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Challenge(NamedTuple):
    """Slack asks whether this address is ours."""

    value: str


class Revoked(NamedTuple):
    """A workspace has taken the app away, or its token back, at this time (in milliseconds)."""

    team: str
    at: int


class RateLimited(NamedTuple):
    """Slack holds back a workspace's events since then (in milliseconds)."""

    team: str
    since: int


def event(raw: bytes, now: int) -> Message | Challenge | Revoked | RateLimited:
    """Translate a verified body of the Events API, received `now` (in milliseconds): https://docs.slack.dev/apis/events-api .

    `Invalid` when it is not a JSON object, `Ignored` when it asks for nothing.
    """
    body = json_object(raw)
    match body.get("type"):
        case "event_callback":
            return _happened(body, now)
        case "url_verification":
            return Challenge(storable(body.get("challenge"), _PAYLOAD_LIMIT))
        case "app_rate_limited":
            return RateLimited(_identifier(body.get("team_id")), _whole(body.get("minute_rate_limited")) * 1000 or now)
    raise Ignored("unknown")


def command(raw: bytes, now: int) -> Message:
    """Translate a verified slash command, or raise `Ignored`: https://docs.slack.dev/interactivity/implementing-slash-commands .

    Only one in a direct message has an origin `channel`: the app's own or, as its name does not tell, one with somebody else.
    """
    form = _form(raw)
    direct = form.get("channel_name") == "directmessage"
    act = _ordered(form.get("text", ""), _place(channel=_direct(form.get("channel_id")) if direct else ""))
    return _by(form.get("team_id"), form.get("user_id"), act, storable(form.get("trigger_id"), _NAME_LIMIT), now, now)


def interaction(raw: bytes, now: int) -> Message:
    """Translate a verified pressed button, or raise `Ignored`; `Invalid` when there is no payload.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    payload = json_object(_form(raw).get("payload", ""))
    kind = storable(payload.get("type"), _NAME_LIMIT)
    if kind != "block_actions":
        raise Ignored(kind if kind in _INTERACTIONS else "unknown")
    user = _dict(payload.get("user"))
    team = _dict(payload.get("team")).get("id") or user.get("team_id")  # no team where a whole organisation has the app
    button = _button(payload.get("actions"))
    pressed_at = storable(button.get("action_ts"), _NAME_LIMIT)
    act = _pressed(payload, button)
    name = f"{act.origin['channel']}:{act.origin['ts']}" if "ts" in act.origin else pressed_at
    return _by(team, user.get("id"), act, name, _milliseconds(pressed_at), now)


def _happened(body: _Json, now: int) -> Message | Revoked:
    event = _dict(body.get("event"))
    if "user" in event and event["user"] in _ourselves(body):
        raise Ignored("own")
    match event.get("type"):
        case "message":
            act = _written(event)
        case "app_mention":
            act = _mentioned(event)
        case "app_home_opened":
            act = _opened(event)
        case "tokens_revoked" | "app_uninstalled":
            return _revoked(body, event)
        case _:
            raise Ignored("unknown" if "type" in event else "broken")
    at = _milliseconds(event.get("ts")) or _milliseconds(event.get("event_ts")) or _whole(body.get("event_time")) * 1000
    return _by(_team(body), event.get("user"), act, storable(body.get("event_id"), _NAME_LIMIT), at, now)


def _written(event: _Json) -> Message:
    """A message in the app's direct message: https://docs.slack.dev/reference/events/message.im ."""
    _refuse_machines(event)
    channel = _direct(event.get("channel"))
    if not channel or event.get("channel_type", "im") != "im":
        raise Ignored("elsewhere")
    return _said(event, _place(channel=channel))


def _mentioned(event: _Json) -> Message:
    """A mention in a channel: https://docs.slack.dev/reference/events/app_mention ."""
    _refuse_machines(event)
    channel, thread = (
        _identifier(event.get("channel")),
        storable(event.get("thread_ts") or event.get("ts"), _NAME_LIMIT),
    )
    return _said(event, {"mentioned": channel, "thread": thread} if channel and _milliseconds(thread) else {})


def _opened(event: _Json) -> Message:
    """The app's home page: https://docs.slack.dev/reference/events/app_home_opened . In its Messages tab the fan is yet to write."""
    if event.get("tab") != "home":
        raise Ignored("other_tab")
    return _did("home", _place(channel=_direct(event.get("channel"))))


def _revoked(body: _Json, event: _Json) -> Revoked:
    """https://docs.slack.dev/reference/events/tokens_revoked , https://docs.slack.dev/reference/events/app_uninstalled ."""
    if event["type"] == "tokens_revoked" and not _dict(event.get("tokens")).get("bot"):
        raise Ignored("user_tokens")
    team, second = _team(body), _whole(body.get("event_time"))
    if not team or not second:
        raise Ignored("broken")
    return Revoked(team, second * 1000 + 999)  # whole seconds: it may have been at the end of this one


def _refuse_machines(event: _Json) -> None:
    """Of a message: it must be a person's, as it was first written. An answer cannot be changed after its feedback."""
    subtype = storable(event.get("subtype"), _NAME_LIMIT)
    if event.get("bot_id"):  # our own messages too: what chat.postMessage posts bears the app's
        raise Ignored("bot")
    if subtype not in _TYPED:
        raise Ignored(_NOT_TYPED.get(subtype, "subtype"))
    if event.get("edited"):  # a mention is told again when its message is edited, with another event_id
        raise Ignored("edited")


def _said(event: _Json, origin: Origin) -> Message:
    written = storable(event.get("text"), _RECEIVED_LIMIT)
    text = storable(_plain(written, _emoji(event)), TEXT_LIMIT)
    if text:  # a picture may come along: what was typed counts
        return _did("text", origin, text=text)
    files = event.get("files")
    if not files and _MENTION.search(written):  # the app's name and no more
        return _did("start", origin)
    return _did("media", origin, media=_media(files))


def _media(files: object) -> str:
    first = _dict(files[0]) if isinstance(files, list) and files else {}
    kind = storable(first.get("mimetype"), _NAME_LIMIT).partition("/")[0]
    if kind in {"image", "audio", "video"}:
        return kind
    return "file" if first else "unsupported"


def _ordered(written: str, origin: Origin) -> Message:
    """What a slash command's text asks for. Whatever is no word of ours is said to the dialogue, which knows more of them."""
    text = storable(_plain(written, {}), TEXT_LIMIT)
    match text.casefold().split():
        case [] | ["play" | "start"]:
            return _did("start", origin)
        case ["play", *_]:
            return _did("start", origin, ref=text.split(maxsplit=1)[1][:_REF_LIMIT])
        case ["help"]:
            return _did("choice", origin, text=text, payload="help")
        case ["ticket" | "tickets"] | ["my", "ticket" | "tickets"]:
            return _did("choice", origin, text=text, payload="ticket")
    return _did("text", origin, text=text)


def _button(actions: object) -> _Json:
    """The button that was pressed. One that opens a link has no value, and asks for no answer."""
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, dict) and storable(action.get("value"), _PAYLOAD_LIMIT):
            return action
    raise Ignored("link")


def _pressed(payload: _Json, button: _Json) -> Message:
    value = storable(button.get("value"), _PAYLOAD_LIMIT)
    title = storable(_plain(storable(_dict(button.get("text")).get("text"), TEXT_LIMIT), {}), TEXT_LIMIT)
    container, message = _dict(payload.get("container")), _dict(payload.get("message"))
    channel = _direct(_dict(payload.get("channel")).get("id") or container.get("channel_id"))
    ts = storable(container.get("message_ts") or message.get("ts"), _NAME_LIMIT)
    if value in STAYS_PRESSABLE or not channel or not _milliseconds(ts):  # the latter two: on the app's home page
        return _did("choice", _place(channel=channel), text=title, payload=value)
    text = storable(message.get("text"), PRESSED_TEXT_LIMIT)
    return _did("choice", {"channel": channel, "ts": ts, "text": text, "title": title}, text=title, payload=value)


def _did(kind: Kind, origin: Origin, *, text: str = "", payload: str = "", ref: str = "", media: str = "") -> Message:
    """What somebody did; not yet who and when."""
    return Message("", "", 0, kind, text=text, payload=payload, ref=ref, media=media, origin=origin)


def _place(**names: str) -> Origin:
    """What of it is known."""
    return {name: value for name, value in names.items() if value}


def _by(team: object, user: object, act: Message, name: str, at: int, now: int) -> Message:
    team, user = _identifier(team), _identifier(user)
    if not team or not user or not name:
        raise Ignored("broken")
    conversation = f"slack:{team}:{user}"
    trace = ids.digest(conversation, name)
    return act._replace(conversation=conversation, id=name, at=at or now, trace=trace, received_at=now)


def _team(body: _Json) -> str:
    """The workspace that has installed the app: in a channel shared with another one, the event may bear the other's `team_id`.

    https://docs.slack.dev/apis/events-api/#authorizations
    """
    installed = (_identifier(authorization.get("team_id")) for authorization in _authorizations(body))
    return next(installed, "") or _identifier(body.get("team_id"))


def _ourselves(body: _Json) -> list[object]:
    """The app's own users."""
    return [authorization.get("user_id") for authorization in _authorizations(body) if authorization.get("is_bot")]


def _authorizations(body: _Json) -> list[_Json]:
    authorizations = body.get("authorizations")
    return [_dict(authorization) for authorization in (authorizations if isinstance(authorizations, list) else ())]


def _plain(text: str, emoji: Mapping[str, str]) -> str:
    """What the fan typed: https://docs.slack.dev/messaging/formatting-message-text#escaping .

    Mentions of people go, the app's own too: all that is told of them is an id.
    """
    text = _MARKUP.sub(_shown, _MENTION.sub("", text))
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return _EMOJI.sub(lambda found: emoji.get(found[1], found[0]), text).strip()


def _shown(markup: re.Match[str]) -> str:
    """Of `<target|label>`: the label where there is one. `<#C1|general>` is #general, `<!here>` @here, `<mailto:a@b.c|a@b.c>` a@b.c."""
    target, label = markup[1], markup[2]
    if target.startswith("#"):
        return "#" + (label or target[1:])
    if target.startswith("!"):
        return label or "@" + target[1:]
    return label or target.removeprefix("mailto:").removeprefix("tel:")


def _emoji(event: _Json) -> dict[str, str]:
    """The emoji in a message by their names: its text says `:tada:`, its blocks say what that is.

    https://docs.slack.dev/reference/block-kit/block-elements/emoji-element
    """
    found = {}
    waiting = [event.get("blocks")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting.append(part.get("elements"))
            if part.get("type") == "emoji":
                name = storable(part.get("name"), _NAME_LIMIT).partition("::")[0]  # the skin tone follows
                found[name] = _character(storable(part.get("unicode"), _NAME_LIMIT))
    return found


def _character(code_points: str) -> str:
    """`1f44b-1f3fb` as text."""
    if not _CODE_POINTS.fullmatch(code_points):
        return _CUSTOM_EMOJI
    numbers = [int(number, 16) for number in code_points.split("-")]
    return "".join(map(chr, numbers)) if max(numbers) <= sys.maxunicode else _CUSTOM_EMOJI


def _form(raw: bytes) -> dict[str, str]:
    """The first value of each field."""
    return {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}


def _dict(value: object) -> _Json:
    return value if isinstance(value, dict) else {}


def _identifier(value: object) -> str:
    """An id that can be part of a conversation's name, or ``."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else ""


def _direct(value: object) -> str:
    """A direct message's id (`D…`), or ``: the sender then addresses the fan."""
    channel = _identifier(value)
    return channel if channel.startswith("D") else ""


def _milliseconds(ts: object) -> int:
    """Of Slack's `1355517523.000005`, or 0."""
    found = _TIME.fullmatch(ts) if isinstance(ts, str) else None
    return int(found[1]) * 1000 + int(found[2]) if found else 0


def _whole(value: object) -> int:
    return value if type(value) is int and 0 < value < 2**40 else 0  # bool is an int too
