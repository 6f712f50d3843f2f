"""Lambda's reader of a table's stream: in order, and nothing is left out.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html, with the settings of ops/deploy/mappings.py.
"""

import json

from ops.deploy.mappings import STREAM_RETRIES
from tests.faults.execution import Failed

BATCH = 100


class Reader:
    def __init__(self, world, table, function):
        self._world, self._function = world, function
        self._name, self._dead_letters = f"stream of {table} to {function}", f"{function.replace('_', '-')}-dlq"
        self._records = world.dynamo.streams[f"guestlist-local-{table}"]
        self._at = self._tries = 0

    def listen(self):
        """Hand on what is new, unless it waits behind what failed."""
        if not self._tries:
            self._read()

    def _read(self):
        batch = self._records[self._at : self._at + (1 if self._tries else BATCH)]  # what failed is bisected
        if not batch:
            return
        done = self._handled(batch)
        self._at += done
        if done == len(batch):
            self._tries = 0
            self._read()
        else:
            self._failed()

    def _handled(self, batch):
        """How many records of it, from the first."""
        try:
            answer = self._world.deliver(self._name, self._function, {"Records": batch})
        except Failed:
            return 0
        again = {failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures", ())}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return next((at for at, number in enumerate(numbers) if number in again), len(batch))

    def _failed(self):
        self._tries += 1
        if self._tries > STREAM_RETRIES:
            self._world.queues.send(self._dead_letters, json.dumps(self._records[self._at]["dynamodb"]["Keys"]))
            self._at += 1
            self._tries = 0
        self._world.after(2, self._read)
