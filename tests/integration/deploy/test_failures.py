"""A deploy, a rollback, a destruction that breaks off anywhere is mended by the same command, run again.

`make test` kills a deploy after each step, and refuses it the calls that are the worst to lose; `make nightly` does both at every kind
of call that changes something, and breaks off a rollback and a destruction, too.
"""

import contextlib
import itertools

import pytest

from tests.integration.deploy.proxy import Proxy, no_fault

DEPLOY = ("deploy", "--stage", "staging")
ROLLBACK = ("rollback", "--stage", "staging")
DESTROY = ("destroy", "--stage", "staging", "--yes")
STEPS = ("plan", "package", "resources", "functions", "settings", "alarms", "release")

WORST = (
    "cloudformation CreateChangeSet",
    "cloudformation ExecuteChangeSet",
    "iam CreateRole",
    "lambda POST /2015-03-31/functions",
    "lambda POST /2015-03-31/event-source-mappings",
    "apigateway POST /restapis",
    "apigateway POST /restapis/*/deployments",
    "s3 PUT /*/current",
)
"""What Chalice would make a second time, what CloudFormation is in the middle of, and what says which release counts."""


@pytest.fixture
def stage(built, start_emulator):
    with faulty(built, start_emulator) as stage:
        yield stage


@contextlib.contextmanager
def faulty(built, start_emulator):
    """A clone whose account, a new one, is reached through a proxy."""
    with contextlib.closing(Proxy(start_emulator())) as proxy:
        yield Faulty(built.at(proxy.url), proxy)


class Faulty:
    def __init__(self, clone, proxy):
        self.clone = clone
        self.proxy = proxy

    def dies_after_step(self, title):
        running = self.clone.quick(*DEPLOY)
        for line in running.stdout:
            if line[5:].startswith(title):
                running.kill()
        running.stdout.close()
        assert running.wait() == -9, f"the step {title} was never done"

    def dies_at(self, words, is_it):
        """Kill the command when a call is done, and its answer on the way."""
        running = []
        self.proxy.fault = lambda number, name: running[0].kill if is_it(number, name) else None
        running.append(self.clone.quick(*words))
        printed, _ = running[0].communicate(timeout=120)
        self.proxy.fault = no_fault
        assert running[0].returncode == -9, printed

    def is_refused(self, words, is_it):
        once = itertools.count()
        self.proxy.fault = lambda number, name: "refuse" if is_it(number, name) and next(once) == 0 else None
        printed = self.clone.quickly(*words, exit_code=1)
        self.proxy.fault = no_fault
        assert "Traceback" not in printed

    def calls_of(self, words):
        """Run a command to its end: each kind of call that it made."""
        self.proxy.calls.clear()
        self.clone.quickly(*words)
        return list(dict.fromkeys(self.proxy.calls))

    def is_mended(self):
        """The same command goes through, its last step, which verifies, included; and nothing is there twice."""
        self.clone.quickly(*DEPLOY)
        assert len(self.clone.client("apigateway").get_rest_apis()["items"]) == 1
        assert len(self.clone.client("lambda").list_event_source_mappings()["EventSourceMappings"]) == 2


def test_a_deploy_that_is_killed_after_any_step_goes_on_when_it_is_run_again(stage):
    for title in STEPS:
        stage.dies_after_step(title)
    stage.is_mended()


@pytest.mark.nightly
def test_a_deploy_that_is_killed_at_the_worst_calls_goes_on_when_it_is_run_again(stage):
    for call in WORST:
        stage.dies_at(DEPLOY, lambda _, name, call=call: name == call)
    stage.is_mended()


def test_a_deploy_of_which_a_call_is_refused_says_so_and_goes_on_when_it_is_run_again(stage):
    for call in WORST[::2]:
        stage.is_refused(DEPLOY, lambda _, name, call=call: name == call)
    stage.is_mended()


@pytest.mark.nightly
def test_a_rollback_and_a_destruction_that_break_off_end_when_they_are_run_again(stage):
    first, _ = two_releases(stage)
    stage.dies_at(ROLLBACK, lambda _, name: name.endswith("/functions/*/code"))
    stage.is_refused(ROLLBACK, lambda _, name: name.startswith("apigateway PATCH"))
    assert f"staging runs {first}." in stage.clone.quickly(*ROLLBACK)
    assert f"staging runs {first}." in stage.clone.quickly(*ROLLBACK)  # again goes no further back
    assert f"staging: {first}, taken back" in stage.clone.quickly("verify", "--stage", "staging")
    for call in ("apigateway DELETE /restapis/*", "iam DeleteRole", "cloudformation ExecuteChangeSet"):
        stage.dies_at(DESTROY, lambda _, name, call=call: name == call)
    stage.clone.quickly(*DESTROY)
    assert stage.clone.left() == {"tables", "secrets", "buckets"}


def two_releases(stage):
    """Their names; they differ in how long the sender may run."""
    config = stage.clone.folder / ".chalice" / "config.json"
    as_it_was = config.read_text()
    stage.clone.quickly(*DEPLOY)
    config.write_text(as_it_was.replace('"lambda_timeout": 10', '"lambda_timeout": 11'))
    try:
        stage.clone.quickly(*DEPLOY)
    finally:
        config.write_text(as_it_was)
    names = [
        one["Key"]
        for one in stage.clone.client("s3").list_objects_v2(Bucket=bucket(stage), Prefix="releases/")["Contents"]
    ]
    return sorted(name.removeprefix("releases/").removesuffix(".json") for name in names)


def bucket(stage):
    [found] = stage.clone.client("s3").list_buckets()["Buckets"]
    return found["Name"]


@pytest.mark.nightly
@pytest.mark.parametrize("breaks_off", ["dies_at", "is_refused"])
def test_a_deploy_that_breaks_off_at_any_call_goes_on_when_it_is_run_again(built, start_emulator, breaks_off):
    with faulty(built, start_emulator) as stage:
        calls = stage.calls_of(DEPLOY)
    for call in calls:
        with faulty(built, start_emulator) as stage:
            getattr(stage, breaks_off)(DEPLOY, lambda _, name, call=call: name == call)
            stage.is_mended()


@pytest.mark.nightly
def test_a_rollback_that_breaks_off_at_any_call_ends_when_it_is_run_again(stage):
    first, second = two_releases(stage)
    for call, break_off in itertools.product(stage.calls_of(ROLLBACK), (stage.dies_at, stage.is_refused)):
        stage.clone.quickly(*ROLLBACK, "--to", second)
        break_off(ROLLBACK, lambda _, name, call=call: name == call)
        stage.clone.quickly(*ROLLBACK)
        assert first in stage.clone.quickly("verify", "--stage", "staging")


@pytest.mark.nightly
def test_a_destruction_that_breaks_off_at_any_call_ends_when_it_is_run_again(stage):
    stage.clone.quickly(*DEPLOY)
    for call, break_off in itertools.product(stage.calls_of(DESTROY), (stage.dies_at, stage.is_refused)):
        stage.clone.quickly(*DEPLOY)
        break_off(DESTROY, lambda _, name, call=call: name == call)
        stage.clone.quickly(*DESTROY)
        assert stage.clone.left() == {"tables", "secrets", "buckets"}
