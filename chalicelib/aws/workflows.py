"""Workflows in Step Functions: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html ."""

import json
from typing import Any, NamedTuple, Protocol

from chalicelib.aws.client import AwsError, Client


class Workflow(Protocol):
    def start(self, name: str, given: dict[str, Any], beside: str) -> None:
        """Start it under this name, unless it was before; `beside` is the ARN of anything in the same account."""


class StateMachine:
    """`Workflow` on Step Functions, which keeps a name for 90 days."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def start(self, name: str, given: dict[str, Any], beside: str) -> None:
        home = _Home(*beside.split(":")[3:5])
        arn = f"arn:aws:states:{home.region}:{home.account}:stateMachine:{self._name}"
        try:
            self._client.call("StartExecution", stateMachineArn=arn, name=name, input=json.dumps(given))
        except AwsError as error:
            if error.code != "ExecutionAlreadyExists":
                raise


class _Home(NamedTuple):
    """Where something is: code cannot know it, so policies say `*` (`ops/policies`)."""

    region: str
    account: str
