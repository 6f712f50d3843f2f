"""A CloudFormation template as it is sent: whole, with the files that it names in it, and short.

`aws cloudformation package` would put the files into a bucket; this needs none, and what is deployed can be compared with what stands here.
A request takes 51,200 bytes of template, and longer ones go through the stage's bucket
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html). But the resources' own makes that bucket.
"""

import functools
import json
from pathlib import Path
from typing import Any

import yaml

INFRA = Path(__file__).parents[1] / "infra"


def whole(text: str) -> str:
    """The template as JSON, a seventh shorter, with each workflow's definition in the place of its file's name."""
    document = load(text)
    resources = {name: _with_its_definition(part) for name, part in document.get("Resources", {}).items()}
    return _short({**document, "Resources": resources})


@functools.cache  # one command asks many times
def load(text: str) -> dict[str, Any]:
    """The document, with CloudFormation's functions in their long form; not to be changed. JSON is YAML too."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    return document


class _Loader(yaml.CSafeLoader):
    """Knows CloudFormation's short forms: `!Sub x` is {"Fn::Sub": "x"}."""


def _short_form(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
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


def _with_its_definition(part: dict[str, Any]) -> dict[str, Any]:
    properties = dict(part.get("Properties", {}))
    if file := properties.pop("DefinitionS3Location", None):
        properties["DefinitionString"] = _short(json.loads((INFRA / file).read_text()))
        return {**part, "Properties": properties}
    return part


def _short(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
