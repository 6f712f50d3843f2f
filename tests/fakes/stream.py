"""A table in memory that tells its changes, as DynamoDB's streams do."""

import copy

from chalicelib.aws.tables import Create, Put, _attributes
from tests.fakes.table import MemoryTable


class StreamedTable(MemoryTable):
    """`records` are all its changes so far; `clock` stamps them. `images` are those that the stream holds."""

    def __init__(self, clock, images=("NewImage", "OldImage")):
        super().__init__()
        self._clock = clock
        self._images = images
        self.records = []

    def _do(self, step):
        key = (step.item["pk"], step.item["sk"]) if isinstance(step, Create | Put) else (step.pk, step.sk)
        old = copy.copy(self._items.get(key))  # no deeper: steps replace attributes, and never change them
        super()._do(step)
        new = self._items.get(key)
        if old != new:
            self.records.append(self._record(key, new, old))

    def _record(self, key, new, old):
        kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        rows = {"NewImage": new, "OldImage": old}
        change = {
            "Keys": _attributes(dict(zip(("pk", "sk"), key, strict=True))),
            "ApproximateCreationDateTime": int(self._clock()),
            "SequenceNumber": str(len(self.records) + 1),
            **{image: _attributes(rows[image]) for image in self._images if rows[image]},
        }
        return {"eventID": f"{id(self)}-{len(self.records)}", "eventName": kind, "dynamodb": change}
