"""`python -m ops`: everything for operators. A command's module is imported when the command is used, not before."""

from importlib import import_module
from importlib.util import find_spec

import click

COMMANDS = {
    "run": "ops.local.command:run",
    "campaigns": "ops.campaigns:campaigns",
    "messenger": "ops.messenger:messenger",
    "slack": "ops.slack:slack",
    "report": "ops.report:report",
    "tickets": "ops.tickets:tickets",
    "token": "ops.token:token",
    "secrets": "ops.secrets:secrets",
    "dlq": "ops.dlq:dlq",
    "mail": "ops.mail:mail",
    "deploy": "ops.deploy.command:deploy",
    "verify": "ops.deploy.command:verify_",
    "rollback": "ops.deploy.command:rollback",
    "destroy": "ops.deploy.command:destroy",
    "events": "ops.events:events",
    "monitoring": "ops.monitoring.command:monitoring",
    "policies": "ops.policies.command:policies",
    "package": "ops.package.command:package",
    "bench": "ops.bench.command:bench",
}


class Operations(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [name for name, place in COMMANDS.items() if find_spec(place.split(":")[0])]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=Operations)
def ops() -> None:
    """Guestlist's commands for operators."""


if __name__ == "__main__":
    ops(prog_name="python -m ops")
