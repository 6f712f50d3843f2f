"""Every route in the name of everybody: exactly those who may call are let in, and who is refused changes nothing.

The table below is written by hand. A route that is not in it fails a test, so who adds one says here who may call it.
"""

import functools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import pytest
from chalice.local import NotAuthorizedError
from pytest_chalice.handlers import RequestHandler

from app import app
from chalicelib import wiring
from chalicelib.access.service import ROLES, Tokens
from chalicelib.access.store import TokenStore
from chalicelib.aws.tables import Put
from chalicelib.http import Principal
from chalicelib.idempotency import Act
from chalicelib.orders.model import NewOrder, Wish
from chalicelib.products.model import Product
from chalicelib.users.model import UserFields
from ops.local.secrets import VALUES, new_ticket_keys
from tests.builders import a_campaign, a_campaign_document
from tests.fakes.queue import MemoryQueue
from tests.fakes.table import MemoryTable
from tests.operators import start_anew

THIS, ANOTHER = "birthday-bash", "another-party"
FAN = "messenger:1000:2000"
EVERYBODY = ()


class Row(NamedTuple):
    who: tuple[str, ...]
    """The roles that may call the route; EVERYBODY, where tokens make no difference."""
    status: int
    """What they are answered to the request below."""
    of_this: int = 403
    """What they are answered when their token is limited to the campaign that the request is about."""
    of_another: int = 403
    """The same, limited to another campaign."""
    body: Callable[[str], dict] | None = None
    """The request's body; it gets the code of a ticket of this campaign."""


TABLE = {
    ("GET", "/campaigns"): Row(("organiser",), 200, of_this=200, of_another=200),
    ("POST", "/campaigns"): Row(("organiser",), 201, body=lambda _: a_campaign_document(campaignId="new", ref="new")),
    ("GET", "/campaigns/{campaign}"): Row(("organiser",), 200, of_this=200),
    ("PUT", "/campaigns/{campaign}"): Row(
        ("organiser",), 200, of_this=200, body=lambda _: a_campaign_document(stock=30)
    ),
    ("PATCH", "/campaigns/{campaign}"): Row(("organiser",), 200, of_this=200, body=lambda _: {"stock": 30}),
    ("DELETE", "/campaigns/{campaign}"): Row(("organiser",), 409, of_this=409),
    ("GET", "/campaigns/{campaign}/audit"): Row(("organiser",), 200, of_this=200),
    ("POST", "/campaigns/{campaign}/clone"): Row(
        ("organiser",), 201, of_this=403, body=lambda _: {"campaignId": "new", "ref": "new"}
    ),
    ("GET", "/campaigns/{campaign}/links"): Row(("organiser",), 200, of_this=200),
    ("POST", "/campaigns/{campaign}/preview"): Row(("organiser",), 200, of_this=200),
    ("GET", "/campaigns/{campaign}/qr"): Row(("organiser",), 200, of_this=200),
    ("GET", "/campaigns/{campaign}/sources"): Row(("organiser",), 200, of_this=200),
    ("PUT", "/campaigns/{campaign}/sources/{source}"): Row(
        ("organiser",), 200, of_this=200, body=lambda _: {"name": "Poster"}
    ),
    ("DELETE", "/campaigns/{campaign}/sources/{source}"): Row(("organiser",), 204, of_this=204),
    ("GET", "/campaigns/{campaign}/stats"): Row(("organiser",), 200, of_this=200),
    ("POST", "/campaigns/{campaign}/state"): Row(("organiser",), 200, of_this=200, body=lambda _: {"state": "paused"}),
    ("GET", "/chat/{campaign}"): Row(EVERYBODY, 200),
    ("GET", "/chat/{campaign}/messages"): Row(EVERYBODY, 400),
    ("POST", "/chat/{campaign}/messages"): Row(EVERYBODY, 200, body=lambda _: {"messageId": "m_1", "text": "hello"}),
    ("GET", "/deletions/{code}"): Row(EVERYBODY, 404),
    ("GET", "/health"): Row(EVERYBODY, 200),
    ("GET", "/openapi.json"): Row(EVERYBODY, 200),
    ("GET", "/payments/{order}"): Row(EVERYBODY, 200),
    ("POST", "/payments/{order}"): Row(EVERYBODY, 303),
    ("POST", "/orders"): Row(
        ("service",),
        202,
        body=lambda _: {
            "customerId": "anna",
            "items": [{"productId": "shirt", "quantity": 1}],
            "paymentMethod": "pm_card_visa",
        },
    ),
    ("GET", "/orders/{order}"): Row(("organiser", "service"), 200),
    ("GET", "/products"): Row(("organiser",), 200),
    ("POST", "/products"): Row(("organiser",), 201, body=lambda _: {"name": "Cap", "priceCents": 999}),
    ("GET", "/products/{product}"): Row(("organiser",), 200),
    ("PUT", "/products/{product}"): Row(("organiser",), 200, body=lambda _: {"name": "Cap", "priceCents": 999}),
    ("PATCH", "/products/{product}"): Row(("organiser",), 200, body=lambda _: {"name": "Cap"}),
    ("DELETE", "/products/{product}"): Row(("organiser",), 204),
    ("POST", "/products/{product}/stock"): Row(("organiser",), 200, body=lambda _: {"delta": 1, "reason": "Found"}),
    ("GET", "/products/{product}/stock"): Row(("organiser",), 200),
    ("GET", "/reports/{campaign}/{date}"): Row(("organiser",), 200, of_this=200),
    ("GET", "/slack/install"): Row(EVERYBODY, 302),
    ("GET", "/slack/oauth"): Row(EVERYBODY, 400),
    ("GET", "/static/{name}"): Row(EVERYBODY, 200),
    ("GET", "/t/{code}"): Row(EVERYBODY, 200),
    ("GET", "/tickets/keys"): Row(EVERYBODY, 200),
    ("POST", "/tickets/redeem"): Row(
        ("steward",), 200, of_this=200, body=lambda code: {"code": code, "nonce": "scan-0001"}
    ),
    ("GET", "/unsubscribe/{token}"): Row(EVERYBODY, 200),
    ("POST", "/unsubscribe/{token}"): Row(EVERYBODY, 200, body=lambda _: {"List-Unsubscribe": "One-Click"}),
    ("GET", "/users"): Row(("organiser", "service"), 200),
    ("POST", "/users"): Row(("organiser", "service"), 201, body=lambda _: {"email": "ben@example.org", "name": "Ben"}),
    ("GET", "/users/{user}"): Row(("organiser", "service"), 200),
    ("PUT", "/users/{user}"): Row(
        ("organiser", "service"), 200, body=lambda _: {"email": "ann@example.org", "name": "Ann"}
    ),
    ("PATCH", "/users/{user}"): Row(("organiser", "service"), 200, body=lambda _: {"name": "Ann"}),
    ("DELETE", "/users/{user}"): Row(("organiser", "service"), 204),
    ("GET", "/webhooks/messenger"): Row(EVERYBODY, 403),
    ("POST", "/webhooks/messenger"): Row(EVERYBODY, 401),
    ("POST", "/webhooks/messenger/data-deletion"): Row(EVERYBODY, 401),
    ("POST", "/webhooks/slack/commands"): Row(EVERYBODY, 401),
    ("POST", "/webhooks/slack/events"): Row(EVERYBODY, 401),
    ("POST", "/webhooks/slack/interactions"): Row(EVERYBODY, 401),
    ("POST", "/webhooks/stripe"): Row(EVERYBODY, 401),
}


