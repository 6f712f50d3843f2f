"""Our CloudFormation templates, read: what outlives its stack, and which parameters it takes."""

from pathlib import Path

from ops.deploy.account import Json
from ops.local.launch import PROJECT
from ops.templates import load, whole

RESOURCES = PROJECT / "infra" / "resources.yaml"
MONITORING = PROJECT / "infra" / "monitoring.yaml"


def read(path: Path) -> Json:
    return load(whole(path.read_text()))


def is_retained(part: Json) -> bool:
    return str(part.get("DeletionPolicy", "")).startswith("Retain")


def retained_only(document: Json) -> Json:
    """The template of what is left of a destroyed stage, so that the next deploy finds it in its stack."""
    kept = {name: part for name, part in document["Resources"].items() if is_retained(part)}
    return {name: part for name, part in document.items() if name != "Outputs"} | {"Resources": kept}
