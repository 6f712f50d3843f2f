"""Whole quizzes through webhook, bot and sender in one process: AWS calls, processor time, bytes written and logged, a message.

A program of its own, as it counts inside the application. Run it with the environment of the stage `local`; it prints JSON.
"""

import contextlib
import importlib
import io
import json
import os
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from chalicelib import wiring
from chalicelib.campaigns import validation
from ops.bench import events
from ops.bench.events import Json
from ops.bench.fans import DEMO, MESSAGES, Fan, Graph
from ops.bench.items import size
from ops.bench.once import Context

app = importlib.import_module("app")  # has no types

FUNCTIONS = ("webhook", "bot", "sender")


class Tally:
    """What the function that is running now does, after `begin`."""

    def __init__(self) -> None:
        self.running = ""
        self.counting = False
        self.calls: Counter[tuple[str, str]] = Counter()
        self.cpu: defaultdict[str, list[float]] = defaultdict(list)
        self.items: list[int] = []
        self.lines: list[int] = []

    @contextlib.contextmanager
    def of(self, function: str) -> Iterator[None]:
        self.running = function
        said, began = io.StringIO(), time.thread_time()
        with contextlib.redirect_stdout(said):
            yield
        if self.counting:
            self.cpu[function].append(1000 * (time.thread_time() - began))
            self.lines += [len(line) for line in said.getvalue().splitlines()]
        self.running = ""

    def called(self, operation: str, parameters: Json) -> None:
        if not (self.counting and self.running):
            return
        self.calls[self.running, operation] += 1
        if parameters.get("TableName", "").endswith("-conversations") and operation == "PutItem":
            self.items.append(size(parameters["Item"]))


def play(fans: int, graph: Graph, tally: Tally) -> None:
    """Each fan's quiz, message by message; the first fan's is not counted."""
    for number in range(fans + 1):
        fan = Fan(f"quiz{os.getpid()}x{number}")
        tally.counting = number > 0
        for act in range(MESSAGES):
            with tally.of("webhook"):
                app.app(events.webhook(fan.act(act)), Context())
            hand_over("inbound.fifo", app.bot, "bot", tally)
            hand_over("outbound.fifo", app.sender, "sender", tally)
            fan.heard(graph.next(fan.psid).message)


def hand_over(queue: str, function: Callable[[Json, Context], Any], name: str, tally: Tally) -> None:
    """What Lambda's poller does."""
    sqs = wiring.client("sqs")
    url = sqs.call("GetQueueUrl", QueueName=f"guestlist-local-{queue}")["QueueUrl"]
    asked = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 5, "MessageSystemAttributeNames": ["All"]}
    messages = sqs.call("ReceiveMessage", QueueUrl=url, **asked)["Messages"]
    records = [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
        }
        for message in messages
    ]
    with tally.of(name):
        answer = function({"Records": records}, Context())
    if answer["batchItemFailures"]:
        sys.exit(f"{name} gave back {answer}")
    if name == "bot":  # the sender gives up each reply by itself
        for record in records:
            sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=record["receiptHandle"])


def count_calls(tally: Tally) -> None:
    client = type(wiring.client("sqs"))
    call = client.call

    def counting(self: Any, operation: str, **parameters: Any) -> Json:  # noqa: ANN401  # any JSON
        tally.called(operation, parameters)
        return call(self, operation, **parameters)

    setattr(client, "call", counting)  # noqa: B010  # mypy refuses a plain assignment, and this is the one place


def main(fans: int) -> None:
    tally = Tally()
    with Graph() as graph:
        os.environ["MESSENGER_API_URL"] = graph.url
        count_calls(tally)
        wiring.campaigns().save(replace(validation.decode(json.dumps(DEMO)), stock=1_000))
        play(fans, graph, tally)
    messages = fans * MESSAGES
    result = {
        "calls": {
            function: {
                operation: count / messages
                for (who, operation), count in sorted(tally.calls.items())
                if who == function
            }
            for function in FUNCTIONS
        },
        "cpu": {function: statistics.mean(tally.cpu[function]) for function in FUNCTIONS},
        "item": {"median": statistics.median(tally.items), "most": max(tally.items)},
        "line": {"median": statistics.median(tally.lines), "most": max(tally.lines)},
        "lines": len(tally.lines) / messages,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(int(sys.argv[1]))
