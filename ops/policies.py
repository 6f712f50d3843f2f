"""What each function may do in AWS: one table, and the policy files that `chalice deploy` makes roles of.

Every grant names its resources, with the stage in the name. Transactions, batches and strongly consistent reads need no action of
their own: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

FOLDER = Path(__file__).parents[1] / ".chalice"
STAGES = ("staging", "prod")
"""The stages with policies: `local` has no roles."""


class Grant(NamedTuple):
    """Actions on one resource; `arn` is all that follows `arn:aws:`, with `{stage}` in it."""

    arn: str
    actions: tuple[str, ...]


def _table(name: str, *actions: str) -> Grant:
    return Grant(f"dynamodb:*:*:table/guestlist-{{stage}}-{name}", actions)


def _queue(name: str, *actions: str) -> Grant:
    return Grant(f"sqs:*:*:guestlist-{{stage}}-{name}.fifo", actions)


def _secret(name: str) -> Grant:
    """Secrets Manager adds six random characters to a secret's name."""
    return Grant(f"secretsmanager:*:*:secret:guestlist/{{stage}}/{name}-??????", ("GetSecretValue",))


_SEND = ("GetQueueUrl", "SendMessage")
_TAKE = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage")
"""Lambda's poller acts in the function's role: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

_DIALOGUE = (
    _secret("tickets"),
    _table("campaigns", "GetItem", "PutItem", "Query", "UpdateItem"),
    _table("conversations", "DeleteItem", "GetItem", "PutItem", "Query"),
)

GRANTS = {
    "api_handler": (_secret("messenger"), _queue("inbound", *_SEND), *_DIALOGUE),
    "authorise": (_secret("api"),),
    "bot": (_queue("inbound", *_TAKE), *_DIALOGUE, _queue("outbound", *_SEND)),
    "sender": (_secret("messenger"), _queue("outbound", *_TAKE), _queue("outbound-dlq", *_SEND)),
}
"""Every function that Chalice makes of `app.py`, and what it may do. A test compares it with what the functions do."""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is not up to date")
def policies(*, check: bool) -> None:
    """Write the policy files of all stages and functions, .chalice/policy-<stage>-<function>.json."""
    wrong = stale(FOLDER)
    for path in wrong:
        text = files().get(path.name)
        if check:
            click.echo(f"{path.name} is not up to date: python -m ops policies")
        elif text is None:
            path.unlink()
            click.echo(f"{path.name} removed")
        else:
            path.write_text(text)
            click.echo(f"{path.name} written")
    raise SystemExit(1 if check and wrong else 0)


def stale(folder: Path) -> list[Path]:
    """The policy files that are missing, differ from the table, or belong to no function."""
    wanted = files()
    found = {path.name: path.read_text() for path in folder.glob("policy-*.json")}
    return [folder / name for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]


def files() -> dict[str, str]:
    """Every policy file's name and text."""
    return {
        f"policy-{stage}-{function}.json": json.dumps(document(stage, function), indent=2) + "\n"
        for stage in STAGES
        for function in GRANTS
    }


def document(stage: str, function: str) -> dict[str, Any]:
    """The policy of a function: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html ."""
    return {"Version": "2012-10-17", "Statement": list(_statements(stage, function))}


def _statements(stage: str, function: str) -> Iterator[dict[str, Any]]:
    for grant in (*GRANTS[function], _log(function)):
        service = grant.arn.partition(":")[0]
        actions = [f"{service}:{action}" for action in grant.actions]
        yield {"Effect": "Allow", "Action": actions, "Resource": [f"arn:aws:{grant.arn.format(stage=stage)}"]}


def _log(function: str) -> Grant:
    """The function's own log group, which Lambda makes in the function's role. The API's function has the stage's bare name."""
    name = "guestlist-{stage}" if function == "api_handler" else f"guestlist-{{stage}}-{function}"
    return Grant(f"logs:*:*:log-group:/aws/lambda/{name}:*", ("CreateLogGroup", "CreateLogStream", "PutLogEvents"))
