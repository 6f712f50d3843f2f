"""`python -m ops.policy_lint`, a part of `make check`: parliament reads every policy that we write.

The functions' own (.chalice/policy-*.json) and those of resources (queues, buckets, topics, keys, roles) in the templates of infra/.
It knows all actions of AWS, the resources that each takes, and the combinations that give away more than they say:
https://github.com/duo-labs/parliament
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
from cfnlint.decode import cfn_yaml

from ops.local.launch import PROJECT

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports pkg_resources, and leaves the closing of its files to others
    import parliament


class Policy(NamedTuple):
    name: str
    """A file, or a resource of a template."""
    text: str
    explained: Mapping[str, str]
    """Findings that stay, by parliament's word for them, and why. They stand beside the policy, in its resource's Metadata."""


class Finding(NamedTuple):
    issue: str
    detail: str


_NO_LONGER_SO = Finding(
    "RESOURCE_MISMATCH",
    json.dumps([{"action": "ses:SendRawEmail", "required_format": "arn:*:ses:*:*:identity/*"}]),
)
"""A mail that is sent under a configuration set needs the right for it, too: https://github.com/medplum/medplum/pull/10102 ."""


@click.command()
def lint() -> None:
    """Name every finding; exit 1 when there is one that is not explained, or an explanation of nothing."""
    policies = list(read(PROJECT))
    complaints = [complaint for policy in policies for complaint in wrong(policy)]
    for complaint in complaints:
        click.echo(complaint)
    if complaints:
        raise SystemExit(1)
    click.echo(f"{len(policies)} policies, no finding that is not explained")


def read(project: Path) -> Iterator[Policy]:
    """Every policy."""
    for path in sorted((project / ".chalice").glob("policy-*.json")):
        yield Policy(path.name, path.read_text(), {})
    for path in sorted((project / "infra").glob("*.yaml")):
        for name, resource in cfn_yaml.load(str(path))["Resources"].items():
            explained = resource.get("Metadata", {}).get("parliament", {})
            for document in _documents(resource):
                yield Policy(f"{path.name} {name}", json.dumps(_filled(document)), explained)


def wrong(policy: Policy) -> Iterator[str]:
    found = findings(policy)
    for finding in found:
        if finding.issue not in policy.explained:
            yield f"{policy.name}: {finding.issue} {finding.detail}"
    for issue in sorted(policy.explained.keys() - {finding.issue for finding in found}):
        yield f"{policy.name}: {issue} is explained, and is not there"


def findings(policy: Policy) -> list[Finding]:
    audited = parliament.analyze_policy_string(policy.text, policy.name, include_community_auditors=True)
    found = [Finding(finding.issue, json.dumps(finding.detail, default=str)) for finding in audited.findings]
    return [finding for finding in found if finding != _NO_LONGER_SO]


def _documents(part: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # JSON
    """Wherever they stand in a resource. Who may take a role on is no such policy: it has no resource."""
    match part:
        case {"Statement": [{"Effect": _}, *_] | {"Effect": _}}:  # a firewall's statements have none
            yield part
        case dict():
            for name, member in part.items():
                if name != "AssumeRolePolicyDocument":
                    yield from _documents(member)
        case list():
            for member in part:
                yield from _documents(member)


def _filled(value: Any) -> Any:  # noqa: ANN401  # JSON
    """With an account, a region and names as CloudFormation would fill them in: what the policy says does not depend on which."""
    match value:
        case {"Fn::Sub": str(text)}:
            for parameter, example in _EXAMPLES.items():
                text = text.replace(f"${{{parameter}}}", example)
            return text
        case {"Ref": str(name)}:
            return _EXAMPLES.get(name, f"arn:aws:sns:eu-west-1:123456789012:{name}")
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return _ARNS["Bucket" if "Bucket" in name else "Queue" if "Queue" in name else "Topic"]
        case dict():
            return {key: _filled(member) for key, member in value.items()}
        case list():
            return [_filled(member) for member in value]
    return value


_EXAMPLES = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "ReleasesBucket.Arn": "arn:aws:s3:::guestlist-prod-releases-123456789012",
    "Stage": "prod",
}
_ARNS = {
    "Bucket": _EXAMPLES["ReleasesBucket.Arn"],
    "Queue": "arn:aws:sqs:eu-west-1:123456789012:guestlist-prod-queue",
    "Topic": "arn:aws:sns:eu-west-1:123456789012:guestlist-prod-topic",
}


if __name__ == "__main__":
    lint()
