"""What a platform sent: no value in it is sure to be of its type, or fit to be stored."""

import json
from typing import Any

from chalicelib.errors import Invalid


def json_object(raw: bytes | str) -> dict[str, Any]:
    """The body as a JSON object, or `Invalid`."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is not JSON") from error
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object")
    return body


def storable(value: object, limit: int) -> str:
    r"""The text, cut; empty when it is none. Half a surrogate pair (`\ud83d` alone is legal JSON) becomes U+FFFD, as no table stores it."""
    if not isinstance(value, str):
        return ""
    return value[:limit].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
