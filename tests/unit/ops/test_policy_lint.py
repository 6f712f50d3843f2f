"""Every policy that we write passes parliament, and parliament finds what is wrong with one."""

import json
import re

import pytest
from click.testing import CliRunner

from ops import policy_lint
from ops.local.launch import PROJECT
from ops.policy_lint import Policy

ARN = "arn:aws:sqs:eu-west-1:123456789012:guestlist-prod-inbound.fifo"


def policy(explained=None, **statement):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": ARN, **statement}]}
    return Policy("policy-prod-bot.json", json.dumps(document), explained or {})


def test_no_policy_of_ours_has_a_finding_that_is_not_explained():
    told = CliRunner().invoke(policy_lint.lint)
    assert told.exit_code == 0, told.output


def test_the_policies_of_functions_and_of_resources_are_read():
    names = [policy.name for policy in policy_lint.read(PROJECT)]
    of_resources = {"resources.yaml Key", "resources.yaml InboundQueuePolicy", "monitoring.yaml AlarmTopicPolicy"}
    assert {"policy-prod-bot.json", *of_resources} <= set(names)
    assert {"resources.yaml OrderWorkflowRole", "ci.yaml Deployer"} <= set(names)  # theirs stand inside of the role
    assert not [policy.name for policy in policy_lint.read(PROJECT) if "${" in policy.text or "Fn::" in policy.text]


def test_every_policy_of_a_template_is_read():
    texts = "".join(path.read_text() for path in (PROJECT / "infra").glob("*.yaml"))
    in_templates = [policy for policy in policy_lint.read(PROJECT) if ".yaml " in policy.name]
    assert len(in_templates) == len(
        re.findall(r"\b(?:Key|Resource)?Policy(?:Document)?:\n +(?:Version|Statement)", texts)
    )


def test_a_policy_is_read_wherever_it_stands_in_its_resource(tmp_path):
    table = """
        Resources:
          Table:
            Type: AWS::DynamoDB::Table
            Properties:
              ResourcePolicy:
                PolicyDocument:
                  Statement: [{Effect: Allow, Action: "dynamodb:GetItm", Resource: "*", Principal: "*"}]
    """
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "tables.yaml").write_text(table)
    [policy] = policy_lint.read(tmp_path)
    assert [line for line in policy_lint.wrong(policy) if "UNKNOWN_ACTION" in line]


@pytest.mark.parametrize(
    ("statement", "issue"),
    [
        ({"Action": "sqs:SendMesage"}, "UNKNOWN_ACTION"),
        ({"Action": "sqs:SendMessage", "Resource": "*"}, "RESOURCE_STAR"),
        ({"Action": "dynamodb:GetItem"}, "RESOURCE_MISMATCH"),
        ({"Action": "sqs:SendMessage", "Condition": {"Bool": {"aws:SecureTransprt": "false"}}}, "UNKNOWN_CONDITION"),
        ({"Action": "sts:GetFederationToken", "Resource": "*"}, "CREDENTIALS_EXPOSURE"),
        ({"Action": "sqs:AddPermission"}, "PERMISSIONS_MANAGEMENT_ACTIONS"),
    ],
)
def test_what_is_wrong_with_a_policy_is_found(statement, issue):
    assert [line for line in policy_lint.wrong(policy(**statement)) if issue in line]


def test_a_finding_that_is_explained_beside_the_policy_stays_and_an_explanation_of_nothing_does_not():
    explained = policy({"RESOURCE_STAR": "There is one only"}, Action="sqs:SendMessage", Resource="*")
    assert list(policy_lint.wrong(explained)) == []
    idle = policy({"RESOURCE_STAR": "There was one"}, Action="sqs:SendMessage")
    assert list(policy_lint.wrong(idle)) == ["policy-prod-bot.json: RESOURCE_STAR is explained, and is not there"]
