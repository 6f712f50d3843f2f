"""What there is to watch: the application's functions, and the queues of a template."""

from typing import Any, NamedTuple

import click
from chalice import app as chalice

PREFIX = "guestlist-${Stage}-"


class Function(NamedTuple):
    name: str
    """In app.py."""
    scheduled: bool = False
    follows: bool = False
    """A stream's changes, which wait there while it fails."""

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
        *(_called_by(source) for source in application.event_sources),
        *(Function(function.name) for function in application.pure_lambda_functions),
    ]


def _called_by(source: chalice.BaseEventSourceConfig) -> Function:
    match source:
        case chalice.ScheduledEventConfig():
            return Function(source.name, scheduled=True)
        case chalice.SQSEventConfig():  # its queue has alarms of its own
            return Function(source.name)
        case chalice.DynamoDBEventConfig():
            return Function(source.name, follows=True)
    raise click.ClickException(
        f"{source.name} has no alarms: ops/monitoring must say which a {type(source).__name__} needs"
    )


def queues(template: dict[str, Any]) -> list[Queue]:
    """Every queue of a CloudFormation template. Those whose names end so hold dead letters."""
    parts = [part for part in template["Resources"].values() if part["Type"] == "AWS::SQS::Queue"]
    names = [part["Properties"]["QueueName"]["Fn::Sub"].removeprefix(PREFIX) for part in parts]
    return [Queue(name, name.removesuffix(".fifo").endswith("-dlq")) for name in names]
