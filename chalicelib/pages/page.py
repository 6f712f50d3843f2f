"""HTML pages: a template, a language, and headers that let nothing in from elsewhere."""

import functools
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalice.app import Response

from chalicelib.http import response
from chalicelib.pages import assets, texts

if TYPE_CHECKING:
    from jinja2 import Environment

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # addresses hold ticket codes
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""For a page that is one fan's own."""


class Pages:
    """Renders the templates for an application at `base_url`, which has a path under API Gateway (`/api`)."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def show(
        self, template: str, language: str, values: dict[str, object], headers: dict[str, str], status: int = 200
    ) -> Response:
        """The page; in its template `say` are our texts in the language, `url` and `static` make addresses on this host."""
        html = self._templates.get_template(template).render(values, language=language, say=texts.PAGES[language])
        return response(html, "text/html; charset=utf-8", {**SECURITY, **headers}, status)

    def missing(self, language: str, what: str) -> Response:
        """A kind page instead of the one that is not there; `what` names its texts: `ticket` or `campaign`."""
        return self.show("missing.html", language, {"what": what}, PRIVATE, 404)

    def url(self, path: str) -> str:
        """The address of a path on whichever host the browser came by."""
        return urlsplit(self._base_url).path + path

    @functools.cached_property
    def _templates(self) -> "Environment":
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  # 54 ms that only pages pay

        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(pages=texts.PAGES, url=self.url, static=lambda name: self.url(assets.address(name)))
        return environment
