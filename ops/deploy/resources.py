"""The resources of a stage, from infra/resources.yaml, and its alarms, from infra/monitoring.yaml: two stacks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from ops.deploy import template
from ops.deploy.account import Account, Json
from ops.deploy.facts import Fact, compare
from ops.deploy.stacks import Stack, wait_for
from ops.deploy.wanted import Wanted
from ops.local.launch import PROJECT
from ops.templates import whole

_ALARM = "AWS::CloudWatch::Alarm"
_SOUND = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_BY_HAND = "it was changed by hand: put it back as the file says, as CloudFormation does not look again"


def stacks(account: Account) -> dict[Path, Stack]:
    """Which template makes which stack, in the order in which they are made."""
    found = {template.RESOURCES: account.resources_stack, template.MONITORING: account.monitoring_stack}
    return {path: Stack(account, name) for path, name in found.items() if path.exists()}


def apply(account: Account, wanted: Wanted, path: Path, report: Callable[[str], None]) -> str:
    return stacks(account)[path].apply(
        whole(path.read_text()), parameters(account, wanted, template.read(path)), report
    )


def parameters(account: Account, wanted: Wanted, document: Json) -> Json:
    """Of those that the template declares: what is known of the stage, what the first stack has put out, and
    `stack_parameters` of .chalice/config.json.
    """
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    made = Stack(account, account.resources_stack).outputs()
    known = {"Stage": account.stage, "Tracing": "on" if wanted.tracing else "off"} | made
    for settings in (config, config["stages"].get(account.stage, {})):
        known |= settings.get("stack_parameters", {})
    declared = document.get("Parameters", {})
    return {name: str(value) for name, value in known.items() if name in declared}


def facts(account: Account) -> Iterator[Fact]:
    for path, stack in stacks(account).items():
        subject, found = f"stack {stack.name}", stack.find()
        yield Fact(subject, "is sound", wanted=True, found=bool(found) and (found or {})["StackStatus"] in _SOUND)
        if found and found["StackStatus"] in _SOUND:
            same = stack.document() == template.read(path)
            yield Fact(subject, f"made of {path.name} as it is now", wanted=True, found=same)
            yield from _drift(stack)
            yield from _of_kinds(account, stack, template.read(path)["Resources"])


def _drift(stack: Stack) -> Iterator[Fact]:
    """What CloudFormation finds changed since it made it; it only looks.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
    """
    cloudformation = stack.account.client("cloudformation")
    detection = cloudformation.detect_stack_drift(StackName=stack.name)["StackDriftDetectionId"]
    wait_for(
        lambda: cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection),
        lambda found: found["DetectionStatus"] != "DETECTION_IN_PROGRESS",
        300,
    )
    drifted = {"StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]}
    found = cloudformation.describe_stack_resource_drifts(StackName=stack.name, **drifted)["StackResourceDrifts"]
    for drift in found:
        subject = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
        if drift["StackResourceDriftStatus"] == "DELETED":
            yield Fact(subject, "exists", wanted=True, found=False, way_out=_BY_HAND)
        for difference in drift.get("PropertyDifferences", []):
            values = difference["ExpectedValue"], difference["ActualValue"]
            yield Fact(subject, difference["PropertyPath"].strip("/"), *values, _BY_HAND)
    count = len(stack.resources())
    yield Fact(f"{count} resources of {stack.name}", "not as they were made", 0, len(found), _BY_HAND)


def _of_kinds(account: Account, stack: Stack, declared: Json) -> Iterator[Fact]:
    """What a mistake would cost most, asked of the services themselves."""
    made = stack.resources()
    acting = _acting_alarms(account) if any(resource["ResourceType"] == _ALARM for resource in made) else set()
    for resource in made:
        name, part = resource["PhysicalResourceId"], declared.get(resource["LogicalResourceId"], {})
        if resource["ResourceType"] == "AWS::DynamoDB::Table":
            yield from compare(f"table {name}", _wanted_of_table(part["Properties"]), _table(account, name), _BY_HAND)
        elif resource["ResourceType"] == _ALARM:
            yield Fact(f"alarm {name}", "acts", wanted=True, found=name in acting)


def _acting_alarms(account: Account) -> set[str]:
    """By their names: of all at once, as there are about a hundred of them."""
    alarms = account.pages(
        "cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"guestlist-{account.stage}-"
    )
    return {alarm["AlarmName"] for alarm in alarms if alarm["ActionsEnabled"]}


def _wanted_of_table(properties: Json) -> Json:
    return {
        "time to live": properties.get("TimeToLiveSpecification", {}).get("AttributeName"),
        "point-in-time recovery": "ENABLED",
        "encryption at rest": "ENABLED",
    }


def _table(account: Account, name: str) -> Json:
    dynamodb = account.client("dynamodb")
    life = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    return {
        "time to live": life.get("AttributeName") if life["TimeToLiveStatus"].startswith("ENABL") else None,
        "point-in-time recovery": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "encryption at rest": table.get("SSEDescription", {}).get("Status"),
    }
