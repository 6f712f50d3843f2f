"""The stage that a command acts on: how it is entered, what it holds, and how its troubles are told.

A command enters one stage. From then on its process has the environment that the stage's functions have, so it reaches the same tables
by the same code. Variables in front of the command win, then `.chalice/config.json` counts.
"""

import json
import os
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from chalicelib import wiring
from chalicelib.access.service import Tokens
from chalicelib.aws.client import AwsError, Client
from chalicelib.campaigns.service import Campaigns
from chalicelib.channels.slack.installations import Installations
from chalicelib.errors import Conflict, GuestlistError, Invalid
from chalicelib.mailing.service import Mailing
from chalicelib.reactions.once import Once
from chalicelib.settings import MissingSettings, Settings
from chalicelib.tickets.service import Tickets
from ops.local.command import chosen_ports
from ops.local.launch import PROJECT
from ops.local.supervisor import application_environ

Json = dict[str, Any]

CONFIG = PROJECT / ".chalice" / "config.json"


class Secrets:
    """A stage's secrets, `guestlist/<stage>/<name>`, for those who may change them."""

    def __init__(self, client: Client, stage: str) -> None:
        self._client = client
        self._stage = stage

    def id(self, name: str) -> str:
        return f"guestlist/{self._stage}/{name}"

    def read(self, name: str) -> Json:
        """The secret's members; none while it has no value."""
        try:
            text = self._client.call("GetSecretValue", SecretId=self.id(name)).get("SecretString")
        except AwsError as error:
            if error.code != _MISSING:
                raise
            self._client.call("DescribeSecret", SecretId=self.id(name))  # is refused when even the secret is missing
            text = None
        try:
            value = json.loads(text or "{}")
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise click.ClickException(f"The secret {self.id(name)} must be a JSON object: put one there")
        return value

    def write(self, name: str, value: Json) -> None:
        token = str(uuid.uuid4())  # the same write, sent again after a lost answer, is one version
        text = json.dumps(value)
        self._client.call("PutSecretValue", SecretId=self.id(name), SecretString=text, ClientRequestToken=token)


class Stage(NamedTuple):
    name: str
    settings: Settings
    secrets: Secrets
    campaigns: Campaigns
    tickets: Tickets
    installations: Installations
    tokens: Tokens
    once: Once
    sqs: Client
    sdk: Callable[[str], Any]
    """A client of AWS's SDK, for services that ours does not speak."""
    mailing: Mailing


def enter(name: str) -> Stage:
    """Give this process the stage's environment, and answer what is there. Nothing is asked of AWS yet."""
    environ = environment(name)
    os.environ.clear()
    os.environ.update(environ)
    secrets = Secrets(wiring.client("secretsmanager"), name)
    return Stage(
        name,
        wiring.read_settings(),
        secrets,
        wiring.campaigns(),
        wiring.tickets(),
        wiring.slack_installations(),
        wiring.tokens(),
        wiring.once(),
        wiring.client("sqs"),
        _sdk,
        wiring.mailing(),
    )


def _sdk(service: str) -> Any:  # noqa: ANN401  # boto3 makes its clients' types at run time
    import boto3  # noqa: PLC0415  # takes 0.2 s, which most commands do without

    return boto3.client(service)


def environment(stage: str) -> dict[str, str]:
    """What the stage's functions have as their environment, with this process's own variables and way into AWS."""
    try:
        return _local() if stage == "local" else _deployed(stage)
    except json.JSONDecodeError as error:
        raise click.ClickException(f".chalice/config.json is not JSON: {error}") from None


def _enter(context: click.Context, _: click.Parameter, name: str) -> Stage:
    way_in: Callable[[str], Stage] = context.obj or enter
    return way_in(name)


option = click.option(
    "--stage",
    metavar="NAME",
    default="local",
    envvar="STAGE",
    show_default=True,
    show_envvar=True,
    callback=_enter,
    help="Where to do it: a stage of .chalice/config.json. local is what `make run` runs.",
)
"""Hands the command its stage, entered. A test may hand one in: the context's `obj` is what takes its name."""


class Command(click.Command):
    """A command that tells what went wrong, and the way out, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AwsError as error:
            raise click.ClickException(_told(error, wiring.read_settings())) from None
        except GuestlistError as error:
            wrong = error.errors if isinstance(error, Invalid | Conflict) else ()
            lines = (str(error), *(f"  {field}: {message}" for field, message in wrong))
            raise click.ClickException("\n".join(lines)) from None
        except MissingSettings as error:
            raise click.ClickException(str(error)) from None


class Commands(Command, click.Group):
    """A group of such commands."""


_MISSING = "ResourceNotFoundException"
_RIGHTS = "Put credentials that may do this in front of the command: AWS_PROFILE=…"
_SIGN_IN = "Put AWS_PROFILE=… in front of the command, or: aws sso login"
_WAYS_OUT = {
    _MISSING: "Is the stage deployed there? AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL say where to look",
    "AccessDenied": _RIGHTS,
    "AccessDeniedException": _RIGHTS,
    "ExpiredTokenException": _SIGN_IN,
    "IncompleteSignatureException": _SIGN_IN,
    "InvalidSignatureException": _SIGN_IN,
    "UnrecognizedClientException": _SIGN_IN,
}
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html"""


def _told(error: AwsError, read: Settings) -> str:
    """AWS's refusal or silence in one line, with the way out."""
    place = read.aws_endpoint_url or read.region
    said = error.details.get("message") or error.details.get("Message")
    if not error.details:
        what = f"No AWS answers at {place} ({error})"
        way_out = "Are you on the network, and are AWS_REGION and AWS_ENDPOINT_URL right?"
    else:
        what = f"AWS at {place} refused {error}" + (f" ({said})" if said else "")
        way_out = _WAYS_OUT.get(error.code, "Try again in a while")
    if read.stage == "local":
        way_out = "Is `make run` running there? If it was moved, put the same ports in front of the command: AWS_PORT=…"
    return f"{what}. {way_out}"


def _local() -> dict[str, str]:
    """As `make run` with the same variables gives it to the application."""
    running = application_environ(chosen_ports(), PROJECT, os.environ)
    return running | {"AWS_ENDPOINT_URL": os.environ.get("AWS_ENDPOINT_URL") or running["AWS_ENDPOINT_URL"]}


def _deployed(stage: str) -> dict[str, str]:
    """As Chalice gives it to the stage's functions, with the operator's own way into AWS."""
    config = json.loads(CONFIG.read_text())
    if stage not in config["stages"]:
        known = ", ".join(config["stages"])
        raise click.BadParameter(f"there is no {stage}. .chalice/config.json has {known}", param_hint="--stage")
    variables = "environment_variables"
    configured = {**config.get(variables, {}), **config["stages"][stage].get(variables, {})}
    return {**configured, **os.environ, "STAGE": stage, **_account(stage)}


def _account(stage: str) -> dict[str, str]:
    import boto3  # noqa: PLC0415  # takes 0.2 s, which the stage local does without
    import botocore.exceptions  # noqa: PLC0415

    try:
        session = boto3.Session()
        found = session.get_credentials()
        keys = found and found.get_frozen_credentials()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise click.ClickException(f"No AWS credentials for {stage}: {error}. {_SIGN_IN}") from None
    if not keys:
        raise click.ClickException(f"There are no AWS credentials for {stage}. {_SIGN_IN}")
    region = os.environ.get("AWS_REGION") or session.region_name
    if not region:
        raise click.ClickException(
            f"There is no AWS region for {stage}: put AWS_REGION=eu-west-1, or where it is deployed, in front of the command"
        )
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token or "",
    }
