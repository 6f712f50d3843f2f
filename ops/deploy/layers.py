"""The versions of the layer with the libraries, which Chalice calls its managed layer."""

from ops.deploy.account import Account, Json


def name(account: Account) -> str:
    return f"guestlist-{account.stage}-managed-layer"


def versions(account: Account) -> list[Json]:
    """The newest first."""
    return account.pages("lambda", "list_layer_versions", "LayerVersions", LayerName=name(account))


def restore(account: Account, kept: Json, key: str) -> str:
    """The ARN of a version with this content: the one it was, or one made of what the bucket keeps, as Chalice deletes the last one."""
    lambda_ = account.client("lambda")
    for version in versions(account):
        arn: str = version["LayerVersionArn"]
        if lambda_.get_layer_version_by_arn(Arn=arn)["Content"]["CodeSha256"] == kept["code"]:
            return arn
    content = {"S3Bucket": account.bucket, "S3Key": key}
    made: str = lambda_.publish_layer_version(LayerName=name(account), Content=content)["LayerVersionArn"]
    return made


def delete(account: Account, *, but: frozenset[str] = frozenset()) -> None:
    """Delete every version but those with these ARNs. Functions and their published versions keep a copy of theirs."""
    for version in versions(account):
        if version["LayerVersionArn"] not in but:
            account.client("lambda").delete_layer_version(LayerName=name(account), VersionNumber=version["Version"])
