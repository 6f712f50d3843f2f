"""Meta's webhook body, translated to neutral messages. docs/messenger.md has a line for every kind of event.

The platform promises little: one entry or a thousand, in any order, with kinds that it adds as it likes
(https://developers.facebook.com/docs/messenger-platform/reference/webhook-events). So nothing here trusts a shape: what cannot be
understood is counted, and its neighbours go on.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib import errors, ids
from chalicelib.channels.received import json_object, storable
from chalicelib.dialogue.model import TEXT_LIMIT, Kind, Message

GET_STARTED = "start"
"""The payload that we give to the Get Started button (see `ops messenger profile`)."""

_MID_LIMIT = 512
_PAYLOAD_LIMIT = 1_000
_REF_LIMIT = 250
"""Characters; Meta's own limits are lower, or not known to be higher."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_IGNORED = (
    "delivery",
    "read",
    "reaction",
    "message_edit",
    "account_linking",
    "app_roles",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
)
"""Facts that ask for no answer. An edited message stays answered as it was: an answer cannot be changed after its feedback."""

_TEMPLATE_STATUS = "message_template_status_update"


class Notice(NamedTuple):
    """Something that the platform tells the operator. No fan is concerned."""

    kind: str
    action: str
    reason: str


class Translation(NamedTuple):
    messages: tuple[Message, ...]
    """By the platform's time, so also within each conversation."""
    notices: tuple[Notice, ...]
    ignored: Mapping[str, int]
    """How many events of each kind were left unanswered on purpose; `broken` and `unknown` are among the kinds."""


class _Ignored(Exception):  # an outcome: why this event gets no answer
    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def translate(raw: bytes, now: int) -> Translation:
    """Translate a verified body, received `now` (in milliseconds), which also stands in where an event has no time.

    `Invalid` when it is not a JSON object, `NotFound` when it is not about a page: all else is counted, never raised.
    """
    body = json_object(raw)
    if body.get("object") != "page":
        raise errors.NotFound("Only events of pages are handled here")
    messages: list[Message] = []
    notices: list[Notice] = []
    ignored: Counter[str] = Counter()
    for entry, kind, event in _events(body):
        try:
            found = _translated(entry, kind, event, now)
        except _Ignored as reason:
            ignored[reason.kind] += 1
            continue
        if isinstance(found, Notice):
            notices.append(found)
        else:
            messages.append(found)
    messages.sort(key=lambda message: message.at)
    return Translation(tuple(messages), tuple(notices), ignored)


def _events(body: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, object]]:
    """Each event, with its entry and the name of the list in which it stood."""
    for entry in _list(body.get("entry")):
        if not isinstance(entry, dict):
            yield {}, "messaging", entry
            continue
        for kind in ("messaging", "standby", "changes"):
            for event in _list(entry.get(kind, [])):
                yield entry, kind, event


def _list(value: object) -> list[object]:
    """A list as it is; anything else counts as one broken event."""
    return value if isinstance(value, list) else [value]


def _translated(entry: dict[str, Any], kind: str, event: object, now: int) -> Message | Notice:
    if not isinstance(event, dict):
        raise _Ignored("broken")
    if kind == "standby":  # another app has the conversation: never answer
        raise _Ignored("standby")
    if kind == "changes":
        return _template_notice(event)
    policy = event.get("policy_enforcement", event.get("policy-enforcement"))
    if isinstance(policy, dict):
        return Notice("policy_enforcement", storable(policy.get("action"), 40), storable(policy.get("reason"), 100))
    return _message(entry, event, now)


def _template_notice(change: dict[str, Any]) -> Notice:
    value = change.get("value")
    if change.get("field") != _TEMPLATE_STATUS or not isinstance(value, dict):
        raise _Ignored("changes")
    return Notice(_TEMPLATE_STATUS, storable(value.get("event"), 40), storable(value.get("reason"), 100))


