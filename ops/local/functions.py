"""The functions host: runs the application's handlers on the events that the emulator posts.

`GET /` lists the functions and what triggers each; `POST /<name>` runs one. A handler's error is answered as Lambda
answers it, marked for the emulator. Threads are kept, as warm environments are.
"""

import json
import re
import socket
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

from chalice import app as chalice

from ops.local.serving import InheritedServer, function_config, load_application, serve_until_told

ERROR_MARK = "__guestlist_function_error__"
"""The same as in emulator.py, which cannot be imported from here."""

ENVIRONMENTS = 64
"""The most events that are handled at once."""


class Function(NamedTuple):
    name: str
    timeout: int
    memory: int
    trigger: dict[str, Any]
    """Empty for a plain function; else `kind` (queue, stream, schedule, pattern) and what belongs to it."""


class Context:
    """What a handler can ask of Lambda's context."""

    def __init__(self, function: Function, request_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.function_name = f"guestlist-local-{function.name}"
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = function.memory
        self.aws_request_id = request_id
        self._clock = clock
        self._deadline = clock() + function.timeout

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self._deadline - self._clock())))


def declared(application: chalice.Chalice, config_from_disk: dict[str, Any]) -> dict[str, Function]:
    """Every handler that is not HTTP: what Chalice would make a function of, and its trigger."""
    triggers = {source.name: _trigger(source) for source in application.event_sources}
    triggers |= {function.name: {} for function in application.pure_lambda_functions}
    functions = {}
    for name, trigger in triggers.items():
        config = function_config(config_from_disk, name)
        functions[name] = Function(name, config.lambda_timeout or 60, config.lambda_memory_size or 128, trigger)
    return functions


def _trigger(source: chalice.BaseEventSourceConfig) -> dict[str, Any]:
    match source:
        case chalice.SQSEventConfig():
            queue = source.queue or str(source.queue_arn).rpartition(":")[2]
            window, concurrency = source.maximum_batching_window_in_seconds, source.maximum_concurrency
            return {
                "kind": "queue",
                "queue": queue,
                "batch": source.batch_size,
                "window": window,
                "concurrency": concurrency,
            }
        case chalice.DynamoDBEventConfig():
            # The stream's own name is a date, known to the emulator alone: the table's name is what counts.
            found = re.search(r"table/([^/]+)", source.stream_arn)
            table = found.group(1) if found else source.stream_arn
            return {"kind": "stream", "table": table, "batch": source.batch_size, "start": source.starting_position}
        case chalice.ScheduledEventConfig():
            expression = source.schedule_expression
            text = expression if isinstance(expression, str) else expression.to_string()
            return {"kind": "schedule", "expression": text}
        case chalice.CloudWatchEventConfig():
            return {"kind": "pattern", "pattern": source.event_pattern}
        case _:
            raise NotImplementedError(f"{source.name}: the local runtime has no {type(source).__name__} yet")


class Server(InheritedServer):
    def __init__(self, application: chalice.Chalice, functions: dict[str, Function]) -> None:
        self.functions, self.handlers = functions, application.handler_map
        self.pool = ThreadPoolExecutor(ENVIRONMENTS)
        super().__init__(("127.0.0.1", 0), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the base's signature
        self.pool.submit(self._answer, request, client_address)

    def _answer(self, request: socket.socket, client_address: Any) -> None:  # noqa: ANN401
        try:
            self.finish_request(request, client_address)
        except ConnectionError:
            print("The emulator hung up before its answer", flush=True)
        finally:
            self.shutdown_request(request)


class Handler(BaseHTTPRequestHandler):
    server: Server
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._reply(200, [function._asdict() for function in self.server.functions.values()])

    def do_POST(self) -> None:
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        function = self.server.functions.get(self.path[1:])
        if function is None:
            self._reply(404, {"errorMessage": f"app.py has no function {self.path[1:]}"})
            return
        began = time.perf_counter()
        context = Context(function, self.headers.get("X-Amzn-Lambda-Request-Id") or str(uuid.uuid4()))
        result = _outcome(self.server.handlers[function.name], event, context)
        milliseconds = 1000 * (time.perf_counter() - began)
        print(f"{function.name} {_summary(event, result)}{milliseconds:.0f} ms", flush=True)
        self._reply(200, result)

    def _reply(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's signature
        """Events are announced once they are handled, with their outcome."""


def _outcome(handler: Callable[..., Any], event: Any, context: Context) -> Any:  # noqa: ANN401  # any JSON
    try:
        return handler(event, context)
    except Exception as error:  # noqa: BLE001  # a handler may raise anything, and Lambda reports it so
        traceback.print_exc()
        stack = traceback.format_tb(error.__traceback__)
        return {ERROR_MARK: True, "errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": stack}


def _summary(event: Any, result: Any) -> str:  # noqa: ANN401  # any JSON
    records = f"{len(event['Records'])} record(s) " if isinstance(event, dict) and "Records" in event else ""
    if not isinstance(result, dict):
        return records
    if result.get(ERROR_MARK):
        return f"{records}failed: {result['errorType']} "
    again = len(result.get("batchItemFailures") or ())
    return f"{records}{f'{again} to come again ' if again else ''}"


def main() -> None:
    application = load_application()
    config = json.loads(Path(".chalice/config.json").read_text())
    server = Server(application, declared(application, config))
    serve_until_told(server)
    server.pool.shutdown()


if __name__ == "__main__":
    main()
