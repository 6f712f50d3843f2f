"""API Gateway as it ought to be: one API, its routes, what it refuses by itself, its stage's limits and access log.

Chalice imports the API whole, which takes our answers for refusals out again; a change of the API reaches callers with its next deployment.
So `mend` makes one deployment in the end, under the release's name.
"""

import json
from collections.abc import Iterator

from botocore.client import BaseClient

from chalicelib.http import problem
from ops.deploy import logs
from ops.deploy.account import Account, Json
from ops.deploy.facts import Fact, compare, wrong
from ops.deploy.wanted import Wanted
from ops.refusals import REFUSALS

ACCESS_LOG = json.dumps(
    {
        "request": "$context.requestId",
        "at": "$context.requestTimeEpoch",
        "method": "$context.httpMethod",
        "route": "$context.resourcePath",
        "status": "$context.status",
        "refused": "$context.error.responseType",
        "milliseconds": "$context.responseLatency",
        "bytes": "$context.responseLength",
    }
)
"""A line a request, without address, query, token or code: the route is the declared one, /t/{code}."""

MAY_NOT_LOG = "API Gateway may not write logs in this account: give it a role once, in its console under Settings (docs/deploy.md)"


def apis(account: Account) -> list[Json]:
    """The APIs that call this stage's function: all stages' APIs have the application's name."""
    ours = f":function:guestlist-{account.stage}/invocations"
    named = [api for api in account.pages("apigateway", "get_rest_apis", "items") if api["name"] == "guestlist"]
    return [api for api in named if any(ours in uri for uri in _methods(account, api["id"]).values())]


def url(account: Account, api: str, api_stage: str) -> str:
    """Where callers reach it; an emulator has no names of its own for APIs."""
    endpoint = account.client("apigateway").meta.endpoint_url
    if endpoint.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return f"https://{api}.execute-api.{account.region}.amazonaws.com/{api_stage}"
    return f"{endpoint}/restapis/{api}/{api_stage}/_user_request_"


def arn(account: Account, api: str) -> str:
    return f"arn:aws:apigateway:{account.region}::/restapis/{api}"


def facts(account: Account, wanted: Wanted) -> Iterator[Fact]:
    found = apis(account)
    yield Fact("API", "number of APIs", 1, len(found))
    if not found:
        return
    api = found[0]
    yield Fact("API", "routes", wanted.routes, sorted(_methods(account, api["id"])))
    yield Fact("API", "tags", account.tags, _tags(account, api["id"]))
    responses = _responses(account.client("apigateway"), api["id"])
    for kind, response in _wanted_responses().items():
        yield from compare(f"API's own answer {kind}", response, responses.get(kind))
    stage = _stage(account, api["id"], wanted.api_stage)
    yield from compare(f"API stage {wanted.api_stage}", _wanted_stage(account, wanted), stage)
    yield Fact(f"log {account.access_log}", "days kept", _log_days(wanted), logs.days_kept(account, account.access_log))


def mend(account: Account, wanted: Wanted, release: str) -> str:
    gateway = account.client("apigateway")
    api, *others = apis(account)
    for other in others:  # a killed Chalice made one, and could not write down that it had
        gateway.delete_rest_api(restApiId=other["id"])
    responses = _responses(gateway, api["id"])
    for kind, response in _wanted_responses().items():
        if wrong(compare("", response, responses.get(kind))):
            gateway.put_gateway_response(restApiId=api["id"], responseType=kind, **response)
    for part in ("", f"/stages/{wanted.api_stage}"):
        gateway.tag_resource(resourceArn=arn(account, api["id"]) + part, tags=account.tags)
    logs.keep(account, account.access_log, _log_days(wanted))
    _mend_stage(account, api["id"], wanted)
    gateway.create_deployment(
        restApiId=api["id"], stageName=wanted.api_stage, description=release, tracingEnabled=wanted.tracing
    )
    return url(account, api["id"], wanted.api_stage)


