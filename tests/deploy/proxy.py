"""A proxy before the emulator that counts the calls that change something, and lets one of them go wrong."""

import contextlib
import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ONES_OWN = re.compile("[^/]*([0-9a-f]{8}|guestlist-|[A-Z_]{5})[^/]*|(?<=/)[0-9]+(?=/|$)")
"""A part of an address that names one thing of many alike: an id, a function, a kind of answer, a version."""

READS = re.compile(r"(Get|List|Describe|BatchGet|Detect|Lookup|Validate|Head)")


class Proxy:
    """`calls` are the names of the calls that change something, in order; `fault(name)` may say what goes wrong with one.

    "refuse" answers it 403 without doing it; a function is run when the call is done, and its answer is lost.
    """

    def __init__(self, target):
        self.calls = []
        self.fault = no_fault
        self._target = urlsplit(target).netloc
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                proxy._answer(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = answer  # noqa: N815

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        fault = self._count(name_of(request, body))
        with contextlib.suppress(ConnectionError):  # who asked may have been killed
            if fault == "refuse":
                _send(request, 403, *_refusal(request))
                return
            status, headers, content = self._forward(request, body)
            if fault:
                fault()
                request.close_connection = True
                return
            _send(request, status, headers, content)

    def _count(self, name):
        if not name:
            return None
        self.calls.append(name)
        return self.fault(name)

    def _forward(self, request, body):
        with contextlib.closing(http.client.HTTPConnection(self._target, timeout=60)) as connection:
            connection.request(request.command, request.path, body, dict(request.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()


def no_fault(_name):
    return None


def name_of(request, body):
    """The call's name when it changes something: `iam CreateRole`, `lambda PUT /2015-03-31/functions/*/code`; else None."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", request.headers.get("Authorization", ""))
    if not scope:
        return None  # a person's request, as /health
    action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not action and request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode())["Action"][0]
    if action:
        return None if READS.match(action) else f"{scope[1]} {action}"
    if request.command in {"GET", "HEAD"}:
        return None
    path = urlsplit(request.path).path
    return f"{scope[1]} {request.command} {re.sub(ONES_OWN, '*', path)}"


def _refusal(request):
    """Of a call that its caller has no right to, in the words of the protocol that was spoken."""
    said = "Not this time"
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        body = f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>"
    elif "/s3/" in request.headers.get("Authorization", ""):
        body = f"<Error><Code>AccessDenied</Code><Message>{said}</Message></Error>"
    else:
        body = f'{{"__type": "AccessDeniedException", "message": "{said}", "Message": "{said}"}}'
    return [("x-amzn-ErrorType", "AccessDeniedException")], body.encode()


def _send(request, status, headers, content):
    request.send_response_only(status)
    for name, value in headers:
        if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)
