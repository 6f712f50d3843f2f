"""What the files say a stage consists of, as Chalice itself reads them: `app.py`, `.chalice/config.json`, the policies.

Chalice's own graph of the application is asked, so that what is verified is exactly what it deploys.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from chalice.cli.factory import CLIFactory
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder

from ops.deploy.account import Json
from ops.local.launch import PROJECT

KEEP_LOGS_DAYS = 30
"""Unless .chalice/config.json has `log_retention_in_days`."""


class Function(NamedTuple):
    name: str
    resource: str
    """Its name in app.py, and in Chalice's own record."""
    handler: str
    timeout: int
    memory: int
    environment: dict[str, str]
    role: str
    policy: Json
    tracing: bool
    concurrency: int | None
    log_days: int

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"


class Mapping(NamedTuple):
    """A queue or a stream whose records a function handles."""

    resource: str
    function: str
    queue: str
    """Its name; empty for a stream."""
    stream: str
    """The name of the table that it is the stream of; empty for a queue."""
    batch: int
    window: int
    concurrency: int | None


class Throttle(NamedTuple):
    """What API Gateway lets through; more is answered 429. The account's own limit counts too, over all its APIs."""

    requests_per_second: int
    burst: int


class Wanted(NamedTuple):
    version: str
    """What GET /health answers."""
    functions: list[Function]
    mappings: list[Mapping]
    routes: list[str]
    """`GET /health` and so on."""
    api_stage: str
    tracing: bool
    throttle: Throttle

    def to_json(self) -> Json:
        return self._asdict() | {
            "functions": [function._asdict() for function in self.functions],
            "mappings": [mapping._asdict() for mapping in self.mappings],
            "throttle": self.throttle._asdict(),
        }

    @classmethod
    def from_json(cls, value: Json) -> "Wanted":
        parts = {
            "functions": [Function(**function) for function in value["functions"]],
            "mappings": [Mapping(**mapping) for mapping in value["mappings"]],
            "throttle": Throttle(**value["throttle"]),
        }
        return cls(**(value | parts))


def read(stage: str, project: Path = PROJECT) -> Wanted:
    """The process must have the stage's environment: app.py names its queues by it."""
    config = CLIFactory(str(project), environ=os.environ).create_config_obj(stage)
    graph = DependencyBuilder().build_dependencies(ApplicationGraphBuilder().build(config, stage))
    routes = sorted(f"{method} {path}" for path, methods in config.chalice_app.routes.items() for method in methods)
    return Wanted(
        version=_version(),
        functions=[_function(model) for model in graph if isinstance(model, models.LambdaFunction)],
        mappings=[mapping for model in graph for mapping in _mapping(model)],
        routes=routes,
        api_stage=config.api_gateway_stage,
        tracing=bool(config.xray_enabled),
        throttle=_throttle(stage, project),
    )


def _version() -> str:
    from chalicelib.version import VERSION  # noqa: PLC0415  # of the project that was just loaded

    return VERSION


def _function(model: models.LambdaFunction) -> Function:
    role = model.role
    if not isinstance(role, models.ManagedIAMRole) or not isinstance(role.policy, models.FileBasedIAMPolicy):
        raise TypeError(f"{model.resource_name} needs an iam_policy_file of its own in .chalice/config.json")
    return Function(
        name=model.function_name,
        resource=model.resource_name,
        handler=model.handler,
        timeout=model.timeout or 60,
        memory=model.memory_size or 128,
        environment=dict(model.environment_variables),
        role=role.role_name,
        policy=json.loads(Path(role.policy.filename).read_text()),
        tracing=bool(model.xray),
        concurrency=model.reserved_concurrency,
        log_days=model.log_group.retention_in_days if model.log_group else KEEP_LOGS_DAYS,
    )


def _mapping(model: models.Model) -> list[Mapping]:
    match model:
        case models.SQSEventSource():
            queue, stream = model.queue if isinstance(model.queue, str) else model.queue.queue_name, ""
            concurrency = model.maximum_concurrency
        case models.DynamoDBEventSource():
            queue, stream, concurrency = "", model.stream_arn.split("/")[1], None
        case _:
            return []
    return [
        Mapping(
            resource=model.resource_name,
            function=model.lambda_function.function_name,
            queue=queue,
            stream=stream,
            batch=model.batch_size,
            window=model.maximum_batching_window_in_seconds or 0,
            concurrency=concurrency,
        )
    ]


def _throttle(stage: str, project: Path) -> Throttle:
    """`api_throttle` of .chalice/config.json, which Chalice itself does not know; the stage's own wins."""
    config: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text())
    everywhere = {"requests_per_second": 2000, "burst": 1000}
    return Throttle(
        **(everywhere | config.get("api_throttle", {}) | config["stages"].get(stage, {}).get("api_throttle", {}))
    )
