"""Things of one kind, which are listed, made, seen, replaced, changed and deleted as all others are."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib import http
from chalicelib.openapi.entry import (
    CURSOR,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LIMIT,
    LOCATION,
    Answer,
    Entry,
    Kind,
    Parameter,
    problem,
)

Answers = Mapping[int, Answer]


class Collection(NamedTuple):
    """`answers` of a route are those besides the usual ones."""

    path: str
    """Of all of them: `/products`."""
    thing: str
    """`product`: one of them, and the name of its place in the path."""
    who: str | tuple[str, ...]
    id: Parameter
    shown: Kind
    example: object
    """Of what is shown."""

    @property
    def as_it_is(self) -> Answer:
        return Answer(f"The {self.thing} as it is now", {http.JSON: self.shown}, {http.JSON: self.example}, (ETAG,))

    @property
    def made(self) -> Answer:
        return self.as_it_is._replace(says=f"The new {self.thing}", headers=(LOCATION, ETAG))

    @property
    def unknown(self) -> Answer:
        return problem(404, f"There is no such {self.thing}")

    def list(self, page: Kind, example: object, says: str) -> Entry:
        """`example` is one of a page's things, which it has under the name of the path."""
        name = self.path.strip("/")
        answers = {200: Answer("A page of them", {http.JSON: page}, {http.JSON: {name: [example]}})}
        return Entry("GET", self.path, f"List {name}", self.who, answers, (LIMIT, CURSOR), says=says)

    def make(self, body: Kind, example: object, answers: Answers, says: str = "") -> Entry:
        return Entry(
            "POST",
            self.path,
            f"Make a {self.thing}",
            self.who,
            {201: self.made, **answers},
            (IDEMPOTENCY_KEY,),
            {http.JSON: body},
            example,
            says,
        )

    def see(self, says: str = "") -> Entry:
        answers = {200: self.as_it_is, 404: self.unknown}
        return Entry("GET", self._one, f"See a {self.thing}", self.who, answers, (self.id,), says=says)

    def replace(self, body: Kind, example: object, answers: Answers, says: str) -> Entry:
        return self._changing("PUT", f"Replace a {self.thing}", {http.JSON: body}, example, answers, says)

    def change(self, patch: Kind, example: object, answers: Answers, says: str) -> Entry:
        """By a merge patch: https://www.rfc-editor.org/rfc/rfc7396 ."""
        bodies = {http.JSON: patch, http.MERGE_PATCH: patch}
        return self._changing("PATCH", f"Change some of a {self.thing}", bodies, example, answers, says)

    def delete(self, summary: str, answers: Answers, says: str = "") -> Entry:
        answers = {404: self.unknown, **answers}
        return Entry("DELETE", self._one, summary, self.who, answers, (self.id, IF_MATCH), says=says)

    @property
    def _one(self) -> str:
        return f"{self.path}/{{{self.thing}}}"

    def _changing(
        self, method: str, summary: str, bodies: Mapping[str, Kind], example: object, answers: Answers, says: str
    ) -> Entry:
        answers = {200: self.as_it_is, 404: self.unknown, **answers}
        return Entry(method, self._one, summary, self.who, answers, (self.id, IF_MATCH), bodies, example, says)
