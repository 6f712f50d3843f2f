"""Step Functions in memory with the clock of a test: one run of infra/order_workflow.asl.json, as far as the file goes.

https://states-language.net/spec.html
"""

import json

from tests.faults import template
from tests.faults.seams import APPLIED, CRASH_AFTER, LATE, LATER, TWICE
from tests.workflow import DEFINITION, filled, holds


class Failed(Exception):
    """An invocation's error, by the name that Step Functions knows it by."""


class Execution:
    """Goes by itself, task by task of its `world`, until it has a `status`."""

    def __init__(self, world, given):
        self._world, self._held = world, given
        self._state, self._tries = DEFINITION["StartAt"], {}
        self.status = ""
        world.after(DEFINITION["TimeoutSeconds"], self._time_out)
        world.after(0, self._go)

    def _time_out(self):
        self.status = self.status or "TIMED_OUT"

    def _go(self):
        state = DEFINITION["States"][self._state]
        if self.status:
            return
        match state["Type"]:
            case "Succeed":
                self.status = "SUCCEEDED"
            case "Fail":
                self.status = "FAILED"
            case "Wait":
                self._next(state["Next"], state["Seconds"])
            case "Choice":
                chosen = (rule["Next"] for rule in state["Choices"] if holds(rule, self._held))
                self._next(next(chosen, state["Default"]))
            case "Task":
                self._do(state)

    def _do(self, state):
        try:
            outcome = self._asked(state)
        except Failed as failed:
            self._caught(state, str(failed))
        else:
            if state.get("ResultPath"):
                self._held |= {state["ResultPath"].removeprefix("$."): outcome}
            self._next(state["Next"])

    def _asked(self, state):
        given = json.loads(json.dumps(self._held))
        if state["Resource"].endswith("sqs:sendMessage"):
            queue = template.queue_of_workflow(state["Parameters"]["QueueUrl"])
            return self._sent(queue, json.dumps(filled(state["Parameters"]["MessageBody"], given)))
        function = state["Resource"].removeprefix("${Function}-")
        return self._world.deliver(f"workflow to {function}", function, given)

    def _sent(self, queue, body):
        world = self._world
        fault = world.seams.fault(f"workflow: sqs SendMessage {queue}")
        times = {None: 1, APPLIED: 1, CRASH_AFTER: 1, TWICE: 2}.get(fault, 0)
        for _ in range(times):
            world.queues.send(queue, body)
        if fault == LATE:
            world.after(LATER, lambda: world.queues.send(queue, body))
        if fault not in (None, TWICE):
            raise Failed("Sqs.SdkClientException")

    def _caught(self, state, error):
        for number, retry in enumerate(state.get("Retry", ())):
            if _names(retry, error):
                tried = self._tries.get((self._state, number), 0)
                if tried < retry.get("MaxAttempts", 3):
                    self._tries[self._state, number] = tried + 1
                    self._world.after(retry["IntervalSeconds"] * retry["BackoffRate"] ** tried, self._go)
                    return
                break
        catch = next((each for each in state.get("Catch", ()) if _names(each, error)), None)
        if catch is None:
            self.status = "FAILED"
            return
        if catch.get("ResultPath"):
            self._held |= {catch["ResultPath"].removeprefix("$."): {"Error": error}}
        self._next(catch["Next"])

    def _next(self, state, seconds=0):
        self._state = state
        self._tries = {}
        self._world.after(seconds, self._go)


def _names(rule, error):
    return {error, "States.ALL"} & set(rule["ErrorEquals"])
