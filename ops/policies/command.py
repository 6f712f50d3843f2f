"""`python -m ops policies`: the policy files that `chalice deploy` makes roles of, one for each stage and function.

Nobody writes them: `rights` reads from the code what a function may do, and each right names its resource with the stage in the name.
"""

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import click
from chalice.config import Config

from ops.local.launch import PROJECT
from ops.policies import rights
from ops.policies.following import SENDER, STAGE
from ops.policies.rights import Right, Unclear
from ops.policies.source import Source

STAGES = ("staging", "prod")
"""The stages with policies: `local` has no roles."""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not up to date")
@click.option("--project", type=click.Path(path_type=Path, exists=True), default=PROJECT, hidden=True)
def policies(*, check: bool, project: Path) -> None:
    """Write the policy files of all stages and functions, .chalice/policy-<stage>-<function>.json, as the code needs them."""
    try:
        wanted = files(project)
    except Unclear as unclear:
        raise click.ClickException(str(unclear)) from None
    folder = project / ".chalice"
    found = {path.name: path.read_text() for path in folder.glob("policy-*.json")}
    wrong = [name for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]
    for name in wrong:
        if check:
            click.echo(f"{name} is not up to date: python -m ops policies")
        elif name in wanted:
            (folder / name).write_text(wanted[name])
            click.echo(f"{name} written")
        else:
            (folder / name).unlink()
            click.echo(f"{name} removed")
    raise SystemExit(1 if check and wrong else 0)


def files(project: Path) -> dict[str, str]:
    """Every policy file's name and text. `Unclear` where the code does not say what it may do."""
    return {
        f"policy-{stage}-{function}.json": json.dumps(document, indent=2) + "\n"
        for stage, of_stage in documents(project).items()
        for function, document in of_stage.items()
    }


def documents(project: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The policy of every stage and function: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html ."""
    sys.setrecursionlimit(10_000)  # as deep as calls are in calls
    source, config = Source(project), json.loads((project / ".chalice" / "config.json").read_text())
    by_function = {function: rights.needed(source, function) for function in rights.functions(source)}
    return {
        stage: {
            function: _document(
                {*needed, *_of_config(config, stage, function)}, {STAGE: stage, SENDER: _sender(config, stage)}
            )
            for function, needed in by_function.items()
        }
        for stage in STAGES
    }


def _document(needed: set[Right], names: Mapping[str, str]) -> dict[str, Any]:
    named = {Right(right.action, _named(right.resource, names)) for right in needed}
    ordered = sorted(named, key=lambda right: (right.resource, right.action))
    statements = [
        {"Effect": "Allow", "Action": [right.action for right in same], "Resource": [resource]}
        for resource, same in itertools.groupby(ordered, lambda right: right.resource)
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _named(resource: str, names: Mapping[str, str]) -> str:
    for place, name in names.items():
        resource = resource.replace(place, name)
    return resource


def _sender(config: dict[str, Any], stage: str) -> str:
    """The domain of MAIL_FROM, which SES has verified."""
    variables = Config(stage, config_from_disk=config).environment_variables
    return parseaddr(variables["MAIL_FROM"])[1].rpartition("@")[2]


def _of_config(config: dict[str, Any], stage: str, function: str) -> Iterator[Right]:
    """What Lambda does in the function's role where the stage's settings ask for it. For none of it AWS lets a policy name a resource.

    https://docs.aws.amazon.com/lambda/latest/dg/python-tracing.html, https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    read = Config(stage, function, config_from_disk=config)
    if read.xray_enabled:
        yield from (Right(f"xray:{action}", "*") for action in ("PutTelemetryRecords", "PutTraceSegments"))
    if read.subnet_ids:
        for action in (
            "AssignPrivateIpAddresses",
            "CreateNetworkInterface",
            "DeleteNetworkInterface",
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "UnassignPrivateIpAddresses",
        ):
            yield Right(f"ec2:{action}", "*")
