"""Makes the emulator send each event to its function: one function, and one mapping or rule, per handler of app.py.

The functions have no code: the emulator posts their events to the functions host (see emulator.py). Everything here
may run again and again, and takes away what app.py no longer has.
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from botocore.client import BaseClient

from ops.local.functions import Function

PREFIX = "guestlist-local-"
Clients = Callable[[str], BaseClient]


def register(clients: Clients, functions: list[Function]) -> None:
    """Bring the emulator in line with `functions`."""
    lambda_, events = clients("lambda"), clients("events")
    existing = {function["FunctionName"] for function in _pages(lambda_, "list_functions", "Functions")}
    for function in functions:
        _put_function(lambda_, function, exists=PREFIX + function.name in existing)
        _put_mapping(lambda_, function, _source_of(clients, function.trigger))
        _put_rule(events, lambda_, function)
    wanted = {PREFIX + function.name for function in functions}
    ruled = {
        PREFIX + function.name for function in functions if function.trigger.get("kind") in {"schedule", "pattern"}
    }
    for name in sorted(existing - wanted):
        if name.startswith(PREFIX):
            _remove_mappings(lambda_, name)
            lambda_.delete_function(FunctionName=name)
    for rule in events.list_rules(NamePrefix=PREFIX)["Rules"]:
        if rule["Name"] not in ruled:
            events.remove_targets(Rule=rule["Name"], Ids=["function"])
            events.delete_rule(Name=rule["Name"])


def _put_function(lambda_: BaseClient, function: Function, *, exists: bool) -> None:
    settings = {"FunctionName": PREFIX + function.name, "Timeout": function.timeout, "MemorySize": function.memory}
    if exists:
        lambda_.update_function_configuration(**settings)
    else:
        role = "arn:aws:iam::000000000000:role/guestlist-local"
        code = {"ZipFile": _no_code()}
        lambda_.create_function(Runtime="python3.11", Handler="app.none", Role=role, Code=code, **settings)


def _put_mapping(lambda_: BaseClient, function: Function, source: str | None) -> None:
    name, trigger = PREFIX + function.name, function.trigger
    _remove_mappings(lambda_, name, keep=source)
    if source is None:
        return
    settings: dict[str, Any] = {
        "FunctionName": name,
        "BatchSize": trigger["batch"],
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    if trigger["kind"] == "queue":
        settings["MaximumBatchingWindowInSeconds"] = trigger["window"]
        settings["ScalingConfig"] = {"MaximumConcurrency": trigger["concurrency"]} if trigger["concurrency"] else {}
    kept = _mappings(lambda_, name)
    if kept:
        lambda_.update_event_source_mapping(UUID=kept[0]["UUID"], **settings)
    else:
        start = {"StartingPosition": trigger["start"]} if trigger["kind"] == "stream" else {}
        lambda_.create_event_source_mapping(EventSourceArn=source, **start, **settings)


def _source_of(clients: Clients, trigger: dict[str, Any]) -> str | None:
    source: str | None = None
    if trigger.get("kind") == "queue":
        sqs = clients("sqs")
        url = sqs.get_queue_url(QueueName=trigger["queue"])["QueueUrl"]
        source = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    elif trigger.get("kind") == "stream":
        source = clients("dynamodb").describe_table(TableName=trigger["table"])["Table"]["LatestStreamArn"]
    return source


def _put_rule(events: BaseClient, lambda_: BaseClient, function: Function) -> None:
    match function.trigger:
        case {"kind": "schedule", "expression": expression}:
            when = {"ScheduleExpression": expression}
        case {"kind": "pattern", "pattern": pattern}:
            when = {"EventPattern": json.dumps(pattern)}
        case _:
            return
    name = PREFIX + function.name
    arn = lambda_.get_function_configuration(FunctionName=name)["FunctionArn"]
    events.put_rule(Name=name, State="ENABLED", **when)
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn}])


def _remove_mappings(lambda_: BaseClient, name: str, keep: str | None = None) -> None:
    for mapping in _mappings(lambda_, name):
        if mapping["EventSourceArn"] != keep:
            lambda_.delete_event_source_mapping(UUID=mapping["UUID"])


def _mappings(lambda_: BaseClient, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lambda_.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    return found


def _pages(client: BaseClient, operation: str, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get_paginator(operation).paginate().build_full_result()[key]
    return found


def _no_code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", "# The code of this function is in the working tree.\n")
    return buffer.getvalue()
