"""Campaigns over HTTP: what is taken, what is answered, what is refused and why."""

import base64
import json
import math
import threading
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from pytest_chalice.handlers import RequestHandler

from chalicelib import http
from chalicelib.aws.tables import Change
from chalicelib.campaigns.api import CampaignsApi
from chalicelib.campaigns.links import Links
from chalicelib.campaigns.service import MOST_SOURCES, Campaigns
from chalicelib.campaigns.sources import SourcesApi
from chalicelib.campaigns.store import CampaignStore
from chalicelib.idempotency import Idempotency
from tests.builders import a_campaign_document
from tests.fakes.table import Killed, MortalTable
from tests.pictures import decoded, opened
from tests.recount import by_source
from tests.world import World

BASH = "/campaigns/birthday-bash"
NEW = a_campaign_document(campaignId="new-year", ref="ny27", state=None)


class Recounted:
    """What the streams would have counted."""

    def __init__(self, world):
        self.world = world

    def by_source(self, campaign_id):
        return by_source(self.world.records, campaign_id)


class Client:
    """Asks as the caller with this name, who may be limited to campaigns."""

    def __init__(self, world):
        self.world, self.page = world, "1000"
        self.accounts = MortalTable()
        idempotency = Idempotency(self.accounts, world.clock)
        self.api = CampaignsApi(world.campaigns, world.tickets, idempotency, "https://fans.example", world.clock)
        self.sources = SourcesApi(world.campaigns, Recounted(world), Links("https://fans.example", lambda: self.page))
        self._caller = http.Principal("anna", http.ORGANISER)
        self._handler = RequestHandler(self._application())

    def ask(self, method, path=BASH, body=None, *, by="anna", only=(), raw=None, query="", **headers):
        """Send a request; answers the response, whose `told` is its JSON."""
        self._caller = http.Principal(by, http.ORGANISER, only)
        named = {"authorization": "Bearer x", "content-type": "application/json"}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = (json.dumps(body).encode() if body is not None else b"") if raw is None else raw
        answer = getattr(self._handler, method.lower())(path + query, headers=named, body=raw)
        json_like = "json" in answer.headers.get("Content-Type", "")
        answer.told = json.loads(answer.body) if json_like and answer.body else {}
        return answer

    def fields(self, answer):
        """The fields that were refused."""
        return [error["field"] for error in answer.told["errors"]]

    def _application(self):
        app = http.Application("guestlist")
        app.api.binary_types = ["*/*"]

        @app.authorizer()
        def caller(request):
            return http.authorise(request, lambda _token: self._caller)

        wiring = SimpleNamespace(api=lambda: self.api, sources=lambda: self.sources)
        route, one, who = app.by_token(caller, wiring), "/campaigns/{campaign}", http.ORGANISER
        route("GET", "/campaigns", who, "api.list", scoped=True)
        route("POST", "/campaigns", who, "api.create")
        route("GET", one, who, "api.show")
        route("PUT", one, who, "api.replace")
        route("PATCH", one, who, "api.patch")
        route("DELETE", one, who, "api.delete")
        route("POST", f"{one}/state", who, "api.bring")
        route("POST", f"{one}/clone", who, "api.clone")
        route("POST", f"{one}/preview", who, "api.preview")
        route("GET", f"{one}/audit", who, "api.audit")
        route("GET", f"{one}/links", who, "sources.links")
        route("GET", f"{one}/qr", who, "sources.qr")
        route("GET", f"{one}/sources", who, "sources.counts")
        route("PUT", f"{one}/sources/{{source}}", who, "sources.announce")
        route("DELETE", f"{one}/sources/{{source}}", who, "sources.withdraw")
        return app


@pytest.fixture
def client():
    return Client(World())


@pytest.fixture
def draft(client):
    """The path of a draft."""
    assert client.ask("POST", "/campaigns", NEW).status_code == 201
    return "/campaigns/new-year"


# ─── making ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_campaign_is_a_draft_and_has_an_address_and_a_version(client):
    made = client.ask("POST", "/campaigns", NEW)
    assert (made.status_code, made.headers["Location"]) == (201, "https://fans.example/campaigns/new-year")
    assert (made.told["state"], made.told["ticketsLeft"], made.headers["ETag"]) == ("draft", 25, '"1"')
    assert client.ask("GET", "/campaigns/new-year").told == made.told


def test_a_campaign_can_be_live_from_the_beginning(client):
    assert client.ask("POST", "/campaigns", NEW | {"state": "live"}).told["state"] == "live"


