"""What infra/resources.yaml and .chalice/config.json settle about security holds in the emulator, and for what is added later."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from cfnlint.decode import cfn_yaml
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder

import app
from ops.local import stack
from ops.local.environment import REGION
from ops.local.launch import PROJECT
from ops.templates import whole
from tests.local_runtime import make_stage

TEMPLATE = cfn_yaml.load(str(stack.TEMPLATE))["Resources"]
CONFIG = json.loads((PROJECT / ".chalice" / "config.json").read_text())
NO_KEY = {"Ref": "AWS::NoValue"}
QUEUES = [
    "inbound.fifo",
    "inbound-dlq.fifo",
    "outbound.fifo",
    "outbound-dlq.fifo",
    "order-processing",
    "order-processing-dlq",
]


def declared(kind):
    return {name: part["Properties"] for name, part in TEMPLATE.items() if part["Type"] == f"AWS::{kind}"}


def with_key(key=None):
    return {"Fn::If": ["HasCustomerKey", {"Ref": "Key"}, key or NO_KEY]}


# Every resource, those that are added later too


def test_every_table_is_encrypted_restorable_protected_and_outlives_its_stack():
    tables = declared("DynamoDB::Table")
    assert len(tables) >= 2
    for name, table in tables.items():
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": with_key()}
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["Deployed", True, False]}
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert TEMPLATE[name]["DeletionPolicy"] == TEMPLATE[name]["UpdateReplacePolicy"] == "Retain"


def test_every_queue_is_encrypted_and_refuses_what_comes_in_the_clear():
    queues, policies = declared("SQS::Queue"), declared("SQS::QueuePolicy")
    assert len(queues) >= 4
    for name, queue in queues.items():
        assert queue["KmsMasterKeyId"] == with_key()
        assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasCustomerKey", NO_KEY, True]}
        [policy] = [policy for policy in policies.values() if policy["Queues"] == [{"Ref": name}]]
        [denial] = [one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "OverTlsOnly"]
        assert (denial["Effect"], denial["Principal"], denial["Action"]) == ("Deny", "*", "sqs:*")
        assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denial["Resource"] == {"Fn::GetAtt": [name, "Arn"]}


def test_every_secret_is_encrypted_and_outlives_its_stack():
    secrets = declared("SecretsManager::Secret")
    assert len(secrets) >= 4
    for name, secret in secrets.items():
        assert secret["KmsKeyId"] == with_key()
        assert TEMPLATE[name]["DeletionPolicy"] == "Retain"


def test_every_topic_is_encrypted_and_every_bucket_is_private():
    assert [name for name, topic in declared("SNS::Topic").items() if "KmsMasterKeyId" not in topic] == []
    for bucket in declared("S3::Bucket").values():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]


def test_every_function_has_a_name_for_the_bill_in_every_stage():
    for stage in ("staging", "prod"):
        for function in functions(stage):
            assert function.tags.items() >= {"app": "guestlist", "stage": stage}.items()


def functions(stage, **more):
    """As Chalice would deploy them, with more settings in the stage."""
    disk = json.loads(json.dumps(CONFIG))
    disk["stages"][stage] |= more
    config = Config(
        stage, user_provided_params={"chalice_app": app.app, "project_dir": str(PROJECT)}, config_from_disk=disk
    )
    graph = ApplicationGraphBuilder().build(config, stage)
    found = []
    for resource in graph.resources:
        for part in (resource, *resource.dependencies()):
            if isinstance(part, models.LambdaFunction) and part not in found:
                found.append(part)
    return found


def test_the_bot_and_the_sender_leave_room_for_the_api_and_take_no_more_than_they_may():
    most = {source.name: getattr(source, "maximum_concurrency", None) for source in app.app.event_sources}
    reserved = {f.resource_name: f.reserved_concurrency for f in functions("prod") if f.reserved_concurrency}
    assert reserved.keys() == {"bot", "sender"}
    assert {name: most[name] for name in reserved} == reserved, "more would be throttled, and messages come back"
    assert sum(reserved.values()) <= 1000 - 100, "of a usual account, 100 must stay unreserved"


def test_a_stage_is_put_into_a_vpc_by_its_settings():
    vpc = {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}
    placed = functions("prod", **vpc)
    assert len(placed) == len(functions("prod")) > 0
    for function in placed:
        assert (function.subnet_ids, function.security_group_ids) == (vpc["subnet_ids"], vpc["security_group_ids"])


# As it is in the emulator


@pytest.fixture(scope="module")
def stage(start_emulator):
    """Enforces policies, and takes plain HTTP for what it is."""
    return make_stage(start_emulator(AUTH="true", IN_THE_CLEAR="1"), "prod")


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_refuses_even_the_account_s_owner_in_the_clear(stage, queue):
    with pytest.raises(ClientError, match="AccessDenied"):
        stage.client("sqs").get_queue_url(QueueName=f"guestlist-prod-{queue}")


@pytest.mark.parametrize("table", ["campaigns", "conversations", "products", "statistics", "users"])
def test_a_table_is_not_deleted_by_a_slip(stage, table):
    with pytest.raises(ClientError, match="protect"):
        stage.client("dynamodb").delete_table(TableName=f"guestlist-prod-{table}")


def test_the_local_stage_may_be_spoken_to_in_the_clear(resources):
    for queue in QUEUES:
        assert resources.client("sqs").get_queue_url(QueueName=f"guestlist-local-{queue}")


@pytest.fixture(scope="module")
def switched_on(start_emulator):
    """The endpoint of an emulator with a stage that has a key and a firewall of its own."""
    endpoint = start_emulator()
    cloudformation = client(endpoint, "cloudformation")
    settings = {"Stage": "prod", "CustomerKey": "on", "Waf": "on", "WafRequestsPerFiveMinutes": "500"}
    cloudformation.create_stack(
        StackName="guestlist-prod",
        TemplateBody=whole(stack.TEMPLATE.read_text()),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in settings.items()],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="guestlist-prod", WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    return endpoint


def client(endpoint, service):
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION)


def test_a_key_of_one_s_own_encrypts_all_and_changes_every_year(switched_on):
    kms, sqs = client(switched_on, "kms"), client(switched_on, "sqs")
    [key] = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    for queue in QUEUES:
        url = sqs.get_queue_url(QueueName=f"guestlist-prod-{queue}")["QueueUrl"]
        assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["KmsMasterKeyId"] == key
    for secret in ("messenger", "slack", "stripe", "api", "tickets"):
        described = client(switched_on, "secretsmanager").describe_secret(SecretId=f"guestlist/prod/{secret}")
        assert described["KmsKeyId"] == key


def test_the_key_serves_our_account_through_our_services_alone(switched_on):
    kms = client(switched_on, "kms")
    [key] = [key["KeyId"] for key in kms.list_keys()["Keys"]]
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    for statement in policy["Statement"]:
        if statement["Principal"] == {"AWS": "*"}:
            condition = statement["Condition"]["StringEquals"]
            assert condition["kms:CallerAccount"] == "000000000000"
            assert "kms:ViaService" in condition


def test_the_firewall_counts_callers_and_knows_attacks_and_lets_webhooks_pass(switched_on):
    wafv2 = client(switched_on, "wafv2")
    [listed] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    acl = wafv2.get_web_acl(Name=listed["Name"], Scope="REGIONAL", Id=listed["Id"])["WebACL"]
    limit, attacks = (rule["Statement"] for rule in acl["Rules"])
    rate = limit["RateBasedStatement"]
    group = attacks["ManagedRuleGroupStatement"]
    assert int(rate["Limit"]) == 500
    assert group["Name"] == "AWSManagedRulesCommonRuleSet"
    for scope in (rate["ScopeDownStatement"], group["ScopeDownStatement"]):
        assert scope["NotStatement"]["Statement"]["RegexMatchStatement"]["RegexString"] == "^(/api)?/webhooks/"
