"""`python -m ops deploy`, `verify`, `rollback` and `destroy`, which are make's targets of the same names."""

import json
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from ops.deploy import account, releases, steps, tree, verify, wanted
from ops.deploy.account import Account
from ops.deploy.facts import wrong
from ops.deploy.lock import Lock
from ops.deploy.progress import Progress
from ops.deploy.steps import Deployment, Step
from ops.deploy.wanted import Wanted
from ops.local.launch import PROJECT

PROD = "prod"
"""The stage that is not deployed from an unclean or untested tree."""


class Command(click.Command):
    """Tells AWS's refusals, and the way out, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's signature
        try:
            return super().invoke(ctx)
        except ClientError as error:
            raise click.ClickException(f"{error}. {_way_out(error)}") from None
        except BotoCoreError as error:
            raise click.ClickException(f"AWS cannot be reached: {error}. Then run the same command again") from None


def _way_out(error: ClientError) -> str:
    if "AccessDenied" in error.response["Error"]["Code"]:
        return "Put credentials that may do this in front of the command, AWS_PROFILE=…, and run it again: it goes on"
    return "Running the same command again goes on from here"


def _known(_context: click.Context, _parameter: click.Parameter, stage: str) -> str:
    known = [
        name for name in json.loads((PROJECT / ".chalice" / "config.json").read_text())["stages"] if name != "local"
    ]
    if stage not in known:
        raise click.BadParameter(
            f"it must be {' or '.join(known)}, of .chalice/config.json; `make run` is the stage local"
        )
    return stage


stage_option = click.option(
    "--stage", metavar="NAME", envvar="STAGE", required=True, show_envvar=True, callback=_known, help="staging, prod, …"
)


@click.command(cls=Command)
@stage_option
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing")
@click.option(
    "--unclean", "told", multiple=True, flag_value="unclean", help="Deploy prod from a tree that is not committed"
)
@click.option(
    "--untested", "told", multiple=True, flag_value="untested", help="Deploy prod though `make test` has not passed"
)
def deploy(*, stage: str, dry_run: bool, told: tuple[str, ...]) -> None:
    """Bring a stage in line with the files: resources, functions, settings, alarms. Safe to repeat; goes on after a failure."""
    where, files = _enter(stage)
    _check_tree(stage, told, dry_run=dry_run)
    todo = [Step("plan", steps.show_plan), *([] if dry_run else steps.DEPLOY)]
    release = steps.release_name()
    with Lock(where, "deploy") as lock:
        steps.run(todo, Deployment(where, files, Progress(len(todo)), release, lock))
    click.echo("Nothing was changed, as this was a dry run." if dry_run else f"{stage} runs {release}.")


@click.command(name="verify", cls=Command)
@stage_option
def verify_(*, stage: str) -> None:
    """Read a stage back and compare it with the files. Changes nothing; exit code 1 when something is not as it ought to be."""
    where, files = _enter(stage)
    ought, release = verify.what_ought_to_run(where, files)
    found = list(verify.facts(where, ought))
    for line in verify.table(found, stage):
        click.echo(line)
    bad = wrong(found)
    click.echo(f"{stage}: {release}; {len(found) - len(bad)} of {len(found)} facts are right.")
    raise SystemExit(1 if bad else 0)


@click.command(cls=Command)
@stage_option
@click.option("--to", metavar="RELEASE", help="Which one  [default: the last that differs from the newest]")
def rollback(*, stage: str, to: str | None) -> None:
    """Let the last release run again, at once: nothing is built. Safe to repeat; also takes a deploy back that broke off."""
    where, _ = _enter(stage)
    with Lock(where, "rollback"):
        kept = {release.id: release for release in releases.every(where)}
        if to and to not in kept:
            raise click.BadParameter(f"there is no {to}. Kept are {', '.join(kept) or 'none'}", param_hint="--to")
        target = kept[to] if to else releases.target(where)
        click.echo(f"{stage} goes back to {target.id}:", err=True)
        releases.restore(where, target, lambda line: click.echo(f"  {line}", err=True))
    click.echo(f"{stage} runs {target.id}.")


@click.command(cls=Command)
@stage_option
@click.option("--tables", is_flag=True, help="Delete tables, secrets and releases too. There is no way back")
@click.option("--yes", is_flag=True, help="Do not ask")
def destroy(*, stage: str, tables: bool, yes: bool) -> None:
    """Take a stage away. Its tables, secrets and releases stay, and the next deploy goes on with them."""
    where, files = _enter(stage)
    also = "with all its data: tables, secrets, releases" if tables else "but for its tables, secrets and releases"
    click.echo(f"This takes {stage} away from account {where.number} in {where.region}, {also}.", err=True)
    if not yes and click.prompt("Type the stage's name to go on", err=True) != stage:
        raise click.ClickException("That is not its name: nothing was taken away")
    todo = steps.DESTROY_DATA if tables else steps.DESTROY
    with Lock(where, "destroy") as lock:
        steps.run(todo, Deployment(where, files, Progress(len(todo)), "", lock))
    click.echo(f"{stage} is gone.")


def _enter(stage: str) -> tuple[Account, Wanted]:
    where = account.enter(stage)
    click.echo(f"{stage} in account {where.number}, {where.region}, as {where.who}", err=True)
    return where, wanted.read(stage)


def _check_tree(stage: str, told: tuple[str, ...], *, dry_run: bool) -> None:
    """Refuse prod what was not committed and tested, unless told; say it of the other stages."""
    for complaint in tree.complaints():
        files = _few(tree.uncommitted()) if complaint == "unclean" else ""
        click.echo(f"The tree is {complaint}{files and f' ({files})'}.", err=True)
        if stage == PROD and complaint not in told and not dry_run:
            raise click.ClickException(
                f"prod is deployed from a committed tree that `make test` has passed, unless told --{complaint}"
            )


def _few(names: list[str]) -> str:
    return ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])  # noqa: PLR2004
