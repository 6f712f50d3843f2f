"""The web chat: the same dialogue as on the platforms, in the request itself.

The page (`chalicelib/pages/static/chat.js`) sends each message with an id of its own making; the same id again gets the same answer,
so it can be sent until it arrives.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from chalice.app import Request, Response
from msgspec import Meta

from chalicelib import errors, http, ids, validation
from chalicelib.campaigns.model import Campaign
from chalicelib.campaigns.service import Campaigns
from chalicelib.clock import Clock, milliseconds
from chalicelib.dialogue import texts
from chalicelib.dialogue.model import TEXT_LIMIT, Message, Reply
from chalicelib.dialogue.service import Dialogue
from chalicelib.errors import FieldError
from chalicelib.pages.language import preferred
from chalicelib.pages.page import Pages
from chalicelib.pages.texts import CHAT, LANGUAGES
from chalicelib.validation import Body

LONGEST_PAYLOAD = 1_000
"""Of a button, as on Messenger."""

SESSION = "[A-Za-z0-9_-]{22}"
"""As `ids.unguessable` makes it."""
_SESSION = "one that we gave: 22 characters. Leave it out to begin a new conversation"


class Said(Body, frozen=True, kw_only=True):
    """What a fan sends: a text, or a button that was pressed."""

    session: Annotated[str, Meta(pattern=f"^({SESSION})?$", description=_SESSION)] = ""
    message_id: Annotated[
        str,
        Meta(
            pattern="^[!-~]{1,100}$",
            description="1 to 100 ASCII characters without spaces, the same for the same message",
        ),
    ]
    text: str = ""
    """Beside `choice` the button's title."""
    choice: Annotated[str, Meta(max_length=LONGEST_PAYLOAD)] = ""
    """A button's payload."""

    @classmethod
    def compared(cls, fields: Mapping[str, object]) -> Iterator[FieldError]:
        text = fields.get("text", "")
        if not fields.get("choice") and isinstance(text, str) and not text.strip():
            yield FieldError("text", "is empty: send a text, or a button's payload as choice")


class WebChat:
    def __init__(self, dialogue: Dialogue, campaigns: Campaigns, pages: Pages, clock: Clock) -> None:
        self._dialogue = dialogue
        self._campaigns = campaigns
        self._pages = pages
        self._clock = clock

    def page(self, campaign_id: str, request: Request) -> Response:
        """`GET /chat/{campaign}`."""
        try:
            campaign = self._campaign(campaign_id)
        except errors.NotFound:
            return self._pages.missing(preferred(_accepted(request), list(LANGUAGES)), "campaign")
        language = preferred(_accepted(request), campaign.languages)
        script = {
            "campaign": campaign_id,
            "messages": self._pages.url(f"/chat/{campaign_id}/messages"),
            "texts": {spoken: CHAT[spoken] for spoken in campaign.languages},
            "words": {spoken: texts.WORDS[f"language:{spoken}"] for spoken in campaign.languages},
        }
        values = {"campaign": campaign, "languages": LANGUAGES, "chat": CHAT[language], "script": script}
        return self._pages.show("chat.html", language, values, {"Cache-Control": "no-cache"})

    def say(self, campaign_id: str, request: Request) -> Response:
        """`POST /chat/{campaign}/messages` `{session?, messageId, text or choice}`: 200 `{session, replies}`.

        `choice` is a button's payload; `text` beside it is the button's title.
        """
        campaign = self._campaign(campaign_id)
        said = validation.convert(http.json_object(request), Said)
        session = said.session or ids.unguessable()
        conversation = _conversation(campaign_id, session)
        message = Message(
            conversation=conversation,
            id=said.message_id,
            at=milliseconds(self._clock),
            kind="choice" if said.choice else "text",
            text=_storable(said.text.strip()[:TEXT_LIMIT]),
            payload=_storable(said.choice),
            campaign=campaign_id,
            locale=preferred(_accepted(request), campaign.languages),
            trace=ids.digest(conversation, said.message_id),
        )
        replies = self._dialogue.answer(message)
        return http.json_response({"session": session, "replies": [_reply(reply) for reply in replies]})

    def transcript(self, campaign_id: str, request: Request) -> Response:
        """`GET /chat/{campaign}/messages?session=`: 200 `{session, messages: [{from: "fan"|"bot", text, choices, ticket?, at}]}`."""
        self._campaign(campaign_id)
        session = http.query(request).get("session", "")
        if not re.fullmatch(SESSION, session):
            raise errors.Invalid("The conversation cannot be shown", (FieldError("session", f"must be {_SESSION}"),))
        messages: list[dict[str, object]] = []
        for exchange in self._dialogue.transcript(_conversation(campaign_id, session)):
            messages.append({"from": "fan", "text": exchange.said, "choices": [], "at": exchange.at})
            messages += [{"from": "bot", **_reply(reply), "at": exchange.at} for reply in exchange.replies]
        return http.json_response({"session": session, "messages": messages})

    def _campaign(self, campaign_id: str) -> Campaign:
        stored = self._campaigns.playing(campaign_id)
        if stored is None:
            raise errors.NotFound("There is no such campaign")
        return stored.campaign


def _conversation(campaign_id: str, session: str) -> str:
    return f"web:{campaign_id}:{session}"


def _accepted(request: Request) -> str:
    return str(request.headers.get("accept-language", ""))


def _storable(text: str) -> str:
    """Without the half characters (surrogates) that JSON can hold, and no table stores."""
    return text.encode("utf-8", "replace").decode()


def _reply(reply: Reply) -> dict[str, object]:
    shown: dict[str, object] = {
        "text": reply.text.replace(" {name}", ""),  # the web tells us no name
        "choices": [choice._asdict() for choice in reply.choices],
    }
    if reply.card:
        card = reply.card
        shown["ticket"] = {
            "code": reply.ticket,
            "url": card.link,
            "image": card.image,
            "title": card.title,
            "subtitle": card.subtitle,
            "linkTitle": card.link_title,
        }
    return shown
