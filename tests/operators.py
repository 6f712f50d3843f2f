"""Run the operators' commands inside the test's process, as if each had one of its own."""

import functools
import os

import pytest
from click.testing import CliRunner

from chalicelib import wiring
from ops.__main__ import ops
from ops.stages import Stage


@pytest.fixture
def operate(monkeypatch):
    """`operate("campaigns", "list", AWS_PORT="4577")` answers click's result.

    `into` hands the command a stage of the test's own instead of the one that it names; a variable that is None is not set.
    """

    def operate(*words, into=None, stdin=None, **variables):
        with monkeypatch.context() as alone:
            environ = {name: value for name, value in {**os.environ, **variables}.items() if value is not None}
            alone.setattr(os, "environ", environ)
            clients = start_anew(alone)
            result = CliRunner().invoke(ops, words, input=stdin, obj=into and (lambda _: into))
            for client in clients:
                client.close()
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result

    return operate


def a_stage(name="prod", **held):
    """A stage of which there is only what is named here."""
    return Stage(**dict.fromkeys(Stage._fields) | {"name": name} | held)


def start_anew(monkeypatch):
    """Nothing is wired yet; answers the list of the AWS clients that will be made."""
    clients = []

    def client(service):
        clients.append(made := build(service))
        return made

    build = wiring.client.__wrapped__
    for name, built in list(vars(wiring).items()):
        if hasattr(built, "cache_clear"):
            monkeypatch.setattr(wiring, name, functools.cache(built.__wrapped__))
    monkeypatch.setattr(wiring, "client", functools.cache(client))
    return clients
