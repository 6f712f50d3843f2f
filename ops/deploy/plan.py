"""What a deploy would change: both stacks' change sets, functions and settings, and how policies differ."""

import difflib
import json
from collections.abc import Iterator

from ops.deploy import functions, gateway, mappings, resources, template
from ops.deploy.account import Account
from ops.deploy.facts import Fact, wrong
from ops.deploy.wanted import Wanted
from ops.templates import whole


def lines(account: Account, wanted: Wanted) -> Iterator[str]:
    """Empty when only code may change."""
    for path, stack in resources.stacks(account).items():
        changes = stack.changes(whole(path.read_text()), resources.parameters(account, wanted, template.read(path)))
        yield from (f"{stack.name}: {change}" for change in changes)
    settings = [*functions.facts(account, wanted), *mappings.facts(account, wanted), *gateway.facts(account, wanted)]
    for fact in wrong(settings):
        yield from _line(fact)


def _line(fact: Fact) -> Iterator[str]:
    match fact:
        case Fact(setting="exists"):
            yield f"{fact.subject}: add"
        case Fact(setting="policies"):
            yield from _difference(fact)
        case _:
            yield f"{fact.subject}: {fact.setting} {_json(fact.found)} → {_json(fact.wanted)}"


def _difference(policies: Fact) -> Iterator[str]:
    before, after = (json.dumps(value, indent=2).splitlines() for value in (policies.found, policies.wanted))
    yield f"{policies.subject}: policy"
    yield from list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}…"  # noqa: PLR2004