def _message(entry: dict[str, Any], event: dict[str, Any], now: int) -> Message:
    act = _act(event)
    fan = _identifier(event.get("sender"))
    page = _identifier(event.get("recipient")) or _identifier(entry)
    if not fan or not page:
        raise _Ignored("broken")
    if fan == page:  # an echo that does not say so
        raise _Ignored("echo")
    conversation = f"messenger:{page}:{fan}"
    at = _time(event.get("timestamp")) or _time(entry.get("time"))
    name = act.id or ids.digest(conversation, str(at), act.kind, act.ref, act.payload, act.text, length=22)
    trace = ids.digest(conversation, name)
    return act._replace(conversation=conversation, id=name, at=at or now, trace=trace, received_at=now)


def _act(event: dict[str, Any]) -> Message:
    """What the fan did; not yet who and when."""
    if isinstance(event.get("message"), dict):
        return _sent(event["message"])
    if isinstance(event.get("postback"), dict):
        return _pressed(event["postback"])
    if isinstance(event.get("referral"), dict):
        return _did("start", {}, ref=_ref(event))
    if isinstance(event.get("optin"), dict):
        return _opted_in(event["optin"])
    if any(name in event for name in ("message", "postback", "referral", "optin")):
        raise _Ignored("broken")
    raise _Ignored(next((name for name in _IGNORED if name in event), "unknown"))


def _sent(message: dict[str, Any]) -> Message:
    """A message: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages ."""
    if message.get("is_echo"):
        raise _Ignored("echo")
    if message.get("is_deleted"):
        raise _Ignored("deleted")
    text = storable(message.get("text"), TEXT_LIMIT)
    quick_reply = message.get("quick_reply")
    if isinstance(quick_reply, dict):
        return _did("choice", message, text=text, payload=storable(quick_reply.get("payload"), _PAYLOAD_LIMIT))
    if ref := _ref(message):  # the fan wrote from an advertisement
        return _did("start", message, text=text, ref=ref)
    if text.strip():  # a link comes with a `fallback` attachment: what was typed counts
        return _did("text", message, text=text)
    media = _media(message)
    if not media and not message.get("mid"):
        raise _Ignored("broken")
    return _did("media", message, media=media or "unsupported")


def _pressed(postback: dict[str, Any]) -> Message:
    """A button, a menu item, an ice breaker, or Get Started, which brings a new fan's `ref`."""
    title = storable(postback.get("title"), TEXT_LIMIT)
    payload, ref = storable(postback.get("payload"), _PAYLOAD_LIMIT), _ref(postback)
    if ref or payload == GET_STARTED:
        return _did("start", postback, text=title, ref=ref)
    if not payload and not title:
        raise _Ignored("broken")
    return _did("choice", postback, text=title, payload=payload)


def _opted_in(optin: dict[str, Any]) -> Message:
    """The Send to Messenger plugin starts a chat; an opt-in with a `type` is for notifications, which we do not send."""
    if "type" in optin:
        raise _Ignored("optin")
    return _did("start", optin, ref=storable(optin.get("ref"), _REF_LIMIT))


def _did(
    kind: Kind, holder: dict[str, Any], *, text: str = "", payload: str = "", ref: str = "", media: str = ""
) -> Message:
    name = storable(holder.get("mid"), _MID_LIMIT)
    return Message("", name, 0, kind, text=text, payload=payload, ref=ref, media=media)


def _media(message: dict[str, Any]) -> str:
    """The kind of the first attachment, or `` where there is none that we could name."""
    if message.get("sticker_id"):
        return "sticker"
    attachments = message.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        if isinstance(attachment, dict):
            payload = attachment.get("payload")
            is_sticker = isinstance(payload, dict) and bool(payload.get("sticker_id"))
            return "sticker" if is_sticker else storable(attachment.get("type"), 20)
    return ""


def _ref(holder: dict[str, Any]) -> str:
    referral = holder.get("referral")
    return storable(referral.get("ref"), _REF_LIMIT) if isinstance(referral, dict) else ""


def _identifier(holder: object) -> str:
    """The id in `{"id": …}` when it can be part of a conversation's name, or `` (a plugin's `user_ref` cannot be answered)."""
    value = holder.get("id") if isinstance(holder, dict) else None
    text = str(value) if type(value) in (str, int) else ""
    return text if _IDENTIFIER.fullmatch(text) else ""


def _time(value: object) -> int:
    return value if type(value) is int and 0 < value < 2**53 else 0  # bool is an int too
