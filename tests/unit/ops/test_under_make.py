"""Who is make, and who only got its variables."""

import os
import signal
import subprocess
import sys

import pytest

ASK = "from ops.local import under_make; print(under_make.make_was_interrupted())"


@pytest.fixture
def without_interrupts():
    """Our process blocks SIGINT, as any does for a moment while it starts a program, and as make does once it was interrupted."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.usefixtures("without_interrupts")
def test_a_program_that_make_started_is_not_make():
    """Or else a run that it starts ends for no reason, now and then. What make itself does, tests/integration/test_local_run.py tries."""
    answered = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", ASK], env=os.environ | {"MAKELEVEL": "1"}, capture_output=True, text=True, check=True
    )
    assert answered.stdout == "False\n"
