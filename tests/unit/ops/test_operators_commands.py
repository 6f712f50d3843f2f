import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from ops.__main__ import ops
from ops.local.launch import PROJECT


def every_command(group=ops, path=()):
    """The words that name each command, and the command."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


COMMANDS = dict(every_command())
DEPLOYED = {"deploy", "verify", "rollback", "destroy", "package"}
"""What makes no sense for the stage local, so it is not what is meant when none is named."""


def test_every_command_is_listed_and_explains_itself():
    runner = CliRunner()
    listing = runner.invoke(ops, ["--help"])
    assert listing.exit_code == 0
    for name in ops.list_commands(None):
        assert f"  {name} " in listing.output
        assert runner.invoke(ops, [name, "--help"]).exit_code == 0


def test_an_unknown_command_is_refused():
    assert CliRunner().invoke(ops, ["fly"]).exit_code == 2


def test_a_command_does_not_import_the_others():
    code = "import sys; from ops.__main__ import ops; ops.get_command(None, 'run'); sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  # ours


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_takes_its_stage_the_same_way(words):
    command = COMMANDS[words]
    assert command.help
    for option in command.params:
        if option.name == "stage":
            assert (option.opts, option.envvar) == (["--stage"], "STAGE")
            assert (option.default == "local") == (words[0] not in DEPLOYED)
            assert not isinstance(command, click.Group)


def test_the_documents_name_commands_and_options_that_there_are():
    pages = [PROJECT / "README.md", *(PROJECT / "docs").glob("**/*.md")]
    named = [found for page in pages for found in re.findall(r"python -m ops ([a-z][^`#\n|]*)", page.read_text())]
    assert len(named) > 10
    for line in named:
        words = line.split()
        command = COMMANDS.get(tuple(words[:2])) or COMMANDS[words[0],]
        assert len(words) == 1 or not isinstance(command, click.Group), line
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
