"""One JSON line an event, under 400 bytes, on standard output, where Lambda picks it up.

A line carries ids that follow a message from webhook to send (`trace`, `conversation`: digests, not the platform's ids). It never
carries a text, a token, a name or a platform's id of a person: callers pass counts, kinds, codes and digests only. Fields named like
one of our metrics (`metrics.METRICS`) become metrics.
"""

import json
import math
import sys
from collections.abc import Callable

from chalicelib import clock, metrics, settings

LINE_LIMIT = 400

Log = Callable[..., None]
"""`log("turn", trace=…, campaign=…)`."""


def log(event: str, **fields: str | float | None) -> None:
    """Write one line; a field that is None or empty is left out, one that is too long is cut. `event` is a short constant."""
    kept = {name: _short(value) for name, value in fields.items() if value not in (None, "")}
    measured = [name for name, value in kept.items() if name in metrics.METRICS and not isinstance(value, str)]
    tail: dict[str, object] = {}
    if measured:
        tail = {metrics.STAGE: settings.stage(), "_aws": metrics.declared(measured, clock.milliseconds(clock.system))}
    spare = kept.keys() - measured - {metrics.OUTCOME}
    line = _line(event, {**kept, **tail})
    while len(line) >= LINE_LIMIT and spare:
        longest = max(spare, key=lambda name: (len(str(kept[name])), name))
        spare.remove(longest)
        del kept[longest]
        line = _line(event, {**kept, "cut": 1, **tail})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _line(event: str, fields: dict[str, object]) -> str:
    return json.dumps({"event": event, **fields}, separators=(",", ":"))


def _short(value: object) -> object:
    """A number as it is, but JSON knows no infinity; anything else as text, cut."""
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number else str(value)[:120]
