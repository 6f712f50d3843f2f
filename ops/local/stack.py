"""The resources of a stage as one CloudFormation stack, made from infra/resources.yaml."""

import hashlib
from pathlib import Path
from typing import Any

from botocore.client import BaseClient

from ops.templates import whole

TEMPLATE = Path(__file__).parents[2] / "infra" / "resources.yaml"


def apply(cloudformation: BaseClient, stage: str, template: str | None = None) -> dict[str, str]:
    """Create the stage's stack, or update it when the template has changed; answers the stack's outputs."""
    template = whole(template or TEMPLATE.read_text())
    name, version = f"guestlist-{stage}", hashlib.sha256(template.encode()).hexdigest()[:16]
    stack = _find(cloudformation, name)
    if stack and {"Key": "template", "Value": version} in stack["Tags"]:
        return _outputs(stack)
    request = {
        "StackName": name,
        "TemplateBody": template,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": stage}],
        "Tags": [
            {"Key": key, "Value": v} for key, v in (("app", "guestlist"), ("stage", stage), ("template", version))
        ],
    }
    act, done = ("update_stack", "stack_update_complete") if stack else ("create_stack", "stack_create_complete")
    getattr(cloudformation, act)(**request)
    cloudformation.get_waiter(done).wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600})
    return _outputs(cloudformation.describe_stacks(StackName=name)["Stacks"][0])


def _find(cloudformation: BaseClient, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return found


def _outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
