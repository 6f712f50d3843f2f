"""The time from a webhook to its reply in `python -m ops run`, for a fan alone and for many at once; and its memory."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from ops.bench import events
from ops.bench.fans import MESSAGES, PATIENCE, Fan, Graph
from ops.local import processes
from ops.local.launch import PROJECT

READY = b"Guestlist is ready"


class Measured(NamedTuple):
    ready: float
    """Seconds until it was ready, data empty."""
    alone: list[float]
    together: list[float]
    """Milliseconds from the webhook's first byte out to the reply's last byte at the platform."""
    megabytes: float
    """Of all processes, shared memory counted once (PSS)."""


def measure(*, alone: int, together: int, tick: Callable[[], None]) -> Measured:
    with (
        Graph() as graph,
        tempfile.TemporaryDirectory() as folder,
        _running(graph.url, Path(folder)) as (run, port, ready),
    ):
        tick()
        _quiz(Fan("warm-up"), port, graph)
        lonely = []
        for number in range(alone):
            lonely += _quiz(Fan(f"alone{number}"), port, graph)
            tick()
        with ThreadPoolExecutor(together) as crowd:
            quizzes = crowd.map(lambda number: _quiz(Fan(f"crowd{number}"), port, graph), range(together))
            crowded = [milliseconds for quiz in quizzes for milliseconds in quiz]
        tick()
        return Measured(ready, lonely, crowded, _megabytes(run.pid))


def steps(alone: int) -> int:
    """How many times `measure` ticks."""
    return alone + 2


def _quiz(fan: Fan, port: int, graph: Graph) -> list[float]:
    """Play it, and answer how long each reply took."""
    took = []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        for number in range(MESSAGES):
            body, headers = events.signed(fan.act(number))
            began = time.perf_counter()
            connection.request("POST", "/webhooks/messenger", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"The webhook answered {answer.status}")
            sent = graph.next(fan.psid)
            took.append(1000 * (sent.at - began))
            fan.heard(sent.message)
    return took


@contextmanager
def _running(graph: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """`python -m ops run` on free ports, its data in `folder`, its platform at `graph`."""
    ports = {name: _free_port() for name in ("PORT", "SIM_PORT", "AWS_PORT")}
    environ = os.environ | {name: str(port) for name, port in ports.items()} | {"MESSENGER_API_URL": graph}
    output = folder / "output"
    command = [sys.executable, "-m", "ops", "run", "--data", str(folder / "data")]
    began = time.monotonic()
    with output.open("wb") as file:
        run = processes.start(command, environ, folder=PROJECT, output=file)
    try:
        while READY not in output.read_bytes():
            if run.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"The local run is not ready:\n{output.read_text()}")
            time.sleep(0.02)
        yield run, ports["PORT"], time.monotonic() - began
    finally:
        processes.end([run], patience=15.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _megabytes(pid: int) -> float:
    """PSS of a process and all its children: https://www.kernel.org/doc/html/latest/filesystems/proc.html ."""
    folder = Path(f"/proc/{pid}")
    rollup = (folder / "smaps_rollup").read_text()
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    return own + sum(_megabytes(int(child)) for child in (folder / "task" / str(pid) / "children").read_text().split())
