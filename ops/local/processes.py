"""Children that cannot outlive us: each in a process group of its own, ended as a group, killed when we are killed."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h; see https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""


def start(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    folder: Path | None = None,
    output: int | IO[bytes] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, with all that it prints to `output`: a file or a pipe (`subprocess.PIPE`).

    Call it from the main thread: the kernel kills the child when the *thread* that made it ends.
    """
    return subprocess.Popen(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        pass_fds=pass_fds,
        process_group=0,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  # one system call, by a program without threads
    )


def end(processes: Iterable[subprocess.Popen[bytes]], patience: float = 5.0) -> None:
    """Ask all to end, wait at most `patience` seconds for all of them together, then kill what is left of their groups."""
    processes = list(processes)
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + patience
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
