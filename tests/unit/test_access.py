"""A bearer token has a role, and what is in the secret decides it."""

import pytest
from chalice.app import AuthRequest

from chalicelib import http
from chalicelib.access import Access
from chalicelib.errors import Unavailable

TOKENS = {"organiser": "org-1", "steward": ["stew-old", "stew-new"], "service": "serv-é"}


class Secrets:
    def __init__(self, members):
        self.members = members

    def get(self, name):
        assert name == "api"
        if self.members is None:
            raise Unavailable("The secret api has no usable value")
        return self.members


def role_of(token, members=TOKENS):
    return Access(Secrets(members)).role_of(token)


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
def test_the_gateway_is_told_the_role_and_lets_the_route_decide(header, role):
    asked = AuthRequest("TOKEN", header, "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/api/GET/health")
    answer = http.authorise(asked, Access(Secrets(TOKENS)).role_of)
    assert answer.context == {"role": role}
    assert answer.principal_id == (role or "nobody")
    assert answer.routes == ["*"]
