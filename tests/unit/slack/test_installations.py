from secrets import token_urlsafe

import pytest

from chalicelib import errors
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.slack.installations import KEEP_SECONDS, MOST_KEPT, Installation, Installations
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable

TEAM, OTHER = "T0AAAAAAA", "T0BBBBBBB"
TOKEN = "xoxb-1-2-abcdefghijkl"
OLD_KEY, NEW_KEY = token_urlsafe(32), token_urlsafe(32)
SEVERAL = {"client_id": "1.2", "client_secret": "s", "token_keys": OLD_KEY}


class Secrets:
    def __init__(self, **members):
        self.members = members

    def get(self, name):
        assert name == "slack"
        return self.members


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def make(table, clock):
    """A container's installations, with the secret as it is given."""
    return lambda **secret: Installations(table, Secrets(**secret), clock)


@pytest.fixture
def installations(make):
    return make(**SEVERAL)


def install(installations, team=TEAM, token=TOKEN):
    installations.install(team, token, "U0BOT", ("chat:write", "commands"))


def test_one_workspace_is_served_by_the_token_of_the_secret_without_reading_a_table(make, table):
    assert make(bot_token="xoxb-one").token(TEAM) == "xoxb-one"
    assert table.reads == 0


def test_each_workspace_has_its_own_token(installations):
    install(installations)
    install(installations, OTHER, "xoxb-other")
    assert (installations.token(TEAM), installations.token(OTHER)) == (TOKEN, "xoxb-other")


def test_where_the_app_is_not_installed_nothing_can_be_sent(installations):
    with pytest.raises(Undeliverable) as undeliverable:
        installations.token(TEAM)
    assert (undeliverable.value.kind, undeliverable.value.ours) == ("not_installed", False)


def test_the_workspace_of_the_secrets_token_needs_no_installation_beside_the_others(make):
    both = make(**SEVERAL, bot_token="xoxb-one")
    assert both.token(TEAM) == "xoxb-one"
    install(both)
    both.forget(TEAM)
    assert both.token(TEAM) == TOKEN


@pytest.mark.parametrize("secret", [{}, {"bot_token": ""}, {"bot_token": None, "client_id": ""}])
def test_a_stage_without_any_token_keeps_its_replies(make, secret):
    with pytest.raises(errors.Unavailable, match="neither bot_token nor client_id"):
        make(**secret).token(TEAM)


def test_the_table_alone_gives_no_token_away_and_names_no_person(installations, table):
    install(installations)
    [put] = table.writes
    assert put.item.keys() == {"pk", "sk", "token", "bot", "scopes", "installedAt"}
    assert TOKEN not in str(put)
    assert "abcdefghijkl" not in str(put)


def test_a_token_is_read_once_in_five_minutes(installations, table, clock):
    install(installations)
    for _ in range(3):
        installations.token(TEAM)
    assert table.reads == 1
    clock.now += KEEP_SECONDS
    installations.token(TEAM)
    assert table.reads == 2


def test_a_token_that_slack_refused_is_read_anew(installations, make):
    install(installations)
    assert installations.token(TEAM) == TOKEN
    install(make(**SEVERAL), token="xoxb-newer")
    assert installations.token(TEAM) == TOKEN, "this container has not heard of it"
    installations.forget(TEAM)
    assert installations.token(TEAM) == "xoxb-newer"


def test_a_workspace_that_installs_again_has_its_new_token_at_once(installations):
    install(installations)
    installations.token(TEAM)
    install(installations, token="xoxb-newer")
    assert installations.token(TEAM) == "xoxb-newer"


def test_no_more_tokens_are_kept_than_there_is_room_for(installations, table):
    for number in range(MOST_KEPT + 1):
        install(installations, f"T{number}")
        installations.token(f"T{number}")
    reads = table.reads
    installations.token("T1")
    assert table.reads == reads
    installations.token("T0")
    assert table.reads == reads + 1


def test_a_workspace_that_takes_its_token_away_is_forgotten(installations, table, clock):
    install(installations)
    installations.token(TEAM)
    installations.revoke(TEAM, int(clock.now * 1000) + 1)
    with pytest.raises(Undeliverable):
        installations.token(TEAM)
    assert list(table) == []


def test_news_that_comes_late_does_not_take_a_new_installation_away(installations, clock):
    install(installations)
    uninstalled = int(clock.now * 1000) + 1_000
    clock.now += 5
    install(installations, token="xoxb-newer")
    installations.revoke(TEAM, uninstalled)
    assert installations.token(TEAM) == "xoxb-newer"


def test_an_installation_in_the_very_moment_of_the_news_stays(clock, make):
    class Racing(MemoryTable):
        def write(self, *steps):
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile:
                meanwhile()
            super().write(*steps)

        meanwhile = None

    table = Racing()
    installations = Installations(table, Secrets(**SEVERAL), clock)
    install(installations)
    at = int(clock.now * 1000)
    clock.now += 1
    table.meanwhile = lambda: install(Installations(table, Secrets(**SEVERAL), clock), token="xoxb-newer")
    installations.revoke(TEAM, at)
    assert installations.token(TEAM) == "xoxb-newer"


def test_news_of_a_workspace_that_we_do_not_know_changes_nothing(installations, table):
    installations.revoke(TEAM, 1)
    assert table.writes == []


def test_an_operator_removes_a_workspace_whenever_it_was_installed(installations):
    install(installations)
    assert installations.remove(TEAM) is True
    assert installations.remove(TEAM) is False
    with pytest.raises(Undeliverable):
        installations.token(TEAM)


def test_the_workspaces_are_listed_without_their_tokens(installations, clock):
    install(installations, OTHER)
    install(installations)
    at = int(clock.now * 1000)
    scopes = ("chat:write", "commands")
    assert installations.all() == [
        Installation(TEAM, "U0BOT", scopes, at),
        Installation(OTHER, "U0BOT", scopes, at),
    ]


def test_while_a_key_is_replaced_either_opens_and_the_new_one_encrypts(make):
    install(make(**SEVERAL))
    both = make(**SEVERAL | {"token_keys": [OLD_KEY, NEW_KEY]})
    assert both.token(TEAM) == TOKEN
    install(both, OTHER)
    assert make(**SEVERAL | {"token_keys": NEW_KEY}).token(OTHER) == TOKEN


def test_a_token_that_no_key_opens_waits_for_an_operator(make):
    install(make(**SEVERAL))
    with pytest.raises(errors.Unavailable, match="install the app there again"):
        make(**SEVERAL | {"token_keys": NEW_KEY}).token(TEAM)


def test_an_old_key_can_go_once_every_token_is_encrypted_anew(make):
    install(make(**SEVERAL))
    install(make(**SEVERAL | {"token_keys": token_urlsafe(32)}), OTHER)
    make(**SEVERAL | {"token_keys": [OLD_KEY, NEW_KEY]}).encrypt_anew()
    after = make(**SEVERAL | {"token_keys": NEW_KEY})
    assert after.token(TEAM) == TOKEN
    with pytest.raises(errors.Unavailable):  # no key of ours ever opened it
        after.token(OTHER)


def test_a_stage_with_no_workspace_needs_no_keys_to_encrypt_anew(make):
    make().encrypt_anew()


@pytest.mark.parametrize("keys", [None, "", [], "short", ["short"], [7], 7])
def test_a_secret_without_usable_keys_says_so(make, keys):
    with pytest.raises(errors.Unavailable, match="no usable token_keys"):
        install(make(**SEVERAL | {"token_keys": keys}))
