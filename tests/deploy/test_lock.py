"""Two commands never change one stage at once, and one that was killed is in nobody's way."""

import json
import subprocess
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import boto3
import click
import pytest

from ops.deploy.account import Account
from ops.deploy.lock import HERE, KEY, LEASE, Lock
from ops.local.environment import REGION
from tests.deploy.faulty import DEPLOY, DESTROY, ROLLBACK, faulty
from tests.local_runtime import wait_until

ADA = "arn:aws:iam::123456789012:user/ada"


@pytest.fixture
def account(emulator):
    """With a bucket that keeps versions, as that of the releases does."""
    s3 = boto3.client("s3", endpoint_url=emulator, region_name=REGION)
    account = Account(uuid.uuid4().hex[:8], "123456789012", REGION, ADA, lambda _: s3)
    s3.create_bucket(Bucket=account.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=account.bucket, VersioningConfiguration={"Status": "Enabled"})
    return account


def get(account, lease=LEASE):
    """Whether somebody who comes now gets the lock; who does gives it back at once."""
    try:
        with Lock(account, "deploy", lease):
            return True
    except click.ClickException:
        return False


def leave(account, machine, process):
    """A lock whose holder does nothing more."""
    holder = {"id": "0", "command": "deploy", "who": ADA, "machine": machine, "process": process}
    account.client("s3").put_object(Bucket=account.bucket, Key=KEY, Body=json.dumps(holder))


def test_other_commands_on_a_stage_are_refused_while_a_deploy_runs(built, start_emulator):
    is_halted, goes_on = threading.Event(), threading.Event()

    def halt(name):
        if name == "lambda POST /2015-03-31/functions":
            is_halted.set()
            goes_on.wait(120)

    with faulty(built, start_emulator()) as stage:
        stage.proxy.fault = halt
        first = stage.clone.quick(*DEPLOY)
        assert is_halted.wait(60)
        for words in (DEPLOY, ROLLBACK, DESTROY):
            printed = stage.clone.quickly(*words, exit_code=1)
            assert (
                f"staging is being changed by arn:aws:iam::000000000000:root: deploy, process {first.pid} on" in printed
            )
        goes_on.set()
        printed, _ = first.communicate(timeout=600)
        assert first.returncode == 0, printed


def test_the_lock_is_given_back_when_a_command_ends_and_when_it_fails(account):
    with Lock(account, "deploy"):
        assert not get(account)
    assert get(account)
    with pytest.raises(ZeroDivisionError), Lock(account, "deploy"):
        raise ZeroDivisionError
    assert get(account)


class Crowd:
    """S3 for so many that all have looked before any of them writes; it may ignore on which condition they do."""

    def __init__(self, s3, number, *, ignores_conditions):
        self._s3 = s3
        self._barrier = threading.Barrier(number)
        self._ignored = ("IfMatch", "IfNoneMatch") if ignores_conditions else ()

    def get_object(self, **request):
        try:
            return self._s3.get_object(**request)
        finally:
            self._barrier.wait()

    def put_object(self, **request):
        return self._s3.put_object(**{name: value for name, value in request.items() if name not in self._ignored})


@pytest.mark.parametrize("left", ["nothing", "a dead lock"])
@pytest.mark.parametrize(("ignores_conditions", "number"), [(False, 1), (True, 8)])
def test_of_many_who_come_at_once_one_gets_the_lock(account, left, ignores_conditions, number):
    """Because the write has a condition: without it all of them do."""
    if left == "a dead lock":
        leave(account, HERE, process_that_has_ended())
    crowd = Crowd(account.client("s3"), 8, ignores_conditions=ignores_conditions)

    def come(_):
        try:
            Lock(account._replace(client=lambda _: crowd), "deploy").hold()
        except click.ClickException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(come, range(8))) == number


def test_the_lock_of_a_process_that_is_gone_is_taken_over_at_once(account):
    leave(account, HERE, process_that_has_ended())
    assert get(account)


def test_the_lock_of_a_machine_that_is_gone_is_taken_over_once_its_lease_has_run_out(account):
    leave(account, "another machine (0)", 1)
    assert not get(account)
    wait_until(lambda: get(account, lease=1.0))


def test_a_command_that_takes_longer_than_the_lease_renews_it(account):
    def tag():
        return account.client("s3").head_object(Bucket=account.bucket, Key=KEY)["ETag"]

    with Lock(account, "deploy", lease=0.2):
        taken = tag()
        wait_until(lambda: tag() != taken)


def test_a_command_that_was_taken_for_dead_goes_no_further(account):
    with Lock(account, "deploy") as slept:
        leave(account, "another machine (0)", 1)
        with pytest.raises(click.ClickException, match="was taken over"):
            slept.hold()
    assert not get(account)  # it does not give back what is not its own


def process_that_has_ended():
    with subprocess.Popen(["true"]) as process:  # noqa: S607
        return process.pid
