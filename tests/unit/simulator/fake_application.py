"""The application as the simulator sees it: it takes webhooks, gives challenges back, and answers fans by the platforms' APIs."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import requests

from ops.simulator.server import Server, application
from ops.simulator.settings import Settings
from tests.local_runtime import free_port
from tests.unit.simulator.slack_side import SlackRequest, SlackSide

QUICK = 0.05
PAUSES_S = (0, QUICK, QUICK)
TICKET = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'
PICTURE = bytes.fromhex(  # a PNG of one black pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef9240000000a4944415408d763600000000200"
    "01e221bc330000000049454e44ae426082"
)

Json = dict[str, Any]


class Webhook(NamedTuple):
    headers: Json
    body: bytes

    @property
    def event(self) -> Json:
        return json.loads(self.body)["entry"][0]["messaging"][0]


class FakeApplication:
    """Answers webhooks with `statuses` in turn (a function says its own in time), then 200; a 200 calls `answer(event)`."""

    def __init__(self, verify_token: str = Settings().verify_token) -> None:
        self.webhooks: list[Webhook] = []
        self.statuses: list[int | Callable[[], int]] = []
        self.answer: Callable[[Json], object] | None = None
        self.verify_token = verify_token
        self.slack = SlackSide()

    def take(self, webhook: Webhook) -> int:
        self.webhooks.append(webhook)
        status = self.statuses.pop(0) if self.statuses else 200
        if callable(status):
            status = status()
        if status == 200 and self.answer:
            self.answer(webhook.event)
        return status


class Simulator(NamedTuple):
    """A running simulator, and the application it talks to."""

    url: str
    app_url: str
    app: FakeApplication

    def send(
        self, to: str, token: str | None = Settings().page_token, version: str = "v23.0", **call: Any
    ) -> requests.Response:
        """A call of the Send API: `send(psid, message={…})` or `send(psid, sender_action=…)`."""
        body = {"recipient": {"id": to}, **({"messaging_type": "RESPONSE"} if "message" in call else {}), **call}
        query = {} if token is None else {"access_token": token}
        return requests.post(f"{self.url}/{version}/me/messages", params=query, json=body, timeout=10)

    def do(self, psid: str, kind: str, **event: Any) -> requests.Response:
        return self.post(f"/fans/{psid}/events", {"kind": kind, **event})

    def post(self, path: str, body: object) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=10)

    def get(self, path: str, **query: str) -> requests.Response:
        return requests.get(self.url + path, params=query, timeout=10)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.url + path, timeout=10)

    def messages(self, **query: str) -> list[Json]:
        return self.get("/messages", **query).json()


@contextlib.contextmanager
def a_simulator(settings_changes: Json | None = None, **options: Any) -> Iterator[Simulator]:
    """The simulator with a fake application, both on free ports; `options` are those of `application`."""
    app = FakeApplication()
    with _listening(app) as app_url:
        settings = Settings(port=free_port(), app_url=app_url)._replace(**settings_changes or {})
        server = Server(settings, application(settings, **{"pauses_s": PAUSES_S, "slack_pauses_s": PAUSES_S} | options))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            yield Simulator(f"http://127.0.0.1:{settings.port}", app_url, app)
        finally:
            server.handle_exit(0, None)
            thread.join()


def until(true: Callable[[], object], seconds: float = 5) -> None:
    """Waits for something that happens by itself."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"Not so after {seconds} s")
        time.sleep(0.01)


@contextlib.contextmanager
def _listening(app: FakeApplication) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/webhooks/slack/"):
                self._reply(*app.slack.take(SlackRequest(self.path, dict(self.headers), body)))
                return
            self._reply(app.take(Webhook(dict(self.headers), body)), "text/plain", "")

        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            if self.path.endswith(".png"):
                self._reply(200, "image/png", PICTURE)
            elif self.path.startswith("/slack/oauth"):
                self._reply(200, "text/html", '<link rel="icon" href="data:,">Installed')
            elif self.path.startswith("/t/"):
                self._reply(200, "image/svg+xml", TICKET)
            elif query.get("hub.verify_token") == app.verify_token:
                self._reply(200, "text/plain", query["hub.challenge"])
            else:
                self._reply(403, "text/plain", "")

        def _reply(self, status: int, kind: str, said: str | bytes) -> None:
            body = said.encode() if isinstance(said, str) else said
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
