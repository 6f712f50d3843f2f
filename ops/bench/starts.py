"""Cold starts and warm calls of functions, each in a process of its own, beside the same of its peers.

All run the same Python without site-packages' start-up hooks, with bytecode and files in the page cache, against the same emulator,
in turns. What Lambda itself adds (the sandbox, fetching the package, TLS) is the same for all and not in it.
"""

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ops.bench import events
from ops.bench.events import Json
from ops.bench.figures import Row, compared
from ops.local.launch import PROJECT

OURS = "guestlist"
BARE = "bare handler"
USUAL = "Chalice + boto3"
HERE = Path(__file__).parent


class Subject(NamedTuple):
    module: str
    handler: str
    event: Callable[[], Json]
    """A new one for each start or call."""
    path: str = os.pathsep.join((str(PROJECT), str(HERE / "peers"), sysconfig.get_path("purelib")))
    """Where modules are: of the working tree, unless a package is measured."""


class Took(NamedTuple):
    """Milliseconds on the clock, and of the processor."""

    wall: float
    cpu: float


class Start(NamedTuple):
    """One process, from its start to its end: milliseconds, the most memory that it held, and its events."""

    wall: float
    cpu: float
    megabytes: float
    events: list[Took]


def webhook() -> Json:
    fan = uuid.uuid4().hex[:16]
    now = int(time.time() * 1000)
    return events.webhook(events.message(fan, f"m_{fan}", now, message={"text": "Where do I get in?"}))


def scan() -> Json:
    """The bot's: a fan has scanned the QR code of the demo campaign."""
    fan = uuid.uuid4().hex[:16]
    conversation = f"messenger:{events.PAGE}:{fan}"
    message = {"conversation": conversation, "id": fan, "at": int(time.time() * 1000), "kind": "start", "ref": "bash"}
    return events.batch("guestlist-local-inbound.fifo", [(fan, fan, json.dumps(message))])


COLD = {
    "webhook": {
        BARE: Subject("bare", "webhook", webhook),
        USUAL: Subject("usual", "app", webhook),
        OURS: Subject("app", "app", webhook),
    },
    "bot": {
        BARE: Subject("bare", "bot", scan),
        USUAL: Subject("usual", "bot", scan),
        OURS: Subject("app", "bot", scan),
    },
    "one call to SQS": {
        "boto3's client": Subject("clients", "with_boto3", dict),
        OURS: Subject("clients", "slim", dict),
    },
}


Subjects = Mapping[str, Mapping[str, Subject]]
"""Of each function, ours and its peers."""


def measure(
    functions: Subjects, environ: dict[str, str], *, rounds: int, calls: int, tick: Callable[[], None]
) -> list[Row]:
    """Start each subject `rounds` times; a third as many starts more go on to answer `calls` more events, warm, if any."""
    return [
        row for what, subjects in functions.items() for row in _measured(what, subjects, environ, rounds, calls, tick)
    ]


def steps(functions: int, rounds: int, calls: int) -> int:
    """How many times `measure` ticks for so many subjects."""
    return functions * (rounds + 1 + (_warm_rounds(rounds) if calls else 0))


def _warm_rounds(rounds: int) -> int:
    return max(1, rounds // 3)


def _measured(
    what: str,
    subjects: Mapping[str, Subject],
    environ: dict[str, str],
    rounds: int,
    calls: int,
    tick: Callable[[], None],
) -> Iterator[Row]:
    def in_turns(times: int, count: int) -> dict[str, list[Start]]:
        taken: dict[str, list[Start]] = {who: [] for who in subjects}
        for _ in range(times):
            for who, subject in subjects.items():
                taken[who].append(start(subject, environ, count))
                tick()
        return taken

    in_turns(1, 1)  # writes bytecode and fills the page cache
    cold = in_turns(rounds, 1)

    def row(name: str, unit: str, of: Callable[[Start], float], starts: dict[str, list[Start]]) -> Row:
        return compared(what, name, unit, OURS, {who: [of(one) for one in taken] for who, taken in starts.items()})

    yield row("cold, the whole process", "ms", lambda one: one.wall, cold)
    yield row("cold, processor", "ms", lambda one: one.cpu, cold)
    yield row("first event alone, processor", "ms", lambda one: one.events[0].cpu, cold)
    yield row("memory after it", "MB", lambda one: one.megabytes, cold)
    if not calls:
        return
    warm = in_turns(_warm_rounds(rounds), 1 + calls)
    yield row("warm", "ms", lambda one: statistics.median(event.wall for event in one.events[1:]), warm)
    yield row("warm, processor", "ms", lambda one: statistics.mean(event.cpu for event in one.events[1:]), warm)


def start(subject: Subject, environ: dict[str, str], count: int) -> Start:
    """Run a subject's process on `count` events."""
    command = [sys.executable, "-S", "-P", str(HERE / "once.py"), subject.module, subject.handler]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as took:
        given.write(json.dumps([subject.event() for _ in range(count)]).encode())
        given.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environ | {"PYTHONPATH": subject.path}, stdin=given, stdout=subprocess.DEVNULL, stderr=took
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = 1000 * (time.perf_counter() - began)
        process.returncode = os.waitstatus_to_exitcode(status)
        took.seek(0)
        said = took.read().decode()
    if process.returncode:
        raise RuntimeError(f"{subject.module}.{subject.handler} ended with {process.returncode}: {said}")
    megabytes, took_each = json.loads(said)
    cpu = 1000 * (usage.ru_utime + usage.ru_stime)
    return Start(wall, cpu, megabytes, [Took(*each) for each in took_each])
