"""The record of data deletion requests, in the table of conversations.

An item is `{pk: "deletion#<code>", sk: "deletion", status, expiresAt}`: it names nobody, so it may outlive what it is about.
"""

from chalicelib.aws.tables import ConditionFailed, Create, Item, Put, Table
from chalicelib.clock import Clock

KEEP_SECONDS = 90 * 24 * 3600
_SK = "deletion"


class Deletions:
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def pending(self, code: str) -> None:
        """A request came in. The same again changes nothing: it may be done by then."""
        try:
            self._table.write(Create(self._item(code, "pending")))
        except ConditionFailed:
            return

    def done(self, code: str) -> None:
        """Everything about the person is gone. Harmless to repeat."""
        self._table.write(Put(self._item(code, "done")))

    def status(self, code: str) -> str | None:
        """`pending` or `done`; None when there is no such request, or it is older than 90 days."""
        item = self._table.get(_key(code), _SK)
        if item is None or item["expiresAt"] <= self._clock():  # the table removes expired items a day or two late
            return None
        status: str = item["status"]
        return status

    def _item(self, code: str, status: str) -> Item:
        expires = int(self._clock()) + KEEP_SECONDS
        return {"pk": _key(code), "sk": _SK, "status": status, "expiresAt": expires}


def _key(code: str) -> str:
    return f"deletion#{code}"
