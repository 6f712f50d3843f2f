"""`python -m ops bench`, which is `make bench`."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import click
import requests

from ops.bench import events, local_run, packaged, starts
from ops.bench.fans import PATIENCE
from ops.bench.figures import Fact, Report, figure
from ops.local import launch, processes, secrets, stack
from ops.local.environment import REGION, isolated


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    calls: int
    quizzes: int
    alone: int
    together: int


FULL = Size(rounds=15, calls=100, quizzes=20, alone=3, together=20)
"""The demo campaign has 25 tickets: the last fans of more would play another game."""
QUICK = Size(rounds=1, calls=2, quizzes=1, alone=1, together=3)


@click.command()
@click.option("--quick", is_flag=True, help="Only show that it works: the figures mean little, and no aim is judged")
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures to FILE, too")
def bench(file: Path | None, *, quick: bool) -> None:
    """Measure cold starts, calls, processor time and the time to a reply, side by side with named peers.

    Exit codes: 0 every aim is met, 1 an aim is missed, 2 it could not be measured.
    """
    size = QUICK if quick else FULL
    length = _steps(size)
    with click.progressbar(length=length, label="Measuring", file=sys.stderr) as bar:
        try:
            report = measured(size, lambda: bar.update(1))
        except (RuntimeError, subprocess.CalledProcessError) as error:
            raise _Unmeasured(str(error)) from error
    click.echo(report.as_text())
    if file:
        file.write_text(json.dumps(report.as_json(), indent=2) + "\n")
    raise SystemExit(1 if not quick and any(fact.missed for fact in report.facts) else 0)


def measured(size: Size, tick: Callable[[], None]) -> Report:
    with _emulator() as environ:
        counted = _quizzes(size.quizzes, environ)
        tick()
        rows = starts.measure(starts.COLD, environ, rounds=size.rounds, calls=size.calls, tick=tick)
        with packaged.packages(environ) as packages:
            tick()
            read_only = environ | packaged.READ_ONLY
            rows += starts.measure(packages.subjects, read_only, rounds=size.rounds, calls=0, tick=tick)
    local = local_run.measure(alone=size.alone, together=size.together, tick=tick)
    webhook = next(row for row in rows if row.function == "webhook")
    facts = [
        Fact("Webhook's cold start, as a part of Chalice + boto3's", webhook.ratios[starts.USUAL].median, "x", 0.8),
        *_counted(counted),
        *packages.facts,
        Fact("From webhook to reply, a fan alone: median", figure(local.alone).median, "ms", 300),
        Fact("From webhook to reply, a fan alone: 95th percentile", _late(local.alone), "ms"),
        Fact(f"From webhook to reply, {size.together} fans at once: median", figure(local.together).median, "ms", 300),
        Fact(f"From webhook to reply, {size.together} fans at once: 95th percentile", _late(local.together), "ms"),
        Fact("The local run's memory (PSS)", local.megabytes, "MB", 400),
        Fact("The local run is ready, without data, after", local.ready, "s", 5),
    ]
    return Report(rows, facts)


def _steps(size: Size) -> int:
    """How many times `measured` ticks."""
    subjects = sum(map(len, starts.COLD.values()))
    cold, package = starts.steps(subjects, size.rounds, size.calls), starts.steps(packaged.SUBJECTS, size.rounds, 0)
    return 1 + cold + 1 + package + local_run.steps(size.alone)


def _counted(counted: dict[str, Any]) -> Iterator[Fact]:
    for function, calls in counted["calls"].items():
        yield Fact(f"{function}: processor time a message", counted["cpu"][function], "ms")
        for operation, count in calls.items():
            yield Fact(f"{function}: {operation} a message", count, "calls")
    yield Fact("Written a turn: median", counted["item"]["median"], "bytes", 1_024)
    yield Fact("Written a turn: most", counted["item"]["most"], "bytes", 1_024)
    yield Fact("Logged a message", counted["lines"], "lines")
    yield Fact("A line of the log: median", counted["line"]["median"], "bytes")
    yield Fact("A line of the log: longest", counted["line"]["most"], "bytes", 399)


def _late(samples: list[float]) -> float:
    return sorted(samples)[int(0.95 * (len(samples) - 1))]


def _quizzes(fans: int, environ: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "ops.bench.quiz", str(fans)]
    ended = subprocess.run(command, env=environ, cwd=launch.PROJECT, stdout=subprocess.PIPE, check=True)
    counted: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return counted


@contextmanager
def _emulator() -> Iterator[dict[str, str]]:
    """The stage `local` in an emulator of its own: the environment of functions, ours and the peers'."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = launch.emulator(port)
    process = processes.start(program.command, program.environ, output=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{endpoint}/_ministack/health")
        environ = isolated({}, endpoint)
        session = boto3.session.Session(
            environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], region_name=REGION
        )
        stack.apply(session.client("cloudformation", endpoint_url=endpoint), "local")
        secrets.put(session.client("secretsmanager", endpoint_url=endpoint), "local")
        sqs = session.client("sqs", endpoint_url=endpoint)
        yield environ | {
            "STAGE": "local",
            "BASE_URL": "https://fans.example",
            "MESSENGER_API_URL": "http://127.0.0.1:1",
            "SLACK_API_URL": "http://127.0.0.1:1",
            "MESSENGER_SENDS_PER_SECOND": "300",
            "APP_SECRET": events.SECRET,
            "INBOUND": sqs.get_queue_url(QueueName="guestlist-local-inbound.fifo")["QueueUrl"],
            "OUTBOUND": sqs.get_queue_url(QueueName="guestlist-local-outbound.fifo")["QueueUrl"],
            "CONVERSATIONS": "guestlist-local-conversations",
        }
    finally:
        processes.end([process])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} does not answer") from None
            time.sleep(0.02)
        else:
            return


class _Unmeasured(click.ClickException):
    exit_code = 2
