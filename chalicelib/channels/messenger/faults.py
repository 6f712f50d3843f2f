"""What Meta's answers to a send mean for the message (https://developers.facebook.com/docs/messenger-platform/error-codes)."""

import json
from typing import Any, NamedTuple

from chalicelib.channels.outcomes import (
    NOT_PERMITTED,
    PAGE_RESTRICTED,
    PERMANENT,
    RATE_LIMITED,
    TOKEN_DEAD,
    TRY_AGAIN,
    UNREACHABLE,
    WINDOW_CLOSED,
)

_BY_SUBCODE = {
    1545041: UNREACHABLE,
    1893063: PAGE_RESTRICTED,
    2018001: UNREACHABLE,
    2018065: WINDOW_CLOSED,
    2018108: UNREACHABLE,
    2018278: WINDOW_CLOSED,
    2534022: WINDOW_CLOSED,
}
_BY_CODE = {
    1: TRY_AGAIN,
    2: TRY_AGAIN,
    3: NOT_PERMITTED,
    4: RATE_LIMITED,
    10: NOT_PERMITTED,
    17: RATE_LIMITED,
    32: RATE_LIMITED,
    102: TOKEN_DEAD,
    190: TOKEN_DEAD,
    551: UNREACHABLE,
    613: RATE_LIMITED,
    1200: TRY_AGAIN,
    80006: RATE_LIMITED,
    **dict.fromkeys(range(200, 300), NOT_PERMITTED),
}
_TOO_MANY_REQUESTS = 429
_TIMED_OUT = 408
_SERVER_ERROR = 500
_NOT_OK = 300


class Fault(NamedTuple):
    kind: str
    """One of `outcomes`."""
    code: str
    """`code/subcode`, as Meta documents them; empty when the answer names none."""
    reference: str
    """Meta's `fbtrace_id`, for its support."""


def fault(status: int, body: bytes) -> Fault | None:
    """The fault that an answer tells of, or None when the message was taken."""
    error = _error(body)
    if status < _NOT_OK and not error:
        return None
    code, subcode = error.get("code"), error.get("error_subcode")
    named = "/".join(str(number) for number in (code, subcode) if type(number) is int)
    reference = error.get("fbtrace_id")
    kind = _BY_SUBCODE.get(_number(subcode)) or _by_message(error) or _BY_CODE.get(_number(code))
    return Fault(kind or _by_status(status, error), named, reference if isinstance(reference, str) else "")


def _by_message(error: dict[str, Any]) -> str | None:
    """Meta closes the window under ever new subcodes, or none, where code 10 alone would mean a missing permission."""
    return WINDOW_CLOSED if "outside of allowed window" in str(error.get("message")) else None


def _by_status(status: int, error: dict[str, Any]) -> str:
    if status == _TOO_MANY_REQUESTS:
        return RATE_LIMITED
    if status >= _SERVER_ERROR or status == _TIMED_OUT or error.get("is_transient") is True:
        return TRY_AGAIN
    return PERMANENT


def _error(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):  # a proxy's page: the status says all
        return {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def _number(value: object) -> int:
    return value if type(value) is int else 0
