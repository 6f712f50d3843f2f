"""Notices that the application's files have changed, by looking at them twice a second."""

from pathlib import Path

WATCHED = ("app.py", "chalicelib", ".chalice/config.json", "infra/resources.yaml")
IGNORED = {"__pycache__", "deployments", "deployed", "venv"}

Snapshot = dict[Path, int]


def snapshot(project: Path) -> Snapshot:
    """When each watched file was last written; comparing two snapshots tells whether anything happened between them."""
    found: Snapshot = {}
    for name in WATCHED:
        _look_at(project / name, found)
    return found


def _look_at(path: Path, found: Snapshot) -> None:
    if path.name in IGNORED:
        return
    try:
        if path.is_dir():
            for child in path.iterdir():
                _look_at(child, found)
        else:
            found[path] = path.stat().st_mtime_ns
    except FileNotFoundError:
        return  # removed while we looked: the snapshot differs, which is all that matters
