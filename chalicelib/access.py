"""Who may call: a bearer token has a role."""

import hmac
from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib.http import ORGANISER, SERVICE, STEWARD


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Access:
    """Reads the secret `api`: `{"organiser": …, "steward": …, "service": …}`, each a token, or a list while one is being rotated."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def role_of(self, token: str) -> str | None:
        """The role of this token, or None. Takes as long for a wrong token as for a right one."""
        found = None
        members = self._secrets.get("api")
        for role in (ORGANISER, STEWARD, SERVICE):
            held = members.get(role) or []
            for known in [held] if isinstance(held, str) else held:
                if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")) and known:
                    found = role
        return found
