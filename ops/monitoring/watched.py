"""What there is to watch: the application's functions, and the queues of a template."""

from typing import Any, NamedTuple

import click
from chalice import app as chalice

PREFIX = "guestlist-${Stage}-"


class Function(NamedTuple):
    name: str
    """In app.py."""
    scheduled: bool = False

    @property
    def full_name(self) -> str:
        """As Chalice names it: the API's function has the stage's bare name."""
        return PREFIX.removesuffix("-") if self.name == "api_handler" else PREFIX + self.name


class Queue(NamedTuple):
    name: str
    """`inbound.fifo`"""
    dead_letters: bool

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


def functions(application: chalice.Chalice) -> list[Function]:
    """Every function that Chalice makes of the application."""
    return [
        *([Function("api_handler")] if application.routes else []),
        *(Function(authorizer.name) for authorizer in application.builtin_auth_handlers),
        *(Function(source.name, _is_scheduled(source)) for source in application.event_sources),
        *(Function(function.name) for function in application.pure_lambda_functions),
    ]


def _is_scheduled(source: chalice.BaseEventSourceConfig) -> bool:
    match source:
        case chalice.ScheduledEventConfig():
            return True
        case chalice.SQSEventConfig():  # its queue has alarms of its own
            return False
    raise click.ClickException(
        f"{source.name} has no alarms: ops/monitoring must say which a {type(source).__name__} needs"
    )


def queues(template: dict[str, Any]) -> list[Queue]:
    """Every queue of a CloudFormation template. Dead letters come into those that another one's RedrivePolicy names."""
    parts = {name: part for name, part in template["Resources"].items() if part["Type"] == "AWS::SQS::Queue"}
    redrives = [part["Properties"].get("RedrivePolicy") for part in parts.values()]
    targets = {redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] for redrive in redrives if redrive}
    return [
        Queue(part["Properties"]["QueueName"]["Fn::Sub"].removeprefix(PREFIX), name in targets)
        for name, part in parts.items()
    ]
