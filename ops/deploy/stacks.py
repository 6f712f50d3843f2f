"""A stack brought in line with a template: by a change set, from whatever state the last attempt left it in."""

import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import click
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from ops.deploy.account import Account, Json
from ops.templates import load

LONGEST_BODY = 51_200
"""Bytes: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

_LONGEST_WAIT = 1800
Found = TypeVar("Found")

_NOT_STARTED = "REVIEW_IN_PROGRESS"
_NEVER_MADE = {_NOT_STARTED, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
"""A stack in such a state can only be deleted; all it retains stays."""
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


class Stack(NamedTuple):
    account: Account
    name: str

    @property
    def _cloudformation(self) -> BaseClient:
        return self.account.client("cloudformation")

    def find(self) -> Json | None:
        """As DescribeStacks has it; None when there is none."""
        try:
            found: Json = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in (self.find() or {}).get("Outputs", [])}

    def resources(self) -> list[Json]:
        return self.account.pages(
            "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.name
        )

    def document(self) -> Json:
        """The template that it was last made of."""
        body = self._cloudformation.get_template(StackName=self.name)["TemplateBody"]
        document: Json = load(body) if isinstance(body, str) else body  # boto3 reads JSON by itself
        return document

    def changes(self, text: str, parameters: Json) -> list[str]:
        """What `apply` would change, a line each. CloudFormation says it; nothing of that is left behind."""
        exists = self._settle(_unheard)
        try:
            name = self._propose(text, parameters, exists=exists)
        except self.account.client("s3").exceptions.NoSuchBucket:  # nothing is there yet, so all is new
            return [f"add {name} ({part['Type']})" for name, part in load(text)["Resources"].items()]
        if not name:
            return []
        changes = self._describe(name)["Changes"]
        if exists:
            self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=name)
        else:
            self.delete(_unheard)  # an empty one was made to hold the change set
        return [_line(change["ResourceChange"]) for change in changes]

    def apply(self, text: str, parameters: Json, report: Callable[[str], None]) -> str:
        """Create the stack, or update it; answers what was done. `report` hears how far it is."""
        exists = self._settle(report)
        name = self._propose(text, parameters, exists=exists)
        if not name:
            return "nothing to change"
        lines = [_line(change["ResourceChange"]) for change in self._describe(name)["Changes"]]
        # What a stack that fails to be created has made is removed, retained or not: it is empty, and in the next attempt's way.
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=name, RetainExceptOnCreate=True)
        self._settle(report)
        status = (self.find() or {}).get("StackStatus", "gone")
        if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise click.ClickException(f"The stack {self.name} is {status}: {self._why()}")
        return f"{len(lines)} changed" if exists else f"{len(lines)} made"

    def delete(self, report: Callable[[str], None]) -> None:
        """What the template retains stays, and nobody's."""
        if self.find():
            self._cloudformation.delete_stack(StackName=self.name)
            self._settle(report)

    def _propose(self, text: str, parameters: Json, *, exists: bool) -> str:
        """Make a change set and answer its name; empty when there is nothing to change."""
        name = "deploy-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        if exists:  # one that a killed deploy left would be in the way
            self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=name)
        self._cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            **self._template(text),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Tags=[{"Key": key, "Value": value} for key, value in self.account.tags.items()],
        )
        proposed = wait_for(lambda: self._describe(name), lambda found: not found["Status"].endswith("_IN_PROGRESS"))
        if proposed["Status"] == "CREATE_COMPLETE":
            return name
        reason = proposed.get("StatusReason", "")
        self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=name)
        if any(said in reason for said in _NO_CHANGES):
            return ""
        raise click.ClickException(f"CloudFormation refuses the template of {self.name}: {reason}")

    def _template(self, text: str) -> Json:
        """What is too long for a request, CloudFormation reads from the stage's bucket."""
        if len(text.encode()) <= LONGEST_BODY:
            return {"TemplateBody": text}
        bucket, key = self.account.bucket, f"templates/{self.name}.yaml"
        self.account.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
        return {"TemplateURL": f"https://s3.{self.account.region}.amazonaws.com/{bucket}/{key}"}

    def _describe(self, change_set: str) -> Json:
        found: Json = self._cloudformation.describe_change_set(StackName=self.name, ChangeSetName=change_set)
        return found

    def _settle(self, report: Callable[[str], None]) -> bool:
        """Wait until nothing is under way, clear up what failed, and answer whether there is a stack."""

        def look() -> Json | None:
            stack = self.find()
            if stack:
                done = [r for r in self.resources() if r["ResourceStatus"].endswith("_COMPLETE")]
                report(f"{stack['StackStatus'].lower().replace('_', ' ')}, {len(done)} resources done")
            return stack

        def is_settled(stack: Json | None) -> bool:
            status = stack["StackStatus"] if stack else ""
            return status == _NOT_STARTED or not status.endswith("_IN_PROGRESS")

        stack = wait_for(look, is_settled)
        if stack and stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
            self._cloudformation.continue_update_rollback(StackName=self.name)
            stack = wait_for(look, is_settled)
        if stack and stack["StackStatus"] in _NEVER_MADE:
            self._cloudformation.delete_stack(StackName=self.name)
            stack = wait_for(look, is_settled)
        return bool(stack)

    def _why(self) -> str:
        """The first failure of the last attempt, in CloudFormation's words."""
        events = self._cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED") and e.get("ResourceStatusReason")]
        return (
            f"{failed[-1]['LogicalResourceId']}: {failed[-1]['ResourceStatusReason']}" if failed else "no reason given"
        )


def _unheard(_: str) -> None:
    """Where nobody asks how far it is."""


def wait_for(look: Callable[[], Found], enough: Callable[[Found], bool], patience: float = _LONGEST_WAIT) -> Found:
    """Look until it is enough: often at first, every five seconds later."""
    deadline, pause = time.monotonic() + patience, 0.05
    while not enough(found := look()):
        if time.monotonic() > deadline:
            raise click.ClickException(f"AWS was not done after {patience:.0f} s. Run the same command again")
        time.sleep(pause)
        pause = min(5.0, pause * 1.5)
    return found


def _line(change: Json) -> str:
    properties = sorted({d["Target"].get("Name", d["Target"]["Attribute"]) for d in change.get("Details", [])})
    replaced = " BY REPLACING IT" if change.get("Replacement") == "True" else ""
    what = f"{change['Action'].lower()} {change['LogicalResourceId']} ({change['ResourceType']})"
    return what + replaced + (f": {', '.join(properties)}" if properties else "")
