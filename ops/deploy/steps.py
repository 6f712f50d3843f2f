"""The steps of a deploy, of a destruction and of a rollback, in order. Each can be done again and again."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from ops.deploy import (
    chalice,
    destroy,
    firewall,
    functions,
    gateway,
    mappings,
    plan,
    quota,
    releases,
    resources,
    template,
    tree,
    verify,
)
from ops.deploy.account import Account
from ops.deploy.facts import wrong
from ops.deploy.lock import Lock
from ops.deploy.progress import Progress
from ops.deploy.wanted import Wanted
from ops.local.launch import PROJECT
from ops.package.build import build, keep_for_chalice


class Deployment(NamedTuple):
    """What the steps share."""

    account: Account
    wanted: Wanted
    progress: Progress
    release: str
    """The name of the release that is made."""
    lock: Lock


class Step(NamedTuple):
    title: str
    act: Callable[[Deployment], str]
    """Answers what it did, in a few words."""


def run(steps: list[Step], deployment: Deployment) -> None:
    for step in steps:
        deployment.progress.begin(step.title)
        try:
            deployment.lock.hold()
            outcome = step.act(deployment)
        except BaseException:
            deployment.progress.failed()
            raise
        deployment.progress.done(outcome)


def release_name(now: datetime | None = None) -> str:
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{tree.commit()}"


def show_plan(it: Deployment) -> str:
    quota.check(it.account, it.wanted)
    found = list(plan.lines(it.account, it.wanted))
    it.progress.note("")
    for line in found:
        click.echo(f"       {line}")
    return f"{len(found)} lines above" if found else "only code may change"


def make_package(it: Deployment) -> str:
    built = build(it.account.stage, _package_folder(it.account))
    keep_for_chalice(built)
    return f"code {built.code.packed / 1e6:.1f} MB, libraries {built.layer.packed / 1e6:.1f} MB"


def make_resources(it: Deployment) -> str:
    firewall.step_aside(it.account, it.wanted)
    return resources.apply(it.account, it.wanted, template.RESOURCES, it.progress.note)


def make_functions(it: Deployment) -> str:
    functions.make_logs(it.account, it.wanted)
    command = [sys.executable, "-m", "ops.package.deployer", "--stage", it.account.stage]
    return chalice.deploy(
        it.account, it.wanted, [*command, "--package", str(_package_folder(it.account))], it.progress.say
    )


def set_what_chalice_lacks(it: Deployment) -> str:
    functions.mend(it.account, it.wanted)
    mended = mappings.mend(it.account, it.wanted)
    address = gateway.mend(it.account, it.wanted, it.release)
    firewall.mend(it.account, it.wanted)
    if not gateway.may_log(it.account):
        it.progress.say(gateway.MAY_NOT_LOG)
    return f"mappings {mended}; {address}"


def make_alarms(it: Deployment) -> str:
    return resources.apply(it.account, it.wanted, template.MONITORING, it.progress.note)


def make_release(it: Deployment) -> str:
    return releases.record(it.account, it.wanted, it.release)


def read_back(it: Deployment) -> str:
    found = list(verify.facts(it.account, it.wanted))
    if bad := wrong(found):
        for line in verify.table(bad, it.account.stage):
            it.progress.say(line)
        raise click.ClickException("The account is not as it ought to be: see the lines above")
    return f"{len(found)} facts are right"


DEPLOY = [
    Step("package", make_package),
    Step("resources", make_resources),
    Step("functions", make_functions),
    Step("settings", set_what_chalice_lacks),
    *([Step("alarms", make_alarms)] if template.MONITORING.exists() else []),
    Step("release", make_release),
    Step("verify", read_back),
]

DESTROY = [
    Step("alarms", lambda it: destroy.alarms(it.account, it.wanted, it.progress.note)),
    Step("API", lambda it: destroy.api(it.account, it.wanted, it.progress.note)),
    Step("functions", lambda it: destroy.all_functions(it.account, it.wanted, it.progress.note)),
    Step("queues", lambda it: destroy.queues(it.account, it.wanted, it.progress.note)),
]
DESTROY_DATA = [*DESTROY[:-1], Step("all data", lambda it: destroy.data(it.account, it.wanted, it.progress.note))]


def _package_folder(account: Account) -> Path:
    return PROJECT / "build" / "package" / account.stage
