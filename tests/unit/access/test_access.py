"""A bearer token is somebody's: by the secret, or by what operators made. What the gateway is told of it is what a route reads."""

import json
import types

import pytest
from chalice.app import AuthRequest

from chalicelib import http
from chalicelib.access.service import Access, Tokens
from chalicelib.access.store import TokenStore
from chalicelib.errors import Forbidden, Unavailable
from chalicelib.http import Principal
from tests.fakes.table import MemoryTable

TOKENS = {"organiser": "org-1", "steward": ["stew-old", "stew-new"], "service": "serv-é"}


class Secrets:
    def __init__(self, members):
        self.members = members

    def get(self, name):
        assert name == "api"
        if self.members is None:
            raise Unavailable("The secret api has no usable value")
        return self.members


@pytest.fixture
def tokens():
    return Tokens(TokenStore(MemoryTable()), lambda: 0.0)


def role_of(token, members=TOKENS):
    found = Access(Secrets(members), Tokens(TokenStore(MemoryTable()), lambda: 0.0)).principal(token)
    return found and found.role


# ─── the secret's ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("token", "role"),
    [
        ("org-1", "organiser"),
        ("stew-old", "steward"),
        ("stew-new", "steward"),
        ("serv-é", "service"),
        ("", None),
        ("org-", None),
        ("org-11", None),
        ("ORG-1", None),
        ("stew-old,stew-new", None),
        ("['stew-old', 'stew-new']", None),
        ("\ud83d", None),
    ],
)
def test_a_token_has_the_role_under_which_the_secret_holds_it(token, role):
    assert role_of(token) == role


@pytest.mark.parametrize(
    "members", [{}, {"organiser": ""}, {"organiser": None}, {"organiser": []}, {"organiser": [""]}]
)
def test_a_role_without_a_token_is_nobodys(members):
    assert role_of("", members) is None
    assert role_of("None", members) is None


def test_another_member_of_the_secret_is_no_role():
    assert role_of("x", {"owner": "x"}) is None


def test_without_a_secret_nobody_is_told_who_they_are():
    with pytest.raises(Unavailable):
        role_of("org-1", None)


# ─── both kinds ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_of_the_secret_is_named_by_its_role_and_a_made_one_by_its_own_name(tokens):
    access = Access(Secrets(TOKENS), tokens)
    made = tokens.create("organiser", "Anna", ("bash", "ball"))
    assert access.principal("org-1") == Principal("organiser", "organiser", ())
    assert access.principal(made) == Principal("Anna", "organiser", ("bash", "ball"))


def test_a_made_token_is_known_while_the_secret_is_not(tokens):
    made = tokens.create("steward", "gate 3")
    assert Access(Secrets(None), tokens).principal(made) == Principal("gate 3", "steward")


@pytest.mark.parametrize("text", ["gl_", "gl_x_y", "gl_00000000000g_" + "0" * 40, "gl_000000000000_" + "0" * 39])
def test_a_token_of_the_secret_may_begin_like_a_made_one(tokens, text):
    assert Access(Secrets({"service": text}), tokens).principal(text).role == "service"


def test_a_made_token_costs_one_read_whether_there_is_one_or_not():
    table = MemoryTable()
    tokens = Tokens(TokenStore(table), lambda: 0.0)
    made = tokens.create("steward", "gate 3")
    for text in (made, made[:-1] + "x", made[:-40] + "0" * 40, "gl_" + "0" * 12 + "_" + "0" * 40):
        table.reads = 0
        tokens.find(text)
        assert table.reads == 1


# ─── the gateway's question ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Bearer org-1", "organiser"),
        ("bearer org-1", "organiser"),
        ("Bearer   stew-new ", "steward"),
        ("Bearer org-2", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Basic org-1", ""),
        ("org-1", ""),
        ("", ""),
    ],
)
def test_the_gateway_is_told_whose_token_it_is_and_lets_the_route_decide(tokens, header, role):
    answer = asked(header, Access(Secrets(TOKENS), tokens))
    assert answer.context == {"name": role, "role": role, "campaigns": ""}
    assert answer.principal_id == (role or "nobody")
    assert answer.routes == ["*"]


def test_a_route_reads_what_the_gateway_was_told(tokens):
    access = Access(Secrets(TOKENS), tokens)
    made = tokens.create("steward", "gate 3", ("bash", "ball-2"))
    for header, principal in (
        (f"Bearer {made}", Principal("gate 3", "steward", ("bash", "ball-2"))),
        ("Bearer org-1", Principal("organiser", "organiser", ())),
        ("Bearer x", Principal()),
    ):
        context = asked(header, access).context
        assert all(isinstance(value, str) for value in context.values())  # API Gateway makes strings of all others
        assert http.principal(types.SimpleNamespace(context={"authorizer": context})) == principal


def test_what_the_gateway_is_told_of_a_token_stays_small(tokens):
    access = Access(Secrets(TOKENS), tokens)
    made = tokens.create("organiser", "x" * 60, tuple(f"{number:064}" for number in range(50)))
    assert len(json.dumps(asked(f"Bearer {made}", access).context)) < 4096


@pytest.mark.parametrize("context", [{}, {"authorizer": None}, {"authorizer": {}}])
def test_without_a_token_nobody_calls(context):
    assert http.principal(types.SimpleNamespace(context=context)) == Principal()


def asked(header, access):
    arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/api/GET/health"
    return http.authorise(AuthRequest("TOKEN", header, arn), access.principal)


# ─── campaigns ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_without_a_limit_is_for_every_campaign():
    assert Principal("a", "organiser").may_use("bash")
    Principal("a", "organiser").require("bash")


@pytest.mark.parametrize("campaign", ["ball", "bas", "bash2", "Bash", "", "bash ball-2"])
def test_a_limited_token_is_for_its_own_campaigns_and_says_so(campaign):
    limited = Principal("a", "organiser", ("bash", "ball-2"))
    assert limited.may_use("bash")
    assert not limited.may_use(campaign)
    with pytest.raises(Forbidden, match="limited to: bash, ball-2"):
        limited.require(campaign)
