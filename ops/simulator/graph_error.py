"""How the Graph API says no: https://developers.facebook.com/docs/messenger-platform/error-codes."""

import secrets
from http import HTTPStatus
from typing import Any

MESSAGES = {
    1: "An unknown error has occurred.",
    2: "Service temporarily unavailable",
    4: "Application request limit reached",
    10: "This message is sent outside of allowed window.",
    100: "Invalid parameter",
    190: "Invalid OAuth access token - Cannot parse access token",
    551: "This person isn't available right now.",
    613: "Calls to this api have exceeded the rate limit.",
}
TRANSIENT = {1, 2}
USUAL_CODES = {401: 190, 403: 10, 429: 613}


class GraphError(Exception):
    """A refusal in Meta's own form. Every refusal of the Graph API has status 400 unless said otherwise."""

    def __init__(self, code: int, message: str, subcode: int | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.status = status

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": str(self), "type": "OAuthException", "code": self.code}
        if self.code in TRANSIENT:
            error["is_transient"] = True
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error | {"fbtrace_id": "A" + secrets.token_urlsafe(17)}}


def invalid(what: str, subcode: int | None = None) -> GraphError:
    """Code 100: the call itself is wrong, and stays wrong however often it is sent."""
    return GraphError(100, f"(#100) {what}", subcode)


def wrong_token() -> GraphError:
    return GraphError(190, MESSAGES[190])


def no_token() -> GraphError:
    return GraphError(2500, "An active access token must be used to query information about the current user.")


def window_closed() -> GraphError:
    return GraphError(
        10,
        "(#10) This message is sent outside of allowed window. Learn more about the new policy here: "
        "https://developers.facebook.com/docs/messenger-platform/policy-overview",
        2018278,
    )


def unavailable() -> GraphError:
    return GraphError(551, "(#551) This person isn't available right now.", 1545041)


def ordered(status: int, code: int | str | None, subcode: int | None) -> GraphError:
    """The error that somebody ordered with POST /faults, worded as Meta words it; without a code, the status' usual one."""
    number = (
        int(code)
        if code is not None
        else USUAL_CODES.get(status, 2 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 100)
    )
    return GraphError(number, f"(#{number}) {MESSAGES.get(number, 'An error occurred.')}", subcode, status)
