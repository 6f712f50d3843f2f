"""Secrets of a stage, `guestlist/<stage>/<name>` in Secrets Manager, each a JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.aws.client import AwsError, Client
from chalicelib.clock import Clock
from chalicelib.errors import Unavailable

KEEP_SECONDS = 300
"""A rotated secret is in use everywhere after this long, without a deploy."""


class Secrets:
    """Reads a secret once in `KEEP_SECONDS` for each container."""

    def __init__(self, client: Client, stage: str, clock: Clock) -> None:
        self._client = client
        self._stage = stage
        self._clock = clock
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}

    def get(self, name: str) -> Mapping[str, Any]:
        """The secret's members. `Unavailable` when it has no value, or holds the public values of the local stage elsewhere."""
        read_at, members = self._kept.get(name, (float("-inf"), {}))
        if self._clock() - read_at >= KEEP_SECONDS:
            members = self._read(name)
            self._kept[name] = (self._clock(), members)
        return members

    def _read(self, name: str) -> Mapping[str, Any]:
        full_name = f"guestlist/{self._stage}/{name}"
        try:
            members = json.loads(self._client.call("GetSecretValue", SecretId=full_name)["SecretString"])
        except (AwsError, KeyError, ValueError) as error:
            raise Unavailable(f"The secret {full_name} has no usable value: an operator must set it") from error
        if not isinstance(members, dict):
            raise Unavailable(f"The secret {full_name} is not a JSON object: an operator must set it")
        if self._stage != "local" and is_local(members):
            raise Unavailable(f"The secret {full_name} holds a value that everyone knows: an operator must set it")
        return members


def is_local(value: object) -> bool:
    """Whether it is, or holds, one of the local stage's secrets: they are in its documentation, and no other stage accepts them."""
    if isinstance(value, str):
        return value.startswith("local-") or value == "xoxb-local"
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(is_local, inner))
