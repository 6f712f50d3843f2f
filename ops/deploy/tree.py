"""The state of the working tree: what is deployed to prod ought to be committed and tested.

Git names a tree by its content. `make test` writes down the name of what it tested, so it counts after a commit of the same content
too, and not after any change.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from ops.local.launch import PROJECT

TESTED = PROJECT / ".local" / "tested"


def content() -> str:
    """The name of the working tree as it is now, new files included; empty without git."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git("add", "--all", **index)
        return _git("write-tree", **index)


def commit() -> str:
    return _git("rev-parse", "--short", "HEAD") or "unknown"


def complaints() -> list[str]:
    """What speaks against deploying this tree: `unclean`, `untested`."""
    now = content()
    found = []
    if not now or now != _git("rev-parse", "HEAD^{tree}"):
        found.append("unclean")
    if not now or not TESTED.exists() or TESTED.read_text().strip() != now:
        found.append("untested")
    return found


def uncommitted() -> list[str]:
    """The files that differ from the last commit, new ones included."""
    changed = _git("diff", "--name-only", "HEAD").splitlines()
    return changed + _git("ls-files", "--others", "--exclude-standard", "--full-name").splitlines()


def _git(*arguments: str, **variables: str) -> str:
    """What git answers; empty when it refuses or is not there."""
    try:
        ended = subprocess.run(
            ["git", *arguments], cwd=PROJECT, env=os.environ | variables, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ended.stdout.strip()


if __name__ == "__main__":
    print(content())
