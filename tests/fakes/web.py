"""The fan's pages served to a browser in milliseconds: the real routes and pages, and a fake of everything behind them."""

import contextlib
import dataclasses
import threading
from typing import NamedTuple

from chalice.config import Config
from chalice.local import CustomLocalChalice, LocalDevServer

from chalicelib import errors, http
from chalicelib.channels.web.api import WebChat
from chalicelib.dialogue.model import Card, Choice, Reply
from chalicelib.pages import assets
from chalicelib.pages.page import Pages
from chalicelib.tickets.api import TicketsApi
from chalicelib.tickets.model import Ticket
from chalicelib.tickets.signing import KeyRing, new_key

RING = KeyRing.from_secret({"keys": [new_key("K1")]})
CODE = RING.sign("birthday-bash", "7KQ2M4XPRT", "K1")
ISSUED = Ticket("7KQ2M4XPRT", "birthday-bash", "K1", "issued", issued_at=1_796_000_000_000)


@dataclasses.dataclass
class FakeCampaign:
    name: str = "Birthday Bash"
    languages: tuple = ("en", "nl")
    timezone: str = "Europe/Amsterdam"
    prize: dict = dataclasses.field(
        default_factory=lambda: {"en": "two tickets for the birthday party", "nl": "twee kaarten voor het feest"}
    )


class FakeCampaigns(dict):
    """By campaign id."""

    def get(self, campaign_id):
        if campaign_id not in self:
            raise errors.NotFound("There is no such campaign")
        return self[campaign_id]


class Exchange(NamedTuple):
    said: str
    at: int
    replies: tuple


QUESTIONS = {
    "en": (
        ("Where was the very first show?", ("Paradiso", "Melkweg", "De School")),
        ("How many candles are on the cake?", ("Ten", "Twelve")),
        ("What is the last song of every night called?", ()),
    ),
    "nl": (
        ("Waar was de allereerste show?", ("Paradiso", "Melkweg", "De School")),
        ("Hoeveel kaarsjes staan er op de taart?", ("Tien", "Twaalf")),
        ("Hoe heet het laatste nummer van elke avond?", ()),
    ),
}
WORDS = {
    "en": (
        "Question {} of 3: {}",
        "Right! 🎉",
        "Hi {{name}}! Welcome to Birthday Bash. I'm an automated assistant, not a person.",
    ),
    "nl": (
        "Vraag {} van 3: {}",
        "Goed! 🎉",
        "Hoi {{name}}! Welkom bij Birthday Bash. Ik ben een automatische assistent, geen mens.",
    ),
}


class FakeDialogue:
    """A quiz of three questions that everyone wins; the same message id gets the same answer."""

    def __init__(self, base_url="http://127.0.0.1"):
        self.base_url = base_url
        self.messages = []
        self._exchanges = {}
        self._answered = {}
        self._state = {}

    def answer(self, message):
        self.messages.append(message)
        key = message.conversation, message.id
        if key not in self._answered:
            self._answered[key] = self._turn(message)
            exchange = Exchange(message.text, message.at, self._answered[key])
            self._exchanges.setdefault(message.conversation, []).append(exchange)
        return self._answered[key]

    def transcript(self, conversation):
        return tuple(self._exchanges.get(conversation, ()))

    def turns(self):
        """How many messages had an effect."""
        return len(self._answered)

    def _turn(self, message):
        language, asked = self._state.get(message.conversation, (message.locale, -1))
        if message.payload.startswith("language:"):
            language, before = message.payload[-2:], "👍"
        else:
            asked += 1
            before = WORDS[language][1] if asked else WORDS[language][2].replace("{{", "{").replace("}}", "}")
        self._state[message.conversation] = language, asked
        if asked >= len(QUESTIONS[language]):
            return (Reply(f"{before} You did it."), self._card())
        text, titles = QUESTIONS[language][asked]
        choices = tuple(Choice(title, f"answer:birthday-bash:1:q{asked}:{title.lower()}") for title in titles)
        return (Reply(f"{before}\n\n{WORDS[language][0].format(asked + 1, text)}", choices),)

    def _card(self):
        page = f"{self.base_url}/t/{CODE}"
        return Reply(
            "",
            (),
            Card("Your ticket: Birthday Bash", "two tickets for the party", page + ".png", page, "Open your ticket"),
            CODE,
        )


class FakeTickets:
    def __init__(self, ticket=ISSUED):
        self.ticket = ticket
        self.revoked = []

    def get(self, claims):
        if claims.ticket_id != self.ticket.ticket_id:
            raise errors.NotFound("There is no such ticket")
        return self.ticket

    def redeem(self, claims, nonce, gate):
        ticket = self.get(claims)
        if ticket.status == "issued":
            self.ticket = ticket._replace(status="redeemed", redeemed_at=1_796_497_440_000, nonce=nonce, gate=gate)
        elif ticket.nonce != nonce:
            raise errors.Conflict("This ticket was used before", reason="already_redeemed")
        return self.ticket

    def revocations(self):
        return self.revoked


class Site(NamedTuple):
    url: str
    dialogue: FakeDialogue
    campaigns: FakeCampaigns
    tickets: FakeTickets


class _Application(CustomLocalChalice, http.Application):
    """As `chalice local` makes it: each thread has a request of its own."""


@contextlib.contextmanager
def site():
    """Serve it for as long as the block runs."""
    app = _Application(app_name="guestlist")
    server = LocalDevServer(app, Config(), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.server.server_port}"
    served = Site(url, FakeDialogue(url), FakeCampaigns({"birthday-bash": FakeCampaign()}), FakeTickets())
    _declare(app, served)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server.server_close()


def _declare(app, served):
    pages = Pages(served.url)
    web = WebChat(served.dialogue, served.campaigns, pages, lambda: 1_796_000_000.0)
    tickets = TicketsApi(served.tickets, lambda: RING, served.campaigns, pages)

    def route(path, view, methods=("GET",)):
        app.route(path, who=http.FAN, methods=list(methods), name=f"{path}{methods}")(view)

    route("/chat/{campaign}", lambda campaign: web.page(campaign, app.current_request))
    route("/chat/{campaign}/messages", lambda campaign: web.say(campaign, app.current_request), ("POST",))
    route("/chat/{campaign}/messages", lambda campaign: web.transcript(campaign, app.current_request))
    route("/t/{code}", lambda code: tickets.page(code, app.current_request))
    route("/tickets/redeem", lambda: tickets.redeem(app.current_request), ("POST",))
    route("/tickets/keys", tickets.keys)
    route("/static/{name}", lambda name: assets.serve(name, http.query(app.current_request).get("v", "")))
