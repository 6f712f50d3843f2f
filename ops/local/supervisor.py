"""Starts the programs of the local runtime, shows what they say, replaces those whose code has changed, ends them all.

Stages of a run: the emulator, the functions host, the API and the simulator start at once; `setup` makes resources and
mappings, waits until all of them answer and ends, which makes the run *ready*. From then on a changed file replaces the
functions host and the API, and sets up again. The run ends by a signal, or when a program ends by itself.

One thread, one loop over the programs' output: see `processes.start` for why there may be no other thread.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ops.local import launch, processes
from ops.local.environment import isolated
from ops.local.screen import Screen
from ops.local.serving import LOAD_FAILED
from ops.local.under_make import make_was_interrupted
from ops.local.watch import snapshot

REPLACED = ("functions", "api", "setup")
"""The programs that depend on the application's code."""

LOOK_EVERY = 0.5
END_WITHIN = 10.0
"""Seconds between looks at the files, and until a program that is being replaced is killed."""


class Ports(NamedTuple):
    web: int
    simulator: int
    aws: int


class Supervisor:
    def __init__(self, ports: Ports, web: socket.socket, project: Path, data: Path, screen: Screen) -> None:
        self._ports, self._project, self._data, self._screen = ports, project, data, screen
        self._sockets = {"api": web, "functions": socket.create_server(("127.0.0.1", 0), backlog=1024)}
        self._programs = {program.name: program for program in self._plan()}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ending: dict[str, float] = {}
        """Programs told to end, each with the time at which it is killed."""
        self._changed = False
        self._ready = False
        self._ended_by = ""
        self._began = time.monotonic()
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Run until told to end (0) or until a program fails (1)."""
        self._listen_to_signals()
        files = snapshot(self._project)
        try:
            for name in self._programs:
                self._start(name)
            while not self._ended_by:
                self._show_output(LOOK_EVERY)
                self._look_after_programs()
                now = snapshot(self._project)
                if now != files:
                    files = now
                    self._replace_application()
                if make_was_interrupted():
                    self._ended_by = "make"
        finally:
            self._end_all()
        if self._ended_by in self._programs:
            self._screen.show("run", f"{self._ended_by} has failed, so all the rest was ended")
            return 1
        self._screen.show("run", "Ended. Data is kept; FRESH=1 forgets it")
        return 0

    def _plan(self) -> list[launch.Program]:
        functions_url = "http://127.0.0.1:{}".format(self._sockets["functions"].getsockname()[1])
        environ = application_environ(self._ports, self._project, os.environ) | {"FUNCTIONS_URL": functions_url}
        fds = {name: {"LISTEN_FD": str(listening.fileno())} for name, listening in self._sockets.items()}
        return [
            launch.emulator(self._ports.aws, self._data / "emulator", functions_url),
            launch.python_module("functions", "ops.local.functions", environ | fds["functions"]),
            launch.python_module("api", "ops.local.api", environ | fds["api"]),
            launch.python_module("chat", "ops.simulator", environ),
            launch.python_module("setup", "ops.local.prepare", environ),
        ]

    def _start(self, name: str) -> None:
        program = self._programs[name]
        fds = [self._sockets[name].fileno()] if name in self._sockets else []
        process = processes.start(
            program.command, program.environ, folder=self._project, output=subprocess.PIPE, pass_fds=fds
        )
        assert process.stdout  # noqa: S101  # PIPE was asked for
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, _Lines(name))
        self._running[name] = process

    def _show_output(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            data = os.read(key.fd, 65536)
            if key.data is None:
                continue  # a signal, which has ended the wait
            for line in key.data.add(data):
                self._screen.show(key.data.source, line)
            if not data:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]

    def _look_after_programs(self) -> None:
        for name, process in list(self._running.items()):
            status = process.poll()
            if status is None:
                if time.monotonic() > self._ending.get(name, float("inf")):
                    process.kill()
            else:
                del self._running[name]
                if self._ending.pop(name, None) is None:
                    self._after_end_of(name, status)
        if self._changed and not self._ending:
            self._changed = False
            for name in REPLACED:
                self._start(name)

    def _after_end_of(self, name: str, status: int) -> None:
        if name == "setup" and status == 0:
            self._after_setup()
        elif name in REPLACED and self._ready and (name == "setup" or status == LOAD_FAILED):
            self._screen.show("run", f"{name} failed: waiting for a change of the code")
            self._tell_to_end("setup")
        else:
            self._ended_by = self._ended_by or name

    def _after_setup(self) -> None:
        if self._ready:
            self._screen.show("run", "Running the changed code")
        else:
            self._ready = True
            self._screen.block(self._welcome())

    def _replace_application(self) -> None:
        self._screen.show("run", "The code has changed")
        self._changed = True
        for name in REPLACED:
            self._tell_to_end(name)

    def _tell_to_end(self, name: str) -> None:
        if name in self._running:
            self._ending[name] = time.monotonic() + END_WITHIN
            self._running[name].terminate()

    def _end_all(self) -> None:
        """The emulator last: events under way can then be finished."""
        emulator = self._running.pop("emulator", None)
        processes.end(self._running.values())
        if emulator:
            processes.end([emulator])
        self._show_output(0)

    def _listen_to_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP end the run; a child's end wakes the loop."""
        awake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(awake, selectors.EVENT_READ, None)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)

    def _end(self, *_: object) -> None:
        self._ended_by = self._ended_by or "signal"

    def _welcome(self) -> str:
        web, simulator, aws = (f"http://127.0.0.1:{port}" for port in self._ports)
        return f"""
  Guestlist is ready ({time.monotonic() - self._began:.1f} s)

    Web chat         {web}/chat/birthday-bash
    Messenger, Slack {simulator}
    Organiser        curl -H 'Authorization: Bearer local-organiser-token' {web}/campaigns/birthday-bash
    AWS              AWS_ENDPOINT_URL={aws} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

    Code that you change runs at once. Data is in {self._data}. Ctrl-C ends everything.
"""


class _Lines:
    """What one program says, cut into lines."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._rest = b""

    def add(self, data: bytes) -> list[str]:
        """The lines that `data` completes; without data the program has ended, and so has its last line."""
        *lines, self._rest = (self._rest + data).split(b"\n") if data else [*filter(None, [self._rest]), b""]
        return [line.decode(errors="replace") for line in lines]


def application_environ(ports: Ports, project: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the programs with our code: the stage's settings, moved to `ports`; variables of `environ` win."""
    config = json.loads((project / ".chalice" / "config.json").read_text())
    settings = config.get("environment_variables", {}) | config["stages"]["local"].get("environment_variables", {})
    web, simulator, aws = (f"http://127.0.0.1:{port}" for port in ports)
    moved = {"BASE_URL": web, "MESSENGER_API_URL": simulator, "SLACK_API_URL": simulator}
    path = os.pathsep.join(filter(None, [str(launch.PROJECT), environ.get("PYTHONPATH")]))
    fixed = {
        "STAGE": "local",
        "APP_URL": web,
        "SIM_PORT": str(ports.simulator),
        "SIMULATOR_URL": simulator,
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }
    return isolated({**settings, **moved, **environ, **fixed}, aws)
