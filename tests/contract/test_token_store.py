"""Tokens in a table: as they were made, listed, revoked."""

import secrets

import pytest

from chalicelib.access.model import Token
from chalicelib.access.store import TokenStore
from chalicelib.aws.tables import ConditionFailed, Delete

NOW = 1_796_000_000


@pytest.fixture
def of_table():
    return "users"


@pytest.fixture
def store(table):
    return TokenStore(table)


def a_token(**changes):
    return Token(secrets.token_hex(6), secrets.token_hex(32), "organiser", "Anna", ("bash",), NOW)._replace(**changes)


@pytest.mark.parametrize("changes", [{}, {"campaigns": ()}, {"expires_at": NOW + 1}, {"campaigns": ("a", "b")}])
def test_a_token_comes_back_as_it_was_made_and_is_listed(store, changes):
    token = a_token(**changes)
    store.create(token)
    assert store.get(token.token_id) == token
    assert token in list(store.every())


def test_an_id_is_not_used_twice_and_the_first_token_stays(store):
    token = a_token()
    store.create(token)
    with pytest.raises(ConditionFailed):
        store.create(a_token(token_id=token.token_id, role="service"))
    assert store.get(token.token_id) == token


def test_a_revoked_token_says_when(store):
    token = a_token()
    store.create(token)
    store.revoke(token.token_id, NOW + 5)
    assert store.get(token.token_id) == token._replace(revoked_at=NOW + 5)


def test_a_token_that_is_not_there_is_not_made_by_revoking_it(store):
    token_id = a_token().token_id
    with pytest.raises(ConditionFailed):
        store.revoke(token_id, NOW)
    assert store.get(token_id) is None


def test_both_items_of_a_token_are_forgotten_at_its_end(store, table):
    token = a_token(expires_at=NOW + 1)
    store.create(token)
    assert table.get(f"token#{token.token_id}", "token")["expiresAt"] == NOW + 1
    assert table.get("tokens", token.token_id)["expiresAt"] == NOW + 1


def test_a_token_that_the_table_has_half_forgotten_is_not_listed(store, table):
    token = a_token()
    store.create(token)
    table.write(Delete(f"token#{token.token_id}", "token"))
    assert token.token_id not in [each.token_id for each in store.every()]
