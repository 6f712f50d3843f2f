"""prod is deployed into an emulator that enforces policies: its functions answer fans, each in its own role and with no right to spare.

Not the working tree but the package answers here, in the emulator's own Python, which has none of our libraries. The emulator also asks
for what Lambda does in a function's role: polling its queue and writing its log (`ops/local/emulator.py`).
"""

import contextlib
import json
import time
from base64 import b64encode
from secrets import token_urlsafe

import pytest

from chalicelib import settings
from chalicelib.aws.client import Client
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.campaigns.validation import decode
from ops.local import launch
from ops.local.secrets import new_ticket_keys
from tests.contract.messenger.graph import Graph
from tests.contract.slack.web_api import WebApi
from tests.deploy.decisions import FUNCTIONS, RIGHTS, policy
from tests.deploy.drive import SCENES, Drive, Refused
from tests.fakes.stripe import KEY, WEBHOOK_SECRET, StripeServer
from tests.local_runtime import Stage
from tests.unit.messenger import meta
from tests.unit.slack import slack

SECRETS = {
    "messenger": {"app_secret": meta.SECRET, "verify_token": "v", "page_token": "p", "page_id": meta.PAGE},
    "api": {"organiser": "an organiser", "steward": "a steward", "service": "a service"},
    "slack": {
        "signing_secret": slack.SECRET,
        "bot_token": "xoxb-the-stage",
        "client_id": "1.2",
        "client_secret": "a client secret",
        "token_keys": token_urlsafe(32),
    },
    "stripe": {"secret_key": KEY, "webhook_secret": WEBHOOK_SECRET, "publishable_key": "pk_test_0123456789abcdef"},
    "tickets": new_ticket_keys(),
    "warehouse": {"signing_secret": f"whsec_{b64encode(b'a key of 32 bytes for the hooks!').decode()}"},
}
DEMO = (launch.PROJECT / "infra" / "demo" / "birthday-bash.json").read_text()
LAMBDA_NAMES = {name: f"guestlist-prod-{name}" for name in FUNCTIONS} | {"api_handler": "guestlist-prod"}


@pytest.fixture(scope="module")
def graph():
    graph = Graph()
    yield graph
    graph.close()


@pytest.fixture(scope="module")
def slack_api():
    web_api = WebApi()
    yield web_api
    web_api.close()


@pytest.fixture(scope="module")
def stripe():
    server = StripeServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def drive(start_emulator, built, tmp_path_factory, graph, slack_api, stripe):
    decisions = tmp_path_factory.mktemp("decisions") / "decisions"
    stage = Stage("prod", start_emulator(AUTH="true", DECISIONS=str(decisions)), {})
    clone = built.copy(tmp_path_factory.mktemp("deployed"), stage.endpoint)
    clone.send_to(graph.url, slack_api.url, stripe.url, f"{graph.url}/warehouse")
    clone.quickly("deploy", "--stage", "prod")
    for name, value in SECRETS.items():
        stage.client("secretsmanager").put_secret_value(
            SecretId=f"guestlist/prod/{name}", SecretString=json.dumps(value)
        )
    save_the_demo_campaign(stage)
    let_schedules_rest(stage)
    let_the_gateway_remember_no_token(stage)
    return Drive(stage, graph, slack_api, decisions)


def save_the_demo_campaign(stage):
    read = settings.read(stage.environ())
    with contextlib.closing(Client("dynamodb", read, Credentials("test", "test"))) as client:
        Campaigns(CampaignStore(DynamoTable(client, read.name("campaigns"))), time.time).save(decode(DEMO))


def let_schedules_rest(stage):
    """What comes of itself would count for whatever scene is being played; the scenes call the functions themselves."""
    events = stage.client("events")
    for rule in events.list_rules()["Rules"]:
        if "ScheduleExpression" in rule:
            events.disable_rule(Name=rule["Name"])


def let_the_gateway_remember_no_token(stage):
    """Else whether a scene needs the function `authorise` would depend on which was played in the minute before."""
    gateway = stage.client("apigateway")
    [api] = gateway.get_rest_apis()["items"]
    at_once = [{"op": "replace", "path": "/authorizerResultTtlInSeconds", "value": "0"}]
    for authorizer in gateway.get_authorizers(restApiId=api["id"])["items"]:
        gateway.update_authorizer(restApiId=api["id"], authorizerId=authorizer["id"], patchOperations=at_once)


