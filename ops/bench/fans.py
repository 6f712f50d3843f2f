"""Fans who know every answer, and a Graph API that tells when a reply reached them."""

import json
import queue
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

from ops.bench import events
from ops.bench.events import Json
from ops.local.launch import PROJECT

PATIENCE = 30.0
MESSAGES = 4
"""Of one quiz: the scan and three answers."""

DEMO: Json = json.loads((PROJECT / "infra" / "demo" / "birthday-bash.json").read_text())


class Sent(NamedTuple):
    at: float
    """By `time.perf_counter`."""
    message: Json


class Graph:
    """Takes every send, as Meta's Send API would."""

    def __init__(self) -> None:
        self._sent: defaultdict[str, queue.SimpleQueue[Sent]] = defaultdict(queue.SimpleQueue)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.graph = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, send: Json) -> None:
        if "message" in send:
            self._sent[send["recipient"]["id"]].put(Sent(time.perf_counter(), send["message"]))

    def next(self, fan: str) -> Sent:
        """The next message to this fan, once it is here."""
        return self._sent[fan].get(timeout=PATIENCE)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    graph: Graph


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._answer({"first_name": "Anna"})

    def do_POST(self) -> None:
        self.server.graph.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer({"recipient_id": "1", "message_id": "m_1"})

    def _answer(self, document: Json) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's signature
        """A measurement is no place for a line a request."""


class Fan:
    """Plays the demo campaign. `act(n)` is the n-th of `MESSAGES` events; the replies come by `heard`."""

    def __init__(self, psid: str) -> None:
        self.psid = psid
        self._choices: dict[str, str] = {}

    def act(self, number: int) -> Json:
        at, mid = int(time.time() * 1000), f"m_{self.psid}_{number}"
        if number == 0:
            referral = {"ref": DEMO["ref"], "source": "SHORTLINK", "type": "OPEN_THREAD"}
            return events.message(self.psid, mid, at, referral=referral)
        question = DEMO["questions"][number - 1]
        if question["kind"] == "text":
            return events.message(self.psid, mid, at, message={"text": question["accept"]["en"][0]})
        [title] = [choice["text"]["en"] for choice in question["choices"] if choice["id"] == question["answer"]]
        pressed = {"text": title, "quick_reply": {"payload": self._choices[title]}}
        return events.message(self.psid, mid, at, message=pressed)

    def heard(self, message: Json) -> None:
        self._choices = {reply["title"]: reply["payload"] for reply in message.get("quick_replies", ())}
