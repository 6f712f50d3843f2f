"""The web chat."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.channels.web.api import SESSION, Said
from chalicelib.http import FAN
from chalicelib.openapi.entry import CAMPAIGN, HTML, Answer, Entry, Parameter, problem
from chalicelib.validation import NOT_BLANK

Session = Annotated[str, Meta(pattern=f"^{SESSION}$", description="22 characters that we gave")]


class Button(Struct):
    title: str
    payload: Annotated[str, Meta(description="What to send as `choice`")]


class TicketCard(Struct, rename="camel"):
    code: str
    url: Annotated[str, Meta(description="The ticket's page")]
    image: Annotated[str, Meta(description="Its QR code")]
    title: str
    subtitle: str
    link_title: str


class ReplyShown(Struct, omit_defaults=True):
    text: str
    choices: list[Button]
    ticket: TicketCard | None = None


class Replies(Struct):
    session: Session
    replies: list[ReplyShown]


class Line(ReplyShown, rename={"sender": "from"}, kw_only=True):
    sender: Literal["fan", "bot"]
    at: Annotated[int, Meta(description="Milliseconds since the epoch")]


class Transcript(Struct):
    session: Session
    messages: list[Line]


_MESSAGE = Annotated[
    Said,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"required": ["text"], "properties": {"text": {"pattern": NOT_BLANK}}},
                {"required": ["choice"], "properties": {"choice": {"minLength": 1}}},
            ]
        }
    ),
]
_SESSION = "Xq1vTn0cR5mZ8kLw2bYd7A"
_QUESTION = {
    "text": "Where is the party?",
    "choices": [
        {"title": "On a boat", "payload": "answer:where:boat"},
        {"title": "On a roof", "payload": "answer:where:roof"},
    ],
}
_PREVIEW = Parameter("preview", "query", str, "Of a preview's link: nothing that is said counts")
_OVER = problem(403, "The preview's link has expired, or is not complete: ask the organiser for a new one")
_NO_CAMPAIGN = problem(404, "There is no such campaign")

ENTRIES = (
    Entry(
        "GET",
        "/chat/{campaign}",
        "Open the web chat",
        FAN,
        parameters=(
            CAMPAIGN,
            Parameter("source", "query", str, "Where the fan comes from; it counts with the first message"),
            _PREVIEW,
        ),
        answers={200: Answer("The page", {HTML: str}), 404: Answer("A page that says so", {HTML: str})},
    ),
    Entry(
        "POST",
        "/chat/{campaign}/messages",
        "Say something",
        FAN,
        says="The same `messageId` again gets the same answer, so send it until it arrives.",
        parameters=(CAMPAIGN, _PREVIEW),
        body={http.JSON: _MESSAGE},
        example={"session": _SESSION, "messageId": "m2", "text": "On a boat"},
        answers={
            200: Answer(
                "What the bot replies", {http.JSON: Replies}, {http.JSON: {"session": _SESSION, "replies": [_QUESTION]}}
            ),
            403: _OVER,
            404: _NO_CAMPAIGN,
        },
    ),
    Entry(
        "GET",
        "/chat/{campaign}/messages",
        "Read the conversation so far",
        FAN,
        parameters=(
            CAMPAIGN,
            Parameter("session", "query", Session, "Whose conversation", required=True, example=_SESSION),
            _PREVIEW,
        ),
        answers={
            200: Answer(
                "Every message, oldest first",
                {http.JSON: Transcript},
                {
                    http.JSON: {
                        "session": _SESSION,
                        "messages": [
                            {"from": "fan", "text": "start", "choices": [], "at": 1796000000000},
                            {"from": "bot", **_QUESTION, "at": 1796000000000},
                        ],
                    }
                },
            ),
            403: _OVER,
            404: _NO_CAMPAIGN,
        },
    ),
)
