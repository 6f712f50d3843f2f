"""`chalice local` for the supervisor: the same gateway, authorizers included, on a socket that outlives it.

Differences from the command: no reloader process of its own, environment variables win over .chalice/config.json (the
supervisor has merged them), one short line a request without its query, and answers leave at once (Nagle's algorithm
holds the body of a small answer back for up to 40 ms).
"""

import json
import threading
import time
from functools import partial
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl, urlsplit

from chalice.app import Chalice
from chalice.local import (
    ChaliceRequestHandler,
    CustomLocalChalice,
    LocalChalice,
    LocalGatewayException,
    NotAuthorizedError,
)

from chalicelib.http import problem
from ops.local import previews
from ops.local.serving import InheritedServer, function_config, load_application, serve_until_told
from ops.refusals import UNKNOWN_CALLER, UNKNOWN_PATH


class Server(ThreadingMixIn, InheritedServer):
    daemon_threads = True


class Handler(ChaliceRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = -1
    requests_under_way: set[int] = set()  # noqa: RUF012  # shared by all connections

    def answer(self) -> None:
        began = time.perf_counter()
        self.requests_under_way.add(threading.get_ident())
        try:
            self._answer()
            self.wfile.flush()
        finally:
            self.requests_under_way.discard(threading.get_ident())
        self.announce(1000 * (time.perf_counter() - began))

    def _answer(self) -> None:
        """The application's routes, and beside them the page of previews."""
        asked = urlsplit(self.path)
        if asked.path != previews.PATH:
            self._generic_handle()
            return
        status, html = previews.page(dict(parse_qsl(asked.query)))
        self._send_http_response(status, {"Content-Type": "text/html; charset=utf-8"}, html)

    def _send_error_response(self, error: LocalGatewayException) -> None:
        """What API Gateway refuses by itself: said as our own routes say it, and an unknown path is 404."""
        answer = problem(*(UNKNOWN_CALLER if isinstance(error, NotAuthorizedError) else UNKNOWN_PATH))
        self._send_http_response(answer.status_code, dict(answer.headers), answer.body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_QUERY = answer  # noqa: N815

    def announce(self, milliseconds: float) -> None:
        path = self.path.partition("?")[0]
        print(f"{self.command} {path} {self.status} {milliseconds:.0f} ms", flush=True)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002  # the base's signature
        self.status = code

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's signature
        print(format % args, flush=True)


def main() -> None:
    application = with_a_request_per_thread(load_application())
    config = function_config(json.loads(Path(".chalice/config.json").read_text()), "api_handler")
    server = Server(("127.0.0.1", 0), partial(Handler, app_object=application, config=config))
    serve_until_told(server)
    deadline = time.monotonic() + 3
    while Handler.requests_under_way and time.monotonic() < deadline:
        time.sleep(0.01)


def with_a_request_per_thread(application: Chalice) -> Chalice:
    """As `chalice.local.create_local_server` does it, which also binds a port of its own."""
    CustomLocalChalice.__bases__ = (LocalChalice, type(application))
    application.__class__ = CustomLocalChalice
    return application


if __name__ == "__main__":
    main()
