"""What is known of a value in code that is read and not run: the set of all that it may be.

Only what can lead to a call of AWS is told apart: texts, functions, classes, modules, and the objects that the code makes. An object
is known by the place that makes it and by whom that place was working for, so `table("campaigns")` and `table("conversations")` are
two. Numbers and the like are nothing; what a library answers is `UNKNOWN`.
"""

import ast
import functools
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Union

ANY: Final = "*"
"""The field of what has no name of its own: a list's elements, a dictionary's values under keys that are not known."""

_LONGEST_TEXT, _MOST_TEXTS = 200, 32
_DEEPEST = 8


class Unknown(NamedTuple):
    kind: str = "unknown"


class Module(NamedTuple):
    name: str


class Class(NamedTuple):
    module: str
    node: ast.ClassDef
    outer: Union["Frame", None] = None  # mypy resolves forward references of NamedTuples in this form only
    """Of the function in which it is defined."""

    @property
    def full_name(self) -> str:
        return f"{self.module}.{self.node.name}"


@dataclass(eq=False)
class Frame:
    """A function at work for someone: whatever it is called with, but for the texts, comes together here."""

    module: str
    node: "Code | None" = None
    """None for the module's own statements."""
    receiver: "Object | None" = None
    outer: "Frame | None" = None
    """Of the function in which it is defined."""
    texts: tuple[tuple[str, str], ...] = ()
    """The parameters that are one text each."""
    owner: Class | None = None
    """The class in which it is defined."""

    def __post_init__(self) -> None:
        above = (self.receiver and self.receiver.frame, self.outer)
        self.depth: int = 1 + max([frame.depth for frame in above if frame] or [0])


@dataclass(eq=False)
class Object:
    made_of: Class | str
    """Its class, or `list`, `dict` or `tuple`."""
    place: ast.AST | None = None
    frame: Frame | None = None

    __match_args__ = ("made_of",)


class Function(NamedTuple):
    module: str
    node: "Code"
    outer: Frame | None = None
    owner: Class | None = None


class Method(NamedTuple):
    receiver: Union[Object, Class]  # noqa: UP007  # mypy resolves forward references of NamedTuples in this form only
    function: Function


Code = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Atom = str | Unknown | Module | Class | Object | Function | Method
Value = frozenset[Atom]

NOTHING: Value = frozenset()
UNKNOWN: Value = frozenset({Unknown()})


def union(values: Iterable[Value]) -> Value:
    return frozenset(itertools.chain.from_iterable(values))


def texts(value: Value) -> frozenset[str]:
    return frozenset(atom for atom in value if isinstance(atom, str))


def objects(value: Iterable[Atom]) -> list[Object]:
    return [atom for atom in value if isinstance(atom, Object)]


def is_service(atom: Atom) -> bool:
    return isinstance(atom, Function | Method) or (
        isinstance(atom, Object) and isinstance(atom.made_of, Class) and atom.frame is not None
    )


def joined(parts: Iterable[Value]) -> Value:
    """All texts that can come of writing the parts one after another."""
    parts = list(parts)
    if any(not part <= texts(part) for part in parts):
        return UNKNOWN
    combined = ["".join(choice) for choice in itertools.product(*map(texts, parts))]
    if len(combined) > _MOST_TEXTS or any(len(text) > _LONGEST_TEXT for text in combined):
        return UNKNOWN
    return frozenset(combined)


class Arguments(NamedTuple):
    """What a function is called with."""

    positional: tuple[Value, ...] = ()
    named: Mapping[str, Value] = {}  # NamedTuple never changes its defaults
    more: Value = NOTHING
    """What goes to parameters that are not known."""

    def all(self) -> Value:
        return union((*self.positional, *self.named.values(), self.more))


class Seen(NamedTuple):
    """A value as its reader sees it: its texts, and what is in it."""

    texts: frozenset[str] = frozenset()
    fields: Mapping[str, "Seen"] = {}
    unknown: bool = False

    def at(self, *path: str) -> "Seen":
        seen = self
        for name in path:
            seen = seen.fields.get(name, Seen())
        return seen


class Heap:
    """What is in the objects. It only grows; `changed` says that it did, so whoever has read before must read again."""

    def __init__(self) -> None:
        self._fields: defaultdict[object, dict[str, Value]] = defaultdict(dict)
        self.changed = True
        self._crowded: set[tuple[object, str]] = set()
        """What may be any of very many texts, so that none is worth knowing: not later either, or nothing would ever be read to its end."""
        self.frame = functools.cache(Frame)
        """There is one frame, and one object, of a kind: they are told apart by what they are."""
        self._object = functools.cache(Object)

    def made(self, made_of: Class | str, place: ast.AST, frame: Frame | None) -> Object:
        """Where objects make objects that make objects, without an end, the deepest of them count as one."""
        return self._object(made_of, place, frame if frame and frame.depth < _DEEPEST else None)

    def put(self, holder: object, name: str, value: Value) -> None:
        before = self._fields[holder].get(name)
        if before is None or not value <= before:
            after = (before or NOTHING) | value
            if len(after) > _MOST_TEXTS:
                self._crowded.add((holder, name))
            if (holder, name) in self._crowded:
                after = after - texts(after) | UNKNOWN
            self._fields[holder][name] = after
            self.changed |= after != before

    def get(self, holder: object, name: str) -> Value | None:
        return self._fields[holder].get(name)

    def fields(self, holder: object) -> dict[str, Value]:
        return dict(self._fields[holder])

    def item(self, holder: Object, keys: Value) -> Value:
        """`holder[key]`: with a known key what is under it, else everything."""
        fields = self._fields[holder]
        if keys and keys <= texts(keys):
            return union(fields.get(key, NOTHING) for key in (*texts(keys), ANY))
        return union(fields.values())

    def put_item(self, holder: Object, keys: Value, value: Value) -> None:
        named = texts(keys)
        for key in named:
            self.put(holder, key, value)
        if not keys or keys - named:
            self.put(holder, ANY, value | (keys - named - UNKNOWN))

    def elements(self, holder: Object) -> Value:
        """What a loop over it may see."""
        fields = self._fields[holder]
        keys = frozenset(fields) - {ANY} if holder.made_of == "dict" else NOTHING
        return union(fields.values()) | keys

    def services(self, value: Value) -> Value:
        """What in it, however deep, is a function, or was built for someone: all else is data."""
        found: set[Atom] = set()
        waiting, known = set(value), set[Atom]()
        while waiting:
            known |= waiting
            found |= {atom for atom in waiting if is_service(atom)}
            waiting = set(union(union(self._fields[held].values()) for held in objects(waiting - found))) - known
        return frozenset(found)

    def seen(self, value: Value, depth: int = 5) -> Seen:
        inside: defaultdict[str, Value] = defaultdict(frozenset)
        for holder in objects(value) if depth else ():
            for name, held in self._fields[holder].items():
                inside[name] |= held
        fields = {name: self.seen(held, depth - 1) for name, held in inside.items()}
        return Seen(texts(value), fields, value >= UNKNOWN)
