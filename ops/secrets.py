"""`python -m ops secrets`: what a stage keeps in `guestlist/<stage>/<name>`, set, replaced and looked at without a deploy.

A value is asked for unseen, read from standard input, or made here. It is never an argument, which shells remember and `ps` shows, and
it is never printed: `show --to` puts it into a file that nobody else can read.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from secrets import token_urlsafe
from typing import NamedTuple

import click

from chalicelib.aws.secrets import KEEP_SECONDS, is_local
from chalicelib.errors import FieldError, Invalid
from ops import stages, tickets
from ops.stages import Json, Stage


class Member(NamedTuple):
    name: str
    form: str
    """A regular expression for the whole value."""
    rule: str
    """The same in words, and where a value is found."""
    beside: str = ""
    """Where the old value stands while a new one takes over: a member of its own, or this one, as a list. Empty: nowhere."""
    made: bool = False
    """Whether any random value will do, so that it can be made here."""
    public: bool = False
    optional: bool = False
    """Whether a stage can do without it."""

    def values(self, held: Mapping[str, object]) -> list[str]:
        """What is accepted now, the newest last."""
        found = held.get(self.name)
        if self.beside != self.name:
            found = [held.get(self.beside), found]
        return [value for value in (found if isinstance(found, list) else [found]) if isinstance(value, str) and value]

    def holding(self, values: Sequence[str]) -> Json:
        """The members in which these values stand, the newest last; None where nothing is to stand."""
        *earlier, newest = values
        if self.beside == self.name:
            return {self.name: [*earlier, newest] if earlier else newest}
        return {self.name: newest} | ({self.beside: earlier[-1] if earlier else None} if self.beside else {})


_HEX = r"[0-9a-f]{32}"
_TOKEN = r"[A-Za-z0-9._~+/=-]{32,200}"  # noqa: S105  # a form: https://www.rfc-editor.org/rfc/rfc6750#section-2.1


def _role(name: str) -> Member:
    return Member(name, _TOKEN, "32 to 200 of A-Z a-z 0-9 . _ ~ + / = -, or empty to have one made", name, made=True)


SCHEMA: dict[str, tuple[Member, ...]] = {
    "messenger": (
        Member(
            "app_secret",
            _HEX,
            "32 of 0-9 a-f: in Meta's dashboard, App settings, Basic, App secret",
            "previous_app_secret",
        ),
        Member(
            "verify_token",
            r"[!-~]{16,200}",
            "16 to 200 ASCII characters without spaces, or empty to have one made",
            made=True,
        ),
        Member(
            "page_token",
            r"[!-~]{20,1000}",
            "20 to 1000 ASCII characters without spaces: in Meta's dashboard, Messenger, Access tokens",
        ),
        Member("page_id", r"[0-9]{1,20}", "a number: on Facebook, the page's About, Page transparency", public=True),
    ),
    "slack": (
        Member(
            "signing_secret",
            _HEX,
            "32 of 0-9 a-f: on api.slack.com/apps, Basic Information, Signing Secret",
            "previous_signing_secret",
        ),
        Member(
            "bot_token",
            r"xoxb-[A-Za-z0-9-]{10,250}",
            "xoxb- and what follows it: on api.slack.com/apps, OAuth & Permissions, Bot User OAuth Token; for several workspaces, empty",
            optional=True,
        ),
        Member(
            "client_id",
            r"[0-9]{1,20}\.[0-9]{1,20}",
            "two numbers and a dot: on api.slack.com/apps, Basic Information, Client ID; for one workspace, empty",
            public=True,
            optional=True,
        ),
        Member(
            "client_secret",
            _HEX,
            "32 of 0-9 a-f: on api.slack.com/apps, Basic Information, Client Secret; for one workspace, empty",
            optional=True,
        ),
        Member(
            "token_keys",
            r"[A-Za-z0-9_-]{43}",
            "43 of A-Z a-z 0-9 _ -, or empty to have one made: it encrypts the tokens of several workspaces",
            "token_keys",
            made=True,
        ),
    ),
    "stripe": (
        Member(
            "secret_key",
            r"[sr]k_(live|test)_[A-Za-z0-9]{16,250}",
            "sk_ or rk_, live_ or test_, and what follows: in Stripe's dashboard, Developers, API keys",
        ),
        Member(
            "webhook_secret",
            r"whsec_[A-Za-z0-9]{16,250}",
            "whsec_ and what follows it: in Stripe's dashboard, Developers, Webhooks, the endpoint's signing secret",
        ),
        Member(
            "publishable_key",
            r"pk_(live|test)_[A-Za-z0-9]{16,250}",
            "pk_live_ or pk_test_, and what follows: in Stripe's dashboard, Developers, API keys; if nobody orders in a chat, empty",
            public=True,
            optional=True,
        ),
    ),
    "warehouse": (
        Member(
            "signing_secret",
            r"whsec_[A-Za-z0-9+/]{32,88}={0,2}",
            "whsec_ and 24 to 64 random bytes in base64: `echo whsec_$(openssl rand -base64 32)`, and the same at the warehouse",
        ),
    ),
    "mail": (
        Member(
            "unsubscribe_key",
            r"[A-Za-z0-9_-]{43}",
            "43 of A-Z a-z 0-9 _ -, or empty to have one made: it proves the links in mails",
            "unsubscribe_key",
            made=True,
        ),
    ),
    "api": (_role("organiser"), _role("steward"), _role("service")),
    "tickets": (),
}
"""Every secret and its members. The keys in `tickets` are made, rotated and revoked by `ops.tickets` alone."""

_MINUTES = KEEP_SECONDS // 60

_name = click.argument("name", type=click.Choice(list(SCHEMA)))
_members = click.argument("members", nargs=-1, metavar="[MEMBER]...")
_stdin = click.option("--stdin", is_flag=True, help="Read one MEMBER's value, or a JSON object, from standard input")
_generate = click.option("--generate", is_flag=True, help="Make what can be made, instead of asking for it")


@click.group(cls=stages.Commands)
def secrets() -> None:
    """The stage's secrets: set, rotate, show. Values are never arguments, and never printed."""


