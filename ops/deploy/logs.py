"""Log groups: made before anything writes to them, so that none is kept for ever."""

import contextlib

from ops.deploy.account import Account


def keep(account: Account, name: str, days: int) -> None:
    logs = account.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):  # Lambda makes its own at the first call
        logs.create_log_group(logGroupName=name)
    logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    logs.tag_resource(resourceArn=account.arn("logs", f"log-group:{name}"), tags=account.tags)


def days_kept(account: Account, name: str) -> int | None:
    """None when it is kept for ever, or is not there."""
    found = account.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    return next((group.get("retentionInDays") for group in found if group["logGroupName"] == name), None)


def delete(account: Account, name: str) -> None:
    logs = account.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName=name)
