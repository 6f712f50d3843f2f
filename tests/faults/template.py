"""What infra/resources.yaml says of queues and rules, by their names without the stage."""

from typing import NamedTuple

from cfnlint.decode import cfn_yaml

from ops.local import stack
from tests.faults.queues import Settings

_RESOURCES = cfn_yaml.load(str(stack.TEMPLATE))["Resources"]


class Rule(NamedTuple):
    name: str
    pattern: dict
    queues: tuple[str, ...]

    def matches(self, event):
        return _matches(self.pattern, event)


def queues():
    return {_name(found["QueueName"]): _settings(found) for found in _of_type("AWS::SQS::Queue").values()}


def rules():
    return [
        Rule(
            _name(found["Name"]),
            found["EventPattern"],
            tuple(_queue(target["Arn"]["Fn::GetAtt"][0]) for target in found["Targets"]),
        )
        for found in _of_type("AWS::Events::Rule").values()
    ]


def queue_of_workflow(substitution):
    """The name of the queue that infra/order_workflow.asl.json calls `${DeadLetters}`, or the like."""
    [machine] = _of_type("AWS::StepFunctions::StateMachine").values()
    return _queue(machine["DefinitionSubstitutions"][substitution.strip("${}")]["Ref"])


def _of_type(kind):
    return {name: found["Properties"] for name, found in _RESOURCES.items() if found["Type"] == kind}


def _queue(resource):
    return _name(_RESOURCES[resource]["Properties"]["QueueName"])


def _settings(properties):
    if "RedrivePolicy" not in properties:
        return Settings()
    redrive = properties["RedrivePolicy"]
    dead_letters = _queue(redrive["deadLetterTargetArn"]["Fn::GetAtt"][0])
    return Settings(properties["VisibilityTimeout"], redrive["maxReceiveCount"], dead_letters)


def _name(written):
    return written["Fn::Sub"].removeprefix("guestlist-${Stage}-")


def _matches(pattern, event):
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html, as far as our rules go."""
    if isinstance(pattern, dict):
        return all(name in event and _matches(wanted, event[name]) for name, wanted in pattern.items())
    return any(_is_over(wanted, event) if isinstance(wanted, dict) else wanted == event for wanted in pattern)


def _is_over(wanted, value):
    [sign, limit] = wanted["numeric"]
    assert sign == ">"
    return value > limit