@pytest.fixture(scope="module")
def taken(drive):
    """Each scene, played once without a refusal, and the rights that it took, each with the seconds until then."""

    def alone(scene):
        drive.clear()
        return drive.play(scene)

    return {scene: alone(scene) for scene in SCENES}


def test_each_function_has_a_role_of_its_own_with_its_own_policy_and_nothing_else(drive):
    iam, lambda_ = (drive.stage.client(service) for service in ("iam", "lambda"))
    roles = {f["FunctionName"]: f["Role"].rpartition("/")[2] for f in lambda_.list_functions()["Functions"]}
    assert roles == {LAMBDA_NAMES[name]: f"guestlist-prod-{name}" for name in FUNCTIONS}
    for name, function in LAMBDA_NAMES.items():
        role = roles[function]
        [inline] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        assert iam.get_role_policy(RoleName=role, PolicyName=inline)["PolicyDocument"] == policy(name)
        assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def test_no_function_is_refused_anything_and_none_has_a_right_that_it_does_not_use(taken):
    """Every scene was played to its end, which it does not reach when a role is refused anything."""
    assert set().union(*taken.values()) == set(RIGHTS)


def test_the_api_answers_an_event_as_aws_documents_it(drive):
    """The other events here are the emulator's; this one is written after the sample in Lambda's developer guide.

    https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
    """
    event = json.loads((launch.PROJECT / "tests" / "deploy" / "api_gateway_event.json").read_text())
    answer = drive.stage.client("lambda").invoke(FunctionName="guestlist-prod", Payload=json.dumps(event))
    response = json.load(answer["Payload"])
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["stage"] == "prod"


A_FEW = {
    "api_handler-dynamodb:Query-guestlist-prod-campaigns",
    "api_handler-sqs:SendMessage-guestlist-prod-inbound.fifo",
    "authorise-secretsmanager:GetSecretValue-api-??????",
    "bot-dynamodb:UpdateItem-guestlist-prod-campaigns",
    "bot-sqs:DeleteMessage-guestlist-prod-inbound.fifo",
    "sender-logs:PutLogEvents-guestlist-prod-sender",
    "sender-sqs:ChangeMessageVisibility-guestlist-prod-outbound.fifo",
}
"""In every run of the tests; the others are for the night."""


def test_the_few_are_some_of_all():
    assert set(map(str, RIGHTS)) > A_FEW


@pytest.mark.parametrize(
    "right",
    [pytest.param(r, id=str(r), marks=() if str(r) in A_FEW else pytest.mark.nightly) for r in RIGHTS],
)
def test_without_any_one_right_the_drive_fails(drive, taken, right):
    """The negative control, with the scene that is the first to take the right."""
    scene = min((scene for scene in SCENES if right in taken[scene]), key=lambda scene: taken[scene][right])
    drive.clear()
    with without(drive.stage, right), pytest.raises(Refused) as refused:
        drive.play(scene, expected={right})
    assert refused.value.rights == {right}


@contextlib.contextmanager
def without(stage, right):
    """The function's role lacks a right, and its containers, which keep secrets and more, have nothing left of what it gave."""
    iam, role = stage.client("iam"), f"guestlist-prod-{right.function}"
    [inline] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole, lacking = policy(right.function), policy(right.function)
    for statement in lacking["Statement"]:
        if statement["Resource"] == [right.resource]:
            statement["Action"].remove(right.action)
    lacking["Statement"] = [statement for statement in lacking["Statement"] if statement["Action"]]
    iam.put_role_policy(RoleName=role, PolicyName=inline, PolicyDocument=json.dumps(lacking))
    try:
        start_anew(stage, LAMBDA_NAMES[right.function])
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=inline, PolicyDocument=json.dumps(whole))


def start_anew(stage, function):
    """A changed setting ends all containers."""
    lambda_ = stage.client("lambda")
    variables = lambda_.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    variables["ANEW"] = str(time.time())
    lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
