"""Builds the package: `code.zip` with what we write, and `layer.zip` with everything that it imports."""

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import chalice
import chalice.app
from chalice.cli.factory import CLIFactory
from chalice.deploy.packager import DependencyBuilder, LayerDeploymentPackager
from chalice.utils import UI, OSUtils

from ops.local.launch import PROJECT
from ops.package import archive, bytecode, libraries
from ops.package.archive import Archive

CODE = PurePosixPath("/var/task")
"""Where Lambda puts a function's code."""
LAYERS = PurePosixPath("/opt")
"""Where Lambda puts layers: https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html"""


class Package(NamedTuple):
    runtime: str
    architecture: str
    code: Archive
    layer: Archive


def build(stage: str, folder: Path, *, project: Path = PROJECT, architecture: str = "") -> Package:
    """Make the stage's package in `folder`, for the runtime of this Python, as Chalice has it, and the stage's processor.

    Raises `Unbuildable`. The same tree gives the same bytes.
    """
    config = CLIFactory(str(project)).create_config_obj(chalice_stage_name=stage)
    runtime, architecture = config.lambda_python_version, architecture or config.lambda_architecture
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as built:
        code, layer = Path(built, "code"), Path(built, "layer")
        _copy_code(project, code)
        bytecode.compile_all(code, CODE)
        libraries.install(project / "requirements.txt", layer, runtime, architecture)
        _copy_chalice(layer)
        site_packages = PurePosixPath("python/lib", runtime, "site-packages")
        bytecode.compile_all(layer, LAYERS / site_packages)
        return Package(
            runtime,
            architecture,
            archive.pack(code, folder / "code.zip", PurePosixPath()),
            archive.pack(layer, folder / "layer.zip", site_packages),
        )


def keep_for_chalice(package: Package, project: Path = PROJECT) -> None:
    """Put the layer where a plain `chalice deploy` looks for one before it builds its own: which has no bytecode."""
    builder = DependencyBuilder(OSUtils(), architecture=package.architecture)
    packager = LayerDeploymentPackager(OSUtils(), builder, UI(), package.architecture)
    place = Path(packager.deployment_package_filename(str(project), package.runtime))
    place.parent.mkdir(parents=True, exist_ok=True)
    half = Path(shutil.copy(package.layer.path, place.with_suffix(".half")))
    half.replace(place)  # Chalice takes whatever it finds there


def _copy_code(project: Path, folder: Path) -> None:
    shutil.copytree(
        project / "chalicelib", folder / "chalicelib", ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    )
    shutil.copy(project / "app.py", folder)


def _copy_chalice(folder: Path) -> None:
    """Chalice's runtime is one module of the whole, which it copies itself where it packages."""
    for module in (chalice, chalice.app):
        source = Path(str(module.__file__))
        target = folder / "chalice" / source.name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)