@secrets.command()
@click.argument("name", type=click.Choice(list(SCHEMA)), required=False)
@click.option("--masked", is_flag=True, default=True, expose_value=False, help="As always: values are never printed")
@click.option("--to", type=click.Path(path_type=Path), help="Write the values to a new file that only you can read")
@stages.option
def show(name: str | None, to: Path | None, stage: Stage) -> None:
    """Show which values a secret has, by their last characters; without NAME, of all secrets."""
    if to:
        if not name:
            raise click.UsageError("Say which secret goes into the file: secrets show NAME --to FILE")
        _save(to, stage.secrets.read(name))
        click.echo(f"{stage.secrets.id(name)} is in {to}, which only you can read. Remove it when it is handed out.")
        return
    for each in [name] if name else SCHEMA:
        click.echo(stage.secrets.id(each))
        for line in _shown(each, stage):
            click.echo(f"  {line}")


@secrets.command("set")
@_name
@_members
@_stdin
@_generate
@stages.option
@click.pass_context
def set_values(
    context: click.Context, name: str, members: tuple[str, ...], stage: Stage, *, stdin: bool, generate: bool
) -> None:
    """Give a secret its values; without MEMBER, those that it lacks. The old value of a MEMBER stops counting."""
    held = stage.secrets.read(name)
    if name == "tickets" and not held:
        context.invoke(tickets.rotate, stage=stage)
        return
    chosen = _chosen(name, members)
    asked = chosen if members else [member for member in chosen if not member.values(held)]
    given = _piped(chosen, one=len(members) == 1) if stdin else _asked(asked, generate=generate)
    changed = dict(held)
    for member in chosen:
        if member.name in given and member.values(held) != [given[member.name]]:
            changed |= member.holding([given[member.name]])
    if _write(stage, name, given, held, changed):
        click.echo(f"Within {_MINUTES} minutes, {stage.name} uses the new value of: {', '.join(given)}.")
    else:
        click.echo(f"Nothing to do: {stage.secrets.id(name)} has it. To replace a value, name its MEMBER.")


