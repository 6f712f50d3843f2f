"""A deploy, a rollback, a destruction that breaks off anywhere is mended by the same command, run again.

`make test` kills a deploy after each step, and refuses it some of the calls that are the worst to lose; `make nightly` does both, with each
of the commands, at every kind of call that changes something.
"""

from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import pytest
import requests

from tests.deploy.decisions import FUNCTIONS
from tests.deploy.faulty import DEPLOY, DESTROY, ROLLBACK, faulty

STEPS = ("plan", "resources", "functions", "settings", "alarms", "release")

WORST = (
    "cloudformation CreateChangeSet",
    "lambda POST /2015-03-31/functions",
    "lambda POST /2015-03-31/event-source-mappings",
    "apigateway POST /restapis",
    "s3 PUT /*/current",
)
"""What CloudFormation is in the middle of, what Chalice would make a second time, and what says which release counts."""


@pytest.fixture
def stage(built, start_emulator):
    with faulty(built, start_emulator()) as stage:
        yield stage


def test_a_deploy_that_is_killed_after_any_step_goes_on_when_it_is_run_again(stage):
    for title in STEPS:
        stage.dies_after_step(title)
    stage.is_mended()


def test_a_deploy_of_which_a_call_is_refused_says_so_and_goes_on_when_it_is_run_again(stage):
    for call in WORST:
        stage.is_refused(DEPLOY, call)
    stage.is_mended()


def test_no_function_can_be_called_before_its_log_is_there_with_its_retention(stage):
    """Roles have no right to make one. Here the deploy dies as soon as there is any function."""
    stage.dies_at(DEPLOY, "lambda POST /2015-03-31/functions")
    [function] = stage.clone.client("lambda").list_functions()["Functions"]
    groups = stage.clone.client("logs").describe_log_groups()["logGroups"]
    kept = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
    assert kept[f"/aws/lambda/{function['FunctionName']}"] == 30
    assert len(kept) == len(FUNCTIONS)


@pytest.fixture(scope="module")
def for_each(built, start_emulator):
    """`for_each(calls, break_off)` does so with a new stage for each call, with two at a time.

    There a call is refused first, and at the next attempt the command dies after it: one stage has to bear both.
    """
    free = SimpleQueue()
    for _ in range(2):
        free.put(start_emulator())

    def for_each(calls, break_off):
        def on_a_new_stage(call):
            endpoint = free.get()
            try:
                requests.post(f"{endpoint}/_ministack/reset", timeout=20).raise_for_status()
                with faulty(built, endpoint) as stage:
                    break_off(stage, call)
            except Exception as error:
                error.add_note(f"It broke off at {call}")
                raise
            finally:
                free.put(endpoint)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(on_a_new_stage, calls))

    return for_each


@pytest.mark.nightly
def test_a_deploy_that_breaks_off_at_any_call_goes_on_when_it_is_run_again(stage, for_each):
    def break_off(stage, call):
        stage.is_refused(DEPLOY, call)
        stage.dies_at(DEPLOY, call)
        stage.is_mended()

    for_each(stage.calls_of(DEPLOY), break_off)


@pytest.mark.nightly
def test_a_rollback_that_breaks_off_at_any_call_ends_when_it_is_run_again(stage):
    first, second = stage.two_releases()
    for call in stage.calls_of(ROLLBACK):
        stage.clone.quickly(*ROLLBACK, "--to", second)
        stage.is_refused(ROLLBACK, call)
        stage.dies_at(ROLLBACK, call)
        assert f"staging runs {first}." in stage.clone.quickly(*ROLLBACK)
        assert f"staging: {first}, taken back" in stage.clone.quickly("verify", "--stage", "staging")
    assert f"staging runs {first}." in stage.clone.quickly(*ROLLBACK)  # again goes no further back


@pytest.mark.nightly
def test_a_destruction_that_breaks_off_at_any_call_ends_when_it_is_run_again(stage, for_each):
    def break_off(stage, call):
        stage.clone.quickly(*DEPLOY)
        stage.is_refused(DESTROY, call)
        stage.dies_at(DESTROY, call)
        stage.clone.quickly(*DESTROY)
        assert stage.clone.left() == {"tables", "secrets", "buckets"}

    stage.clone.quickly(*DEPLOY)
    for_each(stage.calls_of(DESTROY), break_off)
