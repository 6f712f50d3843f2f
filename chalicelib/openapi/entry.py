"""The words in which a route is described."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from chalicelib import http

Kind = Any
"""A type as msgspec knows them, with its limits; None for bytes that are not JSON."""

PROBLEM = "application/problem+json"
HTML = "text/html"
TEXT = "text/plain"


class FieldProblem(Struct, rename="camel"):
    field: Annotated[str, Meta(description="Its path: `questions[2].text.nl`")]
    message: Annotated[str, Meta(description="What is wrong, and what is allowed")]


class Problem(Struct, rename="camel", omit_defaults=True):
    """RFC 9457. There may be members more, where an answer names them."""

    type: Literal["about:blank"]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="What is wrong, and what can be done about it")]
    errors: Annotated[list[FieldProblem], Meta(description="Every wrong field at once")] = []  # msgspec copies it


class Parameter(NamedTuple):
    name: str
    place: Literal["path", "query", "header"]
    kind: Kind
    says: str
    required: bool = False
    example: object = None


class Header(NamedTuple):
    """Of an answer."""

    name: str
    says: str
    kind: Kind = str


class Answer(NamedTuple):
    says: str
    content: Mapping[str, Kind] = {}  # NamedTuple never changes its defaults
    """By media type."""
    examples: Mapping[str, object] = {}
    """By media type, too."""
    headers: tuple[Header, ...] = ()

    def or_page(self) -> "Answer":
        """The same for programs, a page for people."""
        return self._replace(content={**self.content, HTML: str})


class Entry(NamedTuple):
    method: str
    path: str
    summary: str
    who: str | tuple[str, ...]
    """As in `app.py`."""
    answers: Mapping[int, Answer]
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Kind] = {}
    """By media type."""
    example: object = None
    """Of the body."""
    says: str = ""
    """What the summary leaves open."""


def path(name: str, kind: Kind, says: str, example: object) -> Parameter:
    return Parameter(name, "path", kind, says, required=True, example=example)


def problem(status: int, says: str, detail: str = "", **members: object) -> Answer:
    """An error's answer with an example: `detail` (else `says`), and its members beyond RFC 9457's."""
    example = json.loads(http.problem(status, detail or says, **members).body)
    return Answer(says, {PROBLEM: Problem}, {PROBLEM: example})


Slug = Annotated[str, Meta(pattern="^[a-z0-9-]{1,40}$", description="1 to 40 of a-z, 0-9 and -")]
CAMPAIGN = path("campaign", Slug, "The campaign's id", "birthday-bash")

LIMIT = Parameter(
    "limit",
    "query",
    Annotated[int, Meta(ge=1, le=http.PAGE_LIMIT)],
    f"Things on a page; {http.PAGE_DEFAULT} unless given",
    example=http.PAGE_DEFAULT,
)
CURSOR = Parameter(
    "cursor",
    "query",
    str,
    "The `nextCursor` of the page before; without it, the list's beginning",
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    Annotated[str, Meta(pattern=r'^(\*|"(0|[1-9][0-9]{0,17})")$')],
    "The ETag of what you mean to change: it is changed in that version only. Without it, whichever version there is",
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    Annotated[str, Meta(pattern="^[!-~]{1,100}$")],
    "Of your making, a new one for each new thing: the same request sent again with it makes nothing again, and gets the same answer "
    "(kept for 24 hours)",
    example="7c9e6679-7425-40de-944b-e07fc1f90ae7",
)

ETAG = Header("ETag", "The version, for If-Match", Annotated[str, Meta(pattern='^"[0-9]+"$')])
LOCATION = Header("Location", "The address of what was made")
RETRY_AFTER = Header("Retry-After", "Seconds until the same request has its answer")
