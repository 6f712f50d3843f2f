"""The alarms in an emulator: the stack can be made, made again and taken away, and what a function logs reaches the topic."""

import json

import pytest

import app
from ops.deploy import template as cloudformation
from ops.local.environment import REGION
from ops.monitoring.alarms import alarms
from ops.monitoring.command import wanted
from ops.monitoring.watched import functions, queues
from ops.templates import load
from tests import emf, job
from tests.contract.messenger.graph import error
from tests.local_runtime import Stage

PARAMETERS = {"Stage": "prod", "AlarmEmail": "organiser@example.com"}


@pytest.fixture(scope="module")
def stage(start_emulator):
    return Stage("prod", start_emulator(), {})


@pytest.fixture(scope="module")
def outputs(stage):
    stage.client("s3").create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": REGION})
    return applied(stage, "create", PARAMETERS)


def applied(stage, act, parameters):
    client, name = stage.client("cloudformation"), "guestlist-prod-monitoring"
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    s3 = stage.client("s3")
    s3.put_object(Bucket="templates", Key="monitoring.yaml", Body=wanted().encode())
    url = f"https://s3.{REGION}.amazonaws.com/templates/monitoring.yaml"
    request = {"StackName": name, "TemplateURL": url, "Parameters": given}
    getattr(client, f"{act}_stack")(**request)
    client.get_waiter(f"stack_{act}_complete").wait(StackName=name, WaiterConfig={"Delay": 0.05})
    [stack] = client.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def found(stage, **filters):
    pages = stage.client("cloudwatch").get_paginator("describe_alarms").paginate(**filters)
    return pages.build_full_result()["MetricAlarms"]


def test_every_alarm_is_there_and_tells_the_topic(stage, outputs):
    resources = load(cloudformation.RESOURCES.read_text())
    names = {f"guestlist-prod-{alarm.name}" for alarm in alarms(functions(app.app), queues(resources))}
    made = found(stage)
    assert {alarm["AlarmName"] for alarm in made} == names
    assert {action for alarm in made for action in alarm["AlarmActions"] + alarm["OKActions"]} == {
        outputs["AlarmTopicArn"]
    }
    assert all(dimension["Value"] for alarm in made for dimension in alarm["Dimensions"])
    assert "${" not in json.dumps(made, default=str)


def test_the_topic_writes_to_the_organiser_and_to_nobody_without_an_address(stage, outputs):
    sns = stage.client("sns")

    def addresses():
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=outputs["AlarmTopicArn"])["Subscriptions"]
        return [(s["Protocol"], s["Endpoint"]) for s in subscriptions]

    assert addresses() == [("email", "organiser@example.com")]
    applied(stage, "update", PARAMETERS | {"AlarmEmail": ""})
    assert addresses() == []


def test_the_dashboard_is_filled_in(stage, outputs):
    body = stage.client("cloudwatch").get_dashboard(DashboardName="guestlist-prod")["DashboardBody"]
    assert "${" not in body
    assert len([widget for widget in json.loads(body)["widgets"] if widget["type"] == "metric"]) == 13
    assert outputs["DashboardUrl"].endswith("#dashboards/dashboard/guestlist-prod")


def test_a_page_that_may_not_send_any_more_is_told_of_with_the_way_to_the_runbook(stage, outputs, capsys, monkeypatch):
    monkeypatch.setenv("STAGE", "prod")
    sqs, sns = stage.client("sqs"), stage.client("sns")
    url = sqs.create_queue(QueueName="organisers-mailbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=outputs["AlarmTopicArn"], Protocol="sqs", Endpoint=arn)
    with job.started(lambda: None) as fan:
        fan.graph.plan = [error(190)]
        fan.types("help")
    refused = [p for p in emf.points(capsys.readouterr().out.splitlines()) if ("outcome", "token_dead") in p.dimensions]
    assert refused
    put(stage, refused)
    mails = [json.loads(json.loads(m["Body"])["Message"]) for m in receive(sqs, url)]
    [mail] = [mail for mail in mails if mail["AlarmName"] == "guestlist-prod-token-dead"]
    assert mail["NewStateValue"] == "ALARM"
    assert mail["AlarmDescription"].endswith("What to do: docs/runbook.md#token-dead")


def put(stage, points):
    """As CloudWatch takes them out of the log, which the emulator does not do."""
    for point in points:
        dimensions = [{"Name": name, "Value": value} for name, value in point.dimensions]
        datum = {"MetricName": point.name, "Dimensions": dimensions, "Value": point.value}
        stage.client("cloudwatch").put_metric_data(Namespace=point.namespace, MetricData=[datum])


def receive(sqs, url):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])


def test_the_stack_can_be_taken_away_whole(stage, outputs):
    client = stage.client("cloudformation")
    client.delete_stack(StackName="guestlist-prod-monitoring")
    client.get_waiter("stack_delete_complete").wait(StackName="guestlist-prod-monitoring", WaiterConfig={"Delay": 0.05})
    assert found(stage) == []
    assert stage.client("sns").list_topics()["Topics"] == []
    assert stage.client("cloudwatch").list_dashboards()["DashboardEntries"] == []
