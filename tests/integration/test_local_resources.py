"""infra/resources.yaml, applied to the emulator, makes what the application expects to find."""

import json

import pytest

from ops.local import secrets, stack

TABLES = ("campaigns", "conversations", "products", "statistics", "users")


def test_every_stage_has_the_same_resources_under_its_own_names(resources, fresh_stage):
    for stage in (resources, fresh_stage):
        tables = stage.client("dynamodb").get_paginator("list_tables").paginate().build_full_result()["TableNames"]
        assert {f"guestlist-{stage.name}-{name}" for name in TABLES} <= set(tables)


@pytest.mark.parametrize("table", ["conversations", "users"])
def test_what_expires_is_forgotten(fresh_stage, table):
    ttl = fresh_stage.client("dynamodb").describe_time_to_live(TableName=f"guestlist-{fresh_stage.name}-{table}")[
        "TimeToLiveDescription"
    ]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_restored_to_any_point_in_time(fresh_stage, table):
    backups = fresh_stage.client("dynamodb").describe_continuous_backups(
        TableName=f"guestlist-{fresh_stage.name}-{table}"
    )["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize(("queue", "receives"), [("inbound", 10), ("outbound", 100)])
def test_a_queue_gives_up_into_its_own_dead_letter_queue(fresh_stage, queue, receives):
    sqs = fresh_stage.client("sqs")
    url = sqs.get_queue_url(QueueName=f"guestlist-{fresh_stage.name}-{queue}.fifo")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f"guestlist-{fresh_stage.name}-{queue}-dlq.fifo")
    assert redrive["maxReceiveCount"] == receives
    assert attributes["FifoThroughputLimit"] == "perMessageGroupId"
    assert attributes["VisibilityTimeout"] == "180"


def test_applying_an_unchanged_template_changes_nothing(fresh_stage):
    cloudformation = fresh_stage.client("cloudformation")
    before = cloudformation.describe_stacks(StackName=f"guestlist-{fresh_stage.name}")["Stacks"][0]
    assert stack.apply(cloudformation, fresh_stage.name) == fresh_stage.outputs
    after = cloudformation.describe_stacks(StackName=f"guestlist-{fresh_stage.name}")["Stacks"][0]
    assert after.get("LastUpdatedTime") == before.get("LastUpdatedTime")


def test_a_changed_template_updates_the_stack_in_place(fresh_stage):
    changed = stack.TEMPLATE.read_text().replace("maxReceiveCount: 10\n", "maxReceiveCount: 11\n")
    stack.apply(fresh_stage.client("cloudformation"), fresh_stage.name, changed)
    sqs = fresh_stage.client("sqs")
    url = sqs.get_queue_url(QueueName=f"guestlist-{fresh_stage.name}-inbound.fifo")["QueueUrl"]
    redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    assert json.loads(redrive)["maxReceiveCount"] == 11


def test_the_ticket_key_stays_the_same_when_secrets_are_put_again(fresh_stage):
    manager = fresh_stage.client("secretsmanager")
    secret_id = f"guestlist/{fresh_stage.name}/tickets"
    before = manager.get_secret_value(SecretId=secret_id)["SecretString"]
    secrets.put(manager, fresh_stage.name)
    assert manager.get_secret_value(SecretId=secret_id)["SecretString"] == before
    assert json.loads(before)["keys"][0]["state"] == "signing"


def test_a_table_stays_encrypted_when_the_stack_changes_its_key(fresh_stage):
    def encryption():
        table = fresh_stage.client("dynamodb").describe_table(TableName=f"guestlist-{fresh_stage.name}-campaigns")
        return table["Table"]["SSEDescription"]

    assert encryption()["Status"] == "ENABLED"
    changed = stack.TEMPLATE.read_text().replace('Default: "off"', 'Default: "on"', 1)
    stack.apply(fresh_stage.client("cloudformation"), fresh_stage.name, changed)
    [key] = [key["KeyArn"] for key in fresh_stage.client("kms").list_keys()["Keys"]]
    assert (encryption()["Status"], encryption()["KMSMasterKeyArn"][-36:]) == ("ENABLED", key[-36:])