@pytest.mark.parametrize("taken", [{"campaignId": "birthday-bash"}, {"ref": "BASH"}])
def test_an_id_or_a_ref_that_is_taken_is_a_conflict_and_changes_nothing(client, taken):
    before = len(client.world.records.writes)
    refused = client.ask("POST", "/campaigns", NEW | taken)
    assert refused.status_code == 409
    assert refused.told.get("reason") == "campaign_exists" or client.fields(refused) == ["ref"]
    assert len(client.world.records.writes) == before


def test_everything_that_is_wrong_is_said_at_once(client):
    refused = client.ask("POST", "/campaigns", NEW | {"stock": -1, "mode": "draw", "colour": "red"})
    assert (refused.status_code, sorted(client.fields(refused))) == (400, ["colour", "mode", "stock"])


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"stock": NaN}', b'{"stock": 1' + b"0" * 30 + b"}", b"[" * 5_000,
     b'{"name": "a", "name": "b"}', b'{"name": "\\ud83d"}'],
)  # fmt: skip
@pytest.mark.parametrize(("method", "path"), [("POST", "/campaigns"), ("PUT", BASH), ("PATCH", BASH)])
def test_what_cannot_be_read_is_refused_with_a_reason(client, method, path, raw):
    before = len(client.world.records.writes)
    refused = client.ask(method, path, raw=raw)
    assert (refused.status_code, bool(refused.told["detail"])) == (400, True)
    assert len(client.world.records.writes) == before


def test_the_same_request_with_its_key_makes_one_campaign_and_gets_the_same_answer(client):
    first, again = (client.ask("POST", "/campaigns", NEW, idempotency_key="k1") for _ in range(2))
    assert (first.status_code, again.status_code, again.told) == (201, 201, first.told)
    assert client.ask("POST", "/campaigns", NEW | {"stock": 3}, idempotency_key="k1").status_code == 422
    assert len(client.ask("GET", "/campaigns/new-year/audit").told["audit"]) == 1


@pytest.mark.parametrize("path", ["/campaigns", f"{BASH}/clone"])
@pytest.mark.parametrize("dies_at", [0.5, 1, 1.5, 2])
def test_a_creation_that_died_is_finished_by_the_next_attempt_and_happens_once(client, path, dies_at):
    """The writes: the record, (the campaign, which is in another table), the answer."""
    body = NEW if path == "/campaigns" else {"campaignId": "new-year", "ref": "ny27"}
    client.accounts.dies_at = dies_at
    with pytest.raises(Killed):
        client.ask("POST", path, body, idempotency_key="k1")
    client.accounts.dies_at = math.inf
    client.world.clock.now += 60
    assert client.ask("POST", path, body, idempotency_key="k1").status_code == 201
    assert [deed["did"] for deed in client.ask("GET", "/campaigns/new-year/audit").told["audit"]] == ["created"]


# ─── changing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_is_replaced_by_what_was_read_and_changed(client):
    read = client.ask("GET")
    changed = client.ask("PUT", body=read.told | {"name": "Bigger Bash"}, if_match=read.headers["ETag"])
    assert (changed.status_code, changed.told["name"], changed.headers["ETag"]) == (200, "Bigger Bash", '"2"')


def test_a_patch_changes_what_it_names_and_null_takes_away(client):
    client.ask("PATCH", body={"welcome": {"en": "Hi", "nl": "Hoi"}, "closesAt": "2026-12-31T20:00"})
    patched = client.ask(
        "PATCH", body={"welcome": {"en": "Hello"}, "closesAt": None}, content_type="application/merge-patch+json"
    )
    assert (patched.told["welcome"], patched.told["closesAt"]) == ({"en": "Hello", "nl": "Hoi"}, None)
    assert patched.told["name"] == "Birthday Bash"


def test_a_patch_that_makes_it_wrong_is_refused_with_the_field(client):
    refused = client.ask("PATCH", body={"prize": {"nl": None}})
    assert (refused.status_code, client.fields(refused)) == (400, ["prize.nl"])


def test_a_change_that_changes_nothing_makes_no_version(client):
    assert client.ask("PUT", body=client.ask("GET").told).headers["ETag"] == '"1"'
    assert client.ask("PATCH", body={}).headers["ETag"] == '"1"'


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_was_changed_since_it_was_read_is_not_changed(client, method):
    client.ask("PATCH", body={"stock": 30})
    before = client.ask("GET").told
    refused = client.ask(method, body=a_campaign_document(stock=40), if_match='"1"')
    assert (refused.status_code, client.ask("GET").told) == (412, before)


