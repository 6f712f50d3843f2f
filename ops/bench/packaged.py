"""Cold starts from the package as it is uploaded, beside the same without its bytecode, and beside what Chalice packs of the peer.

Built for this machine's processor; no bytecode is written while it is measured, as Lambda's disk cannot be written either.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from ops.bench.figures import Fact
from ops.bench.starts import HERE, OURS, Subject, scan, webhook
from ops.package.build import Package, build

BARE_SOURCES = "no bytecode"
PLAIN = "plain peer"
READ_ONLY = {"PYTHONDONTWRITEBYTECODE": "1"}
SUBJECTS = 6
"""Two functions, three ways."""
PROCESSOR = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


class Packaged(NamedTuple):
    subjects: dict[str, dict[str, Subject]]
    facts: list[Fact]


@contextmanager
def packages(environ: dict[str, str]) -> Iterator[Packaged]:
    """Build and unpack ours and the peer's."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        built = build("prod", folder, architecture=PROCESSOR)
        plain = _plain_package(folder / "peer", environ)
        code, layer = _unpacked(built.code.path, folder / "code"), _unpacked(built.layer.path, folder / "layer")
        ours = (code, *layer.glob("python/lib/*/site-packages"))
        paths = {
            PLAIN: str(_unpacked(plain, folder / "plain")),
            BARE_SOURCES: os.pathsep.join(str(_without_bytecode(part)) for part in ours),
            OURS: os.pathsep.join(map(str, ours)),
        }
        subjects = {
            "packaged webhook": {who: Subject("app", "app", webhook, path) for who, path in paths.items()},
            "packaged bot": {who: Subject("app", "bot", scan, path) for who, path in paths.items()},
        }
        yield Packaged(subjects, list(_sizes(built, plain)))


def _plain_package(project: Path, environ: dict[str, str]) -> Path:
    """What `chalice package` makes of Chalice + boto3, with no setting but the processor."""
    (project / ".chalice").mkdir(parents=True)
    shutil.copy(HERE / "peers" / "usual.py", project / "app.py")
    (project / "requirements.txt").write_text(f"boto3=={version('boto3')}\n")
    config = {"version": "2.0", "app_name": "usual", "lambda_architecture": PROCESSOR, "stages": {"dev": {}}}
    (project / ".chalice" / "config.json").write_text(json.dumps(config))
    outside = {name: os.environ[name] for name in os.environ if name in {"PATH", "HOME"} or name.startswith("PIP_")}
    subprocess.run(
        [Path(sys.executable).with_name("chalice"), "package", "out"],
        cwd=project,
        env=environ | outside,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return project / "out" / "deployment.zip"


def _unpacked(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    return folder


def _without_bytecode(folder: Path) -> Path:
    target = folder.with_name(f"{folder.name}-sources")
    return shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))


def _sizes(built: Package, plain: Path) -> Iterator[Fact]:
    yield Fact("Uploaded after a change of code: a function's code", built.code.packed / 1e3, "kB", 500)
    yield Fact("Uploaded when a library changes: the layer", built.layer.packed / 1e6, "MB", 9)
    yield Fact("Both unpacked", (built.code.unpacked + built.layer.unpacked) / 1e6, "MB", 30)
    yield Fact("Chalice + boto3's package, uploaded with every change", plain.stat().st_size / 1e6, "MB")
