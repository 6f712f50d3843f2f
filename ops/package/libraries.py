"""The libraries of requirements.txt as Lambda's processor needs them, without what no function ever reads."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.package.errors import Unbuildable

GLIBC = {"python3.11": 26}
"""2.x, of the runtime's Amazon Linux: 2 up to Python 3.11, 2023 from 3.12 on. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
GLIBC_SINCE = 34
OLDEST_GLIBC = 17
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}

UNUSED = (
    "*.dist-info",  # nothing that a function calls asks for a library's version
    "bin",
    "share",
    "cffi",  # cryptography needs its compiled half alone, _cffi_backend
    "pycparser",  # cffi's
    "**/tests",
    "**/py.typed",
    "**/*.pyi",
    "**/*.c",
    "**/*.h",
    "**/__main__.py",
    "charset_normalizer/cli",
    "segno/cli.py",
    "tzdata/zoneinfo/tzdata.zi",  # all zones once more, as text
)
"""What installing brings, and no function reads. A test imports the rest of what ships, and the deploy test uses it."""


def install(requirements: Path, folder: Path, runtime: str, architecture: str) -> None:
    """Install the libraries into `folder`, from wheels made for Lambda. Nothing is built here: a missing wheel is an error."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            *_options(runtime, architecture),
            f"--target={folder}",
            "-r",
            requirements,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        why = [line for line in ended.stderr.splitlines() if line.startswith("ERROR")] or ended.stderr.splitlines()
        raise Unbuildable("\n".join((f"No package for {runtime} on {architecture}:", *why)))
    _check_pins(requirements, folder)
    for unused in sorted(_unused(folder)):
        shutil.rmtree(unused) if unused.is_dir() else unused.unlink(missing_ok=True)


def _options(runtime: str, architecture: str) -> Iterator[str]:
    yield from ("--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-warn-conflicts")
    yield from ("--only-binary=:all:", "--implementation=cp", f"--python-version={runtime.removeprefix('python')}")
    machine = MACHINES[architecture]
    for minor in range(
        GLIBC.get(runtime, GLIBC_SINCE), OLDEST_GLIBC - 1, -1
    ):  # pip takes each literally, the first for the best
        yield f"--platform=manylinux_2_{minor}_{machine}"
    yield f"--platform=manylinux2014_{machine}"


def _check_pins(requirements: Path, folder: Path) -> None:
    """Everything that was installed is pinned, what others bring along too: else the same tree would make another package tomorrow."""
    pinned = {
        _normal(name): version
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", requirements.read_text(), re.MULTILINE)
    }
    names = [path.name.removesuffix(".dist-info").split("-") for path in folder.glob("*.dist-info")]
    loose = [f"{name}=={version}" for name, version in sorted(names) if pinned.get(_normal(name)) != version]
    if loose:
        raise Unbuildable(f"Not pinned in {requirements.name}: {', '.join(loose)}. Add a line for each")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _unused(folder: Path) -> Iterator[Path]:
    for pattern in UNUSED:
        yield from folder.glob(pattern)
