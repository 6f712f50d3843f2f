"""`python -m ops run`, which is `make run`."""

import os
import shutil
import socket
import sys
from pathlib import Path

import click

from ops.local import launch, under_make
from ops.local.screen import Screen
from ops.local.supervisor import Ports, Supervisor

DEFAULT_PORTS = {"PORT": 8000, "SIM_PORT": 8001, "AWS_PORT": 4566}


@click.command()
@click.option("--project", type=click.Path(exists=True, path_type=Path), default=launch.PROJECT, hidden=True)
@click.option("--data", type=click.Path(path_type=Path), help="Where data lasts; by default .local/<AWS_PORT>")
@click.option("--fresh", is_flag=True, envvar="FRESH", help="Forget the data of earlier runs")
def run(project: Path, data: Path | None, *, fresh: bool) -> None:
    """Start the whole application on this machine; Ctrl-C ends all of it.

    PORT (8000), SIM_PORT (8001) and AWS_PORT (4566) move it. Exit codes: 0 ended by you, 1 something failed, 2 a port
    is taken.
    """
    ports = chosen_ports()
    web = _listen("PORT", ports.web)
    _listen("SIM_PORT", ports.simulator).close()
    _listen("AWS_PORT", ports.aws).close()
    data = (data or launch.PROJECT / ".local" / str(ports.aws)).absolute()
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    under_make.take_the_terminal()
    under_make.end_with_make()
    supervisor = Supervisor(ports, web, project.absolute(), data, Screen(sys.stdout, os.environ))
    raise SystemExit(supervisor.run())


def chosen_ports() -> Ports:
    """Where PORT, SIM_PORT and AWS_PORT put the local runtime."""
    return Ports(*(_port(name) for name in DEFAULT_PORTS))


def _port(name: str) -> int:
    try:
        return int(os.environ.get(name) or DEFAULT_PORTS[name])
    except ValueError:
        raise _Refusal(f"{name} must be a port number, not {os.environ[name]!r}") from None


def _listen(name: str, port: int) -> socket.socket:
    """A socket that listens on `port`, or a refusal that says which variable to change."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except (OSError, OverflowError) as error:
        raise _Refusal(
            f"Port {port} cannot be used ({error}). End what uses it, or choose another: make run {name}={port + 1}"
        ) from None


class _Refusal(click.ClickException):
    exit_code = 2
