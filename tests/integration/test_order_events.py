"""An order's change becomes an event on the real bus, by the real stream; what cannot become one holds up nothing."""

import json
import uuid

import pytest

from chalicelib.aws.tables import _attributes
from tests.local_runtime import wait_until
from tests.unit.events.rows import an_order

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
