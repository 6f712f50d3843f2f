"""`python -m ops campaigns`: check a campaign's file, save it, look at it, open and close it, print its QR code.

`docs/campaigns.md` describes the file.
"""

import io
import json
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import click
import segno
from msgspec.structs import replace

from chalicelib.campaigns import links
from chalicelib.campaigns.model import State, encode
from chalicelib.campaigns.service import OPERATOR
from chalicelib.campaigns.validation import decode
from ops import stages
from ops.stages import Stage

PICTURES = (".svg", ".png")


@click.group(cls=stages.Commands)
def campaigns() -> None:
    """Campaigns: check a file, save it, open and close it, print its QR code."""


@campaigns.command("list")
@stages.option
def list_all(stage: Stage) -> None:
    """List the campaigns: id, state, tickets left and in all, ref, name."""
    rows = [("id", "state", "left/all", "ref", "name")]
    for found in stage.campaigns.every():
        left = stage.campaigns.tickets_left(found.campaign_id)
        rows.append((found.campaign_id, found.state, f"{left}/{found.stock}", found.ref, found.name))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@campaigns.command()
@click.argument("file", type=click.File("rb"))
def check(file: BinaryIO) -> None:
    """Say everything that is wrong with the campaign in FILE (- for standard input)."""
    campaign = decode(file.read())
    click.echo(
        f"{campaign.campaign_id} is valid: {len(campaign.questions)} questions, {campaign.stock} tickets, {campaign.state}."
    )


@campaigns.command()
@click.argument("file", type=click.File("rb"))
@stages.option
def put(file: BinaryIO, stage: Stage) -> None:
    """Save the campaign in FILE (- for standard input): a new one, or in place of the one with its id. Can be run again.

    What fans have played by already stays as it is: docs/campaigns.md.
    """
    campaign = decode(file.read())
    stage.campaigns.put(campaign, OPERATOR)
    click.echo(f"{campaign.campaign_id} is saved on {stage.name}, {campaign.state}.")


@campaigns.command()
@click.argument("campaign_id")
@stages.option
def show(campaign_id: str, stage: Stage) -> None:
    """Print a campaign as JSON, right answers included: `put` reads it back."""
    found = encode(stage.campaigns.get(campaign_id)) | {"ticketsLeft": stage.campaigns.tickets_left(campaign_id)}
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


@campaigns.command()
@click.argument("campaign_id")
@click.argument("state", type=click.Choice(get_args(State)))
@stages.option
def state(campaign_id: str, state: State, stage: Stage) -> None:
    """Open, pause or end a campaign. Fans notice within seconds."""
    before = stage.campaigns.get(campaign_id).state
    stage.campaigns.change(campaign_id, OPERATOR, lambda old: replace(old, state=state))
    click.echo(f"{campaign_id} was {before} and is {state} now, on {stage.name}.")


@campaigns.command()
@click.argument("campaign_id")
@click.option(
    "--to",
    type=click.Choice(["messenger", "web"]),
    help="Where the code leads: by default to Messenger, but on the stage local, which Messenger does not know, to the web chat",
)
@click.option("--page", help="The page's name or id, instead of the page_id in the stage's messenger secret")
@click.option(
    "--source", default="", help="The source whose fans are to be counted (see the API's /campaigns/…/sources)"
)
@click.option(
    "--out", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="A picture to write, .svg or .png"
)
@stages.option
def qr(
    campaign_id: str,
    to: Literal["messenger", "web"] | None,
    page: str | None,
    source: str,
    out: Path | None,
    stage: Stage,
) -> None:
    """Show the QR code that starts a campaign, and the link in it."""
    if out and out.suffix not in PICTURES:
        raise click.BadParameter(f"{out} must end in {' or '.join(PICTURES)}", param_hint="--out")
    if page and to == "web":
        raise click.BadParameter("the web chat has no page", param_hint="--page")
    stored = stage.campaigns.stored(campaign_id)
    if source and source not in stored.sources:
        raise click.BadParameter(
            f"{campaign_id} has no source {source}: it has {', '.join(sorted(stored.sources)) or 'none'}",
            param_hint="--source",
        )
    if to == "web" or (stage.name == "local" and not to and not page):
        link = links.web(stage.settings.base_url, stored.campaign, source)
    else:
        link = links.messenger(page or page_of(stage), stored.campaign, source)
    code = segno.make_qr(link, error="m")
    if out:
        try:
            code.save(str(out), scale=12)
        except OSError as error:
            raise click.FileError(str(out), error.strerror) from None
    picture = io.StringIO()
    code.terminal(picture, compact=True)
    click.echo(f"{picture.getvalue()}{link}")


def page_of(stage: Stage) -> str:
    """The id of the stage's page."""
    page = stage.secrets.read("messenger").get("page_id")
    if not isinstance(page, str) or not page:
        raise click.ClickException(
            f"The secret {stage.secrets.id('messenger')} has no page_id: put it there, or name the page with --page"
        )
    return page
