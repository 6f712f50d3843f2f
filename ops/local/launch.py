"""What the local runtime starts: each program's command and environment."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ops.local.environment import REGION, isolated

PROJECT = Path(__file__).parents[2]


class Program(NamedTuple):
    name: str
    command: list[str]
    environ: dict[str, str]


def emulator(port: int, state: Path | None = None, functions_url: str = "", **settings: str) -> Program:
    """The AWS emulator on 127.0.0.1:`port`, remembering in the folder `state`, or nothing.

    Its environment is made from nothing, as functions deployed into it inherit it. `settings` are the emulator's own,
    such as AUTH="true" to enforce policies.
    """
    python = os.environ.get("EMULATOR_PYTHON", str(PROJECT / ".venv-emulator" / "bin" / "python"))
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environ |= {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        "FUNCTIONS_URL": functions_url,
        # Nothing but the one port is opened, and a Docker daemon is left alone: the emulator removes containers.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    if state:
        environ |= {"PERSIST_STATE": "1", "STATE_DIR": str(state)}
    # -P: the modules beside the launcher are ours, not the emulator's.
    command = [python, "-P", str(Path(__file__).parent / "emulator.py")]
    return Program("emulator", command, isolated(environ, f"http://127.0.0.1:{port}") | settings)


def python_module(name: str, module: str, environ: Mapping[str, str]) -> Program:
    return Program(name, [sys.executable, "-m", module], dict(environ))