def test_of_two_writers_with_the_same_etag_one_wins_and_the_other_is_told(client):
    """Whoever comes second between the other's reading and writing."""
    tag = client.ask("GET").headers["ETag"]
    rival = Campaigns(CampaignStore(client.world.records), client.world.clock)
    write, meanwhile = client.world.records.write, [lambda: rival.announce("birthday-bash", "x", "X", "ben")]

    def interrupted(*steps):
        while meanwhile:
            meanwhile.pop()()
        write(*steps)

    client.world.records.write = interrupted
    assert client.ask("PATCH", body={"stock": 30}, if_match=tag).status_code == 412
    assert client.ask("GET").told["stock"] == 25


def test_of_many_writers_with_the_same_etag_exactly_one_wins(client):
    campaigns, outcomes = client.world.campaigns, []
    barrier = threading.Barrier(16)

    def write(number):
        barrier.wait()
        try:
            campaigns.change("birthday-bash", "x", lambda old: replace(old, stock=100 + number), 1)
            outcomes.append(number)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is looked at below
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert outcomes.count("PreconditionFailed") == 15
    assert client.ask("GET").told["stock"] == 100 + winner


def test_what_fans_played_by_stays_and_each_field_is_named_with_the_reason(client):
    refused = client.ask("PATCH", body={"passMark": 1, "languages": ["en"], "stock": 30})
    assert (refused.status_code, client.fields(refused)) == (409, ["passMark", "languages"])
    assert "fans have won and lost by it" in refused.told["errors"][0]["message"]
    assert client.ask("GET").told["stock"] == 25


def test_the_stock_cannot_be_lowered_below_what_fans_hold(client):
    client.world.records.write(Change("campaign#birthday-bash", "stock", add={"left": -4}))
    refused = client.ask("PATCH", body={"stock": 3})
    assert (refused.status_code, client.fields(refused)) == (409, ["stock"])
    assert client.ask("PATCH", body={"stock": 4}).told["ticketsLeft"] == 0


@pytest.mark.parametrize("path", [BASH, f"{BASH}/audit", f"{BASH}/links", f"{BASH}/qr", f"{BASH}/sources"])
@pytest.mark.parametrize("unknown", ["nowhere", "%2F..%2F", "birthday-bash%23a", "%F0%9F%8E%89", "a%20b", "x" * 300])
def test_what_is_not_there_is_not_found(client, path, unknown):
    assert client.ask("GET", path.replace("birthday-bash", unknown)).status_code == 404


# ─── states ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_campaign_goes_from_draft_to_its_end(client, draft):
    for number, state in enumerate(("live", "paused", "live", "ended"), start=2):
        brought = client.ask("POST", f"{draft}/state", {"state": state})
        assert (brought.status_code, brought.told["state"], brought.headers["ETag"]) == (200, state, f'"{number}"')
    refused = client.ask("POST", f"{draft}/state", {"state": "live"})
    assert (refused.status_code, client.fields(refused)) == (409, ["state"])


def test_a_campaign_is_brought_into_a_state_of_ours_only(client):
    refused = client.ask("POST", f"{BASH}/state", {"state": "open"})
    assert (refused.status_code, client.fields(refused)) == (400, ["state"])
    assert client.ask("POST", f"{BASH}/state", {"state": "paused"}, if_match='"7"').status_code == 412


# ─── cloning, deleting ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clone_is_a_draft_that_is_otherwise_alike(client):
    client.world.play()
    made = client.ask("POST", f"{BASH}/clone", {"campaignId": "again", "ref": "again", "name": "Once More"})
    assert (made.status_code, made.headers["Location"]) == (201, "https://fans.example/campaigns/again")
    original = client.ask("GET").told
    own = {"campaignId": "again", "ref": "again", "name": "Once More", "state": "draft", "ticketsLeft": 25}
    assert made.told == original | own
    assert original["ticketsLeft"] == 24


def test_a_clone_of_a_limited_token_is_one_of_its_campaigns(client):
    body = {"campaignId": "again", "ref": "again"}
    assert client.ask("POST", f"{BASH}/clone", body, only=("birthday-bash",)).status_code == 403
    assert client.ask("POST", f"{BASH}/clone", body, only=("birthday-bash", "again")).status_code == 201


