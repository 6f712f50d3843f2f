"""The HTTP edge of the document."""

import json

from chalice.app import Response

from chalicelib import http
from chalicelib.openapi.catalogue import ENTRIES
from chalicelib.openapi.document import build


class OpenApi:
    def __init__(self, base_url: str) -> None:
        self._text = json.dumps(build(ENTRIES, base_url), ensure_ascii=False)

    def show(self) -> Response:
        """`GET /openapi.json`."""
        return http.response(self._text, http.JSON, {"Cache-Control": "public, max-age=300"})
