"""The simulator as a program: `python -m ops.simulator`."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests

from ops.simulator.settings import Settings, read
from tests.local_runtime import free_port
from tests.unit.simulator.fake_application import a_simulator, until


@contextmanager
def the_program(**environment):
    process = subprocess.Popen([sys.executable, "-m", "ops.simulator"], env=os.environ | environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answers(url):
    try:
        return requests.get(url, timeout=1).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_well_even_with_a_window_open(end):
    port = free_port()
    with the_program(SIM_PORT=str(port)) as process:
        until(lambda: answers(f"http://127.0.0.1:{port}/faults"))
        with requests.get(f"http://127.0.0.1:{port}/fans/7/news", stream=True, timeout=5) as window:
            next(window.iter_lines())
            began = time.monotonic()
            process.send_signal(end)
            assert process.wait(timeout=5) == 0
            assert time.monotonic() - began < 1


def test_a_port_that_is_taken_or_no_number_is_an_error():
    with a_simulator() as simulator, the_program(SIM_PORT=simulator.url.rpartition(":")[2]) as process:
        assert process.wait(timeout=10) != 0
    with pytest.raises(SystemExit, match="SIM_PORT must be a port number, not 'abc'"):
        read({"SIM_PORT": "abc"})


def test_the_settings_come_from_the_environment_with_the_local_defaults():
    assert read({}) == Settings()
    told = {
        "SIM_PORT": "9",
        "APP_URL": "http://a.example/",
        "MESSENGER_APP_SECRET": "s",
        "MESSENGER_VERIFY_TOKEN": "v",
        "MESSENGER_PAGE_TOKEN": "t",
        "MESSENGER_PAGE_ID": "1",
    }
    assert read(told) == Settings(9, "http://a.example", "s", "v", "t", "1")


def test_the_page_runs_no_script_but_its_own(running):
    page = running.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert "//" not in page.text.replace("xmlns=", ""), "nothing comes from elsewhere"


def test_the_poster_refuses_a_ref_that_no_link_can_hold(running):
    assert running.get("/poster.svg", ref="bash").headers["Content-Type"] == "image/svg+xml"
    assert running.get("/poster.svg", ref="no spaces please").status_code == 400
    assert running.get("/poster.svg", ref="x" * 151).status_code == 400