@secrets.command()
@_name
@_members
@_stdin
@click.option("--finish", is_flag=True, help="Stop accepting the old value")
@click.option("--yes", is_flag=True, help="Do it without asking")
@stages.option
@click.pass_context
def rotate(
    context: click.Context, name: str, members: tuple[str, ...], stage: Stage, *, stdin: bool, finish: bool, yes: bool
) -> None:
    """Accept a new value beside the old one, without a deploy; with --finish, the new one alone.

    Of `messenger` the app secret, of `slack` the signing secret and the keys that encrypt tokens, of `api` the tokens of all roles (or
    each MEMBER that is named); of `tickets` the key that signs.
    """
    if name == "tickets":
        _rotate_ticket_keys(context, stage, finish=finish, yes=yes)
        return
    held = stage.secrets.read(name)
    chosen = _chosen(name, members)
    replaced = [member for member in chosen if member.beside]
    if not replaced or (members and replaced != chosen):
        both = ", ".join(member.name for member in SCHEMA[name] if member.beside) or "none"
        raise click.UsageError(f"Two values at once: {both}. Any other is replaced: secrets set {name} MEMBER")
    if finish:
        _finish(name, replaced, stage, held, yes=yes)
    else:
        _begin(name, replaced, stage, held, stdin=stdin and ("one" if len(members) == 1 else "all"))


def _begin(name: str, members: list[Member], stage: Stage, held: Json, *, stdin: object) -> None:
    resting = [member for member in members if len(member.values(held)) == 1]
    given = _piped(members, one=stdin == "one") if stdin else _asked(resting, generate=True)
    changed, wrong = dict(held), []
    for member in members:
        values, new = member.values(held), given.get(member.name)
        if not values:
            wrong.append(FieldError(member.name, f"has no value yet: python -m ops secrets set {name}"))
        elif new and new not in values and member in resting:
            changed |= member.holding([*values, new])
        elif new and new not in values:
            wrong.append(FieldError(member.name, "is being replaced already: end that first, with --finish"))
    if wrong:
        raise Invalid(_UNCHANGED, tuple(wrong))
    _write(stage, name, given, held, changed)
    for member in members:
        click.echo(f"{member.name}: within {_MINUTES} minutes, {stage.name} accepts the old value and the new one.")
    click.echo(
        f"After these {_MINUTES} minutes have the other side, if there is one, use the new one "
        f"(secrets show {name} --to FILE), then end with\n"
        f"  {_command('rotate', name, members)} --finish --stage {stage.name}"
    )


def _finish(name: str, members: list[Member], stage: Stage, held: Json, *, yes: bool) -> None:
    old = [member for member in members if len(member.values(held)) > 1]
    if not old:
        click.echo(f"Nothing to do: {stage.secrets.id(name)} accepts one value of each.")
        return
    names = ", ".join(member.name for member in old)
    if not yes:
        click.confirm(f"{stage.name} refuses whoever still uses the old value of {names}. Are you sure?", abort=True)
    if any(member.name == "token_keys" for member in old):
        stage.installations.encrypt_anew()
    changed = dict(held)
    for member in old:
        changed |= member.holding(member.values(held)[-1:])
    _write(stage, name, {}, held, changed)
    click.echo(f"Within {_MINUTES} minutes, {stage.name} refuses the old value of: {names}.")


def _rotate_ticket_keys(context: click.Context, stage: Stage, *, finish: bool, yes: bool) -> None:
    """Tickets outlive a rotation, so its end takes tickets away: `revoke-key` says so, and asks."""
    if not finish:
        context.invoke(tickets.rotate, stage=stage)
        return
    old = [key["kid"] for key in stage.secrets.read("tickets").get("keys", []) if key["state"] == "verifying"]
    for kid in old:
        context.invoke(tickets.revoke_key, kid=kid, yes=yes, stage=stage)
    if not old:
        click.echo(f"Nothing to do: {stage.name} accepts tickets of one key.")


