"""What the two programs with the application's code share: a listening socket that outlives them, and a clean end.

The supervisor holds the sockets. While a program is replaced by one with newer code, requests and events wait in the
socket's queue, so none is refused or lost.
"""

import os
import signal
import socket
import sys
import threading
import traceback
from http.server import HTTPServer
from importlib import import_module
from typing import Any

from chalice.app import Chalice
from chalice.config import Config

LOAD_FAILED = 3
"""Exit code: the application cannot be imported as it is now."""


def load_application() -> Chalice:
    """The application in the current folder."""
    try:
        return import_module("app").app  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001  # whatever the developer's code raises, they shall see it
        traceback.print_exc()
        sys.exit(LOAD_FAILED)


def function_config(config_from_disk: dict[str, Any], function: str) -> Config:
    """Settings of one function of the stage `local`, as Chalice reads .chalice/config.json."""
    return Config("local", function, config_from_disk=config_from_disk)


class InheritedServer(HTTPServer):
    """An HTTP server on the socket that the supervisor listens on."""

    def server_bind(self) -> None:
        self.socket.close()
        self.socket = socket.socket(fileno=int(os.environ["LISTEN_FD"]))

    def server_activate(self) -> None:
        """Already listening."""


def serve_until_told(server: HTTPServer) -> None:
    """Answer until SIGTERM; what is being answered then is finished, new requests wait for the next program."""
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.05)
