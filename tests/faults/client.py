"""Our client of AWS with the network taken out: each call passes a seam, and each attempt meets its fault."""

import functools
import json
import re

from chalicelib import wiring
from chalicelib.aws.client import AwsError, Client
from chalicelib.aws.protocols import Answer
from chalicelib.aws.signature import Credentials
from tests.fakes.dynamodb import Refused
from tests.faults.place import no_sleep
from tests.faults.seams import LATER

THROTTLES = {"dynamodb": "ProvisionedThroughputExceededException", "ses": "TooManyRequestsException"}
"""The code of each service; of others `Throttling`."""


class SeamClient(Client):
    def __init__(self, world, service):
        super().__init__(service, wiring.read_settings(), Credentials("", ""), sleep=no_sleep)
        self._world, self._name = world, service

    def call(self, operation, **parameters):
        world = self._world
        fault = world.begin(f"{self._name} {operation} {resource(parameters)}".rstrip())
        self._act = functools.partial(world.aws, self._name, operation, parameters)
        self._fault, self._attempts = fault, 0
        try:
            answer = super().call(operation, **parameters)
        except AwsError:
            world.end(fault)
            raise
        world.end(fault)
        return answer

    def _sent(self, post):
        self._attempts += 1
        first = self._attempts == 1
        match self._fault:
            case "throttled":
                return self._throttled(post)
            case "timed out and not applied":
                self._no_answer()
            case "delivered out of order":
                if first:
                    self._world.after(LATER, functools.partial(_done, self._act))
                self._no_answer()
            case "timed out and applied":
                if first:
                    _done(self._act)
                self._no_answer()
            case "timed out and applied, and asked again" if first:
                _done(self._act)
                self._no_answer()
        return _done(self._act)

    def _throttled(self, post):
        """EventBridge takes the call, and refuses what is in it."""
        if self._name == "events":
            return 200, Answer("", refused_entries(json.loads(post.body)["Entries"], "ThrottlingException"))
        return 400, Answer(THROTTLES.get(self._name, "Throttling"), {})

    def _no_answer(self):
        self._world.now += self._timeout
        raise TimeoutError


def _done(act):
    try:
        return 200, Answer("", act())
    except Refused as refused:
        return 400, Answer(refused.code, refused.details)


def refused_entries(entries, code):
    """EventBridge's answer where it takes none of them."""
    return {"FailedEntryCount": len(entries), "Entries": [{"ErrorCode": code} for _ in entries]}


def rights(service, operation, asked):
    """(action, resource) that a call needs, as `ops.policies.rights` says; a transaction needs those of its steps."""
    if operation == "TransactWriteItems":
        for item in asked["TransactItems"]:
            [(step, parts)] = item.items()
            yield f"dynamodb:{step}Item", resource(parts)
    elif "Raw" in asked.get("Content", {}):
        yield "ses:SendRawEmail", resource(asked)
    else:
        yield f"{service}:{operation.removesuffix('Batch')}", resource(asked)


def resource(asked):
    """The name of what a call is about, without the stage; of a transaction's first step."""
    match asked:
        case {"TransactItems": [step, *_]}:
            return resource(next(iter(step.values())))
        case (
            {"Entries": [{"EventBusName": name}, *_]}
            | {"TableName": name}
            | {"QueueName": name}
            | {"QueueUrl": name}
            | {"SecretId": name}
            | {"TopicArn": name}
            | {"stateMachineArn": name}
        ):
            return re.sub(".*guestlist[-/]local[-/]", "", name)
    return ""
