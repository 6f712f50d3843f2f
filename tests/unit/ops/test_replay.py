"""`python -m ops dlq redrive` of what a stream's function has given up: its records go to the function again."""

import io
import itertools
import json
import time
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from chalicelib.aws.tables import _attributes
from ops import dlq
from ops.dead_letters import Letter
from ops.deploy import template
from ops.replay import StreamFunction
from tests.fakes.clock import Clock
from tests.fakes.sqs import MemorySqs
from tests.operators import a_stage
from tests.unit.events.rows import an_order, placed

DEAD = "guestlist-prod-publish-changes-dlq"
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/guestlist-prod-orders/stream/2026-11-01T00:00:00.000"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def refusal(code):
    return type(code, (ClientError,), {})({"Error": {"Code": code, "Message": "told so"}}, "Operation")


class Lambda:
    """A function that takes what it is told to take: `answers` to the records by their numbers."""

    def __init__(self):
        self.took, self.answers, self.deployed = [], {}, True

    def invoke(self, FunctionName, Payload):  # noqa: N803  # boto3's names, here and below
        if not self.deployed:
            raise refusal("ResourceNotFoundException")
        assert FunctionName == "guestlist-prod-publish_changes"
        [record] = json.loads(Payload)["Records"]
        number = record["dynamodb"]["SequenceNumber"]
        answer = self.answers.get(number, {"batchItemFailures": []})
        if isinstance(answer, str):
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps({"errorType": answer}).encode())}
        if answer == {"batchItemFailures": []}:
            self.took.append(record)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


class Streams:
    """A shard, two records a page; after 24 hours there is nothing."""

    class exceptions:  # noqa: D106, N801
        TrimmedDataAccessException = type("TrimmedDataAccessException", (ClientError,), {})
        ResourceNotFoundException = type("ResourceNotFoundException", (ClientError,), {})

    def __init__(self, *records):
        self.records, self.gone = records, None

    def get_shard_iterator(self, StreamArn, ShardId, ShardIteratorType, SequenceNumber):  # noqa: N803
        assert (StreamArn, ShardId, ShardIteratorType) == (STREAM, "shard-1", "AT_SEQUENCE_NUMBER")
        if not SequenceNumber:
            raise ParamValidationError(report="too short")
        if self.gone:
            raise getattr(self.exceptions, self.gone)({"Error": {"Code": self.gone}}, "GetShardIterator")
        numbers = [record["dynamodb"]["SequenceNumber"] for record in self.records]
        return {"ShardIterator": numbers.index(SequenceNumber)}

    def get_records(self, ShardIterator):  # noqa: N803
        return {"Records": self.records[ShardIterator : ShardIterator + 2], "NextShardIterator": ShardIterator + 2}


class Table:
    """Of the orders: all that the filter lets pass."""

    def __init__(self):
        self.rows = []

    def get_paginator(self, _operation):
        return self

    def paginate(self, ExpressionAttributeValues, **_):  # noqa: N803
        first = int(ExpressionAttributeValues[":first"]["N"])
        return [{"Items": [_attributes(row)]} for row in self.rows if row["updatedAt"] >= first]


class Prod:
    def __init__(self, operate):
        self._operate = operate
        full = itertools.chain.from_iterable(dlq.names(template.read(template.RESOURCES), "prod").values())
        self.sqs = MemorySqs(Clock(time.time() - 7_300), *filter(None, full))
        self.function, self.streams, self.table = Lambda(), Streams(*map(in_a_stream, range(9, 14))), Table()
        clients = {"lambda": self.function, "dynamodbstreams": self.streams, "dynamodb": self.table}
        self.stage = a_stage(sqs=self.sqs, sdk=clients.__getitem__)

    def gives_up(self, body):
        self.sqs.put(DEAD, json.dumps(body))

    def redrive(self, *words):
        result = self._operate("dlq", "redrive", "publish-changes", *words, into=self.stage)
        return result.exit_code, result.output

    def took(self):
        return [record["dynamodb"]["SequenceNumber"] for record in self.function.took]


@pytest.fixture
def prod(operate):
    return Prod(operate)


def in_a_stream(number):
    """As GetRecords answers it."""
    record = placed(number)
    return record | {"dynamodb": record["dynamodb"] | {"ApproximateCreationDateTime": AT}}


def set_aside(number):
    return {"reason": "Expected `int`", "record": placed(number)}


