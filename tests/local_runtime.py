"""Fixtures that start the real thing: the AWS emulator with the resources in it, the whole local runtime, a browser."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
import requests

from ops.local import launch, processes, secrets, stack
from ops.local.environment import REGION, isolated

_RANDOM = random.SystemRandom()  # the usual one is the same in every process that hypothesis seeds


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
        """The environment that the application's settings read, for this stage; the platforms are where nobody answers."""
        nowhere = dict.fromkeys(("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"), "http://127.0.0.1:1")
        return isolated({}, self.endpoint) | nowhere | {"STAGE": self.name} | more


@contextlib.contextmanager
def running_emulator(state=None, **settings):
    """An emulator of your own: its endpoint. It ends with the block."""
    port = free_port()
    program = launch.emulator(port, state, **settings)
    process = processes.start(program.command, program.environ)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{endpoint}/_ministack/health"), process=process)
        yield endpoint
    finally:
        processes.end([process], patience=3.0)


@pytest.fixture(scope="session")
def start_emulator():
    """Start emulators of your own: `start_emulator(AUTH="true")` answers the endpoint; all end with the session."""
    with contextlib.ExitStack() as running:
        yield lambda state=None, **settings: running.enter_context(running_emulator(state, **settings))


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


class LocalRun(NamedTuple):
    """A running `python -m ops run`."""

    process: subprocess.Popen
    web: str
    simulator: str
    aws: str
    data: Path
    output: Path
    """The file with everything that it has printed."""

    def log(self):
        return self.output.read_text(errors="replace")

    def stage(self):
        return Stage("local", self.aws, {})

    def wait_to_print(self, text, seconds=30.0):
        wait_until(
            lambda: text in self.log(), seconds, lambda: f"never printed {text!r}, but\n{self.log()}", self.process
        )


@pytest.fixture(scope="session")
def local_run(start_local_run):
    """The whole application, as `make run` starts it, on free ports and with data of its own. Shared by the session."""
    return start_local_run()


@pytest.fixture(scope="session")
def start_local_run(tmp_path_factory):
    """Start local runs of your own: `start_local_run(project=…, data=…, **environment)`; all end with the session."""
    with contextlib.ExitStack() as running:

        def start(project=launch.PROJECT, data=None, **environment):
            folder = tmp_path_factory.mktemp("run")
            ports = {name: free_port() for name in ("PORT", "SIM_PORT", "AWS_PORT")}
            ports |= {name: port for name, port in environment.items() if name in ports}
            command = [
                sys.executable,
                "-m",
                "ops",
                "run",
                "--project",
                str(project),
                "--data",
                str(data or folder / "data"),
            ]
            environ = os.environ | environment | {name: str(port) for name, port in ports.items()}
            if project != launch.PROJECT:
                environ.pop("COVERAGE_PROCESS_CONFIG", None)  # another app.py than the one that is measured
            output = folder / "output"
            with output.open("wb") as file:
                process = processes.start(command, environ, folder=launch.PROJECT, output=file)
            running.callback(processes.end, [process], patience=15.0)
            web, simulator, aws = (f"http://127.0.0.1:{port}" for port in ports.values())
            run = LocalRun(process, web, simulator, aws, Path(data or folder / "data"), output)
            run.wait_to_print("Guestlist is ready")
            return run

        yield start


def make_stage(endpoint, name):
    stage = Stage(name, endpoint, {})
    outputs = stack.apply(stage.client("cloudformation"), name)
    secrets.put(stage.client("secretsmanager"), name)
    return stage._replace(outputs=outputs)


def free_port():
    """A port that nobody listens on, and none of those that connections are given: nobody takes it before its program does."""
    while True:
        port = _RANDOM.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(fact, seconds=10.0, complaint=lambda: "it did not come true", process=None):
    """Poll until `fact()` is true and answer it; fails when it does not become so, or when `process` has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := fact():
            return found
        if process:
            assert process.poll() is None, f"ended with {process.returncode}: {complaint()}"
        time.sleep(0.02)
    pytest.fail(complaint())


def answers(url):
    """Whether `url` answers anything at all."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError:
        return False
    return True


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
