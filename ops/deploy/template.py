"""Our CloudFormation templates, read: what outlives its stack, and which parameters it takes."""

import functools
from pathlib import Path
from typing import Any

import yaml

from ops.deploy.account import Json
from ops.local.launch import PROJECT
from ops.templates import whole

RESOURCES = PROJECT / "infra" / "resources.yaml"
MONITORING = PROJECT / "infra" / "monitoring.yaml"


class _Loader(yaml.SafeLoader):
    """Knows CloudFormation's short forms: `!Sub x` is {"Fn::Sub": "x"}."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Json:
    value: Any = None
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


@functools.cache  # a parse takes 0.1 s, and one command asks many times
def load(text: str) -> Json:
    """The document, with CloudFormation's functions in their long form; not to be changed. JSON is YAML too."""
    document: Json = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    return document


def read(path: Path) -> Json:
    return load(whole(path.read_text()))


def is_retained(part: Json) -> bool:
    return str(part.get("DeletionPolicy", "")).startswith("Retain")


def retained_only(document: Json) -> Json:
    """The template of what is left of a destroyed stage, so that the next deploy finds it in its stack."""
    kept = {name: part for name, part in document["Resources"].items() if is_retained(part)}
    return {name: part for name, part in document.items() if name != "Outputs"} | {"Resources": kept}