def given_up(first, last):
    """As Lambda tells of a batch; shortened to what counts."""
    return {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11},
        "version": "1.0",
        "DDBStreamBatchInfo": {
            "shardId": "shard-1",
            "startSequenceNumber": str(first),
            "endSequenceNumber": str(last),
            "approximateArrivalOfFirstRecord": "2026-11-22T12:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-22T12:00:01Z",
            "batchSize": last - first + 1,
            "streamArn": STREAM,
        },
    }


NOWHERE = {"DDBStreamBatchInfo": given_up(1, 2)["DDBStreamBatchInfo"] | {"startSequenceNumber": ""}}


def test_records_that_were_set_aside_go_to_the_function_again(prod):
    prod.gives_up(set_aside(1))
    prod.gives_up(set_aside(2))
    assert prod.redrive() == (0, f"2 moved from {DEAD} to guestlist-prod-publish_changes.\n")
    assert prod.function.took == [placed(1), placed(2)]
    assert prod.sqs.bodies(DEAD) == []
    assert prod.redrive() == (0, f"0 moved from {DEAD} to guestlist-prod-publish_changes.\n")


def test_a_batch_is_read_from_its_place_in_the_stream_and_nothing_before_or_behind_it(prod):
    prod.gives_up(given_up(10, 12))
    assert prod.redrive()[0] == 0
    assert prod.took() == ["10", "11", "12"]
    [first, *_] = prod.function.took
    assert (first["eventSourceARN"], first["eventID"]) == (STREAM, "e10")
    assert first["dynamodb"]["ApproximateCreationDateTime"] == AT.timestamp()
    assert prod.sqs.bodies(DEAD) == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("KeyError", "failed with KeyError: see its log"),
        ({"batchItemFailures": [{}]}, "cannot take it yet: see its log"),
    ],
)
def test_what_the_function_does_not_take_stays_and_holds_up_nothing(prod, answer, told):
    prod.function.answers["11"] = answer
    prod.gives_up(given_up(10, 12))
    prod.gives_up(set_aside(1))
    code, said = prod.redrive()
    assert (code, said.endswith(f": guestlist-prod-publish_changes {told}\n")) == (1, True)
    assert prod.took() == ["10", "12", "1"]
    assert prod.sqs.visible(DEAD) == [json.dumps(given_up(10, 12))]


@pytest.mark.parametrize("gone", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_when_the_stream_has_forgotten_them_the_orders_of_that_time_are_told_as_they_are(prod, gone):
    prod.streams.gone = gone
    at = int(AT.timestamp() * 1000)
    hour = 3_600_000

    def ended(order, when, changed=0):
        timeline = [{"at": when - 900, "what": "ACCEPTED"}, {"at": when, "what": "PLACED"}]
        return an_order(f"order#{order}", timeline=timeline, updatedAt=when + changed)

    prod.table.rows = [ended("o-1", at), ended("o-2", at + hour), ended("o-3", at - hour), ended("o-4", at, hour)]
    prod.gives_up(given_up(10, 12))
    code, said = prod.redrive()
    assert (code, "the 2 orders of that time are told as they are now" in said) == (0, True)
    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in prod.function.took] == ["order#o-1", "order#o-4"]
    assert prod.sqs.bodies(DEAD) == []


def test_what_a_function_that_counts_has_missed_for_a_day_is_said_to_be_lost(prod):
    prod.streams.gone = "TrimmedDataAccessException"
    letter = Letter("m-1", 0, "", json.dumps(given_up(10, 12)), {}, "")
    [(known, reason)] = StreamFunction(prod.stage, "count-changes").send([letter]).items()
    assert (known, "what they told is lost" in reason) == ("m-1", True)


@pytest.mark.parametrize("body", [{}, [], {"record": 1}, {"DDBStreamBatchInfo": {"shardId": "shard-1"}}, NOWHERE])
def test_what_is_no_letter_of_a_stream_stays(prod, body):
    prod.gives_up(body)
    code, said = prod.redrive()
    assert (code, "it is neither a record nor a place in a stream" in said) == (1, True)
    assert prod.sqs.visible(DEAD) == [json.dumps(body)]


def test_where_the_function_is_not_deployed_all_stays(prod):
    prod.function.deployed = False
    prod.gives_up(set_aside(1))
    code, said = prod.redrive()
    assert (code, "Is the stage deployed there" in said) == (1, True)
    assert len(prod.sqs.visible(DEAD)) == 1


def test_one_can_be_chosen(prod):
    prod.gives_up(set_aside(1))
    prod.gives_up(set_aside(2))
    chosen = prod.sqs.messages(DEAD)[1]["MessageId"]
    assert prod.redrive("--id", chosen)[0] == 0
    assert prod.took() == ["2"]
    assert len(prod.sqs.visible(DEAD)) == 1
