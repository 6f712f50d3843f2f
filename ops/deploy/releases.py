"""What was deployed, and back to it: Lambda versions, the packages, and a record of each release in the stage's bucket.

`current` in the bucket says which release ought to run. A rollback writes it first, so that one which is interrupted is finished by running
it again, and a deploy that failed half way is taken back to what `current` still says.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

import click
import requests
from botocore.exceptions import ClientError

from ops.deploy import gateway, layers, lock, mappings
from ops.deploy.account import Account, Json
from ops.deploy.facts import Fact
from ops.deploy.wanted import Function, Wanted

KEPT = 10
"""Releases to which one can go back."""


class Release(NamedTuple):
    id: str
    """Sorts by time: `20261122T161500Z-1a2b3c4`, with the commit."""
    functions: dict[str, Json]
    """By name: `version`; `code`, the package's SHA-256 as Lambda tells it; `layers`, each with `arn` and `code`."""
    deployment: str
    """Of the API."""
    wanted: Json

    def runs_the_same(self, other: "Release") -> bool:
        codes, others = (
            {name: [part["code"] for part in (f, *f["layers"])] for name, f in release.functions.items()}
            for release in (self, other)
        )
        return codes == others and self.wanted == other.wanted


def record(account: Account, wanted: Wanted, release: str) -> str:
    """Publish what runs now as a release, and make it the current one."""
    functions = {function.name: _publish(account, function.name) for function in wanted.functions}
    made = Release(release, functions, _deployment(account, wanted.api_stage), wanted.to_json())
    _put(account, f"releases/{release}.json", json.dumps(made._asdict(), indent=2).encode())
    _point_at(account, made)
    _forget_old_ones(account, wanted)
    return release


def every(account: Account) -> list[Release]:
    """All that are kept, the newest first."""
    try:
        found = account.pages("s3", "list_objects_v2", "Contents", Bucket=account.bucket, Prefix="releases/")
    except account.client("s3").exceptions.NoSuchBucket:  # the stage never was, or is gone
        found = []
    bodies = [_get(account, one["Key"]) for one in sorted(found, key=lambda one: one["Key"], reverse=True)]
    return [Release(**json.loads(body)) for body in bodies if body]


def current(account: Account) -> Release | None:
    name = (_get(account, "current") or b"").decode()
    return next((release for release in every(account) if release.id == name), None)


def facts(account: Account, release: Release | None) -> Iterator[Fact]:
    """Whether the current release is what runs."""
    if release is None:
        yield Fact("release", "recorded", wanted=True, found=False)
        return
    way_out = "make rollback, or make deploy, ends what was begun"
    wanted = {name: function["code"] for name, function in release.functions.items()}
    running = {name: _running(account, name) for name in wanted}
    yield Fact(f"release {release.id}", "code", wanted, running, way_out)
    deployment = _deployment(account, release.wanted["api_stage"])
    yield Fact(f"release {release.id}", "deployment of the API", release.deployment, deployment, way_out)


def target(account: Account) -> Release:
    """What a rollback goes back to: the last release that differs from the newest.

    A stage that was taken back already, or does not run its current release as it ought to, stays with or returns to that one: so the
    same command again, whenever it broke off, ends at the same release. Further back goes `--to`.
    """
    now, releases = current(account), every(account)
    if now and (now.id != releases[0].id or not all(fact.right for fact in facts(account, now))):
        return now
    earlier = [release for release in releases if now is None or not release.runs_the_same(now)]
    if not earlier:
        raise click.ClickException(f"{account.stage} has no earlier release to go back to")
    return earlier[0]


def restore(account: Account, release: Release, say: Callable[[str], None]) -> None:
    """Let this release run again, from what is kept of it: nothing is built."""
    missing = [name for name in release.functions if _running(account, name) is None]
    if missing:
        raise click.ClickException(
            f"{', '.join(missing)} of {release.id} is no more: check out {release.id.rpartition('-')[2]} and make deploy"
        )
    _point_at(account, release)
    wanted = Wanted.from_json(release.wanted)
    for function in wanted.functions:
        _restore(account, function, release.functions[function.name])
        say(f"{function.name}: version {release.functions[function.name]['version']}")
    mappings.mend(account, wanted)
    [api] = gateway.apis(account)
    account.client("apigateway").update_stage(
        restApiId=api["id"],
        stageName=wanted.api_stage,
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": release.deployment}],
    )
    say(f"the API: deployment {release.deployment}")


