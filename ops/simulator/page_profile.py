"""The page's face in Messenger: https://developers.facebook.com/docs/messenger-platform/reference/messenger-profile-api."""

from collections.abc import Iterable
from typing import Any

from ops.simulator.graph_error import invalid

PROPERTIES = ("get_started", "greeting", "ice_breakers", "persistent_menu", "whitelisted_domains")
GREETING = 160
ICE_BREAKERS = 4
PAYLOAD = 1000
QUESTION = 80
MENU_TITLE = 30

Json = dict[str, Any]


class PageProfile:
    def __init__(self) -> None:
        self._set: Json = {}

    def show(self, fields: Iterable[str]) -> Json:
        return {name: self._set[name] for name in fields if name in self._set}

    def set(self, properties: Json) -> None:
        """All of it, or, when one property breaks Meta's rules, nothing and a GraphError."""
        if unknown := sorted(properties.keys() - set(PROPERTIES)):
            raise invalid(f"Invalid keys {', '.join(unknown)} were found in the Messenger profile")
        for name, value in properties.items():
            _check(name, value)
        together = self._set | properties
        if "persistent_menu" in together and "get_started" not in together:
            raise invalid("You must set a Get Started button if you also wish to use persistent menu", 2018145)
        self._set = together

    def delete(self, fields: Iterable[str]) -> None:
        for name in fields:
            self._set.pop(name, None)

    @property
    def get_started(self) -> str:
        """What tapping Get Started sends. A page that has set none shows the button too: locally nobody sets a profile up."""
        return str(self._set.get("get_started", {}).get("payload", "start"))

    def face(self) -> Json:
        """What an empty thread shows: the greeting, the ice breakers and the menu, each by locale."""
        return {
            "greeting": {each["locale"]: each["text"] for each in self._set.get("greeting", ())},
            "iceBreakers": _by_locale(self._set.get("ice_breakers", [])),
            "menu": _by_locale(self._set.get("persistent_menu", [])),
        }


def _check(name: str, value: Any) -> None:  # noqa: ANN401  whatever JSON the caller sent
    if name == "get_started":
        _check_text("get_started[payload]", value.get("payload") if isinstance(value, dict) else None, PAYLOAD)
    elif not isinstance(value, list):
        raise invalid(f"Param {name} must be an array")
    elif name != "whitelisted_domains":
        if not all(isinstance(each, dict) for each in value):
            raise invalid(f"Param {name} must be an array of objects")
        _check_each(name, value)


def _check_each(name: str, values: list[Json]) -> None:
    if name != "ice_breakers" and not any(each.get("locale") == "default" for each in values):
        raise invalid(f"Param {name} must have an element for the default locale")
    if name == "greeting":
        for each in values:
            _check_text("greeting[text]", each.get("text"), GREETING)
        return
    part, most = ("question", QUESTION) if name == "ice_breakers" else ("title", MENU_TITLE)
    for items in _by_locale(values).values():
        if name == "ice_breakers" and len(items) > ICE_BREAKERS:
            raise invalid(f"Param ice_breakers has too many elements: at most {ICE_BREAKERS}")
        for item in items:
            _check_text(f"{name}[{part}]", item.get(part), most)


def _by_locale(value: list[Json]) -> dict[str, list[Json]]:
    """Ice breakers may come as a bare list too, which then holds for every locale."""
    if value and "call_to_actions" not in value[0]:
        return {"default": value}
    return {each.get("locale", "default"): each.get("call_to_actions", []) for each in value}


def _check_text(where: str, text: object, most: int) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        raise invalid(f"Length of param {where} must be from 1 to {most}")
