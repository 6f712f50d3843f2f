"""What the function of a stream has given up, and its way back: to the function itself, record by record.

Such a dead letter is `{reason, record}`, which the function has set aside, or Lambda's word of where in the stream a batch lies that failed
to the end: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html#services-ddb-errors

The stream keeps its records for 24 hours; after that, nobody can tell what they were. But all that `publish_changes` tells stands in the
order as it is now, too. So it gets the orders to which something happened at that time: those who follow the events act once on each order,
however often they hear of it. A function that counts gets nothing: what it has missed is lost.
"""

import functools
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import click
import msgspec
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from chalicelib.aws.tables import as_item
from ops.dead_letters import Letter
from ops.stages import Json, Stage

TELLS_FROM_ROWS = "publish-changes"

CLOCKS_DIFFER = timedelta(minutes=1)
"""Between the times of Lambda's letter and those of an order's story, at most."""

NO_LETTER = "it is neither a record nor a place in a stream"


class Lost(Exception):
    """What a letter is about cannot be had."""


class StreamFunction:
    """Takes the dead letters of a queue that is named like it."""

    def __init__(self, stage: Stage, queue: str) -> None:
        self.name = f"guestlist-{stage.name}-{queue.replace('-', '_')}"
        self._queue = queue
        self._sdk = functools.cache(stage.sdk)

    def send(self, letters: Sequence[Letter]) -> dict[str, str]:
        """Hand over all records of the letters; answers the letters of which some were not taken, with the reason."""
        try:
            return {letter.id: reason for letter in letters if (reason := self._refusal(letter))}
        except (BotoCoreError, ClientError) as error:
            raise click.ClickException(f"{error}. Is the stage deployed there, and may you do this?") from None

    def _refusal(self, letter: Letter) -> str:
        try:
            reasons = [self._handed_over(record) for record in self._records(letter)]
        except Lost as lost:
            return str(lost)
        return next(filter(None, reasons), "")

    def _handed_over(self, record: Json) -> str:
        """Why the function did not take it; empty where it did."""
        payload = json.dumps({"Records": [record]})
        answer = self._sdk("lambda").invoke(FunctionName=self.name, Payload=payload)
        said = json.loads(answer["Payload"].read() or b"null") or {}
        if "FunctionError" in answer:
            return f"{self.name} failed with {said.get('errorType')}: see its log"
        return f"{self.name} cannot take it yet: see its log" if said.get("batchItemFailures") else ""

    def _records(self, letter: Letter) -> list[Json]:
        try:
            told = msgspec.json.decode(letter.body, type=_Told)
        except msgspec.MsgspecError:
            told = _Told()
        if told.place:
            return self._of_stream(told.place)
        if told.record:
            return [told.record]
        raise Lost(NO_LETTER)

    def _of_stream(self, place: "_Place") -> list[Json]:
        streams, last = self._sdk("dynamodbstreams"), int(place.end_sequence_number)
        found: list[Json] = []
        try:
            iterator = streams.get_shard_iterator(
                StreamArn=place.stream_arn,
                ShardId=place.shard_id,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=place.start_sequence_number,
            )["ShardIterator"]
            while iterator and not (found and _number(found[-1]) >= last):
                page = streams.get_records(ShardIterator=iterator)
                found += page["Records"]
                iterator = page.get("NextShardIterator")
        except (streams.exceptions.TrimmedDataAccessException, streams.exceptions.ResourceNotFoundException):
            return self._of_table(place)
        except ParamValidationError:
            raise Lost(NO_LETTER) from None
        return [_as_event(one, place.stream_arn) for one in found if _number(one) <= last]

    def _of_table(self, place: "_Place") -> list[Json]:
        """Of the orders to which something happened at that time, as they are now."""
        if self._queue != TELLS_FROM_ROWS:
            raise Lost("the stream keeps its records for 24 hours, and these are gone: what they told is lost")
        first = int((place.approximate_arrival_of_first_record - CLOCKS_DIFFER).timestamp() * 1000)
        last = int((place.approximate_arrival_of_last_record + CLOCKS_DIFFER).timestamp() * 1000)
        pages = (
            self._sdk("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=place.stream_arn.split("/")[1],
                FilterExpression="sk = :order AND updatedAt >= :first",
                ExpressionAttributeValues={":order": {"S": "order"}, ":first": {"N": str(first)}},
                ConsistentRead=True,
            )
        )
        rows = [row for page in pages for row in page["Items"] if _happened(row, first, last)]
        when = place.approximate_arrival_of_first_record
        click.echo(
            f"The stream has forgotten what failed at {when}: the {len(rows)} orders of that time are told as they are now."
        )
        return [_anew(row, place) for row in rows]


class _Place(msgspec.Struct, rename="camel"):
    """Of a batch in a stream."""

    stream_arn: str
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str
    approximate_arrival_of_first_record: datetime
    approximate_arrival_of_last_record: datetime


class _Told(msgspec.Struct):
    """What a letter is about: the one or the other."""

    record: Json = {}
    place: _Place | None = msgspec.field(default=None, name="DDBStreamBatchInfo")


def _happened(row: Json, first: int, last: int) -> bool:
    """Whether the order's story tells of something at that time. Of one without a story, the function will say so."""
    timeline = as_item(row).get("timeline")
    return not timeline or any(first <= event["at"] <= last for event in timeline)


def _number(record: Json) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _as_event(record: Json, stream_arn: str) -> Json:
    """As Lambda hands it over: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html ."""
    change = record["dynamodb"]
    at = change["ApproximateCreationDateTime"].timestamp()
    return record | {"eventSourceARN": stream_arn, "dynamodb": change | {"ApproximateCreationDateTime": at}}


def _anew(row: Json, place: _Place) -> Json:
    """A row as if it had just been written."""
    keys = {name: row[name] for name in ("pk", "sk")}
    change = {"Keys": keys, "NewImage": row, "SequenceNumber": place.start_sequence_number}
    return {
        "eventName": "MODIFY",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": place.stream_arn,
        "dynamodb": change,
    }
