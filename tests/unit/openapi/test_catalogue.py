"""The catalogue says what `app.py` does, and the document is one that others can read."""

import json
import re

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib import http
from chalicelib.openapi.api import OpenApi
from chalicelib.openapi.catalogue import ENTRIES
from chalicelib.openapi.document import build
from chalicelib.openapi.entry import IDEMPOTENCY_KEY, IF_MATCH, Answer, Entry, problem

DOCUMENT = json.loads(OpenApi("https://guestlist.example").show().body)
OPERATIONS = [
    pytest.param(path, method, operation, id=f"{method.upper()} {path}")
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def described(**entry):
    """The document's operation for this entry."""
    required = {"method": "POST", "path": "/things", "summary": "Make a thing", "who": http.ANYONE}
    whole = Entry(**required | {"answers": {201: Answer("Made")}} | entry)
    return build([whole], "https://guestlist.example")["paths"][whole.path][whole.method.lower()]


# ─── one truth ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_catalogue_has_the_routes_of_the_application_and_their_callers():
    described = {(entry.method, entry.path): entry.who for entry in ENTRIES}
    assert {route: (who,) if isinstance(who, str) else who for route, who in described.items()} == app.callers
    assert len(ENTRIES) == len(app.callers)


def test_a_body_is_described_in_the_content_types_that_its_route_takes():
    taken = {
        (entry.method, entry.path): set(app.routes[entry.path][entry.method].content_types)
        for entry in ENTRIES
        if entry.body
    }
    assert {(entry.method, entry.path): set(entry.body) for entry in ENTRIES if entry.body} == taken


def test_who_changes_a_thing_sends_a_body_or_names_it():
    assert [entry.path for entry in ENTRIES if entry.method in {"PUT", "PATCH"} and not entry.body] == []
    assert [entry.path for entry in ENTRIES if entry.method == "GET" and entry.body] == []


def test_the_parameters_of_a_path_are_those_in_it():
    for entry in ENTRIES:
        named = [parameter.name for parameter in entry.parameters if parameter.place == "path"]
        assert re.findall("{(.+?)}", entry.path) == named


# ─── a document that others can read ────────────────────────────────────────────────────────────────────────────────


def test_the_document_is_valid_openapi():
    assert DOCUMENT["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_the_document_says_where_it_is_true_and_of_which_version():
    assert DOCUMENT["servers"] == [{"url": "https://guestlist.example"}]
    assert DOCUMENT["info"]["version"]


def test_operations_have_names_of_their_own():
    names = [operation["operationId"] for _, _, operation in (parameter.values for parameter in OPERATIONS)]
    assert len(set(names)) == len(names) == len(ENTRIES)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_example_is_what_its_schema_says(path, method, operation):
    shown = [
        *(operation.get("requestBody", {}).get("content", {}).values()),
        *operation["parameters"],
        *(content for answer in operation["responses"].values() for content in answer.get("content", {}).values()),
    ]
    for described in shown:
        if "example" in described:
            schema = {**described["schema"], "components": DOCUMENT["components"]}
            jsonschema.validate(described["example"], schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_json_has_an_example(path, method, operation):
    contents = [operation.get("requestBody", {}), *operation["responses"].values()]
    for media, content in ((m, c) for found in contents for m, c in found.get("content", {}).items()):
        assert "json" not in media or "example" in content or path == "/openapi.json"


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_error_says_what_is_wrong_in_the_same_form(path, method, operation):
    for status, answer in operation["responses"].items():
        if int(status) >= 400 and "application/problem+json" in answer["content"]:
            example = answer["content"]["application/problem+json"]["example"]
            assert example["status"] == int(status)


# ─── what follows by itself ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("entry", "statuses"),
    [
        ({}, {"201", "503"}),
        ({"who": ("organiser",)}, {"201", "401", "403", "503"}),
        ({"body": {http.JSON: dict}}, {"201", "400", "413", "415", "503"}),
        ({"parameters": (IF_MATCH,)}, {"201", "400", "412", "503"}),
        ({"parameters": (IDEMPOTENCY_KEY,)}, {"201", "400", "409", "422", "503"}),
    ],
)
def test_the_errors_of_what_a_route_takes_need_not_be_named(entry, statuses):
    assert set(described(**entry)["responses"]) == statuses


def test_an_error_of_the_routes_own_stands_beside_the_one_that_follows():
    taken = problem(409, "Another has this name", reason="name_taken")
    answer = described(parameters=(IDEMPOTENCY_KEY,), answers={409: taken})["responses"]["409"]
    assert "Another has this name. Or: " in answer["description"]
    assert answer["content"]["application/problem+json"]["example"]["reason"] == "name_taken"
    assert set(answer["headers"]) == {"Retry-After"}


def test_roles_are_alternatives_and_nobody_else_needs_a_token():
    assert described(who=("organiser", "service"))["security"] == [{"bearer": ["organiser"]}, {"bearer": ["service"]}]
    assert described(who=http.FAN)["security"] == []
