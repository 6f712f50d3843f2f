"""The service itself."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib import http
from chalicelib.http import ANYONE
from chalicelib.openapi.entry import Answer, Entry, Parameter, path, problem


class Health(Struct):
    status: Annotated[str, Meta(examples=["ok"])]
    stage: str
    version: str


ENTRIES = (
    Entry(
        "GET",
        "/health",
        "See that it runs, and where",
        ANYONE,
        answers={
            200: Answer(
                "It runs",
                {http.JSON: Health},
                {http.JSON: {"status": "ok", "stage": "prod", "version": "0.1.0"}},
            )
        },
    ),
    Entry(
        "GET",
        "/openapi.json",
        "Read this document",
        ANYONE,
        answers={200: Answer("This document", {http.JSON: dict[str, Any]})},
    ),
    Entry(
        "GET",
        "/static/{name}",
        "Fetch a style sheet, script or picture of the pages",
        ANYONE,
        parameters=(
            path("name", str, "The file's name", "theme.css"),
            Parameter(
                "v", "query", str, "A hash of the content, as the pages name it: such an answer can be kept for a year"
            ),
        ),
        answers={
            200: Answer("The file", {"text/css": None, "text/javascript": None, "image/svg+xml": None}),
            404: problem(404, "There is no such file"),
        },
    ),
)
