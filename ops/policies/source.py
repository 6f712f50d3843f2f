"""The application's source: its modules as syntax trees, read from files and never imported."""

import ast
import functools
from collections.abc import Mapping
from pathlib import Path

from ops.policies.values import Class

AWS = "chalicelib.aws.client"
"""Whose method `Client.call` is where our code ends."""

CODE = ast.FunctionDef | ast.AsyncFunctionDef


class Source:
    """`app.py` and `chalicelib` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = functools.cache(self._path)
        self.tree = functools.cache(self._tree)
        self._imports = functools.cache(self._imported)
        self._named = functools.cache(self._imported_directly)

    def _path(self, module: str) -> Path | None:
        """The module's file, or None for a module that is not ours."""
        if module.partition(".")[0] not in ("app", "chalicelib"):
            return None
        stem = self._folder.joinpath(*module.split("."))
        return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)

    def computes_only(self, module: str) -> bool:
        """Whether a module neither leads to our client of AWS by its imports, nor is a part of it."""
        return AWS not in self._imports(module) and module not in self._imports(AWS)

    def _imported(self, module: str) -> frozenset[str]:
        """All modules of ours that it imports, and those that they import."""
        found: set[str] = set()
        waiting = {module}
        while waiting:
            found |= waiting
            waiting = {name for one in waiting for name in self._named(one)} - found
        return frozenset(found)

    def _imported_directly(self, module: str) -> frozenset[str]:
        found: set[str] = set()
        for node in ast.walk(self.tree(module)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        return frozenset(name for name in found if self.path(name))

    def _tree(self, module: str) -> ast.Module:
        path = self.path(module)
        if path is None:
            raise FileNotFoundError(module)
        return ast.parse(path.read_text(), str(path))


@functools.cache
def assigned(node: ast.AST) -> frozenset[str]:
    """The names that a function assigns itself: they are never those of its surroundings."""
    stored = {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    return frozenset(stored - of_others(node))


@functools.cache
def of_others(node: ast.AST) -> frozenset[str]:
    """The names of its surroundings that a function may assign."""
    said = (inner for inner in ast.walk(node) if isinstance(inner, ast.Nonlocal | ast.Global))
    return frozenset(name for inner in said for name in inner.names)


@functools.cache
def yields(node: ast.AST) -> bool:
    """Whether calling it makes a generator."""
    inner = [child for child in ast.iter_child_nodes(node) if not isinstance(child, CODE | ast.Lambda | ast.ClassDef)]
    return any(isinstance(child, ast.Yield | ast.YieldFrom) or yields(child) for child in inner)


@functools.cache
def names_of(node: ast.ClassDef) -> Mapping[str, ast.stmt]:
    """What a class's body gives a name to, and where."""
    found: dict[str, ast.stmt] = {}
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = statement
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = statement
    return found


def field_names(described: Class) -> list[str]:
    """The fields of a NamedTuple, in their order."""
    return [name for name, statement in names_of(described.node).items() if isinstance(statement, ast.AnnAssign)]


def decorators(node: ast.stmt) -> set[str]:
    return {ast.unparse(decorator) for decorator in getattr(node, "decorator_list", ())}
