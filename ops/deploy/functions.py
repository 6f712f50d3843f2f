"""The functions and their roles."""

import contextlib
from collections.abc import Iterator

from ops.deploy import logs
from ops.deploy.account import Account, Json
from ops.deploy.facts import Fact, compare
from ops.deploy.wanted import Function, Wanted


def deployed(account: Account) -> dict[str, Json]:
    """The stage's functions by name, as GetFunction has them: Chalice's tag tells whose they are, as `prod-2` is a stage too."""
    lambda_, found = account.client("lambda"), {}
    for listed in account.pages("lambda", "list_functions", "Functions"):
        if f"{listed['FunctionName']}-".startswith(f"guestlist-{account.stage}-"):
            function = lambda_.get_function(FunctionName=listed["FunctionName"])
            mark = function.get("Tags", {}).get("aws-chalice", "").split(":")
            if f"stage={account.stage}" in mark and "app=guestlist" in mark:
                found[listed["FunctionName"]] = function
    return found


def facts(account: Account, wanted: Wanted) -> Iterator[Fact]:
    found = deployed(account)
    names = sorted(function.name for function in wanted.functions)
    yield Fact("functions", "names", names, sorted(found))
    for function in wanted.functions:
        running = _settings(found[function.name]) if function.name in found else None
        yield from compare(f"function {function.name}", _wanted_settings(account, function), running)
        yield from compare(f"role {function.role}", {"policies": [function.policy]}, _role(account, function.role))
        days = logs.days_kept(account, function.log_group)
        yield Fact(f"log {function.log_group}", "days kept", function.log_days, days)


def make_logs(account: Account, wanted: Wanted) -> None:
    """The functions' log groups, before there is a function that somebody could call: its role has no right to make one."""
    for function in wanted.functions:
        logs.keep(account, function.log_group, function.log_days)


def mend(account: Account, wanted: Wanted) -> str:
    """What Chalice leaves: tags."""
    lambda_, iam = account.client("lambda"), account.client("iam")
    tags = [{"Key": key, "Value": value} for key, value in account.tags.items()]
    for function in wanted.functions:
        lambda_.tag_resource(Resource=account.arn("lambda", f"function:{function.name}"), Tags=account.tags)
        iam.tag_role(RoleName=function.role, Tags=tags)
    return f"{len(wanted.functions)} functions"


def resource(account: Account, function: str) -> str:
    """Its name in app.py, and so in Chalice's record: `bot` of guestlist-prod-bot. The API's own function has none in its name."""
    return function.removeprefix(f"guestlist-{account.stage}").removeprefix("-") or "api_handler"


def own_role(account: Account, found: Json) -> str:
    """The role that Chalice made for this function; empty when it was given another, which is not ours to delete."""
    role: str = found["Configuration"]["Role"].rpartition("/")[2]
    return (
        role if role == f"guestlist-{account.stage}-{resource(account, found['Configuration']['FunctionName'])}" else ""
    )


def delete_role(account: Account, name: str) -> None:
    iam = account.client("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        for policy in account.pages("iam", "list_role_policies", "PolicyNames", RoleName=name):
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


def _wanted_settings(account: Account, function: Function) -> Json:
    return {
        "Handler": function.handler,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "Environment": function.environment,
        "Role": f"arn:aws:iam::{account.number}:role/{function.role}",
        "Tracing": "Active" if function.tracing else "PassThrough",
        "Concurrency": function.concurrency,
        "Tags": account.tags,
        "State": "Active",
    }


def _settings(found: Json) -> Json:
    """Of a GetFunction, in the words of `_wanted_settings`."""
    configuration: Json = found["Configuration"]
    tags = found.get("Tags", {})
    return configuration | {
        "Environment": configuration.get("Environment", {}).get("Variables", {}),
        "Tracing": configuration.get("TracingConfig", {}).get("Mode"),
        "Concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
        "Tags": {key: tags[key] for key in ("app", "stage") if key in tags},
    }


def _role(account: Account, name: str) -> Json | None:
    """Its policies, inline ones and attached ones (of which there should be none)."""
    iam = account.client("iam")
    try:
        inline = account.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
        attached = account.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        return None
    documents = [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline]
    return {"policies": documents + attached}
