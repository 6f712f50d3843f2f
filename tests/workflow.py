"""Runs infra/order_workflow.asl.json in the test's process, as Step Functions would, but without waiting.

What of Amazon States Language it knows is what the file uses: https://states-language.net/spec.html .
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ops.templates import INFRA

DEFINITION = json.loads((INFRA / "order_workflow.asl.json").read_text())


class Failed(Exception):
    """A Fail state, or an error that nothing catches."""


class LocalWorkflow:
    """`Workflow` whose tasks are `steps` by the names of their functions. `set_aside` is what went to the dead-letter queue."""

    def __init__(self, steps: Mapping[str, Callable[[dict[str, Any]], Any]], wait: Callable[[float], None]):
        self.steps, self.wait = steps, wait
        self.started: dict[str, dict[str, Any]] = {}
        self.set_aside: list[dict[str, Any]] = []
        self.visited: set[str] = set()

    def start(self, name, given, beside):
        self.started.setdefault(name, given)

    def run(self, name):
        """Run what was started to its end; `Failed` where it ends in failure."""
        state, held = DEFINITION["StartAt"], dict(self.started[name])
        while state:
            self.visited.add(state)
            state, held = self._next(DEFINITION["States"][state], held)

    def _next(self, state, held):
        match state["Type"]:
            case "Succeed":
                return None, held
            case "Fail":
                raise Failed(state["Error"])
            case "Wait":
                self.wait(state["Seconds"])
                return state["Next"], held
            case "Choice":
                return next((rule["Next"] for rule in state["Choices"] if holds(rule, held)), state["Default"]), held
        return self._done(state, held)

    def _done(self, state, held):
        if state["Resource"].endswith("sqs:sendMessage"):
            self.set_aside.append(filled(state["Parameters"]["MessageBody"], held))
            return state["Next"], held
        act = self.steps[state["Resource"].removeprefix("${Function}-")]
        tries = {error: retry["MaxAttempts"] for retry in state["Retry"] for error in retry["ErrorEquals"]}
        attempts = 0
        while True:
            attempts += 1
            try:
                outcome = act(json.loads(json.dumps(held)))
            except Exception as error:  # noqa: BLE001  # whatever a function raises
                if attempts <= tries.get(type(error).__name__, 0):
                    continue
                [catch] = state["Catch"]
                return catch["Next"], held | {"error": {"Error": type(error).__name__}}
            return state["Next"], held | {"outcome": outcome}


def holds(rule, held):
    value = held
    for name in rule["Variable"].removeprefix("$.").split("."):
        value = value[name]
    return value == next(wanted for key, wanted in rule.items() if key.endswith("Equals"))


def filled(template, held):
    return {name.removesuffix(".$"): held[path.removeprefix("$.")] for name, path in template.items()}
