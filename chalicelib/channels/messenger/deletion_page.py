"""What a person reads who follows the link that Meta gives them after asking to be forgotten."""

from typing import NamedTuple

from chalice.app import Response

from chalicelib.http import response


class _Words(NamedTuple):
    title: str
    pending: str
    done: str
    unknown: str


_WORDS = {
    "en": _Words(
        "Deleting your data",
        "We have your request. Your data is being deleted; this takes a few minutes at most.",
        "Your data has been deleted.",
        "We do not know this request. We keep the record of a request for 90 days.",
    ),
    "nl": _Words(
        "Je gegevens verwijderen",
        "We hebben je verzoek ontvangen. Je gegevens worden verwijderd; dat duurt hooguit een paar minuten.",
        "Je gegevens zijn verwijderd.",
        "We kennen dit verzoek niet. We bewaren een verzoek 90 dagen.",
    ),
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",  # the address is the key to this page
    "X-Content-Type-Options": "nosniff",
}


def answer(status: str | None, accepted: str) -> Response:
    """The page for a status (`pending`, `done`, None) in the first language of `accepted` that we speak; 404 where it is None."""
    language = _language(accepted)
    words = _WORDS[language]
    text = {"pending": words.pending, "done": words.done}.get(status or "", words.unknown)
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{words.title}</title><h1>{words.title}</h1><p>{text}</p></html>"
    )
    return response(page, "text/html; charset=utf-8", _HEADERS, 404 if status is None else 200)


def _language(accepted: str) -> str:
    """Browsers list their user's languages in order: https://www.rfc-editor.org/rfc/rfc9110#field.accept-language ."""
    wished = (tag.strip()[:2].lower() for tag in accepted.split(","))
    return next((tag for tag in wished if tag in _WORDS), "en")
