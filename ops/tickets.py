"""`python -m ops tickets`: the keys that sign tickets, in the stage's secret `guestlist/<stage>/tickets`, and tickets to withdraw.

A running function keeps the secret for five minutes; `docs/tickets.md` says what to do when.
"""

import click

from chalicelib.tickets.signing import REVOKED, SIGNING, VERIFYING, KeyRing, new_key
from ops import stages
from ops.stages import Stage

Key = dict[str, str]

_yes = click.option("--yes", is_flag=True, help="Do it without asking")


@click.group(cls=stages.Commands)
def tickets() -> None:
    """Tickets: the keys that sign them, and those to withdraw."""


@tickets.command("keys")
@stages.option
def show(stage: Stage) -> None:
    """List the keys that sign tickets, without their private halves."""
    keys = _read(stage)
    if not keys:
        raise click.ClickException(
            f"{stage.name} has no ticket keys yet, so it can give no tickets: "
            f"python -m ops tickets rotate-keys --stage {stage.name} makes the first"
        )
    for key in keys:
        click.echo(f"{key['kid']:8}  {key['state']:9}  {key['public']}")


@tickets.command("rotate-keys")
@stages.option
def rotate(stage: Stage) -> None:
    """Sign new tickets with a new key; tickets signed before stay valid."""
    keys = rotated(_read(stage))
    _write(stage, keys)
    click.echo(
        f"Within five minutes, {stage.name} signs new tickets with {keys[-1]['kid']}; every ticket signed before stays valid."
    )


@tickets.command("revoke-key")
@click.argument("kid")
@_yes
@stages.option
def revoke_key(kid: str, stage: Stage, *, yes: bool) -> None:
    """Make every ticket that the key KID signed invalid: for a key that leaked."""
    before = _read(stage)
    keys = revoked(before, kid)
    if keys == before:
        click.echo(f"{kid} is revoked on {stage.name} already.")
        return
    if not yes:
        click.confirm(f"Every ticket that {kid} signed on {stage.name} becomes invalid. Are you sure?", abort=True)
    _write(stage, keys)
    click.echo(f"Within five minutes, every ticket that {kid} signed on {stage.name} is invalid.")


@tickets.command("revoke")
@click.argument("ticket")
@_yes
@stages.option
def revoke(ticket: str, stage: Stage, *, yes: bool) -> None:
    """Withdraw one TICKET: its code, its page's address, or its campaign and number (birthday-bash/7KQ2M-4XPRT)."""
    campaign_id, ticket_id = _named(ticket, stage)
    if not yes:
        click.confirm(
            f"Ticket {ticket_id} of {campaign_id} on {stage.name} will let nobody in any more. Are you sure?",
            abort=True,
        )
    stage.tickets.revoke(campaign_id, ticket_id)
    click.echo(f"Ticket {ticket_id} of {campaign_id} on {stage.name} lets nobody in any more.")


def rotated(keys: list[Key]) -> list[Key]:
    """A new signing key at the end; the one before it only verifies from now on."""
    numbers = [int(key["kid"][1:]) for key in keys if key["kid"][1:].isdecimal()]
    return [
        *({**key, "state": VERIFYING if key["state"] == SIGNING else key["state"]} for key in keys),
        new_key(f"K{max(numbers, default=0) + 1}"),
    ]


def revoked(keys: list[Key], kid: str) -> list[Key]:
    """The key's tickets become invalid, and its private half is forgotten; a signing key gets a successor."""
    found = next((key for key in keys if key["kid"] == kid), None)
    if found is None:
        known = ", ".join(key["kid"] for key in keys) or "none"
        raise click.ClickException(f"There is no key {kid}; there are: {known}")
    others = rotated(keys) if found["state"] == SIGNING else keys
    return [{"kid": kid, "public": key["public"], "state": REVOKED} if key["kid"] == kid else key for key in others]


def _read(stage: Stage) -> list[Key]:
    """The keys, which the application can use; none before the first rotation."""
    secret = stage.secrets.read("tickets")
    if not secret:
        return []
    KeyRing.from_secret(secret)
    keys: list[Key] = secret["keys"]
    return keys


def _write(stage: Stage, keys: list[Key]) -> None:
    """Only sets of keys that the application can use are ever written."""
    KeyRing.from_secret({"keys": keys})
    stage.secrets.write("tickets", {"keys": keys})


def _named(ticket: str, stage: Stage) -> tuple[str, str]:
    """The campaign and the id of the ticket that an operator means."""
    code = ticket.rpartition("/t/")[2]
    if "." in code:
        claims = KeyRing.from_secret(stage.secrets.read("tickets")).verify(code)
        return claims.campaign_id, claims.ticket_id
    campaign_id, slash, number = code.partition("/")
    if not slash:
        raise click.BadParameter(f"{ticket} is neither a ticket's code nor campaign/number", param_hint="TICKET")
    return campaign_id, number.replace("-", "").upper()
