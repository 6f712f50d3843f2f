"""The firewall is put before the API that Chalice made, and leaves it before its stack deletes it."""

import boto3
import pytest

from ops.deploy import firewall, gateway
from ops.deploy.account import Account
from ops.deploy.wanted import Throttle, Wanted
from ops.local import stack
from ops.local.environment import REGION
from ops.templates import whole

WANTED = Wanted("1", [], [], [], api_stage="api", tracing=False, throttle=Throttle(1, 1))


@pytest.fixture
def account(start_emulator):
    """A stage whose stack has a firewall, and its API as Chalice leaves it."""
    endpoint = start_emulator()
    account = Account(
        "prod",
        "000000000000",
        REGION,
        "a test",
        lambda service: boto3.client(service, endpoint_url=endpoint, region_name=REGION),
    )
    cloudformation = account.client("cloudformation")
    settings = [
        {"ParameterKey": name, "ParameterValue": value} for name, value in {"Stage": "prod", "Waf": "on"}.items()
    ]
    cloudformation.create_stack(
        StackName="guestlist-prod",
        TemplateBody=whole(stack.TEMPLATE.read_text()),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=settings,
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="guestlist-prod", WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    make_api(account)
    return account


def make_api(account):
    api_gateway = account.client("apigateway")
    api = api_gateway.create_rest_api(name="guestlist")["id"]
    [root] = api_gateway.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    api_gateway.put_method(**method, authorizationType="NONE")
    function = f"{account.arn('lambda', 'function:guestlist-prod')}/invocations"
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}"
    api_gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    api_gateway.create_deployment(restApiId=api, stageName="api")


def guarded(account):
    """What the firewall stands before."""
    wafv2 = account.client("wafv2")
    [acl] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    return wafv2.list_resources_for_web_acl(WebACLArn=acl["ARN"], ResourceType="API_GATEWAY")["ResourceArns"]


def test_the_firewall_is_put_before_the_api_and_again_changes_nothing(account):
    [fact] = firewall.facts(account, WANTED)
    assert not fact.right
    firewall.mend(account, WANTED)
    firewall.mend(account, WANTED)
    [api] = gateway.apis(account)
    assert guarded(account) == [f"arn:aws:apigateway:{REGION}::/restapis/{api['id']}/stages/api"]
    [fact] = firewall.facts(account, WANTED)
    assert fact.right


def test_where_the_files_want_none_the_api_goes_first(account):
    firewall.mend(account, WANTED)
    firewall.step_aside(account, WANTED)
    assert guarded(account) == []
    firewall.step_aside(account, WANTED)
