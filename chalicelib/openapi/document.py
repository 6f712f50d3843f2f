"""The catalogue as an OpenAPI document (3.1)."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib import http
from chalicelib.openapi.entry import IDEMPOTENCY_KEY, IF_MATCH, RETRY_AFTER, Answer, Entry, Kind, Parameter, problem
from chalicelib.version import VERSION

Json = dict[str, Any]

_ABOUT = """\
Tickets for those who answer a few questions in a chat.

Organisers, stewards and services send `Authorization: Bearer …`; each operation names the roles that may call it. A token may be limited
to campaigns: then it opens the routes of these, and no others.

Every error is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) and says what you can do about it; a body
that is wrong is answered with every wrong field at once. A request that was answered with an error has changed nothing. On 503, send it
again.

A body has at most 256 KB. Fields that are not known are refused.
"""

_UNREADABLE = problem(
    400,
    "What was sent cannot be read, or breaks a rule",
    "The body cannot be taken: one field is wrong",
    errors=[{"field": "name", "message": "has 0 characters; it must be a text of 1 to 100 characters"}],
)
_BY_ROLE = {
    401: problem(401, "No token, or one that is not known, was revoked or has expired"),
    403: problem(403, "The token's role may not do this, or it is limited to other campaigns"),
}
_BY_BODY = {
    400: _UNREADABLE,
    413: problem(413, "The body is too large", f"The body has 300000 bytes; the limit is {http.BODY_LIMIT}"),
    415: problem(415, "The body is of another content type", "Unsupported media type: text/xml"),
}
_BY_VERSION = {412: problem(412, "It is in another version than If-Match says: read it again, and decide anew")}
_BY_KEY = {
    409: problem(409, "The first request with this Idempotency-Key is being done: ask again")._replace(
        headers=(RETRY_AFTER,)
    ),
    422: problem(422, "This Idempotency-Key was used with another body: make a new key for a new thing"),
}
_ALWAYS = {503: problem(503, "Something that we depend on does not answer: send the same again in a moment")}


def build(entries: Iterable[Entry], base_url: str) -> Json:
    """The document for these routes, reached under this address."""
    complete = [entry._replace(answers=_answers(entry)) for entry in entries]
    schemas, components = _schemas(complete)
    paths: dict[str, Json] = {}
    for entry in complete:
        paths.setdefault(entry.path, {})[entry.method.lower()] = _operation(entry, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guestlist",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def _answers(entry: Entry) -> Mapping[int, Answer]:
    """The entry's own, and those that follow from what it is."""
    found = dict(entry.answers)
    for follows, answers in (
        (isinstance(entry.who, tuple), _BY_ROLE),
        (entry.body, _BY_BODY),
        (any(parameter.place != "path" for parameter in entry.parameters), {400: _UNREADABLE}),
        (IF_MATCH in entry.parameters, _BY_VERSION),
        (IDEMPOTENCY_KEY in entry.parameters, _BY_KEY),
        (True, _ALWAYS),
    ):
        for status, answer in answers.items() if follows else ():
            found[status] = _either(found[status], answer) if status in found else answer
    return dict(sorted(found.items()))


def _either(one: Answer, other: Answer) -> Answer:
    if one == other:
        return one
    return one._replace(says=f"{one.says}. Or: {other.says}", headers=one.headers + other.headers)


Schemas = Callable[[Kind], Json]


def _schemas(entries: list[Entry]) -> tuple[Schemas, Json]:
    """A look-up of every type's schema, and what the schemas refer to."""
    kinds = [kind for entry in entries for kind in _kinds(entry) if kind is not None]
    made = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas, components = json.loads(json.dumps(made))  # it has tuples, which validators take for no lists
    found = {id(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}  # not every type can be hashed
    return lambda kind: found[id(kind)] if kind is not None else {}, components


def _kinds(entry: Entry) -> Iterator[Kind]:
    yield from entry.body.values()
    yield from (parameter.kind for parameter in entry.parameters)
    for answer in entry.answers.values():
        yield from answer.content.values()
        yield from (header.kind for header in answer.headers)


def _operation(entry: Entry, schemas: Schemas) -> Json:
    words = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", entry.path))
    operation: Json = {
        "operationId": f"{entry.method.lower()}{words}",
        "summary": entry.summary,
        "description": f"{_caller(entry.who)} {entry.says}".strip(),
        "parameters": [_parameter(parameter, schemas) for parameter in entry.parameters],
        "responses": {str(status): _response(answer, schemas) for status, answer in entry.answers.items()},
        "security": [{"bearer": [role]} for role in entry.who] if isinstance(entry.who, tuple) else [],
    }
    if entry.body:
        content = {media: _media(schemas(kind), entry.example) for media, kind in entry.body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _caller(who: str | tuple[str, ...]) -> str:
    if isinstance(who, tuple):
        return f"For {' and '.join(f'{role}s' for role in who)}."
    return _CALLERS[who]


_CALLERS = {
    http.ANYONE: "For anyone.",
    http.FAN: "For whoever holds the link.",
    http.PLATFORM: "For a platform, which signs the body as it is sent.",
}


def _parameter(parameter: Parameter, schemas: Schemas) -> Json:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.says,
        "required": parameter.required,
        "schema": schemas(parameter.kind),
    }
    return described if parameter.example is None else described | {"example": parameter.example}


def _response(answer: Answer, schemas: Schemas) -> Json:
    response: Json = {"description": answer.says}
    if answer.content:
        response["content"] = {
            media: _media(schemas(kind), answer.examples.get(media)) for media, kind in answer.content.items()
        }
    if answer.headers:
        response["headers"] = {
            header.name: {"description": header.says, "schema": schemas(header.kind)} for header in answer.headers
        }
    return response


def _media(schema: Json, example: object) -> Json:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}
