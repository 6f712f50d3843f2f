"""`chalice deploy`, with our package instead of Chalice's own, and a layer that is published only when it has changed.

    python -m ops.package.deployer --stage prod --package build/package/prod

Chalice packages what has no file yet, so the package is handed in before; all else is Chalice's own. It is a program of its own, as Chalice
imports the application with the stage's environment.
"""

import os
from pathlib import Path

import click
from chalice.awsclient import TypedAWSClient
from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from chalice.deploy.deployer import (
    BaseDeployStep,
    BuildStage,
    ChaliceDeploymentError,
    Deployer,
    ResultsRecorder,
    create_build_stage,
)
from chalice.deploy.executor import Executor
from chalice.deploy.planner import InstructionMsg, PlanStage, RemoteState
from chalice.deploy.swagger import TemplatedSwaggerGenerator
from chalice.deploy.sweeper import ResourceSweeper
from chalice.utils import UI, OSUtils

from ops.local.launch import PROJECT
from ops.package import archive


@click.command()
@click.option("--stage", required=True)
@click.option("--package", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
def main(stage: str, package: Path) -> None:
    """Deploy the stage's functions and API with a package that `python -m ops package` has made."""
    factory = CLIFactory(str(PROJECT), environ=os.environ)  # it sets the stage's variables there
    config = factory.create_config_obj(chalice_stage_name=stage)
    client, ui = TypedAWSClient(factory.create_botocore_session()), UI()
    layer = package / "layer.zip"
    deployer = Deployer(
        application_builder=ApplicationGraphBuilder(),
        deps_builder=DependencyBuilder(),
        build_stage=_Build(config, package / "code.zip", layer),
        plan_stage=_Plan(client, config, archive.described(layer).sha256),
        sweeper=ResourceSweeper(),
        executor=Executor(client, ui),
        recorder=ResultsRecorder(OSUtils()),
    )
    try:
        deployed = deployer.deploy(config, chalice_stage_name=stage)
    except ChaliceDeploymentError as error:  # AWS has refused a call
        raise click.ClickException(str(error)) from None
    factory.create_deployment_reporter(ui).display_report(deployed)


class _Build(BuildStage):
    def __init__(self, config: Config, code: Path, layer: Path) -> None:
        super().__init__([_Packaged(code, layer)])
        self._chalices = create_build_stage(OSUtils(), UI(), TemplatedSwaggerGenerator(), config)

    def execute(self, config: Config, resources: list[models.Model]) -> None:
        super().execute(config, resources)
        self._chalices.execute(config, resources)


class _Packaged(BaseDeployStep):
    def __init__(self, code: Path, layer: Path) -> None:
        self._code = str(code)
        self._layer = str(layer)

    def handle_lambdafunction(self, _: Config, function: models.LambdaFunction) -> None:
        function.deployment_package.filename = self._code

    def handle_lambdalayer(self, _: Config, layer: models.LambdaLayer) -> None:
        layer.deployment_package.filename = self._layer


class _Plan(PlanStage):
    def __init__(self, client: TypedAWSClient, config: Config, layer_sha256: str) -> None:
        super().__init__(RemoteState(client, config.deployed_resources(config.chalice_stage)), OSUtils())
        self._client = client
        self._layer_sha256 = layer_sha256

    def _plan_lambdalayer(self, resource: models.LambdaLayer) -> list[InstructionMsg]:
        """Chalice publishes its layer with every deploy; this one stays while its content does."""
        if self._remote_state.resource_exists(resource):
            arn = self._remote_state.resource_deployed_values(resource)["layer_version_arn"]
            if self._client.get_layer_version(arn)["Content"]["CodeSha256"] == self._layer_sha256:
                name = "layer_version_arn"
                kept = models.RecordResourceVariable("lambda_layer", resource.resource_name, name, name)
                return [(models.StoreValue(name, arn), f"Keeping lambda layer: {resource.layer_name}\n"), kept]
        return list(super()._plan_lambdalayer(resource))


if __name__ == "__main__":
    main()
