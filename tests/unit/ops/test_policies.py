"""The policy files: generated, exact, and one for each function that Chalice makes."""

import json
import re

import pytest
from chalice.config import Config
from click.testing import CliRunner

import app
from ops import policies

CONFIG = json.loads((policies.FOLDER / "config.json").read_text())
SOURCES = (*app.app.event_sources, *app.app.pure_lambda_functions, *app.app.builtin_auth_handlers)
FUNCTIONS = {"api_handler", *(source.name for source in SOURCES)}
EVERY_POLICY = [(stage, function) for stage in policies.STAGES for function in policies.GRANTS]


def test_the_files_are_up_to_date():
    assert policies.stale(policies.FOLDER) == []


def test_every_function_of_the_application_has_grants():
    assert set(policies.GRANTS) == FUNCTIONS


@pytest.mark.parametrize(("stage", "function"), EVERY_POLICY)
def test_a_function_has_its_own_policy_memory_and_timeout(stage, function):
    config = Config(stage, function, config_from_disk=CONFIG)
    assert config.autogen_policy is False
    assert config.iam_policy_file == f"policy-{stage}-{function}.json"
    assert {function} <= CONFIG["lambda_functions"].keys()
    assert config.lambda_memory_size >= 256
    assert 10 <= config.lambda_timeout <= 30


@pytest.mark.parametrize(("stage", "function"), EVERY_POLICY)
def test_every_grant_names_actions_and_resources_of_its_stage(stage, function):
    for statement in policies.document(stage, function)["Statement"]:
        assert not [action for action in statement["Action"] if "*" in action]
        for resource in statement["Resource"]:
            _, _, service, region, account, name = resource.split(":", 5)
            assert (service, region, account) in {(action.split(":")[0], "*", "*") for action in statement["Action"]}
            assert re.search(rf"guestlist[-/]{stage}\b", name)
            assert "*" not in name.removesuffix(":*")


def test_stages_differ_in_their_names_only():
    staging, prod = (policies.document(stage, "bot") for stage in policies.STAGES)
    assert json.loads(json.dumps(staging).replace("staging", "prod")) == prod
    for stage in ("local", *policies.STAGES):
        variables = CONFIG["stages"][stage]["environment_variables"]
        assert {"STAGE", "BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"} <= set(variables)
        assert variables["STAGE"] == stage


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(policies, "FOLDER", tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(policies.policies, arguments)


def test_a_check_names_what_is_missing_and_writes_nothing(folder):
    result = run("--check")
    assert result.exit_code == 1
    assert "policy-prod-bot.json is not up to date: python -m ops policies" in result.output
    assert list(folder.iterdir()) == []


def test_writing_corrects_changed_files_and_removes_those_of_no_function(folder):
    assert run().exit_code == 0
    (folder / "policy-prod-bot.json").write_text("{}")
    (folder / "policy-prod-gone.json").write_text("{}")
    result = run()
    assert result.exit_code == 0
    assert result.output == "policy-prod-bot.json written\npolicy-prod-gone.json removed\n"
    assert run("--check").exit_code == 0
