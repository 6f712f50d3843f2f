"""What a body must be: JSON in, a value of a type out, or everything that is wrong with it at once.

A body's type is a subclass of `Body`; its limits are msgspec's `Meta`, and the same type makes the schema in `/openapi.json`:

    class Scan(Body, frozen=True, kw_only=True):
        nonce: Annotated[str, Meta(pattern="^[!-~]{1,100}$", description="1 to 100 ASCII characters without spaces")]
        gate: Annotated[str, Meta(max_length=40)] = ""

    scan = validation.decode(http.raw_body(request), Scan)

A pattern is one that Python and JSON Schema (https://json-schema.org/understanding-json-schema/reference/regular_expressions) read
alike: explicit classes, no shorthand for digits, words or spaces, and `$` at its end only. Its description completes the sentence
"must be …". What no `Meta` can say, `compared` may.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from chalicelib.errors import FieldError, Invalid

T = TypeVar("T")

NOT_BLANK = r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
"""A pattern: somewhere there is a character that is no white space and no control character."""

Json = Any
"""A value as `json.loads` gives it."""

LONGEST_NUMBER = 18
"""Digits, so that whoever reads it can keep it in 64 bits."""
MOST_ERRORS = 100
"""That one answer tells of."""


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a caller sends: a field that we do not know is refused, as it is a misspelt one more often than not."""

    @classmethod
    def compared(cls, fields: Mapping[str, Json]) -> Iterable[FieldError]:  # noqa: ARG003  # for subclasses
        """What is wrong with the fields beside each other, as they were sent: those of a wrong type have their own errors."""
        return ()


def decode(raw: bytes, kind: type[T]) -> T:
    """The value of this kind that a body of JSON holds, or `Invalid` with every wrong field: its path, the limit and the way out."""
    return convert(json_object(raw), kind)


def convert(body: dict[str, Json], kind: type[T]) -> T:
    """As `decode`, from an object that was read already (`json_object`), and perhaps merged with another."""
    wrong = tuple(itertools.islice(_wrong(inspect.type_info(kind), body, ""), MOST_ERRORS))
    if not wrong:
        try:
            return msgspec.convert(body, kind)
        except msgspec.ValidationError as error:
            message, _, path = str(error).partition(" - at `$")
            wrong = (FieldError(path.strip(".`"), message),)
    what = "one field is" if len(wrong) == 1 else f"{len(wrong)} fields are"
    raise Invalid(f"The body cannot be taken: {what} wrong", wrong)


def merged(document: Json, patch: Json) -> Json:
    """The document as a merge patch changes it: null takes a field away (https://www.rfc-editor.org/rfc/rfc7396)."""
    if not isinstance(patch, dict):
        return patch
    fields = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = merged(fields.get(name), value)
    return fields


