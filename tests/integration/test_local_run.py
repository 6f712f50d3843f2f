"""`python -m ops run` as a whole: how it starts, goes on, and ends."""

import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from ops.local import launch
from tests.local_runtime import free_port, wait_until

SAMPLE = Path(__file__).parent / "sample_app"


@pytest.fixture
def project(tmp_path):
    """A copy of the sample application, to be changed."""
    return shutil.copytree(SAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__"))


def programs_of(run):
    """The ids of the processes that a run has started."""
    return Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()


def gone(pids):
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def remember(run, key):
    run.stage().client("dynamodb").put_item(
        TableName="guestlist-local-campaigns", Item={"pk": {"S": key}, "sk": {"S": "campaign"}}
    )


def knows(run, key):
    answer = (
        run.stage()
        .client("dynamodb")
        .get_item(TableName="guestlist-local-campaigns", Key={"pk": {"S": key}, "sk": {"S": "campaign"}})
    )
    return "Item" in answer


def test_ctrl_c_ends_everything_with_0_and_data_lasts_until_a_fresh_start(start_local_run):
    first = start_local_run(project=SAMPLE)
    ticket_keys = first.stage().client("secretsmanager").get_secret_value(SecretId="guestlist/local/tickets")
    remember(first, "kept")
    programs = programs_of(first)
    assert len(programs) == 4
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(10) == 0
    assert gone(programs)

    second = start_local_run(project=SAMPLE, data=first.data)
    assert knows(second, "kept")
    again = second.stage().client("secretsmanager").get_secret_value(SecretId="guestlist/local/tickets")
    assert again["SecretString"] == ticket_keys["SecretString"]
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(10) == 0

    third = start_local_run(project=SAMPLE, data=first.data, FRESH="1")
    assert not knows(third, "kept")


def test_a_killed_run_leaves_nothing_running_and_its_data_as_it_was_two_seconds_before(start_local_run):
    first = start_local_run(project=SAMPLE)
    remember(first, "kept")
    saved = first.data / "emulator" / "current" / "dynamodb.json"
    wait_until(lambda: saved.exists() and '"kept"' in saved.read_text())
    programs = programs_of(first)
    first.process.kill()
    wait_until(lambda: gone(programs))
    assert knows(start_local_run(project=SAMPLE, data=first.data), "kept")


def test_two_copies_on_different_ports_do_not_disturb_each_other_even_when_one_fails(start_local_run):
    one, other = start_local_run(project=SAMPLE), start_local_run(project=SAMPLE)
    remember(one, "mine")
    assert not knows(other, "mine")
    programs = programs_of(other)
    simulator = next(pid for pid in programs if "ops.simulator" in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(int(simulator), signal.SIGKILL)
    assert other.process.wait(10) == 1
    assert "chat has failed" in other.log()
    assert gone(programs)
    assert requests.get(one.web, timeout=5).status_code == 200
    assert knows(one, "mine")


def test_changed_code_runs_at_once_and_no_event_is_lost_while_it_is_replaced(start_local_run, project):
    run = start_local_run(project=project)
    app = project / "app.py"
    code = app.read_text()
    app.write_text(code.replace("def saw(handler, what):", "def saw(handler, what):\n    handler += ' anew'"))
    lambda_ = run.stage().client("lambda")
    while "Running the changed code" not in run.log():
        assert requests.get(run.web, timeout=10).status_code == 200
        assert "FunctionError" not in lambda_.invoke(FunctionName="guestlist-local-add", Payload='{"a": 1, "b": 2}')
    run.stage().client("events").put_events(Entries=[{"Source": "sample", "DetailType": "Test", "Detail": "{}"}])
    rows = {"TableName": "guestlist-local-conversations", "Select": "COUNT"}
    wait_until(lambda: run.stage().client("dynamodb").scan(**rows)["Count"])
    assert "hear anew" in str(run.stage().client("dynamodb").scan(TableName=rows["TableName"])["Items"])

    app.write_text("this is not Python\n")
    run.wait_to_print("functions failed: waiting for a change of the code")
    app.write_text(code.replace("def add(", "def multiply("))
    wait_until(lambda: run.log().count("Running the changed code") == 2)
    functions = [function["FunctionName"] for function in lambda_.list_functions()["Functions"]]
    assert "guestlist-local-multiply" in functions
    assert "guestlist-local-add" not in functions


@pytest.mark.parametrize("name", ["PORT", "SIM_PORT", "AWS_PORT"])
def test_a_taken_port_is_refused_by_the_name_of_its_variable_before_anything_starts(tmp_path, name):
    ports = {variable: str(free_port()) for variable in ("PORT", "SIM_PORT", "AWS_PORT")}
    with socket.create_server(("127.0.0.1", int(ports[name]))):
        command = [sys.executable, "-m", "ops", "run", "--data", str(tmp_path / "data")]
        ended = subprocess.run(  # noqa: S603  # ours
            command, env=os.environ | ports, capture_output=True, text=True, timeout=10, check=False, cwd=launch.PROJECT
        )
    assert ended.returncode == 2
    assert f"Port {ports[name]} cannot be used" in ended.stderr
    assert f"make run {name}=" in ended.stderr
    assert not (tmp_path / "data").exists()


@pytest.fixture
def under_make(tmp_path):
    """Start the sample application by a Makefile, with a terminal of its own."""
    ports = {variable: str(free_port()) for variable in ("PORT", "SIM_PORT", "AWS_PORT")}
    command = f"{sys.executable} -m ops run --project {SAMPLE} --data {tmp_path / 'data'}"
    (tmp_path / "Makefile").write_text(f"run:\n\t{command}\n")
    environ = os.environ | ports | {"PYTHONPATH": str(launch.PROJECT)}
    environ.pop("COVERAGE_PROCESS_CONFIG", None)
    terminal, ours = pty.openpty()
    make = subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-c", RUN_IN_TERMINAL, str(tmp_path)],
        env=environ,
        stdin=ours,
        stdout=ours,
        stderr=ours,
        start_new_session=True,
    )
    os.close(ours)
    yield make, terminal
    make.kill()
    make.wait()
    os.close(terminal)


RUN_IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("make", ["make", "-C", sys.argv[1], "run"])
"""


def test_ctrl_c_in_a_terminal_ends_make_with_0(under_make):
    make, terminal = under_make
    printed = ""
    while "Guestlist is ready" not in printed:
        printed += os.read(terminal, 4096).decode()
    os.write(terminal, b"\x03")
    assert make.wait(10) == 0


def test_a_signal_to_make_alone_ends_everything(under_make):
    make, terminal = under_make
    printed = ""
    while "Guestlist is ready" not in printed:
        printed += os.read(terminal, 4096).decode()
    run = Path(f"/proc/{make.pid}/task/{make.pid}/children").read_text().split()
    make.send_signal(signal.SIGINT)
    make.wait(10)
    wait_until(lambda: gone(run))
