"""First names of fans, from Meta's profile API, remembered for a while and never needed.

https://developers.facebook.com/docs/messenger-platform/identity/user-profile
"""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.channels.recent import Recent
from chalicelib.clock import Clock

KEEP_SECONDS = 3_600
MOST = 5_000
NAME_LIMIT = 40


class _Known(NamedTuple):
    name: str | None
    until: float


class Names:
    """A bounded memory in front of `look_up`, which answers None where the platform does not tell: that is remembered too."""

    def __init__(self, look_up: Callable[[str], str | None], clock: Clock) -> None:
        self._look_up = look_up
        self._clock = clock
        self._known = Recent[str, _Known](MOST)

    def of(self, psid: str) -> str | None:
        known = self._known.get(psid)
        if known is None or known.until <= self._clock():
            name = " ".join((self._look_up(psid) or "").split())[:NAME_LIMIT] or None
            known = _Known(name, self._clock() + KEEP_SECONDS)
        self._known[psid] = known  # the one that was asked for longest ago is forgotten first
        return known.name
