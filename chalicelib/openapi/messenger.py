"""Messenger's ways in: Meta describes its side at https://developers.facebook.com/docs/messenger-platform/webhooks ."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import FAN, PLATFORM
from chalicelib.openapi.entry import HTML, TEXT, Answer, Entry, Parameter, path, problem


class MessengerEvents(Struct):
    object: Literal["page"]
    entry: list[dict[str, Any]]


class DeletionForm(Struct):
    signed_request: Annotated[str, Meta(description="base64url of an HMAC-SHA256, a dot, base64url of JSON")]


class DeletionTaken(Struct):
    url: Annotated[str, Meta(description="Where the person sees what became of it")]
    confirmation_code: str


class DeletionStatus(Struct):
    confirmation_code: str
    status: Literal["pending", "done"]


def _asked(name: str, says: str, example: str) -> Parameter:
    return Parameter(name, "query", str, says, example=example)


ENTRIES = (
    Entry(
        "GET",
        "/webhooks/messenger",
        "Prove that this webhook is ours",
        PLATFORM,
        says="Meta asks once, when the app subscribes.",
        parameters=(
            _asked("hub.mode", "`subscribe`", "subscribe"),
            _asked("hub.verify_token", "The stage's verify token", "local-verify-token"),
            _asked("hub.challenge", "What is to be answered", "1158201444"),
        ),
        answers={
            200: Answer("The challenge", {TEXT: str}, {TEXT: "1158201444"}),
            403: problem(403, "Not a subscription with this stage's verify token"),
        },
    ),
    Entry(
        "POST",
        "/webhooks/messenger",
        "Take what fans did in Messenger",
        PLATFORM,
        says="Signed in `X-Hub-Signature-256`. Up to 5 MB.",
        body={http.JSON: MessengerEvents},
        example={"object": "page", "entry": [{"id": "1000", "time": 1796000000000, "messaging": []}]},
        answers={
            200: Answer("Kept", {TEXT: str}, {TEXT: "EVENT_RECEIVED"}),
            401: problem(401, "The body is not signed with this app's secret (X-Hub-Signature-256)"),
        },
    ),
    Entry(
        "POST",
        "/webhooks/messenger/data-deletion",
        "Delete a person's data, as Meta passes it on",
        PLATFORM,
        body={http.FORM: DeletionForm},
        answers={
            200: Answer(
                "Taken; the same request again gets the same answer",
                {http.JSON: DeletionTaken},
                {
                    http.JSON: {
                        "url": "https://guestlist.example/deletions/kq3v5Zr9TfWc4mB2xYpL8g",
                        "confirmation_code": "kq3v5Zr9TfWc4mB2xYpL8g",
                    }
                },
            ),
            401: problem(401, "The request is not signed with this app's secret"),
        },
    ),
    Entry(
        "GET",
        "/deletions/{code}",
        "See what became of a deletion",
        FAN,
        says="A page for browsers, JSON for a program that does not ask for HTML. Kept for 90 days.",
        parameters=(path("code", str, "The confirmation code", "kq3v5Zr9TfWc4mB2xYpL8g"),),
        answers={
            200: Answer(
                "Where it stands",
                {http.JSON: DeletionStatus, HTML: str},
                {http.JSON: {"confirmation_code": "kq3v5Zr9TfWc4mB2xYpL8g", "status": "done"}},
            ),
            404: problem(404, "There is no such deletion request, or it was made over 90 days ago").or_page(),
        },
    ),
)
