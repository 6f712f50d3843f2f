"""Until which day each reader's reports were asked for, in the table `statistics`.

| pk | sk | item |
| --- | --- | --- |
| `report#<campaign>` | `asked` | `days`: `{<reader>: <the last day>}` |
| `report#<campaign>` | `reaction#<day>#<reader>` | whether it was sent: see `reactions.once` |
"""

from collections.abc import Mapping
from datetime import date

from chalicelib.aws.tables import Put, Table

_ASKED = "asked"


class Asked:
    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, campaign_id: str) -> dict[str, date]:
        """The last day for each reader."""
        item = self._table.get(_partition(campaign_id), _ASKED) or {"days": {}}
        return {reader: date.fromisoformat(day) for reader, day in item["days"].items()}

    def put(self, campaign_id: str, days: Mapping[str, date]) -> None:
        """Keep these, and forget all other readers."""
        kept = {reader: day.isoformat() for reader, day in days.items()}
        self._table.write(Put({"pk": _partition(campaign_id), "sk": _ASKED, "days": kept}))


def _partition(campaign_id: str) -> str:
    return f"report#{campaign_id}"
