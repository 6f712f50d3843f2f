"""What the Send API accepts: https://developers.facebook.com/docs/messenger-platform/reference/send-api.

Text is counted in UTF-16 units, the strictest reading of Meta's "characters": what fits here fits there.
"""

from collections.abc import Callable
from typing import Any

from ops.simulator.graph_error import GraphError, invalid

TEXT = 2000
QUICK_REPLIES = 13
TITLE = 20
PAYLOAD = 1000
BUTTON_TEXT = 640
BUTTONS = 3
ELEMENTS = 10
ELEMENT_TEXT = 80
ACTIONS = ("mark_seen", "typing_on", "typing_off")
MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
TAGS = ("HUMAN_AGENT",)
MESSAGE_KEYS = {"text", "attachment", "quick_replies", "metadata"}
MEDIA = ("image", "audio", "video", "file")

Json = dict[str, Any]


def check(call: Json) -> None:
    """Raises the GraphError with which Meta refuses a send call, naming the limit; returns for one that it accepts."""
    recipient = call.get("recipient")
    if not isinstance(recipient, dict) or not isinstance(recipient.get("id"), str) or not recipient["id"]:
        raise invalid('Param recipient[id] must be a valid ID string (e.g., "123")')
    if ("message" in call) == ("sender_action" in call):
        raise invalid("Exactly one of message and sender_action must be sent: cannot send both, or neither", 2018002)
    if "sender_action" in call:
        _one_of("sender_action", call["sender_action"], ACTIONS)
        return
    _one_of("messaging_type", call.get("messaging_type"), MESSAGING_TYPES)
    if call["messaging_type"] == "MESSAGE_TAG":
        _one_of("tag", call.get("tag"), TAGS)  # the older tags are refused since 27 April 2026
    _check_message(call["message"])


def _check_message(message: object) -> None:
    message = _object("message", message)
    if unknown := sorted(message.keys() - MESSAGE_KEYS):
        raise invalid(f'Invalid keys "{", ".join(unknown)}" were found in param "message".')
    if ("text" in message) == ("attachment" in message):
        raise invalid("Message cannot be empty, must provide valid attachment or text, and not both")
    if "text" in message:
        _text("message[text]", message["text"], TEXT)
    else:
        _check_attachment(_object("message[attachment]", message["attachment"]))
    if "quick_replies" in message:
        _each("message[quick_replies]", message["quick_replies"], QUICK_REPLIES, _check_quick_reply)
    if "metadata" in message:
        _text("message[metadata]", message["metadata"], PAYLOAD)


def _check_quick_reply(where: str, reply: Json) -> None:
    _one_of(f"{where}[content_type]", reply.get("content_type"), ("text", "user_phone_number", "user_email"))
    if reply["content_type"] == "text":
        _text(f"{where}[title]", reply.get("title"), TITLE)
        _text(f"{where}[payload]", reply.get("payload"), PAYLOAD)


def _check_attachment(attachment: Json) -> None:
    where = "message[attachment]"
    _one_of(f"{where}[type]", attachment.get("type"), (*MEDIA, "template"))
    payload = _object(f"{where}[payload]", attachment.get("payload"))
    if attachment["type"] != "template":
        _url(f"{where}[payload][url]", payload.get("url"))
        return
    _one_of(f"{where}[payload][template_type]", payload.get("template_type"), ("button", "generic"))
    if payload["template_type"] == "button":
        _text(f"{where}[payload][text]", payload.get("text"), BUTTON_TEXT)
        _each(f"{where}[payload][buttons]", payload.get("buttons"), BUTTONS, _check_button)
    else:
        _each(f"{where}[payload][elements]", payload.get("elements"), ELEMENTS, _check_element)


def _check_element(where: str, element: Json) -> None:
    _text(f"{where}[title]", element.get("title"), ELEMENT_TEXT)
    if not element.keys() & {"subtitle", "image_url", "buttons", "default_action"}:
        raise invalid(f"Param {where} must have a subtitle, an image_url or buttons besides its title")
    if "subtitle" in element:
        _text(f"{where}[subtitle]", element["subtitle"], ELEMENT_TEXT)
    if "image_url" in element:
        _url(f"{where}[image_url]", element["image_url"])
    if "default_action" in element:
        _url(f"{where}[default_action][url]", _object(where, element["default_action"]).get("url"))
    if "buttons" in element:
        _each(f"{where}[buttons]", element["buttons"], BUTTONS, _check_button)


def _check_button(where: str, button: Json) -> None:
    _one_of(f"{where}[type]", button.get("type"), ("web_url", "postback", "phone_number"))
    _text(f"{where}[title]", button.get("title"), TITLE)
    if button["type"] == "web_url":
        _url(f"{where}[url]", button.get("url"))
    else:
        _text(f"{where}[payload]", button.get("payload"), PAYLOAD)


def _object(where: str, value: object) -> Json:
    if not isinstance(value, dict):
        raise invalid(f"Param {where} must be an object")
    return value


def _each(where: str, values: object, most: int, check_one: Callable[[str, Json], None]) -> None:
    if not isinstance(values, list) or not values:
        raise invalid(f"Param {where} has too few elements: at least 1")
    if len(values) > most:
        raise invalid(f"Param {where} has too many elements: {len(values)}, at most {most}")
    for index, value in enumerate(values):
        check_one(f"{where}[{index}]", _object(f"{where}[{index}]", value))


def _text(where: str, value: object, most: int) -> None:
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"Param {where} must be a non-empty UTF-8 encoded string")
    try:
        units = len(value.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise _cut_in_half(where) from None
    if units > most:
        raise invalid(f"Length of param {where} must be less than or equal to {most}")


def _cut_in_half(where: str) -> GraphError:
    return invalid(f"Param {where} must be a non-empty UTF-8 encoded string: half a surrogate pair is none")


def _url(where: str, value: object) -> None:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise invalid(f"Param {where} should represent a valid URL")


def _one_of(where: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise invalid(f"Param {where} must be one of {{{', '.join(allowed)}}}")
