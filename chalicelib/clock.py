"""Time, as an argument: whoever needs it takes a `Clock`."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch, as `time.time` gives them."""

system: Clock = time.time


def milliseconds(clock: Clock) -> int:
    """Now, in the unit in which the platforms stamp their messages."""
    return int(clock() * 1000)
