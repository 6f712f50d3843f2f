"""Every call of AWS, Stripe and the warehouse on an order's way, and every delivery there, in every way in which it can fail.

What must hold at the end of each is in `scenarios.wrong`. That the register leaves nothing out is proved against what the code says:
the rights that `ops.policies` reads out of it, its calls of Stripe, the workflow's definition and the bus's rules.
"""

import ast
import re

import pytest

from ops.local.launch import PROJECT
from ops.policies import rights
from ops.policies.source import Source
from tests.faults import register, template, weather
from tests.faults.scenarios import SCENARIOS
from tests.faults.seams import FAULTS
from tests.faults.world import CONSUMERS, STREAMS
from tests.workflow import DEFINITION

ROUTES = {"create": "/orders", "receive_stripe": "/webhooks/stripe", "take_payment": "/payments/{order}"}
"""By their functions."""
IN_DOUBT = ("send_email", "raise_alert")
"""What they do cannot be taken back, and nobody can be asked whether it was done: a person decides."""


@pytest.fixture(scope="module")
def singles():
    return weather.of_singles()


@pytest.fixture(scope="module")
def names(singles):
    return set().union(*(found.names for found in singles.values()))


@pytest.fixture(scope="module")
def source():
    return Source(PROJECT)


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_fault_breaks_a_promise_or_changes_how_an_order_ends(singles, name):
    assert singles[name].wrong == {}
    assert singles[name].runs > 20 * len(FAULTS)


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "not told"])
def test_only_what_is_in_doubt_needs_a_person_after_one_fault(singles, name):
    for faults, queues in singles[name].dead.items():
        [(cell, _, fault)] = faults
        assert cell.startswith(IN_DOUBT), (cell, fault, queues)


def test_the_page_has_the_register(names):
    assert register.written() == register.table(names)


def test_a_call_that_is_in_no_row_is_found(names):
    """The negative control."""
    assert register.written() != register.table({*names, "pay_order: dynamodb Query orders"})


def test_every_step_of_the_workflow_every_queue_and_every_rule_is_in_the_register(names):
    steps = [state["Resource"] for state in DEFINITION["States"].values() if state["Type"] == "Task"]
    functions = [step.removeprefix("${Function}-") for step in steps if "${Function}" in step]
    wanted = {f"workflow to {function}" for function in functions}
    wanted |= {f"{queue} to {consumer.function}" for queue, consumer in CONSUMERS.items()}
    wanted |= {f"{rule.name} to {queue}" for rule in template.rules() for queue in rule.queues}
    wanted |= {f"stream of orders to {stream.function}" for stream in STREAMS if stream.table == "orders"}
    assert wanted <= names


def functions_on_the_way():
    """Those that the workflow, a queue of orders or their stream asks, and the sweeper."""
    steps = [state.get("Resource", "") for state in DEFINITION["States"].values()]
    asked = {step.removeprefix("${Function}-") for step in steps if "${Function}" in step}
    asked |= {consumer.function for consumer in CONSUMERS.values()}
    asked |= {stream.function for stream in STREAMS if stream.table == "orders"}
    return {*asked, "sweep_orders"}


@pytest.mark.parametrize("function", sorted(functions_on_the_way()))
def test_a_function_makes_every_call_that_its_code_can_make(singles, source, function):
    made = set().union(*(found.rights for found in singles.values()))
    made = {(action, resource) for who, action, resource in made if who == function}
    handled = {queue for queue, consumer in CONSUMERS.items() if consumer.function == function}
    assert made == _calls_of(rights.needed(source, function), handled)


def test_the_routes_of_orders_make_every_call_that_their_code_can_make(singles, source):
    code = rights.functions(source)[rights.API]
    code.body = [node for node in code.body if not isinstance(node, ast.FunctionDef) or _is_on_the_way(node)]
    assert len([node for node in code.body if isinstance(node, ast.FunctionDef)]) == len(ROUTES)
    made = set().union(*(found.rights for found in singles.values()))
    made = {(action, resource) for who, action, resource in made if who == rights.API}
    assert made == _calls_of(rights.needed_by(source, code), set())


def test_every_call_of_stripe_in_the_code_is_in_the_register(names):
    tree = ast.parse((PROJECT / "chalicelib" / "payments" / "stripe.py").read_text())
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_of(node, "_stripe")]
    written = {f"{node.func.attr.upper()} {re.sub('{.*?}', '{}', _text(node.args[0]))}" for node in called}
    seen = {what for who, _, what in (name.partition("stripe ") for name in names) if what and who.endswith(": ")}
    assert seen == written


def test_nothing_else_on_the_way_speaks_http():
    speaking = set()
    for path in (PROJECT / "chalicelib").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        if "channels" not in path.parts and any(_is_of(node, "_session") for node in calls):
            speaking.add(path.name)
    assert speaking == {"stripe_client.py", "warehouse.py"}


def _calls_of(needed, handled):
    """What of its rights a function uses by itself, as worlds name it."""
    found = set()
    for right in needed:
        resource = re.sub(r".*guestlist[-/]\{stage\}[-/]?", "", right.resource).removesuffix("-??????")
        service, _, act = right.action.partition(":")
        of_poller = resource in handled and act in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        if service != "logs" and "/stream/" not in resource and not of_poller:
            found.add((right.action, "" if service == "ses" else resource))
    return found


def _is_on_the_way(route):
    [declared] = route.decorator_list
    return bool(declared.args) and ROUTES.get(route.name) == ast.literal_eval(declared.args[0])


def _is_of(call, owner):
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Attribute)
        and call.func.value.attr == owner
    )


def _text(node):
    return node.value if isinstance(node, ast.Constant) else ast.unparse(node)[2:-1]
