"""An order's change becomes an event on the real bus, by the real stream; what cannot become one holds up nothing."""

import json
import time
import uuid
from datetime import UTC, datetime

import pytest

from chalicelib.aws.tables import _attributes
from tests.local_runtime import wait_until
from tests.unit.events.rows import an_order, changed

BUS = "guestlist-local-order-events"


@pytest.fixture
def heard(local_run):
    """What a follower of the bus gets: a function that answers the events of an order by now."""
    stage = local_run.stage()
    events, sqs = stage.client("events"), stage.client("sqs")
    name = f"test-{uuid.uuid4().hex[:8]}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["order.service"], "detail": {"amount": [{"numeric": [">", 1000]}]}}
    events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
    found = []

    def heard(order_id):
        found.extend(
            json.loads(message["Body"])
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        )
        return [event for event in found if event["detail"]["orderId"] == order_id]

    yield heard
    events.remove_targets(Rule=name, EventBusName=BUS, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=BUS)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def put(local_run):
    """Write an order as it is now, and answer its id."""
    dynamodb = local_run.stage().client("dynamodb")

    def put(order_id=None, **changes):
        order_id = order_id or uuid.uuid4().hex
        row = an_order(pk=f"order#{order_id}", **changes)
        dynamodb.put_item(TableName="guestlist-local-orders", Item=_attributes(row))
        return order_id

    return put


def set_aside(local_run, order_id):
    sqs = local_run.stage().client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-publish-changes-dlq")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", ())
    return [message for message in messages if order_id in message["Body"]]


def test_a_placed_order_is_heard_on_the_bus_and_only_over_the_amount(put, heard):
    exactly = put(totalCents=100_000)
    over = put(totalCents=100_001, status="ACCEPTED")
    put(over, totalCents=100_001)
    [event] = wait_until(lambda: heard(over))
    assert (event["source"], event["detail-type"]) == ("order.service", "Order Placed")
    assert event["detail"]["amount"] == 1000.01
    assert heard(exactly) == []


def test_a_poison_record_is_set_aside_and_the_next_one_is_published(local_run, put, heard):
    poison = put(totalCents="many")
    good = put(totalCents=100_001)
    wait_until(lambda: heard(good))
    [message] = wait_until(lambda: set_aside(local_run, poison))
    assert json.loads(message["Body"])["reason"] == "Expected `int`, got `str` - at `$.totalCents`"


@pytest.fixture
def redrive(operate, local_run):
    """What the operator's command says of its exit code and of what it did."""

    def redrive():
        told = operate("dlq", "redrive", "publish-changes", AWS_ENDPOINT_URL=local_run.aws)
        return told.exit_code, told.output

    return redrive


def test_what_was_set_aside_is_published_once_it_can_be_read(local_run, put, heard, redrive):
    """As if the code was mended since: what lies there is poison no more."""
    order = put(status="ACCEPTED")
    row = an_order(pk=f"order#{order}", totalCents=100_001)
    give_up(local_run, {"reason": "Expected `int`", "record": changed(row)})
    code, said = redrive()
    assert (code, "moved from guestlist-local-publish-changes-dlq to guestlist-local-publish_changes" in said) == (
        0,
        True,
    )
    wait_until(lambda: heard(order))
    assert set_aside(local_run, order) == []


def test_a_batch_that_lambda_gave_up_is_read_from_the_stream_and_published_again(local_run, put, heard, redrive):
    stage = local_run.stage()
    stream = stage.client("dynamodb").describe_table(TableName="guestlist-local-orders")["Table"]["LatestStreamArn"]
    streams = stage.client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    from_now = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="LATEST")
    order = put(totalCents=100_001)
    wait_until(lambda: heard(order))
    changes = [record["dynamodb"] for record in streams.get_records(ShardIterator=from_now["ShardIterator"])["Records"]]
    keys = {"pk": {"S": f"order#{order}"}, "sk": {"S": "order"}}
    [number] = [change["SequenceNumber"] for change in changes if change["Keys"] == keys]
    now = datetime.now(UTC).isoformat()
    place = {"streamArn": stream, "shardId": shard, "startSequenceNumber": number, "endSequenceNumber": number}
    times = dict.fromkeys(("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"), now)
    give_up(local_run, {"version": "1.0", "DDBStreamBatchInfo": place | times})
    assert redrive()[0] == 0
    wait_until(lambda: len(heard(order)) == 2)


def test_what_the_stream_has_forgotten_is_published_from_the_table(local_run, put, heard, redrive):
    now = time.time()
    ended = {"updatedAt": int(now * 1000), "timeline": [{"at": int(now * 1000), "what": "PLACED"}]}
    order = put(totalCents=100_001, **ended)
    wait_until(lambda: heard(order))
    table = "arn:aws:dynamodb:eu-west-1:000000000000:table/guestlist-local-orders"
    stream, shard, number = f"{table}/stream/2026-01-01T00:00:00.000", f"shardId-{1:020}", f"{1:021}"
    place = {"streamArn": stream, "shardId": shard, "startSequenceNumber": number, "endSequenceNumber": number}
    at = datetime.fromtimestamp(now, UTC).isoformat()
    times = dict.fromkeys(("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"), at)
    give_up(local_run, {"version": "1.0", "DDBStreamBatchInfo": place | times})
    code, said = redrive()
    assert code == 0, said
    assert "are told as they are now" in said
    wait_until(lambda: len(heard(order)) == 2)


def give_up(local_run, letter):
    sqs = local_run.stage().client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-publish-changes-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(letter))
