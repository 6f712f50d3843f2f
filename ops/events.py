"""`python -m ops events`: docs/events.md, made from the catalogue of events, so that it tells what is published."""

import json
from typing import Any

import click
import msgspec

from chalicelib.events import catalogue
from chalicelib.events.catalogue import CATALOGUE, Event, Line
from ops.local.launch import PROJECT

PAGE = PROJECT / "docs" / "events.md"

_EXAMPLES: dict[str, Any] = {
    "order_id": "5f2a9c01d3b84e6fa7c0b1d2",
    "customer_id": "u4Zk0cX1",
    "amount": 1000.01,
    "currency": "EUR",
    "items": [Line(product_id="vip", quantity=2)],
    "reason": "out_of_stock",
    "timestamp": "2026-12-05T19:00:00.000Z",
}

_HEAD = """\
<!-- Written by `python -m ops events` from chalicelib/events/catalogue.py: change that. -->

# Events of orders

{essay}

An event stands in the `detail` of an [EventBridge event](https://docs.aws.amazon.com/eventbridge/latest/userguide/aws-events.html), with
`source` `{source}` and the `detail-type` that is its heading here. Events are made by `publish_changes` from the stream of the table
`orders`: an order's state is written once, and what was written is what is told. Whoever wants to follow makes a rule on the bus, with
a queue for its target:

```json
{{"source": ["{source}"], "detail-type": ["Order Placed"], "detail": {{"amount": [{{"numeric": [">", 1000]}}]}}}}
```
"""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the page is not up to date")
def events(*, check: bool) -> None:
    """Write docs/events.md from the catalogue of events."""
    if PAGE.read_text() == page():
        return
    if check:
        raise click.ClickException("docs/events.md is not up to date: python -m ops events")
    PAGE.write_text(page())
    click.echo("docs/events.md written")


def page() -> str:
    """The page as it ought to be."""
    essay = (catalogue.__doc__ or "").replace(" docs/events.md is made of this module.", "").strip()
    return "\n".join([_HEAD.format(essay=essay, source=catalogue.SOURCE), *map(_section, CATALOGUE)])


def example(kind: type[Event]) -> Event:
    return kind(**{name: _EXAMPLES[name] for name in kind.__struct_fields__ if name in _EXAMPLES})


def _section(kind: type[Event]) -> str:
    rows = [
        f"| `{name}` | {_type(schema)} | {schema.get('description', '')} |" for name, schema in _fields(kind).items()
    ]
    shown = json.dumps(msgspec.to_builtins(example(kind)), indent=2)
    lines = [f"## {kind.detail_type}", "", kind.__doc__ or "", "", "| field | | |", "| --- | --- | --- |", *rows]
    return "\n".join([*lines, "", "```json", shown, "```", ""])


def _fields(kind: type[Event]) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([kind])
    fields: dict[str, Any] = schemas[kind.__name__]["properties"]
    return fields


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return "list of `{productId, quantity}`" if schema.get("type") == "array" else str(schema["type"])
