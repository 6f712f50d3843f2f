"""Fixtures that start the real thing: the AWS emulator with the resources in it, the whole local runtime, a browser."""

import contextlib
import shutil
import socket
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
import requests

from ops.local import launch, processes, secrets, stack
from ops.local.environment import REGION, isolated


class Stage(NamedTuple):
    """One stage's resources in the emulator."""

    name: str
    endpoint: str
    outputs: dict[str, str]
    """Of infra/resources.yaml: CampaignsStreamArn, InboundQueueArn, OutboundQueueArn."""

    def client(self, service):
        """A boto3 client, to look at a stage from outside the application."""
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION)

    def environ(self, **more):
        """The environment that the application's settings read, for this stage."""
        return isolated({}, self.endpoint) | {"STAGE": self.name} | more


@pytest.fixture(scope="session")
def start_emulator(tmp_path_factory):
    """Start emulators of your own: `start_emulator(AUTH="true")` answers the endpoint; all end with the session."""
    with contextlib.ExitStack() as running:

        def start(state=None, **settings):
            port = free_port()
            program = launch.emulator(port, state, **settings)
            process = processes.start(program.command, program.environ)
            running.callback(processes.end, [process], patience=3.0)
            wait_for(f"http://127.0.0.1:{port}/_ministack/health", process)
            return f"http://127.0.0.1:{port}"

        yield start


@pytest.fixture(scope="session")
def emulator(start_emulator):
    """The endpoint URL of the session's emulator, which forgets everything at the end."""
    return start_emulator()


@pytest.fixture(scope="session")
def resources(emulator):
    """The stage `local` in the session's emulator, secrets included. Shared: clean up, or use `fresh_stage`."""
    return make_stage(emulator, "local")


@pytest.fixture
def fresh_stage(emulator):
    """A stage of this test's own, empty, with the local secrets (made in about 50 ms)."""
    return make_stage(emulator, f"test-{uuid.uuid4().hex[:8]}")


def make_stage(endpoint, name):
    stage = Stage(name, endpoint, {})
    outputs = stack.apply(stage.client("cloudformation"), name)
    secrets.put(stage.client("secretsmanager"), name)
    return stage._replace(outputs=outputs)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, process, seconds=20.0):
    """Until `url` answers anything at all; fails as soon as `process` has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the process behind {url} ended with {process.returncode}"
        try:
            requests.get(url, timeout=seconds)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{url} did not answer within {seconds} s")


@pytest.fixture(scope="session")
def chromium():
    """One headless Chromium for the session, which can reach this machine only."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or "/usr/bin/chromium"
    assert Path(path).exists(), "Chromium is missing: apt-get install chromium"
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield running
        running.close()


@pytest.fixture
def browser(chromium):
    """A browser context of this test's own: `page = browser.new_page()`."""
    context = chromium.new_context()
    yield context
    context.close()
