"""`chalice deploy`, told what there is already.

Chalice writes down what it made at the very end of a deploy. Killed before, it knows nothing of its API and its mappings, and makes
a second API. So its record, `.chalice/deployed/<stage>.json`, is made anew from the account before each deploy: any machine can deploy, and
no record is ever out of date.
"""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from ops.deploy import functions, gateway, layers, mappings
from ops.deploy.account import Account, Json
from ops.deploy.wanted import Wanted
from ops.local import processes
from ops.local.launch import PROJECT


def deploy(account: Account, wanted: Wanted, command: Sequence[str], say: Callable[[str], None]) -> str:
    """Run `command`, which is Chalice's own or does the same; `say` hears each line that it prints."""
    record = record_path(account.stage)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(found(account, wanted), indent=2) + "\n")
    lines = []
    environ = os.environ | _streams(account, wanted) | {"PYTHONUNBUFFERED": "1"}
    running = processes.start(
        command, environ, folder=PROJECT, output=subprocess.PIPE
    )  # not to outlive a killed deploy
    try:
        for line in running.stdout or ():
            lines.append(line.decode(errors="replace").rstrip())
            say(lines[-1])
        running.wait()
    finally:
        processes.end([running])
    if running.returncode:
        raise click.ClickException("chalice deploy failed: see the lines above. Running the same command again goes on")
    return f"{len(wanted.functions)} functions"


def record_path(stage: str) -> Path:
    return PROJECT / ".chalice" / "deployed" / f"{stage}.json"


def found(account: Account, wanted: Wanted) -> Json:
    """Chalice's record of what is in the account. What app.py has no more is in it, so that Chalice takes it away."""
    lambdas = functions.deployed(account)
    resources = [part for each in lambdas.values() for part in _function(account, each)]
    sources = [mappings.source(account, mapping) for mapping in wanted.mappings]
    for name in lambdas:  # Chalice knows one mapping a function, the last one here: rather one that stays
        found = sorted(mappings.of(account, name), key=lambda one: one["EventSourceArn"] in sources)
        resources += [_mapping(mapping, functions.resource(account, name)) for mapping in found]
    used = {layer["Arn"] for each in lambdas.values() for layer in each["Configuration"].get("Layers", [])}
    for version in [one for one in layers.versions(account) if one["LayerVersionArn"] in used][:1]:
        layer = {"name": "managed-layer", "resource_type": "lambda_layer"}
        resources.append(layer | {"layer_version_arn": version["LayerVersionArn"]})
    for api in gateway.apis(account)[:1]:
        address = gateway.url(account, api["id"], wanted.api_stage) + "/"
        resources.append(
            {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": api["id"], "rest_api_url": address}
        )
    return {"schema_version": "2.0", "backend": "api", "resources": resources}


def _streams(account: Account, wanted: Wanted) -> dict[str, str]:
    """What `chalicelib.settings.stream` reads."""
    tables = [mapping.stream for mapping in wanted.mappings if mapping.stream]
    return {f"STREAM_ARN_{table.rpartition('-')[2]}": account.stream(table) for table in tables}


def _function(account: Account, found: Json) -> list[Json]:
    configuration = found["Configuration"]
    resource = functions.resource(account, configuration["FunctionName"])
    function = {"name": resource, "resource_type": "lambda_function", "lambda_arn": configuration["FunctionArn"]}
    role = {"name": f"{resource}_role", "resource_type": "iam_role", "role_arn": configuration["Role"]}
    own = functions.own_role(account, found)
    return [role | {"role_name": own}, function] if own else [function]


def _mapping(mapping: Json, resource: str) -> Json:
    source, common = mapping["EventSourceArn"], {"event_uuid": mapping["UUID"], "lambda_arn": mapping["FunctionArn"]}
    if ":sqs:" in source:
        name, kind = f"{resource}-sqs-event-source", "sqs_event"
        common |= {"queue_arn": source, "queue": source.rpartition(":")[2]}
    else:
        name, kind = f"{resource}-dynamodb-event-source", "dynamodb_event"
        common |= {"stream_arn": source}
    return {"name": name, "resource_type": kind} | common
