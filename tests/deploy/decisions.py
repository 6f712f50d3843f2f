"""The rights of the functions, as their policies name them, and what the emulator decided about each."""

import fnmatch
import functools
import json
import re
from pathlib import Path
from typing import NamedTuple

from ops.local.launch import PROJECT


class Right(NamedTuple):
    function: str
    action: str
    resource: str
    """As the policy has it."""

    def __str__(self):
        return f"{self.function}-{self.action}-{re.split('[/:]', self.resource.removesuffix(':*'))[-1]}"


def policy(function):
    return json.loads((PROJECT / ".chalice" / f"policy-prod-{function}.json").read_text())


FUNCTIONS = sorted(path.stem.rpartition("-")[2] for path in (PROJECT / ".chalice").glob("policy-prod-*.json"))
RIGHTS = [
    Right(function, action, resource)
    for function in FUNCTIONS
    for statement in policy(function)["Statement"]
    for action in statement["Action"]
    for resource in statement["Resource"]
]
"""Every right of every function."""


class Decisions:
    """The file that the emulator tells its decisions in (`keep_decisions` in ops/local/emulator.py), read as it grows."""

    def __init__(self, path: Path):
        self._path = path
        self._read = 0
        self._lines = 0
        self._at_work = 0
        self._taken = {}
        self._refused = set()

    def forget(self):
        """From here on, only what is decided later counts."""
        self._follow()
        self._taken, self._refused = {}, set()

    @property
    def taken(self):
        """The rights that were taken, and when each was for the first time."""
        self._follow()
        return self._taken

    @property
    def refused(self):
        self._follow()
        return self._refused

    @property
    def length(self):
        """How much was ever told."""
        self._follow()
        return self._lines

    @property
    def at_work(self):
        """How many invocations have begun and not ended."""
        self._follow()
        return self._at_work

    def _follow(self):
        with self._path.open("rb") as file:
            file.seek(self._read)
            told, _, _ = file.read().rpartition(b"\n")
        if told:
            self._read += len(told) + 1
            for line in told.splitlines():
                self._hear(json.loads(line))

    def _hear(self, told):
        self._lines += 1
        if "invocation" in told:
            self._at_work += 1 if told["invocation"] == "begins" else -1
            return
        right = _right(told["role"].removeprefix("guestlist-prod-"), told["action"], told["resource"])
        if told["allowed"]:
            self._taken.setdefault(right, told["at"])
        else:
            self._refused.add(right)


@functools.cache
def _right(function, action, resource):
    """The right that a decision was about; one that no policy has, where it is none of ours."""
    for right in RIGHTS:
        if right[:2] == (function, action) and fnmatch.fnmatchcase(resource, right.resource):
            return right
    return Right(function, action, resource)
