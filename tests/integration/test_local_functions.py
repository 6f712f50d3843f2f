"""Every kind of handler of app.py gets its events from the emulator, as on AWS. The sample application writes down what
each of its handlers saw.
"""

import json
import time
import uuid
from pathlib import Path

import pytest
import requests

from tests.local_runtime import wait_until

SAMPLE = Path(__file__).parent / "sample_app"


@pytest.fixture(scope="module")
def sample(start_local_run):
    """Started by a developer whose own settings lead to a real account."""
    return start_local_run(
        project=SAMPLE,
        AWS_PROFILE="production",
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_ENDPOINT_URL_SQS="https://sqs.eu-west-1.amazonaws.com",
        AWS_CONFIG_FILE="/etc/aws/config",
    )


@pytest.fixture
def seen(sample):
    """What a handler saw of the messages marked with this test's own id: `seen("receive")`."""

    def seen_by(handler):
        rows = (
            sample.stage()
            .client("dynamodb")
            .query(
                TableName="guestlist-local-conversations",
                KeyConditionExpression="pk = :handler",
                ExpressionAttributeValues={":handler": {"S": handler}},
                ConsistentRead=True,
            )["Items"]
        )
        return [json.loads(row["what"]["S"]) for row in rows]

    return seen_by


@pytest.fixture
def send(sample, seen):
    """Send instructions to `receive`, one message each; answers a function that gives what was received of them."""
    sqs = sample.stage().client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"]
    test = uuid.uuid4().hex

    def send_all(*instructions):
        for instruction in instructions:
            sqs.send_message(
                QueueUrl=url,
                MessageBody=json.dumps({**instruction, "test": test}),
                MessageGroupId=f"{test}-{instruction['group']}",
                MessageDeduplicationId=uuid.uuid4().hex,
            )
        return lambda: [message for message in seen("receive") if message["test"] == test]

    return send_all


def test_a_queue_s_message_reaches_its_handler_in_milliseconds(send):
    delays = []
    for _ in range(9):
        sent = time.time()
        received = send({"group": "a"})
        wait_until(lambda: len(received()) == len(delays) + 1)  # noqa: B023  # called at once
        delays.append(received()[-1]["at"] - sent)
    assert sorted(delays)[4] < 0.1


def test_a_slow_group_does_not_hold_up_another(send):
    began = time.time()
    received = send({"group": "slow", "sleep": 2}, {"group": "quick"})
    messages = wait_until(lambda: [m for m in received() if m["group"] == "quick"])
    assert messages[0]["at"] - began < 1


def test_a_failed_message_comes_again_when_its_handler_said_and_its_group_waits(send):
    began = time.time()
    received = send({"group": "a", "n": 1, "fail": True, "again_in": 1}, {"group": "a", "n": 2})
    wait_until(lambda: len(received()) == 3, complaint=lambda: str(received()))
    assert [(m["n"], m["receives"]) for m in received()] == [(1, 1), (1, 2), (2, 1)]
    assert 1.0 <= received()[1]["at"] - began < 3.0


def test_a_failed_message_is_kept_and_its_neighbour_is_not(send, sample):
    received = send({"group": "a", "fail": True}, {"group": "b"})
    wait_until(lambda: len(received()) == 2)
    sqs = sample.stage().client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"]
    in_flight = "ApproximateNumberOfMessagesNotVisible"
    wait_until(
        lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[in_flight])["Attributes"][in_flight] == "1"
    )


def test_a_change_of_a_table_reaches_the_handler_of_its_stream(sample, seen):
    key = uuid.uuid4().hex
    sample.stage().client("dynamodb").put_item(
        TableName="guestlist-local-campaigns", Item={"pk": {"S": key}, "sk": {"S": "campaign"}}
    )
    wait_until(lambda: {"pk": {"S": key}, "sk": {"S": "campaign"}} in seen("follow"))


def test_an_event_reaches_the_handler_whose_pattern_it_matches(sample, seen):
    events = sample.stage().client("events")
    detail = {"id": uuid.uuid4().hex}
    events.put_events(Entries=[{"Source": "sample", "DetailType": "Test", "Detail": json.dumps(detail)}])
    wait_until(lambda: detail in seen("hear"))


def test_a_schedule_is_the_rule_of_its_handler(sample):
    events = sample.stage().client("events")
    assert events.describe_rule(Name="guestlist-local-tick")["ScheduleExpression"] == "rate(1 minute)"
    targets = events.list_targets_by_rule(Rule="guestlist-local-tick")["Targets"]
    assert [target["Arn"].rpartition(":")[2] for target in targets] == ["guestlist-local-tick"]


def test_a_function_answers_and_knows_its_settings(sample):
    answer = sample.stage().client("lambda").invoke(FunctionName="guestlist-local-add", Payload='{"a": 1, "b": 2}')
    result = json.load(answer["Payload"])
    assert (result["sum"], result["function"]) == (3, "guestlist-local-add")
    assert 6000 < result["remaining"] <= 7000


def test_a_function_s_error_has_the_type_and_the_message_that_it_raised(sample):
    answer = sample.stage().client("lambda").invoke(FunctionName="guestlist-local-add", Payload="{}")
    error = json.load(answer["Payload"])
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'a'")
    sample.wait_to_print("functions add failed: KeyError")


def test_an_authorizer_guards_its_route(sample):
    assert requests.get(f"{sample.web}/closed", timeout=5).status_code == 401
    opened = requests.get(f"{sample.web}/closed", timeout=5, headers={"Authorization": "Bearer sesame"})
    assert opened.json() == {"principal": "guest"}


def test_the_application_sees_its_settings_moved_to_the_ports_and_no_account(sample):
    assert requests.get(sample.web, timeout=5).json() == {
        "GREETING": "hello",
        "BASE_URL": sample.web,
        "STAGE": "local",
        "AWS_ENDPOINT_URL": sample.aws,
        "AWS_ENDPOINT_URL_SQS": None,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_PROFILE": None,
        "AWS_CONFIG_FILE": "/dev/null",
    }
