"""What the docs tell people to make, to set and to follow is there; test_operators_commands.py has the commands."""

import json
import re

import pytest
import yaml

from ops.local.launch import PROJECT

DOCS = {path: path.read_text() for path in (PROJECT / "docs").glob("*.md")}
CONFIG = json.loads((PROJECT / ".chalice" / "config.json").read_text())
TEXT = "\n".join(DOCS.values())


def test_every_target_of_make_that_is_named_is_there():
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ |&& |- )make ([a-z]+)", TEXT)) <= targets


def test_every_parameter_that_is_named_is_one_of_a_template():
    declared = set()
    for path in (PROJECT / "infra").glob("*.yaml"):
        declared |= set(re.findall(r"^  ([A-Za-z]+):", path.read_text().partition("Parameters:")[2], re.MULTILINE))
    named = set(re.findall(r"`stack_parameters\.(\w+)`", TEXT))
    assert {"Waf", "CustomerKey", "AlarmEmail"} <= named <= declared


def test_what_is_said_of_reserved_concurrency_is_so():
    functions = CONFIG["stages"]["prod"]["lambda_functions"]
    reserved = [functions[name]["reserved_concurrency"] for name in ("bot", "sender")]
    assert "prod {} and {}, staging none".format(*reserved) in TEXT


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_a_link_leads_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_the_buildspec_is_valid_yaml():
    [text] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert yaml.safe_load(text)["phases"]["build"]["commands"][-1] == "make deploy STAGE=staging"
