"""The firewall of infra/resources.yaml before the API, which Chalice makes after it."""

from collections.abc import Iterator

from ops.deploy import gateway, resources, template
from ops.deploy.account import Account
from ops.deploy.facts import Fact
from ops.deploy.stacks import Stack
from ops.deploy.wanted import Wanted


def facts(account: Account, wanted: Wanted) -> Iterator[Fact]:
    for api in gateway.apis(account)[:1]:
        yield Fact("API", "firewall", _wanted(account), _found(account, _stage(account, api["id"], wanted)))


def mend(account: Account, wanted: Wanted) -> None:
    [api] = gateway.apis(account)
    stage, ought = _stage(account, api["id"], wanted), _wanted(account)
    if _found(account, stage) == ought:
        return
    if ought:
        account.client("wafv2").associate_web_acl(WebACLArn=ought, ResourceArn=stage)
    else:
        account.client("wafv2").disassociate_web_acl(ResourceArn=stage)


def step_aside(account: Account, wanted: Wanted) -> None:
    """Take the firewall away from before the API when the files want none: the stack could not delete it while it is in use.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html
    """
    if resources.parameters(account, wanted, template.read(template.RESOURCES)).get("Waf") == "on":
        return
    for api in gateway.apis(account):
        stage = _stage(account, api["id"], wanted)
        if _wanted(account) and _found(account, stage) == _wanted(account):
            account.client("wafv2").disassociate_web_acl(ResourceArn=stage)


def _wanted(account: Account) -> str:
    return Stack(account, account.resources_stack).outputs().get("FirewallArn", "")


def _found(account: Account, stage: str) -> str:
    wafv2 = account.client("wafv2")
    try:
        arn: str = wafv2.get_web_acl_for_resource(ResourceArn=stage).get("WebACL", {}).get("ARN", "")
    except wafv2.exceptions.WAFNonexistentItemException:
        return ""
    return arn


def _stage(account: Account, api: str, wanted: Wanted) -> str:
    return f"{gateway.arn(account, api)}/stages/{wanted.api_stage}"
