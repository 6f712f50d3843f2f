"""Sending no faster than a page may, without ever waiting: who is early is told when to come again."""

from chalicelib.clock import Clock

BURST_SECONDS = 1.0


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
        if self._tokens >= min(count, self._capacity):  # more than a bucket holds is lent
            self._tokens -= count
            return 0.0
        missing = (min(count, self._capacity) - self._tokens) / self._per_second
        self._promised_until = max(now + missing, self._promised_until + count / self._per_second)
        return self._promised_until - now
