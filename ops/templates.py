"""A CloudFormation template as it is sent: whole, with the files that it names in it.

`aws cloudformation package` would put them into a bucket; this needs none, and what is deployed can be compared with what stands here.
"""

import json
import re
from pathlib import Path

INFRA = Path(__file__).parents[1] / "infra"
_NAMED = re.compile(r"^( +)DefinitionS3Location: (\S+)( .*)?$", re.MULTILINE)


def whole(text: str) -> str:
    """The template with each workflow's definition in the place of its file's name."""
    return _NAMED.sub(_in_place, text)


def _in_place(named: re.Match[str]) -> str:
    definition = json.dumps(json.loads((INFRA / named[2]).read_text()), separators=(",", ":"))
    return f"{named[1]}DefinitionString: {json.dumps(definition)}"
