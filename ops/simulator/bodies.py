"""The bodies that programs send, as forms; a body that cannot be used is a 400 that names the field."""

import re
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Form = TypeVar("Form", bound=msgspec.Struct)


class BadBodyError(Exception):
    """A body that cannot be used, and the field that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def bad_body(_: Request, error: Exception) -> Response:
    """400, naming the field, as the application itself answers (RFC 9457)."""
    if not isinstance(error, BadBodyError):
        raise error
    problem = {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": f"{error.field}: {error}",
        "errors": [{"field": error.field, "message": str(error)}],
    }
    return JSONResponse(problem, 400, media_type="application/problem+json")


async def body_as(request: Request, form: type[Form]) -> Form:
    try:
        return msgspec.json.decode(await request.body(), type=form)
    except msgspec.ValidationError as error:
        wrong = re.search(r"field `(\w+)`|`\$\.(\w+)", str(error))
        raise BadBodyError(wrong[1] or wrong[2] if wrong else "body", str(error)) from None
    except msgspec.DecodeError as error:
        raise BadBodyError("body", str(error)) from None