def test_a_draft_is_deleted_and_what_was_done_to_it_stays_known(client, draft):
    assert client.ask("DELETE", draft, by="ben").status_code == 204
    assert client.ask("GET", draft).status_code == 404
    assert [(deed["did"], deed["by"]) for deed in client.ask("GET", f"{draft}/audit").told["audit"]] == [
        ("created", "anna"),
        ("deleted", "ben"),
    ]
    assert client.ask("POST", "/campaigns", NEW).status_code == 201


def test_only_a_draft_that_nobody_played_is_deleted(client):
    refused = client.ask("DELETE")
    assert (refused.status_code, refused.told["reason"]) == (409, "not_a_draft")
    client.world.play()
    refused = client.ask("DELETE")
    assert (refused.status_code, refused.told["reason"]) == (409, "played")
    assert client.ask("GET").status_code == 200


# ─── lists, records ────────────────────────────────────────────────────────────────────────────────────────────────


def listed(client, limit, **asked):
    """The ids on each page."""
    pages, cursor = [], ""
    while not pages or cursor:
        page = client.ask(
            "GET", "/campaigns", query=f"?limit={limit}" + (f"&cursor={cursor}" if cursor else ""), **asked
        )
        pages.append([campaign["campaignId"] for campaign in page.told["campaigns"]])
        cursor = page.told.get("nextCursor")
    return pages


def test_campaigns_are_listed_by_id_page_by_page(client):
    for number in range(4):
        client.ask("POST", "/campaigns", NEW | {"campaignId": f"c{number}", "ref": f"z{9 - number}"})
    assert listed(client, 2) == [["birthday-bash", "c0"], ["c1", "c2"], ["c3"]]
    assert listed(client, 5) == [["birthday-bash", "c0", "c1", "c2", "c3"]]
    assert listed(client, 1, only=("c3", "c1", "gone")) == [["c1"], ["c3"]]


def test_a_list_tells_enough_to_choose_from(client):
    [shown] = client.ask("GET", "/campaigns").told["campaigns"]
    assert (shown["name"], shown["state"], shown["ticketsLeft"]) == ("Birthday Bash", "live", 25)
    assert "questions" not in shown


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?limit=x", "?cursor=x"])
@pytest.mark.parametrize("path", ["/campaigns", f"{BASH}/audit"])
def test_a_page_that_cannot_be_is_refused(client, path, query):
    assert client.ask("GET", path, query=query).status_code == 400


def test_who_did_what_and_when_is_told_in_order_and_without_what_it_was_changed_to(client, draft):
    client.world.clock.now += 1
    client.ask("PATCH", draft, {"name": "Secret Party", "stock": 30}, by="ben")
    client.world.clock.now += 1
    client.ask("POST", f"{draft}/state", {"state": "live"}, by="carla")
    client.ask("PATCH", draft, {"passMark": 1}, by="ben")  # is refused
    audit = client.ask("GET", f"{draft}/audit")
    assert [
        (deed["by"], deed["did"], deed["fields"], deed["state"], deed["version"]) for deed in audit.told["audit"]
    ] == [
        ("anna", "created", [], "draft", 1),
        ("ben", "changed", ["name", "stock"], "draft", 2),
        ("carla", "changed", ["state"], "live", 3),
    ]
    assert [deed["at"] for deed in audit.told["audit"]] == sorted(deed["at"] for deed in audit.told["audit"])
    assert "Secret" not in audit.body


# ─── sources, links ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_has_links_that_count_its_fans(client):
    made = client.ask("PUT", f"{BASH}/sources/poster", {"name": "The poster"})
    assert made.status_code == 201
    assert made.told == {
        "source": "poster",
        "name": "The poster",
        "messenger": "https://m.me/1000?ref=bash..poster",
        "web": "https://fans.example/chat/birthday-bash?source=poster",
    }
    client.world.clock.now += 10
    client.world.scan("bash..poster")
    client.world.scan("bash", conversation="messenger:1000:3")
    counted = client.ask("GET", f"{BASH}/sources").told
    none = {"scans": 0, "finishes": 0, "wins": 0}
    assert counted["sources"] == [{"source": "poster", "name": "The poster", **none, "scans": 1, "starts": 1}]
    assert counted["others"] == {"starts": 1, "finishes": 0, "wins": 0}


