"""What is done once for an order, however often its event comes.

| pk | sk | item |
| --- | --- | --- |
| `order#<order id>` | `reaction#<act>` | `state`: `begun` or `done`; `by`: whose attempt; `at` |

An act that others see, and that cannot be taken back, is marked before it is begun and after it is done. Where a mark says begun and nobody
is at it any more, nobody knows whether it was done: doing it again might do it twice, so a person decides.
"""

from collections.abc import Callable

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Item, Put, Table
from chalicelib.batch import Later
from chalicelib.clock import Clock, milliseconds
from chalicelib.errors import InDoubt, Unavailable

AT_IT = 60
"""Seconds that somebody may be at an act: twice a function's timeout."""

_BEGUN, _DONE = "begun", "done"


class Once:
    def __init__(self, table: Table, clock: Clock, new_id: Callable[[], str]) -> None:
        self._table = table
        self._clock = clock
        self._new_id = new_id

    def at_most(self, order_id: str, act: str, do: Callable[[], None]) -> None:
        """Do it, unless it was done. `do` raises `Unavailable` where nothing was done, and `InDoubt` where nobody knows.

        `Later` while another is at it; `InDoubt` where one was, and has not told.
        """
        pk, sk = _key(order_id, act)
        mark: Item = {"state": _BEGUN, "by": self._new_id(), "at": milliseconds(self._clock)}
        try:
            self._table.write(Create({"pk": pk, "sk": sk, **mark}))
        except ConditionFailed:
            found = self._table.get(pk, sk) or mark  # taken away at this moment: nothing was done
            if found["state"] == _DONE:
                return
            if found["by"] != mark["by"]:  # else it is our own, whose answer was lost
                self._not_ours(act, found["at"])
        try:
            do()
        except InDoubt:
            raise
        except Unavailable:
            self._table.write(Delete(pk, sk, {"by": mark["by"]}))
            raise
        self._table.write(Change(pk, sk, put={"state": _DONE, "at": milliseconds(self._clock)}))

    def at_least(self, order_id: str, act: str, do: Callable[[], None]) -> None:
        """Do it, unless we know that it was done: for what its receiver takes once."""
        pk, sk = _key(order_id, act)
        if self._table.get(pk, sk) is None:
            do()
            self._table.write(Put({"pk": pk, "sk": sk, "state": _DONE, "at": milliseconds(self._clock)}))

    def _not_ours(self, act: str, at: int) -> None:
        left = AT_IT - (milliseconds(self._clock) - at) // 1000
        if left > 0:
            raise Later(left, f"{act} is being done")
        raise InDoubt(f"{act} was begun, and nobody knows whether it was done")


def _key(order_id: str, act: str) -> tuple[str, str]:
    return f"order#{order_id}", f"reaction#{act}"