class Site:
    """The application on tables in memory, with a campaign, and a ticket of it whose `code` a fan holds."""

    def __init__(self, monkeypatch):
        start_anew(monkeypatch)
        self.tables, self.queues = defaultdict(MemoryTable), defaultdict(MemoryQueue)
        secrets = {**VALUES, "tickets": new_ticket_keys()}
        monkeypatch.setattr(wiring, "table", self.tables.__getitem__)
        monkeypatch.setattr(wiring, "queue", self.queues.__getitem__)
        monkeypatch.setattr(wiring, "secrets", lambda: secrets)
        wiring.campaigns().save(a_campaign())
        wiring.campaigns().announce(THIS, "poster", "A poster", "anna")
        campaign, tickets = wiring.campaigns().playing(THIS), wiring.tickets()
        tickets.begin(campaign, FAN, tickets.entry(campaign, FAN)._replace(attempts=("m_0",)))
        self.code = tickets.take(campaign, FAN)
        wiring.products().create(Product(product_id="shirt", name="Shirt", price_cents=1999), Act("anna", 0, "act"))
        wiring.users().create(UserFields(email="anna@example.org", name="Anna"), Act("anna", 0, "anna"))
        wish = Wish(product_id="shirt", quantity=1)
        new = NewOrder(customer_id="anna", items=[wish], payment_method="pm_card_visa")
        self.order = wiring.orders().accept(new, Act("anna", 0, "order")).order_id

    def token(self, role, *campaigns):
        return wiring.tokens().create(role, "somebody", campaigns)

    @property
    def written(self):
        """How much, in all."""
        return sum(len(t.writes) for t in self.tables.values()) + sum(len(q.messages) for q in self.queues.values())

    def answers(self, route, token):
        """The status that the holder of a token is answered."""
        method, path = route
        row = TABLE[route]
        filled = path.format_map(
            {
                "campaign": THIS,
                "code": self.code,
                "date": "2026-01-01",
                "name": "theme.css",
                "order": self.order,
                "product": "shirt",
                "source": "poster",
                "token": wiring.mailing().unsubscribe_url("anna@example.org", THIS).rpartition("/")[2],
                "user": "anna",
            }
        )
        body = json.dumps(row.body(self.code)).encode() if row.body else b""
        headers = {"Content-Type": app.routes[path][method].content_types[0]}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        try:
            return getattr(RequestHandler(app), method.lower())(filled, headers=headers, body=body).status_code
        except NotAuthorizedError:  # what API Gateway says without asking anybody
            return 401


