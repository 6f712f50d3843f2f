import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from ops.simulator.slack import blocks

Json = dict[str, Any]


class Send(NamedTuple):
    """A message that the platform took: who it is for, when it came (epoch ms), and the call's body as it came.

    A rehearsal sends 100,000 of these, so nothing is kept that the body already says.
    """

    channel: str
    to: str
    mid: str
    at: int
    body: bytes

    @property
    def raw(self) -> Json:
        call: Json = json.loads(self.body)
        return call

    def described(self) -> Json:
        """What the contract promises to programs: `{to, text, choices, attachments, at, raw}`."""
        raw = self.raw
        if self.channel == "slack":
            return _described_by_blocks(self, raw)
        message = raw["message"]
        payload = message.get("attachment", {}).get("payload", {})
        taps = [*message.get("quick_replies", ()), *_buttons(payload)]
        return {
            "to": self.to,
            "text": message.get("text") or _wording(payload),
            "choices": [{"title": tap["title"], "payload": tap["payload"]} for tap in taps if "payload" in tap],
            "attachments": list(_attachments(message.get("attachment"))),
            "at": self.at,
            "raw": raw,
        }


class Sends:
    """Every message taken, oldest first."""

    def __init__(self) -> None:
        self._taken: list[Send] = []
        self._by_recipient: defaultdict[str, list[Send]] = defaultdict(list)  # a program asks for each of 2,700 fans

    def take(self, send: Send) -> None:
        self._taken.append(send)
        self._by_recipient[send.to].append(send)

    def taken(self, channel: str | None = None, to: str | None = None) -> list[Send]:
        found = self._taken if to is None else self._by_recipient.get(to, [])
        return [send for send in found if channel in (None, send.channel)]

    def forget(self) -> None:
        self._taken.clear()
        self._by_recipient.clear()


def _described_by_blocks(send: Send, call: Json) -> Json:
    buttons = [button for _, button in blocks.buttons(call.get("blocks", []))]
    pictures = [{"type": "image", "url": address} for _, address in blocks.images(call.get("blocks", []))]
    links = [{"type": "link", "title": each["text"]["text"], "url": each["url"]} for each in buttons if "url" in each]
    return {
        "to": send.to,
        "text": call.get("text", ""),
        "choices": [
            {"title": each["text"]["text"], "payload": each["value"]}
            for each in buttons
            if "value" in each and "url" not in each
        ],
        "attachments": [*pictures, *links],
        "at": send.at,
        "raw": call,
    }


def _wording(payload: Json) -> str:
    return payload.get("text") or "\n".join(element["title"] for element in payload.get("elements", ()))


def _buttons(payload: Json) -> Iterator[Json]:
    yield from payload.get("buttons", ())
    for element in payload.get("elements", ()):
        yield from element.get("buttons", ())


def _attachments(attachment: Json | None) -> Iterator[Json]:
    """A template says everything it holds; its pictures and links are listed again, where a program looks for them."""
    if attachment is None:
        return
    payload = attachment["payload"]
    yield {"type": attachment["type"], **payload}
    for element in payload.get("elements", ()):
        if "image_url" in element:
            yield {"type": "image", "url": element["image_url"]}
    for button in _buttons(payload):
        if "url" in button:
            yield {"type": "link", "title": button["title"], "url": button["url"]}
