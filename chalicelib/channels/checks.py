"""Whether every channel still reaches us, once a day. What can be mended is; for the rest a person is called.

The runbook's page `webhook-silent` has every word for what can be wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from chalicelib.errors import Unavailable
from chalicelib.logs import Log


class Problem(NamedTuple):
    """What only a person can mend."""

    what: str
    """One of the runbook's words."""
    where: str = ""
    """The workspace, where a channel has several."""


Check = Callable[[], Iterable[Problem]]
"""Tells what is wrong with a channel. `Unavailable` when it could not find out."""


class ChannelChecks:
    """The checks of all channels, by their names: whatever becomes of one, the others are made."""

    def __init__(self, checks: Mapping[str, Check], log: Log) -> None:
        self._checks = checks
        self._log = log

    def handle(self) -> None:
        """Run on a schedule. `Unavailable` when a channel could not be checked: Lambda tries twice more, and then says that it gave up."""
        problems, unchecked = 0, []
        for channel, check in self._checks.items():
            try:
                for problem in check():
                    self._log("channel_wrong", level="alarm", channel=channel, problem=problem.what, team=problem.where)
                    problems += 1
            except Exception as error:  # noqa: BLE001  # the edge: whatever is wrong with one must not cost its neighbours
                self._log("unchecked", channel=channel, error=type(error).__name__, failures=1)
                unchecked.append(channel)
        self._log("channels", channel_problems=problems)
        if unchecked:
            raise Unavailable(f"Not checked: {', '.join(unchecked)}")
