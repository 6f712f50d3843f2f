"""Follows values through the application's code, without running any of it, to every call of AWS that the code can make.

An abstract interpretation: all branches are taken and all loops entered, calls are followed into our own functions by what the
values are and not by what types say, and everything is read again until nothing new is learnt. What cannot be told is `UNKNOWN`.
https://en.wikipedia.org/wiki/Abstract_interpretation
"""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ops.policies.reading import Reader
from ops.policies.source import AWS, Source, decorators, field_names, names_of, yields
from ops.policies.values import (
    ANY,
    NOTHING,
    UNKNOWN,
    Arguments,
    Atom,
    Class,
    Code,
    Frame,
    Function,
    Heap,
    Method,
    Module,
    Object,
    Seen,
    Value,
    objects,
    texts,
    union,
)

STAGE = "{stage}"
"""What the code sees for the stage's name."""

SENDER = "{sender}"
"""And for the domain that mails are from."""
_OF_ACCOUNT = {
    ("chalicelib.settings.Settings", "stage"): STAGE,
    ("chalicelib.settings.Settings", "mail_from"): SENDER,
    ("chalicelib.aws.topics.Place", "region"): "*",
    ("chalicelib.aws.topics.Place", "account"): "*",
    ("chalicelib.aws.workflows._Home", "region"): "*",
    ("chalicelib.aws.workflows._Home", "account"): "*",
}
"""What only the account knows, as policies write it."""


class Call(NamedTuple):
    """One place that calls AWS, and all that it can be called with."""

    place: str
    service: Seen
    operation: Seen
    parameters: Seen