def _chosen(name: str, members: tuple[str, ...]) -> list[Member]:
    """What was typed is not repeated: somebody may have typed a value."""
    known = {member.name: member for member in SCHEMA[name]}
    if not known.keys() >= set(members):
        raise click.UsageError(
            f"{name} has {', '.join(known) or 'no members to name'}. A value is never an argument: if you typed one, it is in "
            "your shell's history, and must be replaced"
        )
    return [known[member] for member in members] or list(known.values())


def _asked(members: Sequence[Member], *, generate: bool) -> dict[str, str]:
    """Ask for each value, unseen."""
    given = {}
    for member in members:
        typed = ""
        if not (generate and member.made):
            click.echo(f"{member.name}: {member.rule}")
            typed = click.prompt(member.name, hide_input=True, default="", show_default=False).strip()
        value = typed or (token_urlsafe(32) if member.made else "")
        if value or not member.optional:
            given[member.name] = value
    return given


def _piped(members: Sequence[Member], *, one: bool) -> dict[str, str]:
    text = sys.stdin.read()
    if one:
        return {members[0].name: text.strip()}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not given or not isinstance(given, dict):
        raise click.UsageError(
            "Standard input must hold a JSON object of members, or name one MEMBER and send its value"
        )
    names = {member.name for member in members}
    wrong = [
        FieldError(name, "must be a text" if name in names else "is not known")
        for name, value in given.items()
        if name not in names or not isinstance(value, str)
    ]
    if wrong:
        raise Invalid(_UNCHANGED, tuple(wrong))
    return given


def _write(stage: Stage, name: str, given: Mapping[str, str], held: Json, changed: Json) -> bool:
    """Whether there was anything to write. What is written was checked, all of it at once, and no complaint holds a value."""
    wrong = tuple(_complaints(name, given, changed, stage.name))
    if wrong:
        raise Invalid(_UNCHANGED, wrong)
    if changed == held:
        return False
    stage.secrets.write(name, {member: value for member, value in changed.items() if value is not None})
    return True


_UNCHANGED = "The secret was not changed"


def _complaints(name: str, given: Mapping[str, str], changed: Json, stage: str) -> Iterator[FieldError]:
    for member in SCHEMA[name]:
        value = given.get(member.name)
        if value is None:
            continue
        others = [taken for other in SCHEMA[name] if other != member for taken in other.values(changed)]
        if is_local(value):
            if stage != "local":
                yield FieldError(member.name, "is a value of the local stage, which everyone knows")
        elif not re.fullmatch(member.form, value, re.ASCII):
            yield FieldError(member.name, f"must be {member.rule}")
        elif value in others:
            yield FieldError(member.name, "is another member's value, too: each has its own")


def _shown(name: str, stage: Stage) -> Iterator[str]:
    held = stage.secrets.read(name)
    if name == "tickets":
        keys = [f"{key['kid']} {key['state']}" for key in held.get("keys", [])]
        yield f"{'keys':20} {', '.join(keys) or _masked('')}"
    for member in SCHEMA[name]:
        *earlier, newest = member.values(held) or [""]
        note = f", and the old one {_masked(earlier[-1])}" if earlier else ""
        if stage.name != "local" and is_local(member.values(held)):
            note += ": refused, as everyone knows it"
        yield f"{member.name:20} {newest if member.public and newest else _masked(newest)}{note}"


def _masked(value: str) -> str:
    """Enough to tell two values apart; of a short one nothing."""
    return f"••••{value[-4:] if len(value) >= 16 else ''}" if value else "not set"  # noqa: PLR2004  # 12 stay unseen


def _save(to: Path, value: Json) -> None:
    try:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(value, indent=2) + "\n")
    except OSError as error:
        raise click.ClickException(f"{to} cannot be made: {error.strerror}") from None


def _command(verb: str, name: str, members: Sequence[Member]) -> str:
    named = [] if len(members) == len([m for m in SCHEMA[name] if m.beside]) else [member.name for member in members]
    return " ".join(("python -m ops secrets", verb, name, *named))
