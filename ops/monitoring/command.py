"""`python -m ops monitoring`."""

from importlib import import_module

import click

from ops.deploy import template as cloudformation
from ops.monitoring.template import document
from ops.monitoring.watched import functions, queues


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the file is not up to date")
def monitoring(*, check: bool) -> None:
    """Write infra/monitoring.yaml: the alarms and the dashboard for app.py and infra/resources.yaml."""
    text, file = wanted(), cloudformation.MONITORING
    if file.exists() and file.read_text() == text:
        return
    if check:
        raise click.ClickException("infra/monitoring.yaml is not up to date: python -m ops monitoring")
    file.write_text(text)
    click.echo("infra/monitoring.yaml written")


def wanted() -> str:
    """The file as it ought to be."""
    resources = cloudformation.read(cloudformation.RESOURCES)
    return document(functions(import_module("app").app), queues(resources))
