"""The order workflow's real definition in the emulator's Step Functions: every branch, every error and every retry.

The steps are played by a server of the test's own, which answers as it is told, as the functions host would.
"""

import json
import threading
import uuid
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops.local.functions import ERROR_MARK, Function
from ops.local.register import register
from ops.templates import INFRA
from tests.local_runtime import make_stage, wait_until

STATES = json.loads((INFRA / "order_workflow.asl.json").read_text())["States"]
STEPS = [state["Resource"].partition("-")[2] for state in STATES.values() if "${Function}" in state.get("Resource", "")]
GOES_WELL = {
    "validate_order": {"valid": True},
    "pay_order": {"paymentStatus": "PAID"},
    "reserve_order": {"reserved": True},
    "place_order": {"status": "PLACED"},
    "undo_order": {"status": "REFUNDED"},
    "notify_order": {"notified": True},
}
WHOLE = ["Validate", "IsValid", "Pay", "IsPaid", "Reserve", "IsReserved", "Place", "IsPlaced", "Notify", "Done"]


class Steps(ThreadingHTTPServer):
    """Answers each order's steps as `told`: by order and step, one after the other, and then as if all went well."""

    daemon_threads = True

    def __init__(self):
        self.told = defaultdict(dict)
        self.called = defaultdict(list)
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, step, order_id):
        self.called[order_id].append(step)
        told = self.told[order_id].get(step)
        answer = told.pop(0) if told else GOES_WELL[step]
        return {ERROR_MARK: True, "errorType": answer, "errorMessage": "told so"} if isinstance(answer, str) else answer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps(self.server.answer(self.path[1:], event["orderId"])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nobody reads it."""


@pytest.fixture(scope="module")
def steps():
    with Steps() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def stage(start_emulator, steps):
    stage = make_stage(start_emulator(FUNCTIONS_URL=steps.url, SFN_WAIT_SCALE="0"), "local")
    register(stage.client, [Function(step, 30, 128, {}) for step in STEPS])
    return stage


@pytest.fixture
def run(stage, steps):
    """Run the workflow for a new order whose steps answer so: its status, the states it went through, and the steps called."""
    states = stage.client("stepfunctions")
    [machine] = states.list_state_machines()["stateMachines"]

    def run(**told):
        order_id = uuid.uuid4().hex
        steps.told[order_id] = {f"{step}_order": answers for step, answers in told.items()}
        given = {"orderId": order_id, "customerId": "anna", "items": [], "paymentMethod": "pm_card_visa"}
        execution = states.start_execution(
            stateMachineArn=machine["stateMachineArn"], name=order_id, input=json.dumps(given)
        )["executionArn"]
        wait_until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
        pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
        status = states.describe_execution(executionArn=execution)["status"]
        return status, entered, steps.called[order_id]

    return run


def test_an_order_goes_through_all_steps_once(run):
    assert run() == (
        "SUCCEEDED",
        WHOLE,
        ["validate_order", "pay_order", "reserve_order", "place_order", "notify_order"],
    )


@pytest.mark.parametrize(
    ("step", "outcome", "way"),
    [
        ("validate", {"valid": False}, WHOLE[:2]),
        ("pay", {"paymentStatus": "DECLINED"}, WHOLE[:4]),
        ("reserve", {"reserved": False}, WHOLE[:6]),
        ("place", {"status": "ACCEPTED"}, WHOLE[:8]),
    ],
)
def test_a_step_that_says_no_has_the_order_undone(run, step, outcome, way):
    status, entered, called = run(**{step: [outcome]})
    assert (status, entered) == ("SUCCEEDED", [*way, "Undo", "Notify", "Done"])
    assert called[-2:] == ["undo_order", "notify_order"]


def test_a_payment_that_the_customer_has_to_confirm_is_asked_for_until_it_is_over(run):
    waiting = {"paymentStatus": "ACTION_REQUIRED"}
    status, entered, called = run(pay=[waiting, waiting])
    ask_again = ["AwaitCustomer", "Pay", "IsPaid"]
    assert (status, entered) == ("SUCCEEDED", [*WHOLE[:4], *ask_again, *ask_again, *WHOLE[4:]])
    assert called.count("pay_order") == 3


@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place"])
def test_a_step_is_tried_again_while_something_is_unavailable_and_given_up_at_last(run, step):
    assert run(**{step: ["Unavailable", "Sandbox.Timedout", "Lambda.TooManyRequestsException"]})[:2] == (
        "SUCCEEDED",
        WHOLE,
    )
    status, entered, called = run(**{step: ["Unavailable"] * 9})
    assert (status, entered[-3:]) == ("SUCCEEDED", ["Undo", "Notify", "Done"])
    assert called.count(f"{step}_order") == 4


@pytest.mark.parametrize("step", ["validate", "pay", "reserve", "place"])
def test_a_bug_is_not_tried_again(run, step):
    status, entered, called = run(**{step: ["KeyError"]})
    assert (status, entered[-3:]) == ("SUCCEEDED", ["Undo", "Notify", "Done"])
    assert called.count(f"{step}_order") == 1


@pytest.mark.parametrize(("errors", "tries"), [(["Unavailable"] * 9, 7), (["KeyError"], 1)])
def test_an_order_that_cannot_be_undone_is_set_aside_whole_and_the_execution_fails(run, stage, errors, tries):
    status, entered, called = run(reserve=[{"reserved": False}], undo=errors)
    assert (status, entered[-3:]) == ("FAILED", ["Undo", "SetAside", "NotUndone"])
    assert called.count("undo_order") == tries
    assert set_aside(stage).keys() == {"orderId", "customerId", "items", "paymentMethod"}


@pytest.mark.parametrize("reserved", [True, False])
@pytest.mark.parametrize(("errors", "tries"), [(["Unavailable"] * 9, 7), (["KeyError"], 1)])
def test_an_order_whose_fan_cannot_be_told_stays_as_it_is_and_is_set_aside_for_that(
    run, stage, reserved, errors, tries
):
    status, entered, called = run(reserve=[{"reserved": reserved}], notify=list(errors))
    assert (status, entered[-3:]) == ("SUCCEEDED", ["Notify", "SetAsideUntold", "Done"])
    assert (called.count("notify_order"), "undo_order" in called) == (tries, not reserved)
    assert set_aside(stage).keys() == {"orderId", "customerId", "items", "paymentMethod"}


def test_a_fan_is_told_at_last_while_something_is_unavailable_for_a_moment(run):
    assert run(notify=["Unavailable", "Sandbox.Timedout"])[:2] == ("SUCCEEDED", WHOLE)


def set_aside(stage):
    """The one message that lies with the dead letters, and does no more."""
    sqs = stage.client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-local-order-processing-dlq")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def test_these_tests_reach_every_state(run):
    ways = [
        run(pay=[{"paymentStatus": "ACTION_REQUIRED"}]),
        run(reserve=[{"reserved": False}], undo=["KeyError"]),
        run(notify=["KeyError"]),
    ]
    assert {state for _, entered, _ in ways for state in entered} == STATES.keys()
