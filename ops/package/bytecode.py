"""Bytecode for every module of a folder, which Python takes without looking at its source.

`chalice package` ships sources alone, and Lambda's disk cannot be written: each cold start would compile them again. Bytecode that names
its source's time would not help, as every file in a package is dated 1980. So it is unchecked hash-based: https://peps.python.org/pep-0552/
"""

import subprocess
import sys
from pathlib import Path, PurePosixPath

from ops.package.errors import Unbuildable


def compile_all(folder: Path, place: PurePosixPath) -> None:
    """Compile every module in `folder`, which will be at `place` in Lambda: that is where tracebacks will find the sources.

    By a Python of its own that knows nothing else, so that the same sources always give the same bytes.
    """
    command = [sys.executable, "-P", "-S", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    paths = ["-s", str(folder), "-p", str(place), str(folder)]
    ended = subprocess.run(
        [*command, *paths], env={"PYTHONHASHSEED": "0"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if ended.returncode:
        raise Unbuildable(f"What ships must compile:\n{ended.stdout.decode()}")
