"""`app.py` declares and does nothing else: one way in, one line."""

import ast
from pathlib import Path

import pytest

from chalicelib import http, wiring

APP = Path(__file__).parents[2] / "app.py"
DECLARATIONS = (ast.ImportFrom, ast.Assign, ast.FunctionDef)
CONTROL_FLOW = (
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.Match,
    ast.Raise,
    ast.Assert,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.NamedExpr,
)
ROLES = {"ORGANISER", "STEWARD", "SERVICE"}


def complaints(source):
    """What is wrong with an `app.py`, with the lines."""
    tree = ast.parse(source)
    docstring, *declarations = tree.body
    return [
        *([] if isinstance(docstring, ast.Expr) else ["1: no docstring"]),
        *(f"{node.lineno}: not a declaration" for node in declarations if not _declares(node)),
        *(f"{node.lineno}: control flow" for node in ast.walk(tree) if isinstance(node, CONTROL_FLOW)),
        *(f"{node.lineno}: not one delegation" for node in declarations if not _delegates(node)),
        *(f"{node.lineno}: not from chalicelib" for node in declarations if not _is_ours(node)),
        *(problem for node in declarations if isinstance(node, ast.FunctionDef) for problem in _about_callers(node)),
    ]


def _declares(node):
    """One of the DECLARATIONS, or a line of `api`, which names what `wiring` builds and a view of it."""
    match node:
        case ast.Expr(
            ast.Call(ast.Name("api"), [ast.Constant(), ast.Constant(), _, ast.Constant(answered_by)], options)
        ):
            build, _, view = answered_by.partition(".")
            return hasattr(wiring, build) and view.isidentifier() and {option.arg for option in options} <= {"scoped"}
    return isinstance(node, DECLARATIONS)


def _delegates(node):
    """A function is a decorated one with `return <one call>` for a body."""
    if not isinstance(node, ast.FunctionDef):
        return True
    match node.body:
        case [ast.Return(value=ast.Call())]:
            return len(node.decorator_list) == 1
    return False


def _is_ours(node):
    return not isinstance(node, ast.ImportFrom) or (node.module or "").split(".")[0] == "chalicelib"


def _about_callers(function):
    """A route says who may call it; the ones with a role have the authorizer, and the others have none."""
    [declared] = function.decorator_list or [ast.Name("nothing")]
    if not isinstance(declared, ast.Call) or ast.unparse(declared.func) != "app.route":
        return
    options = {keyword.arg: keyword.value for keyword in declared.keywords}
    if "who" not in options:
        yield f"{function.lineno}: does not say who may call it"
        return
    named = {name.id for name in ast.walk(options["who"]) if isinstance(name, ast.Name)}
    if bool(named & ROLES) != ("authorizer" in options):
        yield f"{function.lineno}: a role needs the authorizer, and nobody else does"


def test_app_is_under_300_lines_of_declarations():
    source = APP.read_text()
    assert len(source.splitlines()) < 300
    assert complaints(source) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("import os", "not a declaration"),
        ("app.register('/users')", "not a declaration"),
        ("api('GET', '/users', ORGANISER, view)", "not a declaration"),
        ("api('GET', '/users', ORGANISER, 'no_such_api.page')", "not a declaration"),
        ("api('GET', '/users', ORGANISER, 'users_api')", "not a declaration"),
        ("api('GET', '/users', ORGANISER, 'users_api.page', cors=True)", "not a declaration"),
        ("from os import environ", "not from chalicelib"),
        ("if DEBUG:\n    pass", "control flow"),
        ("def f():\n    return wiring.f()", "not one delegation"),
        ("@app.lambda_function()\ndef f(event, context):\n    x = 1\n    return g(x)", "not one delegation"),
        ("@app.lambda_function()\ndef f(event, context):\n    return event", "not one delegation"),
        ("@app.lambda_function()\ndef f(event, context):\n    return g(event or {})", "control flow"),
        ("@app.lambda_function()\ndef f(event, context):\n    return g([x for x in event])", "control flow"),
        ("@app.route('/', methods=['GET'])\ndef f():\n    return g()", "does not say who"),
        ("@app.route('/', who=(ORGANISER,))\ndef f():\n    return g()", "a role needs the authorizer"),
        ("@app.route('/', who=FAN, authorizer=authorise)\ndef f():\n    return g()", "a role needs the authorizer"),
    ],
)
def test_what_does_not_belong_into_app_is_found(line, complaint):
    found = complaints(f"'''All ways in.'''\n{line}\n")
    assert complaint in " ".join(found)


def test_a_route_that_does_not_say_who_may_call_it_cannot_be_declared():
    with pytest.raises(TypeError, match="who"):
        http.Application("sample").route("/")
