"""`python -m ops mail`: whether an address is mailed, and its way back. `docs/mail.md` says how addresses come to be refused."""

import click

from chalicelib.clock import iso
from ops import stages
from ops.stages import Stage

_address = click.option("--address", required=True, help="An e-mail address: it is looked up by its digest")


@click.group(cls=stages.Commands)
def mail() -> None:
    """Who is mailed no more: look an address up, let it be mailed again."""


@mail.command()
@_address
@stages.option
def suppressed(address: str, stage: Stage) -> None:
    """Tell whether mails go to an address, and why not."""
    click.echo(_told(address, stage))


@mail.command()
@_address
@stages.option
def allow(address: str, stage: Stage) -> None:
    """Let mails go to an address again that has bounced or complained. Who has unsubscribed stays so."""
    stage.mailing.allow(address)
    click.echo(_told(address, stage))


def _told(address: str, stage: Stage) -> str:
    word = stage.mailing.word(address)
    if word is None:
        return f"Nothing has come back from {address}: {stage.name} mails it."
    is_mailed = "does not mail" if word.refused else "mails"
    return f"{stage.name} {is_mailed} {address}: {word.why}, {iso(word.at)}."
