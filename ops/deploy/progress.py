"""What a person sees of a long command: a line for each step, with what it did and how long it took."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

import click

Clock = Callable[[], float]


class Progress:
    """Writes to standard error; on a terminal, the line of the step under way tells how far it is."""

    def __init__(self, steps: int, stream: TextIO = sys.stderr, clock: Clock = time.monotonic) -> None:
        self._steps = steps
        self._stream = stream
        self._clock = clock
        self._number = 0
        self._title = ""
        self._began = 0.0
        self._is_open = False

    def begin(self, title: str) -> None:
        self._number += 1
        self._title, self._began = title, self._clock()
        self.note("…")

    def note(self, text: str) -> None:
        """How far it is; gone with the next line. Only a terminal shows it."""
        if self._stream.isatty():
            self._write(f"\r\x1b[K{self._head()} {text}")
            self._is_open = True

    def say(self, line: str) -> None:
        """A line that stays."""
        self._clear()
        self._write(f"       {line}\n")

    def done(self, outcome: str) -> None:
        self._clear()
        self._write(f"{self._head()} {outcome} {click.style(f'({self._clock() - self._began:.1f} s)', dim=True)}\n")

    def failed(self) -> None:
        self._clear()
        self._write(f"{self._head()} {click.style('failed', fg='red')}\n")

    def _head(self) -> str:
        return f"{self._number:>2}/{self._steps} {self._title:<12}"

    def _clear(self) -> None:
        if self._is_open:
            self._write("\r\x1b[K")
            self._is_open = False

    def _write(self, text: str) -> None:
        click.echo(text, file=self._stream, nl=False)
        self._stream.flush()
