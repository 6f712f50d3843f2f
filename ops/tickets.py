"""`python -m ops tickets`: the keys that sign tickets, in the stage's secret `guestlist/<stage>/tickets`.

A running function keeps the secret for five minutes; `docs/tickets.md` says what to do when.
"""

import json
from typing import Any, Literal

import boto3
import click

from chalicelib.tickets.signing import REVOKED, SIGNING, VERIFYING, KeyRing, new_key

Key = dict[str, str]


@click.group()
@click.option("--stage", default="local", show_default=True, envvar="STAGE")
@click.pass_context
def tickets(context: click.Context, stage: str) -> None:
    """The keys that sign tickets."""
    context.obj = KeySecret(boto3.client("secretsmanager"), stage)


@tickets.command("keys")
@click.pass_obj
def show(secret: "KeySecret") -> None:
    """List the keys, without their private halves."""
    for key in secret.read():
        click.echo(f"{key['kid']:8}  {key['state']:9}  {key['public']}")


@tickets.command("rotate-keys")
@click.pass_obj
def rotate(secret: "KeySecret") -> None:
    """Sign new tickets with a new key; tickets signed before stay valid."""
    keys = rotated(secret.read())
    secret.write(keys)
    click.echo(f"New tickets are signed with {keys[-1]['kid']}; every ticket signed before stays valid.")


@tickets.command("revoke")
@click.argument("kid")
@click.confirmation_option(prompt="Every ticket that this key signed becomes invalid. Are you sure?")
@click.pass_obj
def revoke(secret: "KeySecret", kid: str) -> None:
    """Make every ticket that the key KID signed invalid: for a key that leaked."""
    secret.write(revoked(secret.read(), kid))
    click.echo(f"Tickets that {kid} signed are invalid from now on.")


class KeySecret:
    """The secret of one stage; only sets of keys that the application can use are ever written."""

    def __init__(self, client: Any, stage: str) -> None:  # noqa: ANN401  # boto3 has no types
        self._client = client
        self._id = f"guestlist/{stage}/tickets"

    def read(self) -> list[Key]:
        """The keys; none before the first rotation."""
        try:
            text = self._client.get_secret_value(SecretId=self._id)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException:
            return []
        keys: list[Key] = json.loads(text).get("keys", [])
        return keys

    def write(self, keys: list[Key]) -> None:
        KeyRing.from_secret({"keys": keys})
        self._client.put_secret_value(SecretId=self._id, SecretString=json.dumps({"keys": keys}))


def rotated(keys: list[Key]) -> list[Key]:
    """A new signing key at the end; the one before it only verifies from now on."""
    numbers = [int(key["kid"][1:]) for key in keys if key["kid"][1:].isdecimal()]
    retired: Literal["verifying"] = VERIFYING
    return [
        *({**key, "state": retired if key["state"] == SIGNING else key["state"]} for key in keys),
        new_key(f"K{max(numbers, default=0) + 1}"),
    ]


def revoked(keys: list[Key], kid: str) -> list[Key]:
    """The key's tickets become invalid, and its private half is forgotten; a signing key gets a successor."""
    found = next((key for key in keys if key["kid"] == kid), None)
    if found is None:
        raise click.ClickException(f"There is no key {kid}: python -m ops tickets keys lists them")
    others = rotated(keys) if found["state"] == SIGNING else keys
    return [{"kid": kid, "public": key["public"], "state": REVOKED} if key["kid"] == kid else key for key in others]
