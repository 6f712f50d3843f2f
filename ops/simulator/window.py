"""The page at `/`, for people: two chat windows and a poster to scan."""

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ops.simulator import news, phone, picture
from ops.simulator.bodies import BadBodyError
from ops.simulator.memory import Memory
from ops.simulator.settings import Settings
from ops.simulator.webhooks import OK, Webhooks

STATIC = Path(__file__).parent / "static"
REF = re.compile(r"[A-Za-z0-9+\-./:=_]{1,150}")
# Pictures may come from anywhere, as in Messenger; everything else comes from here.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: {app}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Window:
    def __init__(self, settings: Settings, memory: Memory, webhooks: Webhooks) -> None:
        self._settings = settings
        self._fans = memory.fans
        self._profile = memory.profile
        self._webhooks = webhooks

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._page),
            Route("/poster.svg", self._poster),
            Route("/application", self._application),
            Route("/fans/{psid}/news", self._news),
            Route("/fans/{psid}/picture.svg", self._picture),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]

    async def _page(self, _: Request) -> Response:
        address = urlsplit(self._settings.app_url)
        app = f"{address.scheme}://127.0.0.1:{address.port} {address.scheme}://localhost:{address.port} {self._settings.app_url}"
        headers = {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY.format(app=app),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
        return FileResponse(STATIC / "index.html", headers=headers)

    async def _poster(self, request: Request) -> Response:
        """The QR code of https://m.me/<page>?ref=<ref>, as an organiser prints it."""
        import segno  # noqa: PLC0415  45 ms that only this needs

        ref = request.query_params.get("ref", "")
        if not REF.fullmatch(ref):
            raise BadBodyError("ref", "1 to 150 of A-Z a-z 0-9 + - . / : = _")
        drawn = io.BytesIO()
        link = f"https://m.me/{self._settings.page_id}?ref={ref}"
        segno.make(link, error="m").save(drawn, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True)
        return Response(drawn.getvalue(), media_type="image/svg+xml")

    async def _application(self, _: Request) -> Response:
        """Whether the application is there and knows the verify token: what Meta finds out when a webhook is set up."""
        answer = await self._webhooks.verify(self._settings.webhook_url, self._settings.verify_token)
        webhook = {OK: "verified", 0: "unreachable"}.get(answer.status, "refused")
        return JSONResponse({"webhook": webhook, "url": self._settings.app_url, "pageId": self._settings.page_id})

    async def _news(self, request: Request) -> Response:
        """Server-sent events: the whole thread first, then what happens in it."""
        fan = self._fans.fan(request.path_params["psid"])
        first = {**phone.everything(fan), "face": self._profile.face()}
        return news.stream(fan.phones, first)

    async def _picture(self, request: Request) -> Response:
        fan = self._fans.fan(request.path_params["psid"])
        return picture.drawn(fan.name)
