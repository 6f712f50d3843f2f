"""What Block Kit takes: https://docs.slack.dev/reference/block-kit. What is wrong is a sentence that ends with where, as Slack's are."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

BLOCKS_OF_MESSAGE = 50
BLOCKS_OF_VIEW = 100
BLOCKS_CHARACTERS = 13_200
"""Of all texts of a message's blocks together; found by trying: https://github.com/slackapi/bolt-js/issues/2509."""
ID = 255
SECTION_TEXT = 3000
FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
ALT_TEXT = 2000
URL = 3000
ACTIONS = 25
CONTEXT_ELEMENTS = 10
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
PRIVATE_METADATA = 3000
STYLES = ("primary", "danger")

Json = dict[str, Any]
Wrong = Iterator[str]


def wrong_with(blocks: list[Any], most: int) -> list[str]:
    """Why Slack refuses these blocks; nothing when it takes them."""
    return list(_wrong_blocks("/blocks", blocks, most))


def wrong_with_view(view: Json) -> list[str]:
    """The same for the view of an app's home."""
    return list(_wrong_view(view))


def characters(value: object) -> int:
    """Of all texts in the blocks."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(characters(each) for each in value.values())
    return sum(characters(each) for each in value) if isinstance(value, list) else 0


def buttons(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Each button, with its block."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("type") == "button":
                yield block, element


def images(blocks: list[Json]) -> Iterator[tuple[str, str]]:
    """Where each picture of the blocks is named, and its address."""
    for index, block in enumerate(blocks):
        at = f"/blocks/{index}"
        places = [(at, block), (f"{at}/accessory", block.get("accessory", {}))]
        if block["type"] == "context":
            places += [(f"{at}/elements/{number}", each) for number, each in enumerate(block["elements"])]
        yield from ((f"{place}/image_url", each["image_url"]) for place, each in places if "image_url" in each)


def _wrong_view(view: Json) -> Wrong:
    if view.get("type") != "home":
        yield _at("/view/type", f"must be one of: home, not {view.get('type')}")
    if not isinstance(view.get("blocks"), list):
        yield _at("/view", "missing required field: blocks")
    else:
        yield from _wrong_blocks("/view/blocks", view["blocks"], BLOCKS_OF_VIEW)
    yield from _wrong_string("/view", view, "private_metadata", PRIVATE_METADATA, required=False)
    yield from _wrong_string("/view", view, "callback_id", ID, required=False)


def _wrong_blocks(at: str, blocks: list[Any], most: int) -> Wrong:
    if len(blocks) > most:
        yield _at(at, f"no more than {most} items allowed")
    yield from _doubles(at, blocks, "block_id")
    for index, block in enumerate(blocks):
        here = f"{at}/{index}"
        if not isinstance(block, dict):
            yield _at(here, "must be an object")
        elif block.get("type") not in BLOCKS:
            yield _at(f"{here}/type", f"unsupported type: {block.get('type')}")
        else:
            yield from _wrong_string(here, block, "block_id", ID, required=False)
            yield from BLOCKS[block["type"]](here, block)


def _wrong_section(at: str, block: Json) -> Wrong:
    if "text" not in block and "fields" not in block:
        yield _at(at, "missing required field: text or fields")
    if "text" in block:
        yield from _wrong_text(f"{at}/text", block["text"], SECTION_TEXT)
    if "fields" in block:
        yield from _wrong_items(
            f"{at}/fields", block["fields"], FIELDS, lambda here, each: _wrong_text(here, each, FIELD_TEXT)
        )
    if "accessory" in block:
        yield from _wrong_element(f"{at}/accessory", block["accessory"])


def _wrong_header(at: str, block: Json) -> Wrong:
    yield from _wrong_text(f"{at}/text", block.get("text"), HEADER_TEXT, kinds=("plain_text",))


def _wrong_image(at: str, block: Json) -> Wrong:
    yield from _wrong_url(at, block, "image_url")
    yield from _wrong_string(at, block, "alt_text", ALT_TEXT)
    if "title" in block:
        yield from _wrong_text(f"{at}/title", block["title"], ALT_TEXT, kinds=("plain_text",))


def _wrong_actions(at: str, block: Json) -> Wrong:
    yield from _wrong_items(f"{at}/elements", block.get("elements"), ACTIONS, _wrong_element)
    if isinstance(block.get("elements"), list):
        yield from _doubles(f"{at}/elements", block["elements"], "action_id")


def _wrong_context(at: str, block: Json) -> Wrong:
    def wrong_part(here: str, part: Json) -> Wrong:
        return _wrong_image(here, part) if part.get("type") == "image" else _wrong_text(here, part, SECTION_TEXT)

    yield from _wrong_items(f"{at}/elements", block.get("elements"), CONTEXT_ELEMENTS, wrong_part)


def _wrong_element(at: str, element: Json) -> Wrong:
    if not isinstance(element, dict) or element.get("type") not in ("button", "image"):
        yield _at(f"{at}/type", "unsupported type: this simulator knows button and image")
    elif element["type"] == "image":
        yield from _wrong_image(at, element)
    else:
        yield from _wrong_text(f"{at}/text", element.get("text"), BUTTON_TEXT, kinds=("plain_text",))
        yield from _wrong_string(at, element, "action_id", ID, required=False)
        yield from _wrong_string(at, element, "value", BUTTON_VALUE, required=False)
        yield from _wrong_string(at, element, "accessibility_label", BUTTON_TEXT, required=False)
        if "url" in element:
            yield from _wrong_url(at, element, "url")
        if element.get("style", STYLES[0]) not in STYLES:
            yield _at(f"{at}/style", f"must be one of: {', '.join(STYLES)}")


def _wrong_divider(at: str, block: Json) -> Wrong:
    if unknown := sorted(block.keys() - {"type", "block_id"}):
        yield _at(at, f"invalid additional property: {', '.join(unknown)}")


BLOCKS: dict[str, Callable[[str, Json], Wrong]] = {
    "section": _wrong_section,
    "header": _wrong_header,
    "image": _wrong_image,
    "actions": _wrong_actions,
    "context": _wrong_context,
    "divider": _wrong_divider,
}


def _wrong_text(at: str, text: object, most: int, kinds: tuple[str, ...] = ("mrkdwn", "plain_text")) -> Wrong:
    if not isinstance(text, dict):
        yield _at(at, "must provide an object")
        return
    if text.get("type") not in kinds:
        yield _at(f"{at}/type", f"must be one of: {', '.join(kinds)}")
    if "emoji" in text and text.get("type") != "plain_text":
        yield _at(at, "invalid additional property: emoji")
    yield from _wrong_string(at, text, "text", most)


def _wrong_items(at: str, items: object, most: int, wrong_one: Callable[[str, Json], Wrong]) -> Wrong:
    if not isinstance(items, list) or not items:
        yield _at(at, "must provide at least 1 item")
        return
    if len(items) > most:
        yield _at(at, f"no more than {most} items allowed")
    for index, item in enumerate(items):
        here = f"{at}/{index}"
        yield from wrong_one(here, item) if isinstance(item, dict) else [_at(here, "must be an object")]


def _wrong_url(at: str, holder: Json, name: str) -> Wrong:
    yield from _wrong_string(at, holder, name, URL)
    if not str(holder.get(name)).startswith(("https://", "http://")):
        yield _at(f"{at}/{name}", "must be a valid URL")


def _wrong_string(at: str, holder: Json, name: str, most: int, *, required: bool = True) -> Wrong:
    if name not in holder:
        if required:
            yield _at(at, f"missing required field: {name}")
        return
    value = holder[name]
    if not isinstance(value, str):
        yield _at(f"{at}/{name}", "must provide a string")
    elif required and not value:
        yield _at(f"{at}/{name}", "must be more than 0 characters")
    elif len(value) > most:
        yield _at(f"{at}/{name}", f"must be less than {most + 1} characters")


def _doubles(at: str, items: list[Any], name: str) -> Wrong:
    counted = Counter(str(item[name]) for item in items if isinstance(item, dict) and name in item)
    yield from (_at(at, f"{name} {value} already exists") for value, count in counted.items() if count > 1)


def _at(pointer: str, what: str) -> str:
    return f"{what} [json-pointer:{pointer}]"