class Follower:
    """Reads as long as it `learns` something; then `calls` tells of every call of AWS."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.heap = Heap()
        self._read: set[Frame] = set()
        self._calls: dict[tuple[ast.AST, Frame], str] = {}
        self._environ = Object("dict", None, None)
        self.heap.put(self._environ, "STAGE", frozenset({STAGE}))

    def learns(self) -> bool:
        """Whether there may be more to learn: then read everything again."""
        changed, self.heap.changed = self.heap.changed, False
        self._read.clear()
        return changed

    def run(self, frame: Frame, statements: Iterable[ast.stmt]) -> None:
        """Read a module's statements in place of what its file holds."""
        self._read.add(frame)
        Reader(self, frame).run(statements)

    def value(self, frame: Frame, expression: ast.expr) -> Value:
        return Reader(self, frame).value(expression)

    def calls(self) -> Iterator[Call]:
        for key, place in self._calls.items():
            yield Call(place, *(self.heap.seen(self.heap.get(key, name) or NOTHING) for name in Call._fields[1:]))

    # Names

    def module(self, name: str) -> Frame | None:
        """The frame of one of our modules, which is read when it is first asked for."""
        frame = self.heap.frame(name)
        if self.source.path(name) is None:
            return None
        if frame not in self._read:
            self._read.add(frame)
            Reader(self, frame).run(self.source.tree(name).body)
        return frame

    def member(self, module: str, name: str) -> Value:
        """`module.name`: a name, a module inside, or unknown."""
        if (module, name) == ("os", "environ"):
            return frozenset({self._environ})
        frame = self.module(module)
        found = self.heap.get(frame, name) if frame else None
        if found is not None:
            return found
        inner = f"{module}.{name}"
        return frozenset({Module(inner)}) if frame is None or self.source.path(inner) else UNKNOWN

    def attribute(self, value: Value, name: str) -> Value:
        return union(self._attribute(atom, name) for atom in value)

    def _attribute(self, atom: Atom, name: str) -> Value:
        found: Value | None = None
        match atom:
            case Module():
                return self.member(atom.name, name)
            case Object(Class() as described):
                if said_of_account := _OF_ACCOUNT.get((described.full_name, name)):
                    return frozenset({said_of_account})
                found = self.heap.get(atom, name)
                said = self.said_by_class(described, name, atom)
                found = said if found is None else found | (said or NOTHING)
            case Class():
                found = self.said_by_class(atom, name, None)
        return UNKNOWN if found is None else found

    def has(self, held: Object, name: str) -> bool:
        """Whether an object has an attribute that our code gave it."""
        if isinstance(held.made_of, str):
            return False
        return self.heap.get(held, name) is not None or self.said_by_class(held.made_of, name, held) is not None

    def said_by_class(self, described: Class, name: str, receiver: Object | None) -> Value | None:
        """What the class, or the first of its bases that has it, says under a name."""
        statement = names_of(described.node).get(name)
        if statement is None:
            return self.said_by_bases(described, name, receiver)
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return self.heap.get(described, name)
        function = Function(described.module, statement, described.outer, described)
        kinds = decorators(statement)
        if "staticmethod" in kinds or (receiver is None and "classmethod" not in kinds):
            return frozenset({function})
        if kinds & {"property", "functools.cached_property"}:
            return self._enter(function, Arguments(), receiver)
        return frozenset({Method(described if receiver is None or "classmethod" in kinds else receiver, function)})

    def said_by_bases(self, described: Class, name: str, receiver: Object | None) -> Value | None:
        said = (self.said_by_class(base, name, receiver) for base in self._bases(described))
        return next((value for value in said if value is not None), None)

    def _bases(self, described: Class) -> list[Class]:
        frame = described.outer or self.heap.frame(described.module)
        found = union(map(Reader(self, frame).value, described.node.bases))
        return [atom for atom in found if isinstance(atom, Class)]

    def is_a(self, described: Class, wanted: Class) -> bool:
        return described == wanted or any(self.is_a(base, wanted) for base in self._bases(described))

    # Calls

    def call(self, callee: Value, given: Arguments, node: ast.AST, frame: Frame) -> Value:
        return union(self._call(atom, given, node, frame) for atom in callee)

    def _call(self, atom: Atom, given: Arguments, node: ast.AST, frame: Frame) -> Value:
        match atom:
            case Function():
                return self._enter(atom, given, None)
            case Method(Object(Class() as described) as receiver, function) if (
                described.full_name == f"{AWS}.Client" and getattr(function.node, "name", "") == "call"
            ):
                return self._aws(receiver, given, node, frame)
            case Method(receiver, function):
                return self._enter(function, given, receiver)
            case Class():
                return self._instance(atom, given, node, frame)
            case Object() if self.has(atom, "__call__"):
                return self.call(self._attribute(atom, "__call__"), given, node, frame)
        return self.library(given, node, frame)

    def library(self, given: Arguments, node: ast.AST, frame: Frame) -> Value:
        """A call of what is not ours: it may call every function that it is given, in a list too, and answer with all of it."""
        everything = given.all()
        inside = union(self.heap.elements(held) for held in objects(everything) if isinstance(held.made_of, str))
        everything = everything - texts(everything) | self.heap.services(everything)
        answers = [
            self._call(atom, Arguments(more=inside | UNKNOWN), node, frame)
            for atom in everything
            if isinstance(atom, Function | Method)
        ]
        return UNKNOWN | everything | union(answers)

    def _aws(self, client: Object, given: Arguments, node: ast.AST, frame: Frame) -> Value:
        key = (node, frame)
        self._calls[key] = self._place(node, frame)
        parameters, answer = self.heap.made("dict", node, frame), self.heap.made("list", node, frame)
        for name, value in [*given.named.items(), *([(ANY, given.more)] if given.more else [])]:
            self.heap.put(parameters, name, value)
        self.heap.put(key, "service", self.heap.get(client, "service") or NOTHING)
        self.heap.put(key, "operation", given.positional[0] if given.positional else UNKNOWN)
        self.heap.put(key, "parameters", frozenset({parameters}))
        self.heap.put(answer, ANY, given.named.get("QueueName") or UNKNOWN)  # a queue's name stands for its URL
        return frozenset({answer})

    def _instance(self, described: Class, given: Arguments, node: ast.AST, frame: Frame) -> Value:
        if self._computes_only(described.module, given.all()):
            return UNKNOWN
        simple = self.said_by_class(described, "__init__", None) is None
        new = self.heap.made(described, node, None if simple else frame)
        constructor = next(iter(self.said_by_class(described, "__init__", new) or ()), None)
        if described.full_name == f"{AWS}.Client":
            self.heap.put(new, "service", given.positional[0])
        elif isinstance(constructor, Method):
            self._enter(constructor.function, given, new)
        else:
            names = field_names(described)
            for name, value in [*zip(names, given.positional, strict=False), *given.named.items()]:
                self.heap.put(new, name, value)
            for name in names if given.more else ():
                self.heap.put(new, name, given.more)
        for name in self._special(described):
            method = self.said_by_class(described, name, new) or NOTHING
            self.heap.put(new, ANY, self.call(method, Arguments(more=UNKNOWN), node, frame))
        return frozenset({new})

    def _special(self, described: Class) -> set[str]:
        """The methods that Python calls wherever an operator, a loop or the like asks for them."""
        own = {name for name in names_of(described.node) if name.startswith("__") and name.endswith("__")}
        return own.union(*map(self._special, self._bases(described))) - {"__init__", "__new__", "__call__"}

    def _computes_only(self, module: str, handed: Value) -> bool:
        """Code that has no way to AWS of its own, and is handed none, need not be read."""
        return self.source.computes_only(module) and not self.heap.services(handed)

    def _enter(self, function: Function, given: Arguments, receiver: Object | Class | None) -> Value:
        """Read a function's body with these arguments, unless this pass has read it with the like of them."""
        if receiver:
            given = given._replace(positional=(frozenset({receiver}), *given.positional))
        if self._computes_only(function.module, given.all()) and not function.outer:
            return UNKNOWN
        bound, rest = _bound(function.node, given)
        known = tuple((name, text) for name, value in bound.items() if len(value) == 1 for text in texts(value))
        held = receiver if isinstance(receiver, Object) and receiver.frame else None
        frame = self.heap.frame(function.module, function.node, held, function.outer, known, function.owner)
        for name, value in bound.items():
            self.heap.put(frame, name, value)
        reader = Reader(self, frame)
        reader.take_rest(function.node, rest)
        if frame not in self._read:
            self._read.add(frame)
            reader.run_function(function.node)
        if yields(function.node):
            return frozenset({self.heap.made("list", function.node, frame)})
        return self.heap.get(frame, "return") or NOTHING

    def _place(self, node: ast.AST, frame: Frame) -> str:
        path = self.source.path(frame.module)
        return f"{path.name if path else frame.module}:{getattr(node, 'lineno', 0)}"


def _bound(node: Code, given: Arguments) -> tuple[dict[str, Value], Arguments]:
    """The parameters with what they get, and what no parameter takes."""
    spec = node.args
    positional = [argument.arg for argument in (*spec.posonlyargs, *spec.args)]
    bound = dict(zip(positional, given.positional, strict=False))
    everybody = [*positional, *(argument.arg for argument in spec.kwonlyargs)]
    bound |= {name: value for name, value in given.named.items() if name in everybody}
    if given.more:
        bound |= {name: given.more for name in everybody if name not in bound}
    rest = {name: value for name, value in given.named.items() if name not in everybody}
    return bound, Arguments(given.positional[len(positional) :], rest, given.more)
