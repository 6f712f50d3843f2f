"""`python -m ops package`, which is `make package`."""

import json
from pathlib import Path

import click

from ops.local.launch import PROJECT
from ops.package.archive import Archive


def _known(_context: click.Context, _parameter: click.Parameter, stage: str) -> str:
    stages = json.loads((PROJECT / ".chalice" / "config.json").read_text())["stages"]
    if stage not in stages:
        raise click.BadParameter(f"there is no {stage}. .chalice/config.json has {', '.join(stages)}")
    return stage


@click.command()
@click.option("--stage", default="prod", envvar="STAGE", show_default=True, callback=_known, help="For whose processor")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to  [default: build/package/STAGE]"
)
def package(stage: str, out: Path | None) -> None:
    """Make what is uploaded to Lambda: code.zip and layer.zip."""
    from ops.package.build import build, keep_for_chalice  # noqa: PLC0415  # Chalice takes half a second, which --help does without

    folder = out or PROJECT / "build" / "package" / stage
    built = build(stage, folder)
    keep_for_chalice(built)
    click.echo(f"For {built.runtime} on {built.architecture}, in {folder}:")
    click.echo(_line(built.code))
    click.echo(_line(built.layer))


def _line(archive: Archive) -> str:
    return f"  {archive.path.name:<10}{archive.packed / 1e6:>7.2f} MB, unpacked {archive.unpacked / 1e6:>6.2f} MB  {archive.sha256}"
