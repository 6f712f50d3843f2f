"""A stage taken away, all but what cannot be made again: tables, secrets and releases, which wait in the stage's stack."""

import json
from collections.abc import Callable

from botocore.exceptions import ClientError

from ops.deploy import chalice, functions, gateway, layers, logs, mappings, resources, template
from ops.deploy.account import Account, Json
from ops.deploy.stacks import Stack
from ops.deploy.wanted import Wanted

Say = Callable[[str], None]


def alarms(account: Account, _: Wanted, report: Say) -> str:
    Stack(account, account.monitoring_stack).delete(report)
    return "gone"


def api(account: Account, _: Wanted, __: Say) -> str:
    found = gateway.apis(account)
    for one in found:
        account.client("apigateway").delete_rest_api(restApiId=one["id"])
    logs.delete(account, account.access_log)
    return f"{len(found)} gone"


def all_functions(account: Account, wanted: Wanted, report: Say) -> str:
    """Those in the account, and what is left of those that the files know. A function goes after its role, which it names."""
    lambda_, found = account.client("lambda"), functions.deployed(account)
    roles = {name: functions.own_role(account, each) for name, each in found.items()}
    for name, role in (roles | {function.name: function.role for function in wanted.functions}).items():
        report(name)
        for mapping in mappings.of(account, name) if name in found else ():
            lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
        if role:
            functions.delete_role(account, role)
        if name in found:
            lambda_.delete_function(FunctionName=name)
        # With `log_retention_in_days`, Chalice makes a second one for the API's function, by a name that it does not have.
        for log in {name, f"guestlist-{account.stage}-{functions.resource(account, name)}"}:
            logs.delete(account, f"/aws/lambda/{log}")
    layers.delete(account)
    chalice.record_path(account.stage).unlink(missing_ok=True)
    return f"{len(found)} gone"


def queues(account: Account, wanted: Wanted, report: Say) -> str:
    """All that the template does not retain. The stack stays, and holds what is retained: the next deploy goes on with it."""
    stack = Stack(account, account.resources_stack)
    if not stack.find():
        return "there was no stack"
    rest = template.retained_only(stack.document())
    stack.apply(json.dumps(rest), resources.parameters(account, wanted, rest), report)
    return f"gone; {kept(account)} kept in the stack {stack.name}"


def kept(account: Account) -> str:
    kinds = [
        one["ResourceType"].rpartition("::")[2].lower() for one in Stack(account, account.resources_stack).resources()
    ]
    return ", ".join(f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in dict.fromkeys(kinds))


def data(account: Account, _: Wanted, report: Say) -> str:
    """Tables, secrets and releases too, for good; the stack last, as it knows what there was."""
    stack = Stack(account, account.resources_stack)
    for resource in stack.resources() if stack.find() else ():
        report(resource["LogicalResourceId"])
        if delete := _DELETE.get(resource["ResourceType"]):
            delete(account, resource["PhysicalResourceId"])
    stack.delete(report)
    return "gone, for good"


def _delete_table(account: Account, name: str) -> None:
    dynamodb = account.client("dynamodb")
    try:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        dynamodb.delete_table(TableName=name)
    except dynamodb.exceptions.ResourceNotFoundException:
        return


def _delete_secret(account: Account, arn: str) -> None:
    secrets = account.client("secretsmanager")
    try:
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    except secrets.exceptions.ResourceNotFoundException:
        return


def _delete_bucket(account: Account, name: str) -> None:
    s3 = account.client("s3")
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            versions: list[Json] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            for version in versions:
                s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _delete_key(account: Account, key: str) -> None:
    kms = account.client("kms")
    if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)


_DELETE = {
    "AWS::KMS::Key": _delete_key,
    "AWS::DynamoDB::Table": _delete_table,
    "AWS::SecretsManager::Secret": _delete_secret,
    "AWS::S3::Bucket": _delete_bucket,
}
