"""Reads a deployed stage back, changes nothing, and tells what is not as it ought to be."""

import time
from collections.abc import Iterator
from itertools import groupby

import click
import requests

from ops.deploy import firewall, functions, gateway, mappings, releases, resources
from ops.deploy.account import Account
from ops.deploy.facts import Fact
from ops.deploy.wanted import Wanted

_HEALTH_SECONDS = 15.0
"""How long a deployment of the API may take to reach its callers."""


def facts(account: Account, wanted: Wanted) -> Iterator[Fact]:
    yield from resources.facts(account)
    yield from functions.facts(account, wanted)
    yield from mappings.facts(account, wanted)
    yield from gateway.facts(account, wanted)
    yield from firewall.facts(account, wanted)
    yield from _health(account, wanted)
    yield from releases.facts(account, releases.current(account))


def what_ought_to_run(account: Account, files: Wanted) -> tuple[Wanted, str]:
    """The files, or what they were when the release was made to which the stage was taken back; and a sentence that says which."""
    current, *newest = releases.current(account), *releases.every(account)[:1]
    if current and newest and current.id != newest[0].id:
        return Wanted.from_json(current.wanted), f"{current.id}, taken back from {newest[0].id}"
    return files, current.id if current else "no release yet"


def table(found: list[Fact], stage: str) -> Iterator[str]:
    """A line for each subject, and one for each thing that is wrong."""
    for subject, group in groupby(found, key=lambda fact: fact.subject):
        of_subject = list(group)
        wrong = [fact for fact in of_subject if not fact.right]
        if not wrong:
            yield f"{click.style('✓', fg='green')} {subject}"
        for fact in wrong:
            yield f"{click.style('✗', fg='red')} {subject}: {_said(fact)}. {fact.way_out or f'make deploy STAGE={stage}'}"


def _said(fact: Fact) -> str:
    if fact.setting == "exists":
        return "it is not there"
    if isinstance(fact.wanted, dict) and isinstance(fact.found, dict):
        differing = [name for name in {**fact.wanted, **fact.found} if fact.wanted.get(name) != fact.found.get(name)]
        return ", ".join(
            f"{fact.setting}.{name} {_is(fact.found.get(name), fact.wanted.get(name))}" for name in differing
        )
    return f"{fact.setting} {_is(fact.found, fact.wanted)}"


def _is(found: object, wanted: object) -> str:
    return f"is {_short(found)}, not {_short(wanted)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}…"  # noqa: PLR2004


def _health(account: Account, wanted: Wanted) -> Iterator[Fact]:
    """The API answers, by the code that is meant."""
    ought = {"status": "ok", "stage": account.stage, "version": wanted.version}
    for api in gateway.apis(account)[:1]:
        address = f"{gateway.url(account, api['id'], wanted.api_stage)}/health"
        deadline = time.monotonic() + _HEALTH_SECONDS
        while (answer := _answer(address)) != ought and time.monotonic() < deadline:
            time.sleep(0.5)
        yield Fact(f"GET {address}", "the answer", ought, answer)


def _answer(address: str) -> object:
    try:
        response = requests.get(address, timeout=20)
        return response.json()
    except requests.RequestException as error:
        return type(error).__name__