def _publish(account: Account, name: str) -> Json:
    """Publish the function's version (the last one again when nothing has changed), and keep its package."""
    lambda_ = account.client("lambda")
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    version = lambda_.publish_version(FunctionName=name)
    code = lambda_.get_function(FunctionName=name, Qualifier=version["Version"])["Code"]
    _keep_package(account, version["CodeSha256"], code["Location"])
    layers_ = []
    for layer in version.get("Layers", []):
        content = lambda_.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]
        _keep_package(account, content["CodeSha256"], content["Location"])
        layers_.append({"arn": layer["Arn"], "code": content["CodeSha256"]})
    return {"version": version["Version"], "code": version["CodeSha256"], "layers": layers_}


def _keep_package(account: Account, code: str, place: str) -> None:
    key = package_key(code)
    if not account.client("s3").list_objects_v2(Bucket=account.bucket, Prefix=key).get("KeyCount"):
        package = requests.get(place, timeout=60)
        package.raise_for_status()
        _put(account, key, package.content)


def _restore(account: Account, function: Function, kept: Json) -> None:
    lambda_, name = account.client("lambda"), function.name
    waiter, often = lambda_.get_waiter("function_updated_v2"), {"Delay": 1, "MaxAttempts": 120}
    as_it_was = lambda_.get_function_configuration(FunctionName=name, Qualifier=kept["version"])
    copied = ("Handler", "Runtime", "Timeout", "MemorySize")
    lambda_.update_function_configuration(
        FunctionName=name,
        Environment={"Variables": as_it_was.get("Environment", {}).get("Variables", {})},
        TracingConfig={"Mode": as_it_was.get("TracingConfig", {}).get("Mode", "PassThrough")},
        Layers=[layers.restore(account, layer, package_key(layer["code"])) for layer in kept["layers"]],
        **{setting: as_it_was[setting] for setting in copied},
    )
    waiter.wait(FunctionName=name, WaiterConfig=often)
    lambda_.update_function_code(
        FunctionName=name,
        S3Bucket=account.bucket,
        S3Key=package_key(kept["code"]),
        Architectures=as_it_was.get("Architectures", ["x86_64"]),
    )
    waiter.wait(FunctionName=name, WaiterConfig=often)
    account.client("iam").put_role_policy(
        RoleName=function.role, PolicyName=function.role, PolicyDocument=json.dumps(function.policy, indent=2)
    )


def _forget_old_ones(account: Account, wanted: Wanted) -> None:
    """All but the last `KEPT` releases: their versions, packages and deployments. The running one stays, whichever it is."""
    s3, lambda_, gateway_ = (account.client(service) for service in ("s3", "lambda", "apigateway"))
    now, releases = current(account), every(account)
    kept = [r for number, r in enumerate(releases) if number < KEPT or (now and r.id == now.id)]
    for function in wanted.functions:
        versions = {r.functions[function.name]["version"] for r in kept if function.name in r.functions} | {"$LATEST"}
        for one in account.pages("lambda", "list_versions_by_function", "Versions", FunctionName=function.name):
            if one["Version"] not in versions:
                lambda_.delete_function(FunctionName=function.name, Qualifier=one["Version"])
    [api] = gateway.apis(account)
    deployments = {r.deployment for r in kept}
    for one in account.pages("apigateway", "get_deployments", "items", restApiId=api["id"]):
        if one["id"] not in deployments:
            gateway_.delete_deployment(restApiId=api["id"], deploymentId=one["id"])
    keys = {f"releases/{r.id}.json" for r in kept}
    packages = [part for r in kept for f in r.functions.values() for part in (f, *f["layers"])]
    keys |= {package_key(part["code"]) for part in packages} | {"current", lock.KEY}
    for one in account.pages("s3", "list_objects_v2", "Contents", Bucket=account.bucket):
        if one["Key"] not in keys:
            s3.delete_object(Bucket=account.bucket, Key=one["Key"])


def _running(account: Account, function: str) -> str | None:
    lambda_ = account.client("lambda")
    try:
        code: str = lambda_.get_function_configuration(FunctionName=function)["CodeSha256"]
    except lambda_.exceptions.ResourceNotFoundException:
        return None
    return code


def _deployment(account: Account, api_stage: str) -> str:
    found = [api["id"] for api in gateway.apis(account)]
    stages = account.client("apigateway").get_stages(restApiId=found[0])["item"] if found else []
    return next((stage["deploymentId"] for stage in stages if stage["stageName"] == api_stage), "")


def package_key(code: str) -> str:
    return f"packages/{base64.b64decode(code).hex()}.zip"


def _point_at(account: Account, release: Release) -> None:
    _put(account, "current", release.id.encode())


def _put(account: Account, key: str, body: bytes) -> None:
    account.client("s3").put_object(Bucket=account.bucket, Key=key, Body=body)


def _get(account: Account, key: str) -> bytes | None:
    try:
        body: bytes = account.client("s3").get_object(Bucket=account.bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchBucket"}:
            return None
        raise
    return body
