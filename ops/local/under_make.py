"""Ending well when `make` started us: make neither passes a signal of its own on, nor ends with 0 after Ctrl-C."""

import ctypes
import os
import signal
import sys
from pathlib import Path

from ops.local.processes import PR_SET_PDEATHSIG


def take_the_terminal() -> None:
    """Make the terminal send Ctrl-C to us alone: we then end with 0, and so does make."""
    if not _is_under_make() or not sys.stdin.isatty() or os.tcgetpgrp(0) != os.getpgrp():
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else setting the foreground group from outside it stops us
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # else Ctrl-Z would stop us, but not make, and the shell would wait
    os.setpgrp()
    os.tcsetpgrp(0, os.getpgrp())


def end_with_make() -> None:
    """Have the kernel send us SIGTERM when make is gone."""
    if _is_under_make() and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def make_was_interrupted() -> bool:
    """Whether make alone got a SIGINT: it then waits for us without a word, with the signal blocked in its handler."""
    if not _is_under_make() or sys.platform != "linux":
        return False
    status = Path(f"/proc/{os.getppid()}/status").read_text()
    blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
    return bool(blocked >> (signal.SIGINT - 1) & 1)


def _is_under_make() -> bool:
    """Whether make itself is our parent. Whatever make starts hands its variables on, and blocks signals while it starts a program."""
    if "MAKELEVEL" not in os.environ:
        return False
    return sys.platform != "linux" or Path(f"/proc/{os.getppid()}/comm").read_text().strip() in {"make", "gmake"}
