"""What is done once for an order, however often its event comes.

| pk | sk | item |
| --- | --- | --- |
| `order#<order id>` | `reaction#<act>` | `state`: `begun` or `done`; `by`: whose attempt; `at` |

An act that others see, and that cannot be taken back, is marked before it is begun and after it is done. Where a mark says begun and nobody
is at it any more, nobody knows whether it was done: doing it again might do it twice, so a person decides.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Put, Step, Table
from chalicelib.batch import Later
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import Busy, Conflict, InDoubt, Unavailable

Act = Literal["send-email", "alert"]
"""What is done at most once for an order. Its queue is named so, too."""

AT_IT = 60
"""Seconds that somebody may be at an act: twice a function's timeout."""

_BEGUN, _DONE = "begun", "done"


class Mark(NamedTuple):
    """How far an act has come."""

    state: str
    by: str
    at: int
    """Milliseconds since the epoch."""

    @property
    def is_done(self) -> bool:
        return self.state == _DONE


class Once:
    """`of` is what it is done for, where that is no order."""

    def __init__(self, table: Table, clock: Clock, new_id: Callable[[], str], of: str = "order") -> None:
        self._of = of
        self._table = table
        self._clock = clock
        self._new_id = new_id

    def at_most(self, order_id: str, act: str, do: Callable[[], None]) -> None:
        """Do it, unless it was done. `do` raises `Unavailable` or `Later` where nothing was done, and `InDoubt` where nobody knows.

        `Later` while another is at it; `InDoubt` where one was, and has not told.
        """
        pk, sk = self._key(order_id, act)
        mark: Item = {"state": _BEGUN, "by": self._new_id(), "at": milliseconds(self._clock)}
        try:
            self._table.write(Create({"pk": pk, "sk": sk, **mark}))
        except ConditionFailed:
            found = self.mark(order_id, act)
            if found is None:
                raise Later(1, f"{act} was given back at this moment") from None
            if found.is_done:
                return
            if found.by != mark["by"]:  # else it is our own, whose answer was lost
                if seconds := self._left(found):
                    raise Later(seconds, f"{act} is being done") from None
                raise InDoubt(f"{act} was begun, and nobody knows whether it was done") from None
        try:
            do()
        except InDoubt:
            raise
        except (Later, Unavailable):
            self._table.write(Delete(pk, sk, {"by": mark["by"]}))
            raise
        self._table.write(Change(pk, sk, put={"state": _DONE, "at": milliseconds(self._clock)}))

    def at_least(self, order_id: str, act: str, do: Callable[[], None]) -> None:
        """Do it, unless we know that it was done: for what its receiver takes once."""
        pk, sk = self._key(order_id, act)
        if self._table.get(pk, sk) is None:
            do()
            self._table.write(Put({"pk": pk, "sk": sk, "state": _DONE, "at": milliseconds(self._clock)}))

    def mark(self, order_id: str, act: str) -> Mark | None:
        """How far it has come; None where it was not begun, or not done after all."""
        found = self._table.get(*self._key(order_id, act))
        return Mark(found["state"], found["by"], found["at"]) if found else None

    def settle(self, order_id: str, act: str, *, done: bool) -> None:
        """A person's word on what was not begun, or begun and nobody knows whether it was done: it is `done`, or may be done again.

        What is known to be done stays so. `Busy` while somebody may be at it, `Conflict` where somebody has begun or settled it just now.
        """
        pk, sk = self._key(order_id, act)
        found = self.mark(order_id, act)
        now = milliseconds(self._clock)
        if found and found.is_done:
            return
        if found and (seconds := self._left(found)):
            raise Busy(f"{act} of the {self._of} {order_id} is being done: look again in {seconds} seconds", seconds)
        step: Step
        if found:
            as_found = {"state": _BEGUN, "by": found.by}
            step = Change(pk, sk, {"state": _DONE, "at": now}, expect=as_found) if done else Delete(pk, sk, as_found)
        elif done:
            step = Create({"pk": pk, "sk": sk, "state": _DONE, "by": self._new_id(), "at": now})
        else:
            return
        try:
            self._table.write(step)
        except ConditionFailed:
            raise Conflict(f"{act} of the {self._of} {order_id} was begun or settled just now: look again") from None

    def _left(self, begun: Mark) -> int:
        """Seconds for which somebody may still be at it."""
        return max(AT_IT - (milliseconds(self._clock) - begun.at) // 1000, 0)

    def _key(self, order_id: str, act: str) -> tuple[str, str]:
        return f"{self._of}#{order_id}", f"reaction#{act}"
