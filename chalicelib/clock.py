"""Time, as an argument: whoever needs it takes a `Clock`."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch, as `time.time` gives them."""

system: Clock = time.time


def milliseconds(clock: Clock) -> int:
    """Now, in the unit in which the platforms stamp their messages."""
    return int(clock() * 1000)


def iso(at: int) -> str:
    """Milliseconds since the epoch as ISO 8601 in UTC: `2026-12-05T19:00:00.000Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at / 1000)) + f".{at % 1000:03}Z"
