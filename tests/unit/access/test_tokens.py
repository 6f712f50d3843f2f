"""Tokens that operators make: made once, shown once, limited, left to expire, revoked."""

import pytest

from chalicelib import errors
from chalicelib.access import model
from chalicelib.access.service import Tokens
from chalicelib.access.store import TokenStore
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable

DAY = 24 * 3600


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tokens(table, clock):
    return Tokens(TokenStore(table), clock)


def test_a_token_says_what_it_is_and_holds_160_random_bits():
    given = {6: "0123456789ab", 20: "c" * 40}
    tokens = Tokens(TokenStore(MemoryTable()), Clock(), given.__getitem__)
    assert tokens.create("steward", "gate 3") == f"gl_0123456789ab_{'c' * 40}"
    assert model.SECRET_BYTES * 8 == 160


def test_two_tokens_have_nothing_in_common(tokens):
    one, other = tokens.create("steward", "gate 3"), tokens.create("steward", "gate 3")
    assert set(one.split("_")) & set(other.split("_")) == {"gl"}
    assert tokens.find(one).token_id != tokens.find(other).token_id


def test_a_token_is_found_by_its_text_with_all_that_it_was_made_with(tokens, clock):
    found = tokens.find(tokens.create("organiser", "Anna", ("bash", "ball"), days=30))
    assert (found.role, found.name, found.campaigns) == ("organiser", "Anna", ("bash", "ball"))
    assert (found.created_at, found.expires_at) == (int(clock.now), int(clock.now) + 30 * DAY)


def test_the_text_of_a_token_is_kept_nowhere(tokens, table):
    text = tokens.create("organiser", "Anna")
    secret = text.rpartition("_")[2]
    assert secret not in repr([table.get(*key) for key in table])


def test_only_the_whole_text_is_a_token(tokens):
    text = tokens.create("organiser", "Anna")
    other = tokens.create("organiser", "Ben")
    mixed = text[:16] + other[16:]
    for wrong in ("", text[:-1], text + "0", text.upper(), " " + text, text + "\n", mixed, text[3:], text[:16]):
        assert tokens.find(wrong) is None
    assert tokens.find(text)


def test_a_token_counts_until_it_expires(tokens, clock):
    text = tokens.create("steward", "gate 3", days=2)
    clock.now += 2 * DAY - 1
    assert tokens.find(text)
    clock.now += 1
    assert tokens.find(text) is None
    [token] = tokens.every()
    assert tokens.state(token) == "expired"


def test_a_token_without_days_does_not_expire(tokens, clock):
    text = tokens.create("steward", "gate 3")
    clock.now += 100 * 365 * DAY
    assert tokens.state(tokens.find(text)) == "valid"


def test_a_revoked_token_is_nobodys_and_the_others_stay(tokens, clock):
    lost, kept = tokens.create("steward", "gate 3"), tokens.create("steward", "gate 4")
    lost_id = tokens.find(lost).token_id
    revoked_at = int(clock.now)
    for _ in range(2):
        tokens.revoke(lost_id)
        clock.now += DAY
    assert tokens.find(lost) is None
    assert tokens.find(kept)
    token = tokens.get(lost_id)
    assert (token.revoked_at, tokens.state(token)) == (revoked_at, "revoked")


@pytest.mark.parametrize("token_id", ["", "000000000000", "token", "x" * 3000])
def test_a_token_that_is_not_there_cannot_be_revoked(tokens, token_id):
    tokens.create("steward", "gate 3")
    with pytest.raises(errors.NotFound):
        tokens.revoke(token_id)


def test_all_tokens_are_listed_oldest_first(tokens, clock):
    for name in ("Anna", "Ben", "Carl"):
        tokens.create("service", name)
        clock.now += 1
    assert [token.name for token in tokens.every()] == ["Anna", "Ben", "Carl"]


@pytest.mark.parametrize("name", ["a", "gate 3", "anna@tickets.example", "crm-2.sync_x", "x" * 60, "Organiser"])
def test_a_name_may_be_so(tokens, name):
    assert tokens.find(tokens.create("service", name)).name == name


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "-a", "x" * 61, "Café", "a\nb", "a\tb", "organiser", "steward", "service"]
)
def test_a_name_may_not_be_so_and_nothing_is_made(tokens, table, name):
    with pytest.raises(errors.Invalid) as refused:
        tokens.create("service", name, ("c",) * 51)
    assert [error.field for error in refused.value.errors] == ["name", "campaigns"]
    assert list(table) == []
