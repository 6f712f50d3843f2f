"""Mails: where those who get them stop them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import FAN
from chalicelib.openapi.entry import HTML, Answer, Entry, path


class Press(Struct, rename={"one_click": "List-Unsubscribe"}, omit_defaults=True):
    one_click: Annotated[Literal["One-Click"], Meta(description="Unsubscribe")] = "One-Click"
    subscribe: Annotated[Literal["again"] | None, Meta(description="The way back")] = None


_TOKEN = path(
    "token",
    str,
    "What a mail's List-Unsubscribe has",
    "birthday-bash.ZoH3wKkVn0uW6kQ4mYb1cXfJr8sT2eL5gD7hA9iNpqU.kq3v5Zr9TfWc4mB2xYpL8g",
)
_MISSING = Answer("There is no such link", {HTML: str})

ENTRIES = (
    Entry(
        "GET",
        "/unsubscribe/{token}",
        "See whether mails of a list come, and stop them",
        FAN,
        says="Looking changes nothing: scanners open every link of a mail.",
        parameters=(_TOKEN,),
        answers={200: Answer("A page with a button", {HTML: str}), 404: _MISSING},
    ),
    Entry(
        "POST",
        "/unsubscribe/{token}",
        "Get no more mails of a list",
        FAN,
        says="By a mail program's own button ([RFC 8058](https://www.rfc-editor.org/rfc/rfc8058)), or the page's. Again is fine.",
        parameters=(_TOKEN,),
        body={http.FORM: Press, http.FORM_DATA: Press},
        example={"List-Unsubscribe": "One-Click"},
        answers={200: Answer("A page that says so, with the way back", {HTML: str}), 404: _MISSING},
    ),
)
