"""What DynamoDB charges for."""

from collections.abc import Mapping
from typing import Any


def size(attributes: Mapping[str, Any]) -> int:
    """Of an item, as DynamoDB counts: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html ."""
    return sum(len(name.encode()) + _size(*attribute.items()) for name, attribute in attributes.items())


def _size(attribute: tuple[str, Any]) -> int:
    kind, value = attribute
    match kind:
        case "S":
            return len(value.encode())
        case "N":
            return len(value) // 2 + 1
        case "L":
            return 3 + sum(1 + _size(*element.items()) for element in value)
        case "M":
            return 3 + len(value) + size(value)
    return 1
