import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ops.simulator.bodies import BadBodyError, bad_body
from ops.simulator.control import Control
from ops.simulator.fans import Fans
from ops.simulator.faults import DroppedConnectionError, Faults
from ops.simulator.graph import Graph
from ops.simulator.memory import Memory
from ops.simulator.page_profile import PageProfile
from ops.simulator.sends import Sends
from ops.simulator.settings import Settings
from ops.simulator.slack import deliveries as slack_deliveries
from ops.simulator.slack.deliveries import Deliveries
from ops.simulator.slack.doings import Doings
from ops.simulator.slack.install import Install
from ops.simulator.slack.refusal import Refusal, refused
from ops.simulator.slack.tokens import Tokens
from ops.simulator.slack.web_api import WebApi
from ops.simulator.slack.workspace import Workspaces
from ops.simulator.webhooks import PAUSES_S, Webhooks
from ops.simulator.window import Window


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def new_mid() -> str:
    """As long and as random as Meta's: `m_` and 68 characters."""
    return "m_" + secrets.token_urlsafe(51)


def application(
    settings: Settings,
    *,
    now: Callable[[], int] = now_ms,
    pauses_s: Sequence[float] = PAUSES_S,
    slack_pauses_s: Sequence[float] = slack_deliveries.PAUSES_S,
) -> ASGIApp:
    """The simulator as an ASGI application for uvicorn, with nobody met and nothing sent yet."""
    memory = Memory(Fans(), Sends(), Faults(), PageProfile(), Workspaces(now))
    webhooks = Webhooks(settings, pauses_s=pauses_s)
    deliveries = Deliveries(settings, now, pauses_s=slack_pauses_s)
    tokens = Tokens(settings, memory.workspaces)
    routes = [
        *Graph(settings, memory, webhooks, now, new_mid).routes(),
        *Install(settings, memory.workspaces, tokens, deliveries, now).routes(),
        *WebApi(settings, memory, tokens, deliveries, now).routes(),
        *Doings(settings, memory.workspaces, deliveries, now).routes(),
        *Control(memory, webhooks, now, new_mid).routes(),
        *Window(settings, memory, webhooks).routes(),
    ]
    handlers = {BadBodyError: bad_body, Refusal: refused, DroppedConnectionError: _hang_up}
    return _Line(Starlette(routes=routes, exception_handlers=handlers))


class Server(uvicorn.Server):
    """Ends at the first SIGTERM or Ctrl-C, at once and with exit code 0: there is nothing to save."""

    def __init__(self, settings: Settings, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=settings.port,
                loop="asyncio",
                http="h11",
                ws="none",
                lifespan="off",
                access_log=False,
                log_level=logging.ERROR,
                proxy_headers=False,
                server_header=False,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's signature
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        self.should_exit = self.force_exit = True


class _Line:
    """What ASGI has no word for: cutting the line (uvicorn's `send` belongs to what holds it), and ending in mid-answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["hang_up"] = send.__self__.transport.abort  # type: ignore[attr-defined]
        with contextlib.suppress(asyncio.CancelledError):  # the program ends; nobody is left to hear about it
            await self._app(scope, receive, send)


class _HangUp(Response):
    """No answer at all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  ASGI's signature
        scope["hang_up"]()
        await receive()


def _hang_up(_: Request, __: Exception) -> Response:
    return _HangUp()