def revoked(site, role):
    text = site.token(role)
    wiring.tokens().revoke(wiring.tokens().find(text).token_id)
    return text


def expired(_, role):
    two_days_ago = time.time() - 2 * 24 * 3600
    return Tokens(TokenStore(wiring.table("users")), lambda: two_days_ago).create(role, "somebody", days=1)


NOBODIES = {
    "no token": lambda *_: None,
    "an empty token": lambda *_: "",
    "an unknown token": lambda *_: "local-organiser-tokem",
    "a made-up token": lambda *_: f"gl_{'0' * 12}_{'0' * 40}",
    "a revoked token": revoked,
    "an expired token": expired,
}
"""Tokens that are nobody's; those that were somebody's had a role that is let in."""

HOLDERS = {
    "the stage's {}": ("status", lambda _, role: f"local-{role}-token"),
    "{}": ("status", lambda site, role: site.token(role)),
    "{} of this campaign": ("of_this", lambda site, role: site.token(role, "one-more", THIS)),
    "{} of another campaign": ("of_another", lambda site, role: site.token(role, ANOTHER)),
}
"""For each role: what of a row they are answered when the role is let in, and their token."""


def cells(row):
    """Who calls, what they are to be answered, and how they get their token of a site."""
    for name, token in NOBODIES.items():
        role = row.who[0] if row.who else ROLES[0]
        yield name, 401 if row.who else row.status, lambda site, token=token, role=role: token(site, role)
    for role in ROLES:
        for name, (answer, token) in HOLDERS.items():
            expected = getattr(row, answer) if role in row.who else 403
            status = expected if row.who else row.status
            yield name.format(role), status, lambda site, token=token, role=role: token(site, role)


def surprises(route, new_site):
    """Everybody who is answered something else than the table says, and what."""
    found = {}
    for name, expected, token in cells(TABLE[route]):
        site = new_site()
        text = token(site)
        before = site.written
        answered = site.answers(route, text)
        if answered != expected:
            found[name] = answered
        elif TABLE[route].who and answered in (401, 403):
            assert site.written == before, f"{name} was refused, and something was written"
    return found


@pytest.fixture
def new_site(monkeypatch):
    monkeypatch.setenv("STAGE", "local")
    for name in ("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    return functools.partial(Site, monkeypatch)


def test_every_route_is_in_the_table():
    declared = {(method, path) for path, by_method in app.routes.items() for method in by_method}
    assert {route for route in declared if route[0] != "OPTIONS"} == set(TABLE)


@pytest.mark.parametrize("route", TABLE, ids=" ".join)
def test_exactly_those_who_may_call_a_route_are_let_in(route, new_site):
    assert surprises(route, new_site) == {}


class Gullible:
    """Takes every token for an organiser's."""

    def principal(self, _token):
        return Principal("somebody", "organiser")


def test_who_is_let_in_by_mistake_is_found(new_site, monkeypatch):
    """The negative control."""

    def gullible_site():
        site = new_site()
        monkeypatch.setattr(wiring, "access", Gullible)
        return site

    refused = {name for name, expected, _ in cells(TABLE["GET", "/campaigns/{campaign}"]) if expected != 200}
    found = surprises(("GET", "/campaigns/{campaign}"), gullible_site)
    assert found == dict.fromkeys(refused - {"no token"}, 200)
    assert len(found) == 14


def test_a_write_of_someone_who_is_refused_is_found(new_site):
    """The negative control."""

    class Careless(Site):
        def answers(self, route, token):
            self.tables["campaigns"].write(Put({"pk": "x", "sk": "x"}))
            return super().answers(route, token)

    with pytest.raises(AssertionError, match="no token was refused, and something was written"):
        surprises(("POST", "/tickets/redeem"), lambda: Careless(*new_site.args))
