"""The contracts of import-linter in pyproject.toml are kept, and each of them can fail."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
VIOLATIONS = {
    "Dependencies point downwards": ("chalicelib/errors.py", "import chalicelib.http"),
    "A feature's edge asks its service, which asks its store": (
        "chalicelib/tickets/store.py",
        "import chalicelib.tickets.service",
    ),
    "A feature's store is its own: access": ("chalicelib/campaigns/service.py", "import chalicelib.access.store"),
    "A feature's store is its own: campaigns": ("chalicelib/tickets/service.py", "import chalicelib.campaigns.store"),
    "A feature's store is its own: mailing": ("chalicelib/reactions/mail.py", "import chalicelib.mailing.store"),
    "A feature's store is its own: orders": ("chalicelib/dialogue/service.py", "import chalicelib.orders.store"),
    "A feature's store is its own: payments": ("chalicelib/tickets/service.py", "import chalicelib.payments.store"),
    "A feature's store is its own: products": ("chalicelib/tickets/service.py", "import chalicelib.products.store"),
    "A feature's store is its own: reports": ("chalicelib/channels/inbox.py", "import chalicelib.reports.store"),
    "A feature's store is its own: statistics": (
        "chalicelib/dialogue/service.py",
        "import chalicelib.statistics.store",
    ),
    "A feature's store is its own: tickets": ("chalicelib/dialogue/service.py", "import chalicelib.tickets.store"),
    "A feature's store is its own: dialogue": ("chalicelib/channels/inbox.py", "import chalicelib.dialogue.store"),
    "A feature's store is its own: users": ("chalicelib/tickets/service.py", "import chalicelib.users.store"),
    "Rules are pure": ("chalicelib/dialogue/engine.py", "import chalicelib.clock"),
    "Channels do not know each other": ("chalicelib/channels/web/api.py", "import chalicelib.channels.messenger.api"),
    "AWS is spoken in one folder": ("chalicelib/channels/outbox.py", "import chalicelib.aws.client"),
    "Nothing of the operators' ships, and no AWS SDK": ("chalicelib/aws/queues.py", "def lazily():\n    import boto3"),
}
"""For each contract a line, in some file, that breaks it."""


def verdicts(folder):
    """Every contract's verdict for the packages in `folder`: KEPT or BROKEN."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", PROJECT / "pyproject.toml"]
    ended = subprocess.run(  # noqa: S603  # ours
        command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False
    )
    found = dict(re.findall(r"^(.+) (KEPT|BROKEN)", ended.stdout, re.MULTILINE))
    assert found, ended.stdout + ended.stderr
    return found


@pytest.fixture
def copy(tmp_path):
    """A copy of the packages, to be spoilt."""
    for package in ("chalicelib", "ops"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_code_keeps_every_contract():
    assert verdicts(PROJECT) == dict.fromkeys(CONTRACTS, "KEPT")


def test_every_contract_can_fail(copy):
    for file, line in VIOLATIONS.values():
        with (copy / file).open("a") as spoilt:
            spoilt.write(f"\n{line}\n")
    assert verdicts(copy) == dict.fromkeys(CONTRACTS, "BROKEN")


def test_a_module_without_a_place_among_the_layers_is_refused(copy):
    (copy / "chalicelib" / "utils.py").touch()
    assert verdicts(copy)["Dependencies point downwards"] == "BROKEN"
