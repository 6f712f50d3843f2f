import subprocess
import sys

from click.testing import CliRunner

from ops.__main__ import ops


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
