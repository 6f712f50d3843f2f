"""Sending no faster than a platform allows, without ever waiting: who is early is told when to come again."""

import math
from collections.abc import Mapping

from chalicelib.batch import LONGEST_DELAY, Later, backoff
from chalicelib.clock import Clock

BURST_SECONDS = 1.0
LONGEST_PAUSE = 30
"""Seconds that an account pauses for a passing fault, so that it is soon back when the platform is."""


class Pace:
    """A token bucket of one second's calls. It goes by the wall clock: between two invocations a function's other clocks may stand."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._capacity = max(1.0, per_second * BURST_SECONDS)
        self._tokens = self._capacity
        self._filled_at = clock()
        self._promised_until = 0.0

    def wait(self, count: int) -> float:
        """0 when `count` calls may be made now, and they are counted; else in how many seconds.

        The refused get different moments, in the order in which they asked, so that they do not all come back at once.
        """
        now = self._clock()
        self._tokens = min(self._capacity, self._tokens + max(0.0, now - self._filled_at) * self._per_second)
        self._filled_at = now
        if not count or self._tokens >= min(count, self._capacity):  # more than a bucket holds is lent
            self._tokens -= count
            return 0.0
        missing = (min(count, self._capacity) - self._tokens) / self._per_second
        self._promised_until = max(now + missing, self._promised_until + count / self._per_second)
        return self._promised_until - now

    def check(self, count: int) -> None:
        """`Later` unless `count` calls may be made now, and they are counted."""
        wait = self.wait(count)
        if wait:
            raise Later(_whole(wait), "pace")


class Pause:
    """Whether an account sends at all. A fault that concerns all of it pauses it, so that its neighbours are not sent in vain."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._why = ""

    def check(self) -> None:
        """`Later` while it lasts."""
        wait = self._until - self._clock()
        if wait > 0:
            raise Later(_whole(wait), self._why)

    def begin(self, seconds: int, why: str) -> Later:
        """Pause from now on; what to raise for the reply that met the fault."""
        self._until = self._clock() + seconds
        self._why = why
        return Later(seconds, why)


def retry_after(headers: Mapping[str, str]) -> int:
    """The seconds of a Retry-After header, at most `LONGEST_DELAY`; 0 where there is none, or a date."""
    value = headers.get("Retry-After", "")
    return min(int(value), LONGEST_DELAY) if value.isascii() and value.isdigit() and len(value) < 10 else 0  # noqa: PLR2004


def brief(receives: int) -> int:
    """Seconds to pause for a passing fault, met by a reply that was handed out for the `receives`-th time."""
    return min(backoff(receives), LONGEST_PAUSE)


def _whole(seconds: float) -> int:
    return min(math.ceil(seconds), LONGEST_DELAY)
