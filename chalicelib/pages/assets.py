"""The pages' own style sheets, scripts and pictures, served under `/static/` with a hash of their content in the address.

A browser keeps what it fetched by its hash for a year; a new release has new hashes.
"""

import functools
from pathlib import Path

from chalice.app import Response

from chalicelib import errors, ids
from chalicelib.http import response

FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"


def serve(name: str, version: str) -> Response:
    """One of the files, or `NotFound`: only names that the folder lists are ever opened."""
    if name not in _versions():
        raise errors.NotFound("There is no such file")
    headers = {
        "Cache-Control": _FOREVER if version == _versions()[name] else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    return response(_text(name), _TYPES[Path(name).suffix], headers)


def address(name: str) -> str:
    """Of this file in its present version, below the application's own address."""
    return f"/static/{name}?v={_versions()[name]}"


@functools.cache
def _versions() -> dict[str, str]:
    return {path.name: ids.digest(_text(path.name)) for path in FOLDER.iterdir() if path.suffix in _TYPES}


@functools.cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")
