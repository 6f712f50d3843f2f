"""What no route takes is answered 4xx with a message that helps, on every route, and changes nothing."""

import functools
import json

import pytest
from pytest_chalice.handlers import RequestHandler

from app import app
from tests.unit.access.test_matrix import TABLE, THIS, Site

FILLED = {"campaign": THIS, "date": "2026-01-01", "product": "shirt", "source": "poster", "user": "anna"}


@pytest.fixture(scope="module")
def new_site():
    """Its tests change nothing, so they share one; `new_site()` makes another."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("STAGE", "local")
        for name in ("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        yield functools.partial(Site, monkeypatch)


@pytest.fixture(scope="module")
def site(new_site):
    return new_site()


def asked(site, route, body, path=None, **headers):
    """The answer to a request whose holder may make it."""
    method, declared = route
    role = next(iter(TABLE[route].who), "organiser")
    filled = path or declared.format_map({**FILLED, "code": site.code, "name": "theme.css", "token": "none"})
    content_type = app.routes[declared][method].content_types[0]
    headers = {"Content-Type": content_type, "Authorization": f"Bearer local-{role}-token", **headers}
    return getattr(RequestHandler(app), method.lower())(filled, headers=headers, body=body)


def helps(answer, status):
    """The problem that was answered."""
    assert answer.status_code == status, answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert len(problem["detail"]) > 10
    return problem


WITH_BODY = [route for route, row in TABLE.items() if row.body]
TYPED = [route for route in WITH_BODY if not route[1].startswith(("/chat", "/unsubscribe"))]
"""Their bodies are types of ours (`chalicelib.validation`). A chat's is read more kindly: phones send cut emoji; and who wants no more
mails is heard whatever their mail program posts."""


def written_with(document, value):
    """A document whose first field has this JSON value."""
    name = next(iter(document))
    return json.dumps({**document, name: "$"}).replace('"$"', value).encode()


BODIES = {
    "nothing at all": lambda _: b"",
    "no JSON": lambda _: b'{"name": ',
    "a list": lambda _: b"[]",
    "a number": lambda _: b"1",
    "nested deeply": lambda document: written_with(document, "[" * 50_000),
    "nested deeply, and closed": lambda document: written_with(document, "[" * 50_000 + "]" * 50_000),
    "another encoding": lambda document: json.dumps({**document, "name": "Zoë"}, ensure_ascii=False).encode("latin-1"),
    "half a character": lambda document: written_with(document, r'"\ud83d"'),
    "NaN": lambda document: written_with(document, "NaN"),
    "Infinity": lambda document: written_with(document, "-Infinity"),
    "a huge number": lambda document: written_with(document, "9" * 5_000),
    "a huge exponent": lambda document: written_with(document, "1e999"),
    "an unknown field": lambda document: json.dumps({**document, "surprise": 1}).encode(),
    "a field twice": lambda document: (json.dumps(document)[:-1] + ', "x": 1, "x": 2}').encode(),
    "an object in the place of another value": lambda document: written_with(document, "{}"),
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("route", TYPED, ids=" ".join)
def test_a_body_that_no_route_takes_is_400_with_the_reason_and_changes_nothing(site, route, kind):
    before = site.written
    answer = asked(site, route, BODIES[kind](TABLE[route].body(site.code)))
    problem = helps(answer, 400)
    assert all(error["field"] and error["message"] for error in problem.get("errors", ()))
    assert site.written == before


@pytest.mark.parametrize("route", WITH_BODY, ids=" ".join)
def test_a_body_that_is_too_large_or_of_another_type_is_refused_and_changes_nothing(site, route):
    before = site.written
    helps(asked(site, route, b'"' + b"x" * (256 * 1024) + b'"'), 413)
    method, path = route
    for content_type in {"text/plain", "application/xml", "multipart/form-data"} - {
        *app.routes[path][method].content_types
    }:
        helps(asked(site, route, b"{}", **{"Content-Type": content_type}), 415)
    assert site.written == before


NAMES = ["a%2Fb", "..%2F..%2Fetc", "%F0%9F%8E%89", "%00", "%ED%A0%BD", "x" * 3_000, "'%22%3E%3Cscript%3E", "%25%2F%25"]
WITH_NAME = [route for route in TABLE if "{" in route[1]]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("route", WITH_NAME, ids=" ".join)
def test_a_name_that_nothing_bears_is_4xx_and_changes_nothing(site, route, name):
    """The last name of the path; a page for people answers as a page."""
    before = site.written
    *front, parameter = route[1].rpartition("{")
    path = "".join(front[:1]).format_map(FILLED) + name + parameter.partition("}")[2]
    row = TABLE[route]
    answer = asked(site, route, json.dumps(row.body(site.code)).encode() if row.body else b"", path)
    assert answer.status_code in {400, 404}, answer.body
    if answer.headers["Content-Type"].startswith("application/"):
        helps(answer, answer.status_code)
    assert site.written == before


def test_what_is_right_is_taken(new_site):
    """The control: the same requests, unspoilt."""
    for route in TYPED:
        site = new_site()
        before = site.written
        assert asked(site, route, json.dumps(TABLE[route].body(site.code)).encode()).status_code < 300, route
        assert site.written > before