def test_a_source_is_renamed_and_deleted_and_its_fans_are_among_the_others_then(client):
    client.ask("PUT", f"{BASH}/sources/poster", {"name": "The poster"})
    client.world.clock.now += 10
    client.world.scan("bash..poster")
    assert client.ask("PUT", f"{BASH}/sources/poster", {"name": "Posters"}).status_code == 200
    assert client.ask("DELETE", f"{BASH}/sources/poster").status_code == 204
    assert client.ask("DELETE", f"{BASH}/sources/poster").status_code == 404
    assert client.ask("GET", f"{BASH}/sources").told == {
        "sources": [],
        "others": {"starts": 1, "finishes": 0, "wins": 0},
    }
    assert [deed["fields"] for deed in client.ask("GET", f"{BASH}/audit").told["audit"][1:]] == [["sources.poster"]] * 3


@pytest.mark.parametrize("source", ["Poster", "a.b", "a%20b", "a%2Fb", "x" * 41, "%F0%9F%8E%89"])
def test_a_source_that_cannot_stand_in_a_link_is_refused(client, source):
    assert client.ask("PUT", f"{BASH}/sources/{source}", {"name": "X"}).status_code == 400


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, 7, None])
def test_a_source_needs_a_name(client, name):
    refused = client.ask("PUT", f"{BASH}/sources/poster", {"name": name})
    assert (refused.status_code, client.fields(refused)) == (400, ["name"])


def test_a_campaign_has_at_most_fifty_sources(client):
    for number in range(MOST_SOURCES):
        assert client.ask("PUT", f"{BASH}/sources/s{number}", {"name": "X"}).status_code == 201
    refused = client.ask("PUT", f"{BASH}/sources/more", {"name": "X"})
    assert (refused.status_code, refused.told["reason"]) == (409, "too_many")
    assert client.ask("PUT", f"{BASH}/sources/s7", {"name": "Y"}).status_code == 200


def test_a_link_is_never_longer_than_messenger_allows(client):
    client.ask("POST", "/campaigns", NEW | {"ref": "r" * 146})
    assert client.ask("PUT", "/campaigns/new-year/sources/ab", {"name": "X"}).status_code == 201
    refused = client.ask("PUT", "/campaigns/new-year/sources/abc", {"name": "X"})
    assert (refused.status_code, client.fields(refused)) == (409, ["source"])
    link = client.ask("GET", "/campaigns/new-year/links").told["links"][1]["messenger"]
    assert len(link.partition("?ref=")[2]) == 150


def test_the_links_are_the_bare_one_and_one_for_each_source(client):
    for source in ("story", "poster"):
        client.ask("PUT", f"{BASH}/sources/{source}", {"name": source.title()})
    links = client.ask("GET", f"{BASH}/links").told["links"]
    assert [link.get("source") for link in links] == [None, "poster", "story"]
    assert links[0] == {"messenger": "https://m.me/1000?ref=bash", "web": "https://fans.example/chat/birthday-bash"}


@pytest.mark.parametrize(
    ("query", "link"),
    [
        ("", "https://m.me/1000?ref=bash"),
        ("?source=poster", "https://m.me/1000?ref=bash..poster"),
        ("?to=web", "https://fans.example/chat/birthday-bash"),
        ("?to=web&source=poster", "https://fans.example/chat/birthday-bash?source=poster"),
    ],
)
def test_the_qr_code_holds_the_link(client, query, link):
    client.ask("PUT", f"{BASH}/sources/poster", {"name": "The poster"})
    png = client.ask("GET", f"{BASH}/qr", query=f"{query}{'&' if query else '?'}format=png")
    assert png.headers["Content-Type"] == "image/png"
    assert decoded(opened(base64.b64decode(png.body))) == link
    assert client.ask("GET", f"{BASH}/qr", query=query).body.startswith("<svg")


def test_a_qr_code_that_cannot_be_drawn_is_refused(client):
    refused = client.ask("GET", f"{BASH}/qr", query="?to=fax&format=gif")
    assert (refused.status_code, client.fields(refused)) == (400, ["to", "format"])
    assert client.ask("GET", f"{BASH}/qr", query="?source=nowhere").status_code == 404
    client.page = ""
    assert client.ask("GET", f"{BASH}/qr").status_code == 409
    assert client.ask("GET", f"{BASH}/links").told["links"] == [{"web": "https://fans.example/chat/birthday-bash"}]


# ─── previews ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_preview_is_a_link_for_a_day(client, draft):
    client.world.clock.now = 1_796_000_000
    made = client.ask("POST", f"{draft}/preview")
    assert made.status_code == 200
    assert made.told["url"].startswith("https://fans.example/chat/new-year?preview=1796086400.")
    assert made.told["expiresAt"] == "2026-12-01T00:53:20.000Z"
    assert client.ask("POST", "/campaigns/nowhere/preview").status_code == 404
