"""How Slack says no: status 200, `ok: false`, a word, and for a bad argument what is bad about it."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """https://docs.slack.dev/apis/web-api/#responses."""

    def __init__(self, error: str, wrong: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.wrong = wrong

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.error}
        if self.wrong:
            body["errors"] = list(self.wrong)
            body["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in self.wrong]}
        return body


def refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return JSONResponse(error.body())