def may_log(account: Account) -> bool:
    """Whether API Gateway has a role to write logs with, which is a setting of the whole account. An emulator asks for none."""
    if not account.client("apigateway").meta.endpoint_url.endswith(".amazonaws.com"):
        return True
    return bool(account.client("apigateway").get_account().get("cloudwatchRoleArn"))


def _wanted_responses() -> dict[str, Json]:
    """In the words of PutGatewayResponse."""
    answers = {kind: problem(*refusal) for kind, refusal in REFUSALS.items()}
    return {
        kind: {
            "statusCode": str(answer.status_code),
            "responseParameters": {
                f"gatewayresponse.header.{name}": f"'{value}'" for name, value in answer.headers.items()
            },
            "responseTemplates": {"application/json": answer.body},
        }
        for kind, answer in answers.items()
    }


def _responses(gateway: BaseClient, api: str) -> dict[str, Json]:
    found = gateway.get_gateway_responses(restApiId=api, limit=500)["items"]
    return {response["responseType"]: response for response in found if not response.get("defaultResponse")}


def _wanted_stage(account: Account, wanted: Wanted) -> Json:
    logged = {"destinationArn": account.arn("logs", f"log-group:{account.access_log}"), "format": ACCESS_LOG}
    return {
        "accessLogSettings": logged if may_log(account) else {},
        "metricsEnabled": True,
        "throttlingRateLimit": float(wanted.throttle.requests_per_second),
        "throttlingBurstLimit": wanted.throttle.burst,
        "tracingEnabled": wanted.tracing,
        "tags": account.tags,
    }


def _tags(account: Account, api: str, part: str = "") -> Json:
    """Those of the tags that we set; others have theirs."""
    found = account.client("apigateway").get_tags(resourceArn=arn(account, api) + part)["tags"]
    return {key: value for key, value in found.items() if key in account.tags}


def _stage(account: Account, api: str, name: str) -> Json | None:
    """The stage's settings, flat."""
    stages = account.client("apigateway").get_stages(restApiId=api)["item"]
    for stage in stages:
        if stage["stageName"] == name:
            flat: Json = {"accessLogSettings": {}, "tracingEnabled": False}
            flat |= stage | stage.get("methodSettings", {}).get("*/*", {})
            return flat | {"tags": _tags(account, api, f"/stages/{name}")}
    return None


def _mend_stage(account: Account, api: str, wanted: Wanted) -> None:
    gateway, ought = account.client("apigateway"), _wanted_stage(account, wanted)
    is_ = _stage(account, api, wanted.api_stage)
    differing = {fact.setting for fact in wrong(compare("", ought, is_))}
    paths = {
        "metricsEnabled": "/*/*/metrics/enabled",
        "throttlingRateLimit": "/*/*/throttling/rateLimit",
        "throttlingBurstLimit": "/*/*/throttling/burstLimit",
        "tracingEnabled": "/tracingEnabled",
    }
    patches = {path: _text(ought[setting]) for setting, path in paths.items() if setting in differing}
    if "accessLogSettings" in differing:
        patches |= {f"/accessLogSettings/{name}": value for name, value in ought["accessLogSettings"].items()}
    if patches:
        operations = [{"op": "replace", "path": path, "value": value} for path, value in patches.items()]
        gateway.update_stage(restApiId=api, stageName=wanted.api_stage, patchOperations=operations)


def _log_days(wanted: Wanted) -> int:
    return max(function.log_days for function in wanted.functions)


def _methods(account: Account, api: str) -> dict[str, str]:
    """Each route and the integration that answers it."""
    resources = account.pages("apigateway", "get_resources", "items", restApiId=api, embed=["methods"])
    return {
        f"{verb} {resource['path']}": method.get("methodIntegration", {}).get("uri", "")
        for resource in resources
        for verb, method in resource.get("resourceMethods", {}).items()
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
