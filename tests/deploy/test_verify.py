"""`verify` sees what was changed by hand, and a deploy mends it; the gateway's own refusals look like ours."""

import json

import pytest
import requests

from tests.local_runtime import wait_until

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "impossible.fifo", "FifoQueue": "false"}}
IMPOSSIBLE = {"Resources": {"Queue": QUEUE}}


@pytest.fixture(scope="module")
def stage(built, start_emulator, tmp_path_factory):
    """Deployed after a first attempt that CloudFormation took back: such a stack can only be deleted."""
    clone = built.copy(tmp_path_factory.mktemp("verified"), start_emulator())
    cloudformation = clone.client("cloudformation")
    cloudformation.create_stack(StackName="guestlist-staging", TemplateBody=json.dumps(IMPOSSIBLE))
    wait_until(lambda: cloudformation.describe_stacks()["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE")
    clone.quickly("deploy", "--stage", "staging")
    return clone


def test_a_dry_run_of_a_deployed_stage_says_that_nothing_but_code_would_change(stage):
    printed = stage.quickly("deploy", "--stage", "staging", "--dry-run")
    assert "only code may change" in printed
    assert "Nothing was changed" in printed


def test_what_is_changed_by_hand_is_seen_and_what_deploys_set_is_mended_by_the_next(stage):
    change_settings_by_hand(stage)
    printed = stage.quickly("verify", "--stage", "staging", exit_code=1)
    for complaint in (
        "✗ function guestlist-staging-sender: Timeout is 7, not 30. make deploy STAGE=staging",
        "✗ role guestlist-staging-authorise: policies is",
        "✗ log /aws/lambda/guestlist-staging-bot: days kept is 1, not 30",
        "✗ mapping guestlist-staging-inbound.fifo to guestlist-staging-bot: FunctionResponseTypes is [], not ['ReportBatchItemFailures']",
        "✗ API's own answer UNAUTHORIZED: it is not there",
        "✗ API stage api: throttlingRateLimit is 5.0, not 2000.0",
        "✗ alarm guestlist-staging-failures: acts is False, not True",
    ):
        assert complaint in printed
    assert "policy" in stage.quickly("deploy", "--stage", "staging", "--dry-run")
    stage.client("cloudwatch").enable_alarm_actions(AlarmNames=["guestlist-staging-failures"])
    stage.quickly("deploy", "--stage", "staging")


def test_what_the_stacks_have_made_is_seen_when_it_is_changed(stage):
    sqs, dynamodb = stage.client("sqs"), stage.client("dynamodb")
    queue = sqs.get_queue_url(QueueName="guestlist-staging-inbound.fifo")["QueueUrl"]
    redrive = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    sooner = {"RedrivePolicy": redrive["RedrivePolicy"].replace("10", "1")}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=sooner | {"VisibilityTimeout": "30"})
    table, life = "guestlist-staging-conversations", {"AttributeName": "expiresAt", "Enabled": False}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=life)
    printed = stage.quickly("verify", "--stage", "staging", exit_code=1)
    assert "✗ InboundQueue (AWS::SQS::Queue): VisibilityTimeout is '30', not '180'" in printed
    assert "✗ InboundQueue (AWS::SQS::Queue): RedrivePolicy/maxReceiveCount is" in printed
    assert f"✗ table {table}: time to live is None, not 'expiresAt'" in printed
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=redrive | {"VisibilityTimeout": "180"})
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=life | {"Enabled": True})
    stage.quickly("verify", "--stage", "staging")


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [("/campaigns/birthday-bash", 401, "Send Authorization: Bearer"), ("/nowhere", 404, "There is no such path")],
)
def test_the_gateway_refuses_in_the_words_of_our_own_routes(stage, path, status, detail):
    answer = requests.get(stage.url() + path, timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert answer.json()["detail"].startswith(detail)


def test_a_function_and_its_mapping_that_the_application_has_no_more_are_taken_away(stage):
    """As an older release left them: a second source of a function's records, and a function of its own."""
    lambda_ = stage.client("lambda")
    bot = lambda_.get_function(FunctionName="guestlist-staging-bot")
    settings = {name: bot["Configuration"][name] for name in ("Runtime", "Role", "Handler")}
    old = "guestlist-staging-bot-of-old"
    code = {"ZipFile": requests.get(bot["Code"]["Location"], timeout=20).content}
    lambda_.create_function(FunctionName=old, Code=code, Tags=bot["Tags"], **settings)
    another = "guestlist-staging-2"  # of a stage whose name begins alike
    lambda_.create_function(
        FunctionName=another, Code=code, Tags={"aws-chalice": "version=1:stage=staging-2:app=guestlist"}, **settings
    )
    source = stage.client("sqs").get_queue_attributes(
        QueueUrl=stage.client("sqs").create_queue(QueueName="old")["QueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    lambda_.create_event_source_mapping(FunctionName="guestlist-staging-bot", EventSourceArn=source)
    printed = stage.quickly("verify", "--stage", "staging", exit_code=1)
    assert "✗ functions: names is" in printed
    assert "✗ function guestlist-staging-bot: event sources is" in printed
    stage.quickly("deploy", "--stage", "staging")
    names = {function["FunctionName"] for function in lambda_.list_functions()["Functions"]}
    assert old not in names
    assert another in names


def test_plain_chalice_deploy_ships_a_change_of_code_which_verify_tells_from_a_release(stage):
    stage.chalice("deploy", "--stage", "staging")
    assert requests.get(f"{stage.url()}/health", timeout=20).json()["status"] == "ok"
    printed = stage.quickly("verify", "--stage", "staging", exit_code=1)
    assert "deployment of the API" in printed
    assert "mapping" not in "".join(
        line for line in printed.splitlines() if "✗" in line
    )  # failures are still told singly
    stage.quickly("deploy", "--stage", "staging")


def change_settings_by_hand(stage):
    lambda_, gateway = stage.client("lambda"), stage.client("apigateway")
    lambda_.update_function_configuration(FunctionName="guestlist-staging-sender", Timeout=7)
    [mapping] = lambda_.list_event_source_mappings(FunctionName="guestlist-staging-bot")["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=[])
    role = "guestlist-staging-authorise"
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    stage.client("iam").put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=json.dumps(wide))
    stage.client("logs").put_retention_policy(logGroupName="/aws/lambda/guestlist-staging-bot", retentionInDays=1)
    [api] = gateway.get_rest_apis()["items"]
    gateway.delete_gateway_response(restApiId=api["id"], responseType="UNAUTHORIZED")
    slower = [{"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "5"}]
    gateway.update_stage(restApiId=api["id"], stageName="api", patchOperations=slower)
    stage.client("cloudwatch").disable_alarm_actions(AlarmNames=["guestlist-staging-failures"])
