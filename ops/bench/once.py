"""A function's process: imports `module`, hands the events on standard input to its handler, ends.

To standard error goes JSON: the most megabytes that it held, and of each event the milliseconds on the clock and of the processor.
"""

import importlib
import json
import sys
import time


class Context:
    """What a handler can ask of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def main(module: str, handler: str) -> None:
    handle = getattr(importlib.import_module(module), handler)
    took = []
    for event in json.load(sys.stdin):
        began, used = time.perf_counter(), time.process_time()
        answer = handle(event, Context())
        took.append((1000 * (time.perf_counter() - began), 1000 * (time.process_time() - used)))
        if answer and (answer.get("statusCode", 200), answer.get("batchItemFailures", [])) != (200, []):
            sys.exit(f"{module}.{handler} failed: {answer}")
    json.dump((_most_megabytes(), took), sys.stderr)


def _most_megabytes() -> float:
    """Of this program; what the parent is told (`ru_maxrss`) includes the parent's own, from before the program was loaded."""
    with open("/proc/self/status") as status:  # noqa: PTH123  # pathlib would count
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(*sys.argv[1:])
