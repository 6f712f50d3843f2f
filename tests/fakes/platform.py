"""A platform's HTTP API on this machine that answers as it is told, and remembers what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit


class Asked(NamedTuple):
    method: str
    path: str
    query: dict
    token: str
    body: dict
    headers: object = None


class Answer(NamedTuple):
    status: int = 200
    body: object = None
    headers: tuple = ()
    drop: bool = False


class Platform:
    """`plan` holds the next answers; a subclass says what it `answer`s without one."""

    def __init__(self):
        self.asked = []
        self.plan = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(platform):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet: else each waits 40 ms for the client's acknowledgement

        def _do(self):
            address = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            token = self.headers.get("Authorization", "")
            form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            body = parse_qs(raw.decode()) if form else json.loads(raw or b"{}")
            asked = Asked(self.command, address.path, parse_qs(address.query), token, body, self.headers)
            platform.asked.append(asked)
            answer = platform.answer(asked)
            if answer.drop:
                self.close_connection = True
                return
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do  # noqa: N815  # http.server's names

        def log_message(self, *_):
            """Tests read what was asked, not a log."""

    return Handler
