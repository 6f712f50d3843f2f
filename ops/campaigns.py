"""`python -m ops campaigns`: check a campaign's file, save it, look at it, open and close it, print its QR code.

`docs/campaigns.md` describes the file.
"""

import io
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, get_args
from urllib.parse import quote

import boto3
import click
import segno
from msgspec.structs import replace

from chalicelib import settings, wiring
from chalicelib.campaigns.model import State, encode
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.validation import decode
from chalicelib.errors import GuestlistError, Invalid, Unavailable
from ops.local.environment import isolated

CONFIG = Path(__file__).parents[1] / ".chalice" / "config.json"

PICTURES = (".svg", ".png")


class Stage(NamedTuple):
    campaigns: Campaigns
    base_url: str


Connect = Callable[[str], Stage]


class Commands(click.Group):
    """Shows a refusal field by field, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Unavailable as error:
            raise click.ClickException(f"{error}. For the stage local, is `make run` running?") from None
        except GuestlistError as error:
            wrong = error.errors if isinstance(error, Invalid) else ()
            raise click.ClickException(
                "\n".join([str(error), *(f"  {field}: {said}" for field, said in wrong)])
            ) from None
        except settings.MissingSettings as error:
            raise click.ClickException(str(error)) from None


_stage = click.option("--stage", default="local", show_default=True, envvar="STAGE")


@click.group(cls=Commands)
@click.pass_context
def campaigns(context: click.Context) -> None:
    """Campaigns: check a file, save it, open and close it, print its QR code."""
    context.obj = context.obj or connect


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
@_stage
@click.pass_obj
def put(connect: Connect, file: BinaryIO, stage: str) -> None:
    """Save the campaign in FILE (- for standard input): a new one, or in place of the one with its id. Can be run again."""
    campaign = decode(file.read())
    connect(stage).campaigns.save(campaign)
    click.echo(f"{campaign.campaign_id} is saved on {stage}, {campaign.state}.")


@campaigns.command()
@click.argument("campaign_id")
@_stage
@click.pass_obj
def show(connect: Connect, campaign_id: str, stage: str) -> None:
    """Print a campaign as JSON: `put` reads it back."""
    service = connect(stage).campaigns
    shown = {**encode(service.get(campaign_id)), "ticketsLeft": service.tickets_left(campaign_id)}
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


@campaigns.command()
@click.argument("campaign_id")
@click.argument("state", type=click.Choice(get_args(State)))
@_stage
@click.pass_obj
def state(connect: Connect, campaign_id: str, state: State, stage: str) -> None:
    """Open, pause or end a campaign. Fans notice within seconds."""
    service = connect(stage).campaigns
    before = service.get(campaign_id)
    service.save(replace(before, state=state))
    click.echo(f"{campaign_id} was {before.state} and is {state} now.")


@campaigns.command()
@click.argument("campaign_id")
@click.option(
    "--page", help="The page's name or id: the code opens Messenger, https://m.me/<page>. Without it, the web chat."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A picture to write, .svg or .png")
@_stage
@click.pass_obj
def qr(connect: Connect, campaign_id: str, page: str | None, out: Path | None, stage: str) -> None:
    """Show the QR code that starts a campaign, and the link in it."""
    if out and out.suffix not in PICTURES:
        raise click.BadParameter(f"{out} must end in {' or '.join(PICTURES)}", param_hint="--out")
    there = connect(stage)
    campaign = there.campaigns.get(campaign_id)
    link = f"{there.base_url}/chat/{campaign_id}"
    if page:
        link = f"https://m.me/{quote(page)}?ref={quote(campaign.ref, safe='')}"
    code = segno.make_qr(link, error="m")
    if out:
        code.save(str(out), scale=12)
    picture = io.StringIO()
    code.terminal(picture, compact=True)
    click.echo(f"{picture.getvalue()}{link}")


def connect(stage: str) -> Stage:
    """The campaigns of a stage, as its functions have them."""
    of_stage = environment(stage, os.environ)
    os.environ.clear()
    os.environ.update(of_stage)
    return Stage(wiring.campaigns(), wiring.read_settings().base_url)


def environment(stage: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What the stage's functions have as their environment: `.chalice/config.json`, and what the operator sets instead.

    The credentials are those that the AWS SDK finds; on the stage local they open nothing, and AWS is on this machine.
    """
    config = json.loads(CONFIG.read_text())
    if stage not in config["stages"]:
        raise click.ClickException(f"There is no stage {stage}: .chalice/config.json has {', '.join(config['stages'])}")
    configured = {**config["environment_variables"], **config["stages"][stage]["environment_variables"], **environ}
    if stage == "local":
        endpoint = environ.get("AWS_ENDPOINT_URL") or f"http://127.0.0.1:{environ.get('AWS_PORT') or 4566}"
        return isolated(configured, endpoint) | {"STAGE": stage}
    session = boto3.Session()
    found = session.get_credentials()
    if found is None:
        raise click.ClickException("There are no AWS credentials: set AWS_PROFILE, or run aws sso login")
    return configured | {
        "STAGE": stage,
        "AWS_REGION": session.region_name or "",
        "AWS_ACCESS_KEY_ID": found.access_key,
        "AWS_SECRET_ACCESS_KEY": found.secret_key,
        "AWS_SESSION_TOKEN": found.token or "",
    }
