"""One readable log of many programs: every line says who speaks, and JSON becomes text."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import TextIO

COLOURS = {"run": "1", "api": "32", "functions": "36", "emulator": "35", "chat": "33", "setup": "34"}
RED, DIM, PLAIN = "31", "2", "0"

EMULATOR_NOISE = ("cryptography package not installed",)
"""The emulator's regrets about what this application never uses."""

FOR_CLOUDWATCH = ("_aws", "stage")
"""What makes metrics of a line's fields (chalicelib/metrics.py)."""

ALARMING = re.compile(r"\b(ERROR|CRITICAL|Traceback|failed)\b| 5\d\d \d+ ms$")
EMULATOR_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")


class Screen:
    """Writes lines to `out`, in colour when that is a terminal; https://no-color.org and FORCE_COLOR are honoured."""

    def __init__(
        self, out: TextIO, environ: Mapping[str, str], clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S")
    ) -> None:
        self._out, self._clock = out, clock
        self._coloured = "NO_COLOR" not in environ and (out.isatty() or "FORCE_COLOR" in environ)

    def show(self, source: str, line: str) -> None:
        """Show one line of what the program `source` wrote, unless it is noise."""
        text = _readable(source, line)
        if text is not None:
            stamp = self._paint(self._clock(), DIM)
            self._write(f"{stamp} {self._paint(f'{source:<9}', COLOURS.get(source, PLAIN))} {self._warn(text)}")

    def block(self, text: str) -> None:
        """Show lines of our own as they are."""
        self._write(text)

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def _warn(self, text: str) -> str:
        return self._paint(text, RED) if ALARMING.search(text) else text

    def _paint(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured else text


def _readable(source: str, line: str) -> str | None:
    line = line.rstrip()
    if source == "emulator":
        if not line or any(noise in line for noise in EMULATOR_NOISE):
            return None
        line = EMULATOR_STAMP.sub("", line)
    return _event_as_text(line) or line


def _event_as_text(line: str) -> str:
    """The application's log lines are JSON with an `event`; nothing for any other line."""
    try:
        match json.loads(line):
            case {"event": event, **fields}:
                shown = (f"{name}={value}" for name, value in fields.items() if name not in FOR_CLOUDWATCH)
                return "  ".join([str(event), *shown])
    except json.JSONDecodeError:
        pass
    return ""
