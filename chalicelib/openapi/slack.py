"""Slack's ways in: Slack describes its side at https://docs.slack.dev/apis/events-api and …/interactivity ."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ANYONE, PLATFORM
from chalicelib.openapi.entry import HTML, LOCATION, TEXT, Answer, Entry, Parameter, problem


class SlackEvent(Struct):
    type: Annotated[str, Meta(examples=["event_callback", "url_verification"])]
    event: dict[str, Any] = {}  # msgspec copies it


class SlackCommand(Struct):
    command: str
    text: str = ""


class SlackInteraction(Struct):
    payload: Annotated[str, Meta(description="JSON")]


class OnlyToFan(Struct):
    response_type: str
    text: str


_SIGNED = "Signed in `X-Slack-Signature`, at most five minutes ago."
_UNSIGNED = problem(
    401, "The request is not signed with this app's signing secret within the last five minutes (X-Slack-Signature)"
)
_KEPT = Answer("Kept", {TEXT: str})
_ONE_WORKSPACE = problem(404, "This stage serves one workspace, where its operator installs the app")

ENTRIES = (
    Entry(
        "POST",
        "/webhooks/slack/events",
        "Take what fans did in Slack",
        PLATFORM,
        says=_SIGNED,
        body={http.JSON: SlackEvent},
        example={"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"},
        answers={200: Answer("Kept; or the challenge", {TEXT: str}), 401: _UNSIGNED},
    ),
    Entry(
        "POST",
        "/webhooks/slack/commands",
        "Take a slash command",
        PLATFORM,
        says=_SIGNED,
        body={http.FORM: SlackCommand},
        example={"command": "/guestlist", "text": "bash"},
        answers={
            200: Answer(
                "Kept; in a channel with words that only the fan sees",
                {TEXT: str, http.JSON: OnlyToFan},
                {http.JSON: {"response_type": "ephemeral", "text": "I have written to you in private."}},
            ),
            401: _UNSIGNED,
        },
    ),
    Entry(
        "POST",
        "/webhooks/slack/interactions",
        "Take a pressed button",
        PLATFORM,
        says=_SIGNED,
        body={http.FORM: SlackInteraction},
        answers={200: _KEPT, 401: _UNSIGNED},
    ),
    Entry(
        "GET",
        "/slack/install",
        "Install the app into a workspace",
        ANYONE,
        answers={
            302: Answer("To Slack, which asks for consent", {TEXT: str}, headers=(LOCATION,)),
            404: _ONE_WORKSPACE,
        },
    ),
    Entry(
        "GET",
        "/slack/oauth",
        "Come back from Slack",
        ANYONE,
        parameters=(
            Parameter("code", "query", str, "Buys the bot's token, once"),
            Parameter("state", "query", str, "As `/slack/install` gave it to Slack"),
            Parameter("error", "query", str, "Slack's word for why there is no code", example="access_denied"),
        ),
        answers={
            200: Answer("The app is installed", {HTML: str}),
            400: Answer("It took too long, was done already, began in another browser, or failed", {HTML: str}),
            404: _ONE_WORKSPACE,
        },
    ),
)
