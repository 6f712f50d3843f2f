"""What a person reads who follows the link that Meta gives them after asking to be forgotten."""

from chalice.app import Response

from chalicelib.http import response

_WORDS = {
    "en": {
        "title": "Deleting your data",
        "pending": "We have your request. Your data is being deleted; this takes a few minutes at most.",
        "done": "Your data has been deleted.",
        "unknown": "We do not know this request. We keep the record of a request for 90 days.",
    },
    "nl": {
        "title": "Je gegevens verwijderen",
        "pending": "We hebben je verzoek ontvangen. Je gegevens worden verwijderd; dat duurt hooguit een paar minuten.",
        "done": "Je gegevens zijn verwijderd.",
        "unknown": "We kennen dit verzoek niet. We bewaren een verzoek 90 dagen.",
    },
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
    page = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<title>{words['title']}</title><h1>{words['title']}</h1><p>{words[status or 'unknown']}</p></html>"
    )
    return response(page, "text/html; charset=utf-8", _HEADERS, 404 if status is None else 200)


def _language(accepted: str) -> str:
    """Browsers list their user's languages in order: https://www.rfc-editor.org/rfc/rfc9110#field.accept-language ."""
    wished = (tag.strip()[:2].lower() for tag in accepted.split(","))
    return next((tag for tag in wished if tag in _WORDS), "en")