# ─── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def json_object(raw: bytes) -> dict[str, Json]:
    """The body as a JSON object that everyone reads alike, or `Invalid`: no NaN, no field twice, no half characters."""
    try:
        body = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_not_a_number,
            parse_int=_whole,
            parse_float=_number,
        )
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise Invalid(f"The body is JSON, so it must be UTF-8, which the byte at {error.start} is not") from error
    except UnicodeEncodeError as error:
        half = ord(error.object[error.start])
        raise Invalid(f"The body holds half a character, \\u{half:04x}: send both halves, or neither") from error
    except RecursionError as error:
        raise Invalid("The body is nested deeper than any that we take") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Invalid(f"The body must be a JSON object, not {_kind(body)}")
    return body


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """RFC 8259 leaves open which of two fields of the same name counts, so neither does."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"The body is ambiguous: it has {_shown(twice)} twice in one object")
    return found


def _not_a_number(name: str) -> Json:
    raise Invalid(f"The body is not JSON: {name} is no number there. Send null, or leave the field out")


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_NUMBER:
        raise Invalid(f"The body has a number of {len(digits)} digits; the limit is {LONGEST_NUMBER}")
    return int(digits)


def _number(digits: str) -> float | int:
    """1.0 is a whole number (https://json-schema.org/understanding-json-schema/reference/numeric#integer)."""
    number = float(digits)
    if abs(number) >= 10**LONGEST_NUMBER:
        raise Invalid(f"The body has the number {digits[:20]}; the limit is {LONGEST_NUMBER} digits")
    return int(number) if number.is_integer() else number


# ─── a value against a type ─────────────────────────────────────────────────────────────────────────────────────────


def _wrong(node: inspect.Type, value: Json, path: str) -> Iterator[FieldError]:
    """What is wrong with a value at a path."""
    bare = _bare(node)
    kinds = bare.types if isinstance(bare, inspect.UnionType) else (node,)
    fitting = next((kind for kind in kinds if _fits(_bare(kind), value)), None)
    if fitting is None:
        yield FieldError(path, f"must be {_expected(node)}, not {_shown(value)}")
    elif rule := _RULES.get(type(_bare(fitting))):
        yield from rule(_bare(fitting), value, path, _expected(fitting))


def _wrong_text(node: inspect.StrType, value: str, path: str, expected: str) -> Iterator[FieldError]:
    if not _counts(node, value):
        yield FieldError(path, f"has {len(value)} characters; it must be {_text(node)}")
    elif node.pattern and not re.search(
        re.sub(r"\$$", r"\\Z", node.pattern), value
    ):  # Python's $ lets a line break pass
        yield FieldError(path, f"must be {expected}, not {_shown(value)}")


def _wrong_number(
    node: inspect.IntType | inspect.FloatType, value: float, path: str, expected: str
) -> Iterator[FieldError]:
    if (node.ge is not None and value < node.ge) or (node.le is not None and value > node.le):
        yield FieldError(path, f"must be {expected}, not {_shown(value)}")


def _wrong_items(node: inspect.CollectionType, value: list[Json], path: str, expected: str) -> Iterator[FieldError]:
    if not _counts(node, value):
        yield FieldError(path, f"has {len(value)}; it must be {expected}")
    for index, item in enumerate(value[: node.max_length]):
        yield from _wrong(node.item_type, item, f"{path}[{index}]")


def _wrong_entries(node: inspect.DictType, value: dict[str, Json], path: str, _expected: str) -> Iterator[FieldError]:
    for name, item in value.items():
        yield from _wrong(node.key_type, name, _join(path, name))
        yield from _wrong(node.value_type, item, _join(path, name))


def _wrong_fields(node: inspect.StructType, value: dict[str, Json], path: str, _: str) -> Iterator[FieldError]:
    known = {field.encode_name: field for field in node.fields}
    for name, field in known.items():
        if name in value:
            yield from _wrong(field.type, value[name], _join(path, name))
        elif field.required:
            yield FieldError(_join(path, name), f"is missing: it must be {_expected(field.type)}")
    if node.forbid_unknown_fields:
        for name in (name for name in value if name not in known):
            yield FieldError(_join(path, name), f"is not known here; the fields are {', '.join(known)}")
    if issubclass(node.cls, Body):
        for error in node.cls.compared(value):
            yield error._replace(field=_join(path, error.field))


_RULES: dict[type[inspect.Type], Callable[..., Iterator[FieldError]]] = {
    inspect.StrType: _wrong_text,
    inspect.IntType: _wrong_number,
    inspect.FloatType: _wrong_number,
    inspect.ListType: _wrong_items,
    inspect.VarTupleType: _wrong_items,
    inspect.DictType: _wrong_entries,
    inspect.StructType: _wrong_fields,
}
"""What is wrong inside a value of the right JSON type. Of a type that is not here, `msgspec.convert` has the last word."""


def _bare(node: inspect.Type) -> inspect.Type:
    """Without its description."""
    return node.type if isinstance(node, inspect.Metadata) else node


def _fits(node: inspect.Type, value: Json) -> bool:
    """Whether the value is of the JSON type that the node wants."""
    if isinstance(node, inspect.LiteralType):
        return any(value == known and type(value) is type(known) for known in node.values)
    return type(value) in _FITTING.get(type(node), (type(value),))


_FITTING: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.StrType: (str,),
    inspect.BoolType: (bool,),
    inspect.IntType: (int,),
    inspect.FloatType: (int, float),
    inspect.NoneType: (type(None),),
    inspect.ListType: (list,),
    inspect.VarTupleType: (list,),
    inspect.DictType: (dict,),
    inspect.StructType: (dict,),
}


def _counts(node: inspect.StrType | inspect.CollectionType, value: str | list[Json]) -> bool:
    return len(value) >= (node.min_length or 0) and (node.max_length is None or len(value) <= node.max_length)


def _join(path: str, name: str) -> str:
    shown = name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…"
    return f"{path}.{shown}" if path else shown


# ─── in words ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _expected(node: inspect.Type) -> str:
    """What a value of this type is. A description counts where it explains a pattern; elsewhere it is about the meaning."""
    bare = _bare(node)
    if isinstance(bare, inspect.UnionType):
        return " or ".join(map(_expected, bare.types))
    if isinstance(node, inspect.Metadata) and isinstance(bare, inspect.StrType) and bare.pattern:
        return str((node.extra_json_schema or {}).get("description", _text(bare)))
    words = _WORDS.get(type(bare))
    return words(bare) if words else "as /openapi.json says"


def _text(node: inspect.StrType) -> str:
    return f"a text{_range('of', node.min_length, node.max_length, ' characters')}"


_WORDS: dict[type[inspect.Type], Callable[..., str]] = {
    inspect.StrType: _text,
    inspect.LiteralType: lambda node: " or ".join(map(str, node.values)),
    inspect.IntType: lambda node: f"a whole number{_range('from', node.ge, node.le)}",
    inspect.FloatType: lambda node: f"a number{_range('from', node.ge, node.le)}",
    inspect.BoolType: lambda _: "true or false",
    inspect.NoneType: lambda _: "null",
    inspect.ListType: lambda node: f"a list{_range('of', node.min_length, node.max_length)}",
    inspect.VarTupleType: lambda node: f"a list{_range('of', node.min_length, node.max_length)}",
    inspect.DictType: lambda _: "an object",
    inspect.StructType: lambda _: "an object",
}


def _range(word: str, least: float | None, most: float | None, unit: str = "") -> str:
    if least is None:
        return "" if most is None else f" of at most {most}{unit}"
    return f" of at least {least}{unit}" if most is None else f" {word} {least} to {most}{unit}"


_MOST_SHOWN = 60
"""Characters of what was sent: enough to recognise it."""

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


def _kind(value: Json) -> str:
    return _KINDS.get(type(value), "null")


def _shown(value: Json) -> str:
    """The value, or what it is where it is large."""
    if isinstance(value, dict | list):
        return _kind(value)
    shown = json.dumps(value)
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"
