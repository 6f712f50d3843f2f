"""Reads one body of code: what each of its expressions may be, by Python's own rules."""

import ast
import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.policies.source import CODE, assigned, field_names, names_of, of_others
from ops.policies.values import (
    ANY,
    NOTHING,
    UNKNOWN,
    Arguments,
    Class,
    Code,
    Frame,
    Function,
    Method,
    Module,
    Object,
    Value,
    is_service,
    joined,
    objects,
    texts,
    union,
)

if TYPE_CHECKING:
    from ops.policies.following import Follower


class Reader(ast.NodeVisitor):
    """What an expression may be is answered; what a statement does is left in the heap."""

    def __init__(self, follower: "Follower", frame: Frame) -> None:
        self._follower = follower
        self._heap = follower.heap
        self._frame = frame

    def value(self, node: ast.expr) -> Value:
        value: Value = self.visit(node)
        return value

    def run(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def run_function(self, node: Code) -> None:
        spec = node.args
        positional = [*spec.posonlyargs, *spec.args]
        optional = positional[len(positional) - len(spec.defaults) :]
        for argument, default in [
            *zip(optional, spec.defaults, strict=True),
            *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
        ]:
            if default is not None and self._heap.get(self._frame, argument.arg) is None:
                self._put(argument.arg, self.value(default))
        if isinstance(node, ast.Lambda):
            self._heap.put(self._frame, "return", self.value(node.body))
        else:
            self.run(node.body)

    def take_rest(self, node: Code, rest: Arguments) -> None:
        """Give what no parameter takes to `*args` and `**kwargs`."""
        for star, kind in ((node.args.vararg, "list"), (node.args.kwarg, "dict")):
            if star is None:
                continue
            held = self._heap.made(kind, star, self._frame)
            self._put(star.arg, frozenset({held}))
            if kind == "list":
                self._heap.put(held, ANY, union((*rest.positional, rest.more)))
            for name, value in rest.named.items() if kind == "dict" else ():
                self._heap.put(held, name, value)

    # Statements

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer = self._frame if self._frame.node else None
        value: Value = frozenset({Function(self._frame.module, node, outer)})
        for decorator in reversed(node.decorator_list):
            said = decorating = self.value(decorator)
            if isinstance(decorator, ast.Call):
                said = self.value(decorator.func)
            if any(isinstance(atom, Function | Method | Class) for atom in said):  # else a library's
                value = self._follower.call(decorating, Arguments((value,)), decorator, self._frame) | value
        self._put(node.name, value)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  # ast's own

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        described = Class(self._frame.module, node, self._frame if self._frame.node else None)
        self._put(node.name, frozenset({described}))
        for name, statement in names_of(node).items():
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
                self._heap.put(described, name, self.visit(statement.value))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self._put(alias.asname or name, frozenset({Module(name)}))
            self._follower.module(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._put(alias.asname or alias.name, self._follower.member(node.module or "", alias.name))

    def visit_Return(self, node: ast.Return) -> None:
        self._heap.put(self._frame, "return", self.value(node.value) if node.value else NOTHING)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self._assign(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self._assign(node.target, self.value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        value = self.value(node.value)
        for held in objects(self.value(node.target)):
            self._spread(held, value)
        self._assign(node.target, _without_texts(value))

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._assign(node.target, self._elements(self.value(node.iter)))
        self.run([*node.body, *node.orelse])

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars:
                self._assign(item.optional_vars, value | self._elements(value))
        self.run(node.body)

    visit_AsyncWith = visit_With  # noqa: N815

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._put(node.name, UNKNOWN)
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        for case in node.cases:
            if self._matches(case.pattern, subject):
                if case.guard:
                    self.value(case.guard)
                self.run(case.body)

    def _matches(self, pattern: ast.pattern, subject: Value) -> bool:
        """Whether it can match; binds the pattern's names. Only classes of ours tell values apart."""
        match pattern:
            case ast.MatchAs():
                if pattern.pattern and not self._matches(pattern.pattern, subject):
                    return False
                if pattern.name:
                    self._put(pattern.name, subject)
                return True
            case ast.MatchOr():
                return any([self._matches(inner, subject) for inner in pattern.patterns])  # noqa: C419  # all of them bind
            case ast.MatchClass():
                return self._matches_class(pattern, subject)
        for inner in ast.walk(pattern):
            if isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
                self._put(inner.name, self._elements(subject) | UNKNOWN)
        return True

    def _matches_class(self, pattern: ast.MatchClass, subject: Value) -> bool:
        wanted = [atom for atom in self.value(pattern.cls) if isinstance(atom, Class)]
        if wanted:
            subject = frozenset(
                atom
                for atom in subject
                if atom in UNKNOWN
                or (
                    isinstance(atom, Object)
                    and isinstance(atom.made_of, Class)
                    and any(self._follower.is_a(atom.made_of, one) for one in wanted)
                )
            )
            if not subject:
                return False
        names = [*field_names(wanted[0]), *[""] * len(pattern.patterns)] if wanted else [""] * len(pattern.patterns)
        for name, inner in [
            *zip(names, pattern.patterns, strict=False),
            *zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True),
        ]:
            self._matches(inner, self._follower.attribute(subject, name) if name else subject)
        return True

    def _assign(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name():
                self._put(target.id, value)
            case ast.Attribute():
                for held in objects(self.value(target.value)):
                    self._heap.put(held, target.attr, value)
            case ast.Subscript():
                for held in objects(self.value(target.value)):
                    self._heap.put_item(held, self.value(target.slice), value)
            case ast.Tuple() | ast.List():
                starred = any(isinstance(element, ast.Starred) for element in target.elts)
                for position, element in enumerate(target.elts):
                    self._assign(element, self._elements(value) if starred else self._at(value, position))
            case ast.Starred():
                held = self._heap.made("list", target, self._frame)
                self._heap.put(held, ANY, value)
                self._assign(target.value, frozenset({held}))

    def _at(self, value: Value, position: int) -> Value:
        """What unpacking puts at a position."""
        found = [_mixed(value)]
        for held in objects(value - found[0]):
            if isinstance(held.made_of, Class):
                names = field_names(held.made_of)[position:]
                found.append(self._follower.attribute(frozenset({held}), names[0]) if names else UNKNOWN)
            else:
                found.append(self._heap.item(held, frozenset({str(position)})))
        return union(found)

    def _put(self, name: str, value: Value) -> None:
        frame: Frame | None = self._frame
        while frame and frame.node and name in of_others(frame.node):
            frame = frame.outer or self._heap.frame(frame.module)
        self._heap.put(frame, name, value)

    # Expressions

    def generic_visit(self, node: ast.AST) -> Value:
        """Whatever has no rule of its own: its parts are read, and its value is unknown."""
        super().generic_visit(node)
        return UNKNOWN

    def visit_Constant(self, node: ast.Constant) -> Value:
        return frozenset({node.value}) if isinstance(node.value, str) else NOTHING

    def visit_Name(self, node: ast.Name) -> Value:
        frame: Frame | None = self._frame
        while frame and frame.node:
            found = self._heap.get(frame, node.id)
            if found is not None:
                return found
            if node.id in assigned(frame.node):
                return NOTHING  # until the statement that assigns it is read
            frame = frame.outer
        found = self._heap.get(self._heap.frame(self._frame.module), node.id)
        if found is None:
            return UNKNOWN if hasattr(builtins, node.id) else NOTHING  # not yet read
        return found

    def visit_Attribute(self, node: ast.Attribute) -> Value:
        if _is_super(node.value):
            return self._of_super(node.attr)
        return self._follower.attribute(self.value(node.value), node.attr)

    def _of_super(self, name: str) -> Value:
        """`super().name`, of the method around, for all that its first parameter may be."""
        method: Frame | None = self._frame
        while method and not method.owner:
            method = method.outer
        if not (method and method.owner and isinstance(method.node, CODE)):
            return UNKNOWN
        [first, *_] = [*method.node.args.posonlyargs, *method.node.args.args]
        held = self._heap.get(method, first.arg) or NOTHING
        said = [self._follower.said_by_bases(method.owner, name, one) for one in objects(held)]
        said += [self._follower.said_by_bases(method.owner, name, None) for one in held if isinstance(one, Class)]
        return union(one for one in said if one is not None) or UNKNOWN

    def visit_Call(self, node: ast.Call) -> Value:
        given = self._arguments(node)
        match node.func:
            case ast.Name("type"):
                described = {held.made_of for held in objects(given.all()) if isinstance(held.made_of, Class)}
                return frozenset(described) or UNKNOWN
            case ast.Name("dict"):
                return self._dict(given, node)
            case ast.Name("getattr"):
                return self._any_attribute(given)
            case ast.Attribute(value, name) if not _is_super(value):
                receiver = self.value(value)
                theirs = [held for held in objects(receiver) if not self._follower.has(held, name)]
                ours = self._follower.attribute(receiver - frozenset(theirs), name)
                answers = [self._of_library(held, name, given, node) for held in theirs]
                return union((*answers, self._follower.call(ours, given, node, self._frame)))
        return self._follower.call(self.value(node.func), given, node, self._frame)

    def _of_library(self, held: Object, name: str, given: Arguments, node: ast.Call) -> Value:
        """What a method that we have not written (`list.append`, `NamedTuple._replace`) may answer, and leave in its object."""
        if name in ("get", "pop", "setdefault") and given.positional and isinstance(held.made_of, str):
            found = self._heap.item(held, given.positional[0])
            return found or union(given.positional[1:])
        self._absorb(held, given.all())
        for field, value in given.named.items():
            self._heap.put(held, field, value)
        answer = self._follower.library(given, node, self._frame)
        return answer | frozenset({held}) | self._heap.elements(held)

    def _absorb(self, held: Object, value: Value) -> None:
        """`held` may now hold the value, or what is in it."""
        if value - UNKNOWN and isinstance(held.made_of, str):
            self._heap.put(held, ANY, value)
            self._spread(held, value)

    def _spread(self, held: Object, value: Value) -> None:
        """What is in the value is now in `held`, too."""
        if value >= UNKNOWN and isinstance(held.made_of, str):
            self._heap.put(held, ANY, UNKNOWN)
        for other in objects(value) if isinstance(held.made_of, str) else ():
            for name, inner in self._heap.fields(other).items() if isinstance(other.made_of, str) else ():
                self._heap.put(held, name if held.made_of == other.made_of == "dict" else ANY, inner)

    def _any_attribute(self, given: Arguments) -> Value:
        value, names, *default = (*given.positional, given.more)
        known = texts(names)
        found = [self._follower.attribute(value, name) for name in known]
        if names - known:  # any of them
            for atom in value:
                described = atom.made_of if isinstance(atom, Object) else None
                if isinstance(described, Class):
                    every = names_of(described.node).keys() | set(self._heap.fields(atom))
                    found += [self._follower.attribute(frozenset({atom}), name) for name in every]
        return union((*found, *default)) or UNKNOWN

    def _dict(self, given: Arguments, node: ast.Call) -> Value:
        new = self._heap.made("dict", node, self._frame)
        for source in objects(given.all()):
            for pair in objects(self._heap.elements(source)) if source.made_of != "dict" else ():
                values = frozenset({pair})
                self._heap.put_item(new, self._at(values, 0), self._at(values, 1))
            if source.made_of == "dict":
                self._spread(new, frozenset({source}))
        for name, value in given.named.items():
            self._heap.put(new, name, value)
        return frozenset({new}) | (UNKNOWN & given.all())

    def _arguments(self, node: ast.Call) -> Arguments:
        positional: list[Value] = []
        named: dict[str, Value] = {}
        more = NOTHING
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                more |= self._elements(self.value(argument.value))
            elif more:
                more |= self.value(argument)
            else:
                positional.append(self.value(argument))
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg:
                named[keyword.arg] = named.get(keyword.arg, NOTHING) | value
                continue
            more |= UNKNOWN & value
            for held in objects(value):
                for name, inner in self._heap.fields(held).items():
                    if name == ANY:
                        more |= inner
                    else:
                        named[name] = named.get(name, NOTHING) | inner
        return Arguments(tuple(positional), named, more)

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        value, keys = self.value(node.value), self._keys(node.slice)
        if isinstance(node.slice, ast.Slice):
            return _without_texts(value)
        found = [self._heap.item(held, keys) for held in objects(value) if isinstance(held.made_of, str)]
        return union((*found, _mixed(value))) or UNKNOWN  # a class, too: `Names[int]`

    def _keys(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(int() as position):
                return frozenset({str(position)})
        return self.value(node) or UNKNOWN

    def visit_Tuple(self, node: ast.Tuple) -> Value:
        if any(isinstance(element, ast.Starred) for element in node.elts):
            return self._list(node, node.elts)
        new = self._heap.made("tuple", node, self._frame)
        for position, element in enumerate(node.elts):
            self._heap.put(new, str(position), self.value(element))
        return frozenset({new})

    def visit_List(self, node: ast.List | ast.Set) -> Value:
        return self._list(node, node.elts)

    visit_Set = visit_List  # noqa: N815

    def _list(self, node: ast.expr, elements: Iterable[ast.expr]) -> Value:
        new = self._heap.made("list", node, self._frame)
        for element in elements:
            self._heap.put(new, ANY, self.value(element))
        return frozenset({new})

    def visit_Dict(self, node: ast.Dict) -> Value:
        new = self._heap.made("dict", node, self._frame)
        for key, held in zip(node.keys, node.values, strict=True):
            value = self.value(held)
            if key:
                self._heap.put_item(new, self.value(key), value)
            else:
                self._spread(new, value)
        return frozenset({new})

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value:
        self._generate(node.generators)
        return self._list(node, [node.elt])

    visit_SetComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> Value:
        self._generate(node.generators)
        new = self._heap.made("dict", node, self._frame)
        self._heap.put_item(new, self.value(node.key), self.value(node.value))
        return frozenset({new})

    def _generate(self, generators: Iterable[ast.comprehension]) -> None:
        for generator in generators:
            self._assign(generator.target, self._elements(self.value(generator.iter)))
            for condition in generator.ifs:
                self.value(condition)

    def visit_Lambda(self, node: ast.Lambda) -> Value:
        outer = self._frame if self._frame.node else None
        return frozenset({Function(self._frame.module, node, outer)})

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Value:
        return joined(map(self.value, node.values))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Value:
        value = self.value(node.value)
        return value if node.conversion < 0 and not node.format_spec else UNKNOWN

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and left and right and left | right == texts(left | right):
            return joined((left, right))
        both = left | right
        return both - texts(both) or UNKNOWN

    def visit_BoolOp(self, node: ast.BoolOp) -> Value:
        return union([self.value(value) for value in node.values])

    def visit_IfExp(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return self.value(node.body) | self.value(node.orelse)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self._assign(node.target, value)
        return value

    def visit_Await(self, node: ast.Await) -> Value:
        return self.value(node.value)

    def visit_Starred(self, node: ast.Starred) -> Value:
        return self._elements(self.value(node.value))

    def visit_Yield(self, node: ast.Yield) -> Value:
        self._yielded(self.value(node.value) if node.value else NOTHING)
        return UNKNOWN

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Value:
        self._yielded(self._elements(self.value(node.value)))
        return UNKNOWN

    def _yielded(self, value: Value) -> None:
        if self._frame.node:
            self._heap.put(self._heap.made("list", self._frame.node, self._frame), ANY, value)

    def _elements(self, value: Value) -> Value:
        return union((_mixed(value), *map(self._heap.elements, objects(value))))


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _mixed(value: Value) -> Value:
    """What is no list or the like of ours, but may be in one that a library has answered with."""
    return frozenset(atom for atom in _without_texts(value) if is_service(atom) or not isinstance(atom, Object))


def _without_texts(value: Value) -> Value:
    """For what makes other texts of texts."""
    return value - texts(value) | UNKNOWN if texts(value) else value
