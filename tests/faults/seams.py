"""Where an order's way can break: every delivery to a function, and every call that a function makes, passes here by its name.

A delivery is what AWS, Stripe or a customer hands to us (`workflow to pay_order`); a call is what a function asks of AWS, Stripe or
the warehouse (`pay_order: dynamodb UpdateItem orders`). Both can fail in the same ways.
"""

from collections import Counter
from typing import NamedTuple

CRASH_BEFORE = "crash before"
CRASH_AFTER = "crash after"
THROTTLED = "throttled"
"""However often our client asks."""
APPLIED = "timed out and applied"
"""It is done, and nobody hears of it, however often our client asks."""
REPEATED = "timed out and applied, and asked again"
"""It is done, its answer is lost, and our client's next attempt is answered. Where the client does not repeat, it is as `APPLIED`."""
NOT_APPLIED = "timed out and not applied"
TWICE = "delivered twice"
"""A delivery comes again at once. A call: what led to it is delivered again, and done whole, while the first is about to call."""
LATE = "delivered out of order"
"""Nobody hears of it, and it is done 20 seconds later: after all that followed."""

FAULTS = (CRASH_BEFORE, CRASH_AFTER, THROTTLED, APPLIED, REPEATED, NOT_APPLIED, TWICE, LATE)

LATER = 20
"""Seconds."""


class Died(BaseException):
    """The process is gone: nobody tidies up."""


class Cell(NamedTuple):
    """The so-manieth time that something of this name happens."""

    name: str
    time: int = 1


class Seams:
    """`planned` says what goes wrong at which cells; `seen` are all cells, in order."""

    def __init__(self, planned=()):
        self.seen = []
        self._planned = dict(planned)
        self._times = Counter()

    def fault(self, name):
        """What goes wrong with this, now that it happens; None: nothing."""
        self._times[name] += 1
        cell = Cell(name, self._times[name])
        self.seen.append(cell)
        return self._planned.pop(cell, None)
