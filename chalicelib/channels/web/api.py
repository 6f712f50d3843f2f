"""The web chat: the same dialogue as on the platforms, in the request itself.

The page (`chalicelib/pages/static/chat.js`) sends each message with an id of its own making; the same id again gets the same answer,
so it can be sent until it arrives.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, NamedTuple

from chalice.app import Request, Response
from msgspec import Meta

from chalicelib import errors, http, ids, validation
from chalicelib.campaigns import preview
from chalicelib.campaigns.model import Campaign
from chalicelib.campaigns.service import Campaigns
from chalicelib.clock import Clock, milliseconds
from chalicelib.dialogue import texts
from chalicelib.dialogue.model import TEXT_LIMIT, Message, Reply
from chalicelib.dialogue.service import Dialogue
from chalicelib.errors import FieldError
from chalicelib.pages.language import preferred
from chalicelib.pages.page import PRIVATE, Pages
from chalicelib.pages.texts import CHAT, LANGUAGES
from chalicelib.validation import Body

LONGEST_PAYLOAD = 1_000
"""Of a button, as on Messenger."""

LONGEST_SOURCE = 40

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
    source: Annotated[str, Meta(max_length=LONGEST_SOURCE)] = ""
    """Of the page's link, with the first message; one that the campaign does not have counts for none."""

    @classmethod
    def compared(cls, fields: Mapping[str, object]) -> Iterator[FieldError]:
        text = fields.get("text", "")
        if not fields.get("choice") and isinstance(text, str) and not text.strip():
            yield FieldError("text", "is empty: send a text, or a button's payload as choice")


class _Room(NamedTuple):
    """Where a conversation takes place."""

    campaign: Campaign
    dialogue: Dialogue
    name: str
    """What the names of its conversations begin with."""
    token: str = ""
    """What opened it, where it is a preview."""


class WebChat:
    """A link that `preview` has signed opens a room of its own, in which the campaign is played as it stands and nothing counts."""

    def __init__(
        self,
        dialogue: Dialogue,
        preview: Callable[[], Dialogue],
        campaigns: Campaigns,
        pages: Pages,
        clock: Clock,
    ) -> None:
        self._dialogue = dialogue
        self._preview = preview
        self._campaigns = campaigns
        self._pages = pages
        self._clock = clock

    def page(self, campaign_id: str, request: Request) -> Response:
        """`GET /chat/{campaign}`."""
        try:
            room = self._room(campaign_id, request)
        except (errors.NotFound, errors.Forbidden) as error:
            what = "campaign" if isinstance(error, errors.NotFound) else "preview"
            return self._pages.missing(preferred(_accepted(request), list(LANGUAGES)), what)
        campaign = room.campaign
        language = preferred(_accepted(request), campaign.languages)
        script = {
            "campaign": campaign_id,
            "messages": self._pages.url(f"/chat/{campaign_id}/messages"),
            "preview": room.token,
            "source": http.query(request).get("source", "")[:LONGEST_SOURCE],
            "texts": {spoken: CHAT[spoken] for spoken in campaign.languages},
            "words": {spoken: texts.WORDS[f"language:{spoken}"] for spoken in campaign.languages},
        }
        values = {
            "campaign": campaign,
            "languages": LANGUAGES,
            "chat": CHAT[language],
            "script": script,
            "preview": bool(room.token),
        }
        return self._pages.show("chat.html", language, values, PRIVATE if room.token else {"Cache-Control": "no-cache"})

    def say(self, campaign_id: str, request: Request) -> Response:
        """`POST /chat/{campaign}/messages` `{session?, messageId, text or choice}`: 200 `{session, replies}`.

        `choice` is a button's payload; `text` beside it is the button's title.
        """
        room = self._room(campaign_id, request)
        said = validation.convert(http.json_object(request), Said)
        session = said.session or ids.unguessable()
        conversation = f"{room.name}:{session}"
        message = Message(
            conversation=conversation,
            id=said.message_id,
            at=milliseconds(self._clock),
            kind="choice" if said.choice else "text",
            text=_storable(said.text.strip()[:TEXT_LIMIT]),
            payload=_storable(said.choice),
            campaign=campaign_id,
            source=said.source,
            locale=preferred(_accepted(request), room.campaign.languages),
            trace=ids.digest(conversation, said.message_id),
        )
        replies = room.dialogue.answer(message)
        return http.json_response({"session": session, "replies": [_reply(reply) for reply in replies]})

    def transcript(self, campaign_id: str, request: Request) -> Response:
        """`GET /chat/{campaign}/messages?session=`: 200 `{session, messages: [{from: "fan"|"bot", text, choices, ticket?, at}]}`."""
        room = self._room(campaign_id, request)
        session = http.query(request).get("session", "")
        if not re.fullmatch(SESSION, session):
            raise errors.Invalid("The conversation cannot be shown", (FieldError("session", f"must be {_SESSION}"),))
        messages: list[dict[str, object]] = []
        for exchange in room.dialogue.transcript(f"{room.name}:{session}"):
            if exchange.said:  # else we have spoken unasked
                messages.append({"from": "fan", "text": exchange.said, "choices": [], "at": exchange.at})
            messages += [{"from": "bot", **_reply(reply), "at": exchange.at} for reply in exchange.replies]
        return http.json_response({"session": session, "messages": messages})

    def _room(self, campaign_id: str, request: Request) -> _Room:
        """The room that the address names: `NotFound` where there is no such campaign, `Forbidden` where the preview is none of ours."""
        token = http.query(request).get("preview")
        if token is None:
            stored = self._campaigns.playing(campaign_id)
            if stored is None:
                raise errors.NotFound("There is no such campaign")
            return _Room(stored.campaign, self._dialogue, f"web:{campaign_id}")
        stored = self._campaigns.stored(campaign_id)
        if not preview.is_valid(token, stored.salt, self._clock()):
            raise errors.Forbidden(
                "The preview's link has expired, or is not complete: ask the organiser for a new one"
            )
        return _Room(stored.campaign, self._preview(), f"web:{campaign_id}:preview", token)


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
