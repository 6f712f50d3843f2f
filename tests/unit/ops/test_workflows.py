"""The workflows of GitHub Actions: valid, with the fewest rights, and of what they run, all is there."""

import re

import pytest
import yaml
from cfnlint.decode import cfn_yaml

from ops.local.launch import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.yml"))}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {(name, job): body for name, workflow in WORKFLOWS.items() for job, body in workflow["jobs"].items()}
EVERY_JOB = pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: str(job.get("if", "always"))[:40])

CI = WORKFLOWS["ci.yml"]
TRIGGERS = CI[True]
"""YAML 1.1, which PyYAML reads, takes `on` for true."""


def steps(job, kind):
    return [step for step in job["steps"] if kind in step]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(text):
    used = re.findall(r"uses: (.*)", text)
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_has_no_rights_but_what_each_job_asks_for(workflow):
    assert workflow["permissions"] == {}


@EVERY_JOB
def test_a_job_reads_the_code_ends_in_time_and_keeps_no_credentials(job):
    assert job["permissions"]["contents"] == "read"
    assert job["runs-on"] == "ubuntu-24.04"
    assert job["timeout-minutes"] <= 60
    for step in steps(job, "uses"):
        if "checkout" in step["uses"]:
            assert step["with"] == {"persist-credentials": False}
        if "setup-python" in step["uses"]:
            assert (step["with"]["python-version"], step["with"]["cache"]) == ("3.11", "pip")


@EVERY_JOB
def test_nothing_from_outside_becomes_a_part_of_a_command(job):
    """A branch's name, for example: https://docs.github.com/en/actions/reference/security/secure-use ."""
    assert [step["run"] for step in steps(job, "run") if "${{" in step["run"]] == []


@EVERY_JOB
def test_every_target_that_a_job_makes_is_there(job):
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    made = {target for step in steps(job, "run") for target in re.findall(r"\bmake ([a-z]+)", step["run"])}
    assert made <= targets
    assert made


def test_every_change_is_checked_and_tested():
    assert "pull_request" in TRIGGERS
    assert "pull_request_target" not in TRIGGERS
    assert TRIGGERS["push"] == {"branches": ["main"]}
    assert [step["run"] for step in steps(CI["jobs"]["test"], "run")][:2] == ["make check", "make test"]


def test_main_goes_to_staging_by_itself_and_to_prod_by_hand_after_an_approval():
    deploy = CI["jobs"]["deploy"]
    assert deploy["needs"] == "test"
    assert "github.ref == 'refs/heads/main'" in deploy["if"]
    assert "github.event_name != 'pull_request'" in deploy["if"]
    assert deploy["environment"] == "${{ inputs.stage || 'staging' }}"
    assert deploy["env"]["STAGE"] == deploy["environment"], "the environment with the approval is the stage's"
    assert TRIGGERS["workflow_dispatch"]["inputs"]["stage"]["options"] == ["staging", "prod"]


def test_a_deploy_is_never_broken_off_by_a_newer_one():
    concurrency = CI["jobs"]["deploy"]["concurrency"]
    assert concurrency == {"group": "deploy-${{ inputs.stage || 'staging' }}", "cancel-in-progress": False}


def test_only_the_deploy_may_ask_aws_for_a_session_and_no_key_is_stored():
    asking = [name for name, job in CI["jobs"].items() if "id-token" in job["permissions"]]
    assert asking == ["deploy"]
    assert "secrets." not in TEXTS["ci.yml"]
    [session] = [step for step in steps(CI["jobs"]["deploy"], "uses") if "configure-aws-credentials" in step["uses"]]
    assert session["with"]["role-to-assume"] == "${{ vars.AWS_DEPLOY_ROLE }}"


def test_prod_gets_the_tree_that_was_tested():
    """`make deploy STAGE=prod` compares .local/tested with the tree that it deploys."""
    assert CI["jobs"]["test"]["outputs"] == {"tree": "${{ steps.tested.outputs.tree }}"}
    assert CI["jobs"]["deploy"]["env"]["TREE"] == "${{ needs.test.outputs.tree }}"
    assert ".local/tested" in (PROJECT / "Makefile").read_text()


def test_newer_versions_of_what_is_pinned_are_proposed():
    updates = yaml.safe_load((PROJECT / ".github" / "dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"pip", "github-actions"}


def test_the_deployer_s_role_is_for_one_repository_s_environment_and_one_stage_s_roles():
    role = cfn_yaml.load(str(PROJECT / "infra" / "ci.yaml"))["Resources"]["Deployer"]["Properties"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    [subject] = [value for key, value in trust["Condition"]["StringEquals"].items() if key.endswith(":sub")]
    assert subject == {"Fn::Sub": "repo:${Repository}:environment:${Stage}"}
    [policy] = role["Policies"]
    [rights] = policy["PolicyDocument"]["Statement"]
    assert rights["Resource"]["Fn::Sub"].endswith(":role/guestlist-${Stage}-*")
    assert [action for action in rights["Action"] if not action.startswith("iam:") or "*" in action] == []
