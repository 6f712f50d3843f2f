"""Our signature end to end: an emulator that checks signatures and policies accepts our calls, and no others."""

import contextlib
import json

import pytest

from chalicelib import settings
from chalicelib.aws.client import AwsError, Client
from chalicelib.aws.queues import Outgoing, SqsQueue
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable, Put
from chalicelib.clock import system
from tests.local_runtime import make_stage

MAY = ["dynamodb:PutItem", "dynamodb:GetItem", "sqs:GetQueueUrl", "sqs:SendMessage", "secretsmanager:GetSecretValue"]
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": MAY, "Resource": "*"}]})
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com", "AWS": "*"}, "Action": "sts:AssumeRole"}


@pytest.fixture(scope="module")
def stage(start_emulator):
    return make_stage(start_emulator(AUTH="true"), "local")


@pytest.fixture(scope="module")
def role(stage):
    """Credentials as a function has them: temporary ones of a role, with a session token."""
    iam = stage.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    arn = iam.create_role(RoleName="function", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="function", PolicyName="may", PolicyDocument=POLICY)
    given = stage.client("sts").assume_role(RoleArn=arn, RoleSessionName="function")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


@pytest.fixture
def client(stage):
    read = settings.read(stage.environ())
    with contextlib.ExitStack() as closing:

        def client(service, credentials):
            made = Client(service, read, credentials)
            closing.callback(made.close)
            return made

        yield client


def test_signed_calls_to_all_three_services_are_accepted(client, role):
    table = DynamoTable(client("dynamodb", role), "guestlist-local-campaigns")
    table.write(Put({"pk": "één", "sk": "🎉"}))
    assert table.get("één", "🎉") == {"pk": "één", "sk": "🎉"}
    SqsQueue(client("sqs", role), "guestlist-local-inbound.fifo").send([Outgoing("body", "group", "1")])
    assert Secrets(client("secretsmanager", role), "local", system).get("messenger")["page_id"] == "1000"


@pytest.mark.parametrize(
    "wrong", [{"secret_key": "wrong"}, {"access_key": "ASIAUNKNOWN000000000"}, {"session_token": "wrong"}]
)
def test_a_wrong_secret_key_or_token_is_refused_at_once(client, role, wrong):
    with pytest.raises(AwsError) as refused:
        client("dynamodb", role._replace(**wrong)).call("GetItem", TableName="guestlist-local-campaigns", Key={})
    assert refused.value.code in {"InvalidSignatureException", "UnrecognizedClientException", "InvalidClientTokenId"}


def test_what_the_policy_does_not_allow_is_refused(client, role):
    """The negative control: calls are accepted for what they prove, not for coming from here."""
    with pytest.raises(AwsError) as refused:
        client("dynamodb", role).call("Scan", TableName="guestlist-local-campaigns")
    assert refused.value.code == "AccessDeniedException"
