"""`python -m ops token`: tokens for the API, each for one person, gate or system, so that it alone can be limited, expire, or be revoked.

`docs/tokens.md` says what each may do. A token is shown once, when it is made: the table has only its hash.
"""

import time

import click

from chalicelib.access.service import ROLES
from ops import stages
from ops.stages import Stage

LONGEST_DAYS = 3650


@click.group(cls=stages.Commands)
def token() -> None:
    """Tokens for the API: make one, list all, revoke one."""


@token.command()
@click.option("--role", type=click.Choice(ROLES), required=True, help="What it may do")
@click.option("--name", required=True, help="Who or what uses it: stands in the record of who did what")
@click.option(
    "--campaign", "campaigns", multiple=True, metavar="ID", help="Limit it to this campaign; repeat it for more"
)
@click.option(
    "--days", type=click.IntRange(1, LONGEST_DAYS), help="Let it expire after so many days; else it never does"
)
@stages.option
def create(role: str, name: str, campaigns: tuple[str, ...], days: int | None, stage: Stage) -> None:
    """Make a token, and print it: this once, as it is kept nowhere."""
    for campaign_id in campaigns:
        stage.campaigns.get(campaign_id)  # a slip would make a token for nothing
    click.echo(stage.tokens.create(role, name, campaigns, days))
    click.echo(
        f"Hand it to {name} over a safe way: nobody can show it again. It counts on {stage.name} from now on.", err=True
    )


@token.command("list")
@stages.option
def list_all(stage: Stage) -> None:
    """List the tokens, oldest first: id, state, role, name, campaigns, when it was made and when it expires."""
    rows = [("id", "state", "role", "made", "expires", "campaigns", "name")]
    for found in stage.tokens.every():
        until = "never" if found.expires_at is None else _day(found.expires_at)
        limit = " ".join(found.campaigns) or "all"
        state = stage.tokens.state(found)
        rows.append((found.token_id, state, found.role, _day(found.created_at), until, limit, found.name))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@token.command()
@click.argument("token_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it without asking")
@stages.option
def revoke(token_id: str, stage: Stage, *, yes: bool) -> None:
    """Let the token ID (as `list` shows it) count no more."""
    if "_" in token_id:
        raise click.BadParameter(
            "is the part after gl_, 12 of 0-9 a-f, as the list has it: a whole token is never typed", param_hint="ID"
        )
    found = stage.tokens.get(token_id)
    if not yes:
        click.confirm(
            f"{found.name} ({found.role}) is refused on {stage.name} with this token. Are you sure?", abort=True
        )
    stage.tokens.revoke(token_id)
    click.echo(f"Within a minute, {stage.name} refuses the token {token_id} of {found.name}.")


def _day(at: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))
