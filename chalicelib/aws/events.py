"""A bus of EventBridge."""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.aws.client import Client

BATCH = 10
"""Events in one request: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""

FOR_EVER = frozenset(
    {
        "InvalidAccountIdException",
        "InvalidArgument",
        "MalformedDetail",
        "NotAuthorizedForDetailTypeException",
        "NotAuthorizedForSourceException",
        "RedactionFailure",
    }
)
"""The refusals of one event that stay: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""


class Outgoing(NamedTuple):
    source: str
    detail_type: str
    detail: str
    """JSON."""


class EventBus:
    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Outgoing]) -> list[str]:
        """Publish up to `BATCH` events: for each the code of its refusal, empty where it is kept. `AwsError` where all are refused."""
        entries = [
            {
                "EventBusName": self._name,
                "Source": event.source,
                "DetailType": event.detail_type,
                "Detail": event.detail,
            }
            for event in events
        ]
        answer = self._client.call("PutEvents", Entries=entries)
        if not answer["FailedEntryCount"]:
            return [""] * len(events)
        return [entry.get("ErrorCode", "") for entry in answer["Entries"]]
