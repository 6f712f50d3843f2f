"""The fan's pages served to a browser in milliseconds: the real routes, pages and dialogue over tables in memory."""

import contextlib
import threading
from typing import NamedTuple

from chalice.config import Config
from chalice.local import ChaliceRequestHandler, CustomLocalChalice, LocalDevServer

from chalicelib import http
from chalicelib.channels.web.api import WebChat
from chalicelib.pages import assets
from chalicelib.pages.page import Pages
from chalicelib.payments.page import PaymentPage
from chalicelib.tickets.api import TicketsApi
from tests.world import World


class Site(NamedTuple):
    url: str
    world: World


class Application(CustomLocalChalice, http.Application):
    """As `chalice local` makes it: each thread has a request of its own."""


class Quiet(ChaliceRequestHandler):
    def log_message(self, *_):
        """Not a word of each request."""


@contextlib.contextmanager
def site(world, **options):
    """Serve it for as long as the block runs; `options` are those of the application."""
    server = LocalDevServer(application(world, **options), Config(), "127.0.0.1", 0, handler_cls=Quiet)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server.server_port}", world)
    finally:
        server.shutdown()
        server.server.server_close()


class Secrets:
    def get(self, name):
        return {"stripe": {"publishable_key": "pk_test_0123456789abcdef"}}[name]


def application(world, base_url="https://fans.example", *, by_stripe=False):
    """The routes of the fan's pages, and no more."""
    app = Application(app_name="guestlist")
    app.api.binary_types = ["*/*"]
    pages = Pages(base_url)
    web = WebChat(world.dialogue, world.preview, world.campaigns, pages, world.clock)
    tickets = TicketsApi(world.tickets, lambda: world.keys, world.campaigns, pages)

    payments = PaymentPage(pages, world.shop.orders, Secrets(), None if by_stripe else world.shop.payments)

    def route(path, view, method="GET", content_type=http.JSON):
        name = f"{method} {path}"
        app.route(path, who=http.FAN, methods=[method], name=name, content_types=[content_type])(view)

    route("/chat/{campaign}", lambda campaign: web.page(campaign, app.current_request))
    route("/chat/{campaign}/messages", lambda campaign: web.say(campaign, app.current_request), "POST")
    route("/chat/{campaign}/messages", lambda campaign: web.transcript(campaign, app.current_request))
    route("/payments/{order}", lambda order: payments.show(order, app.current_request))
    route("/payments/{order}", lambda order: payments.take(order, app.current_request), "POST", http.FORM)
    route("/t/{code}", lambda code: tickets.page(code, app.current_request))
    route("/tickets/redeem", lambda: tickets.redeem(app.current_request), "POST")
    route("/tickets/keys", tickets.keys)
    route("/static/{name}", lambda name: assets.serve(name, http.query(app.current_request).get("v", "")))
    return app
