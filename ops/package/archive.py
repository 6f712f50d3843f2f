"""A zip that is the same, byte for byte, whenever and wherever the same files are packed."""

import base64
import hashlib
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can hold."""


class Archive(NamedTuple):
    path: Path
    sha256: str
    """As Lambda tells it: CodeSha256 of a function, and of a layer version."""
    packed: int
    unpacked: int


def pack(folder: Path, target: Path, prefix: PurePosixPath) -> Archive:
    """Put every file in `folder` into the zip `target`, under `prefix`."""
    with zipfile.ZipFile(target, "w") as zipped:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(prefix / path.relative_to(folder).as_posix()), EPOCH)
            entry.create_system = 3  # Unix, wherever it is made: only then do the rights count
            entry.external_attr = 0o100644 << 16  # Lambda's user must be able to read
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes(), compresslevel=9)
    return described(target)


def described(path: Path) -> Archive:
    content = path.read_bytes()
    with zipfile.ZipFile(path) as zipped:
        unpacked = sum(entry.file_size for entry in zipped.infolist())
    return Archive(path, base64.b64encode(hashlib.sha256(content).digest()).decode(), len(content), unpacked)
