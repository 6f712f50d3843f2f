"""`python -m ops token`, on a table in memory."""

import pytest

from chalicelib.access.service import Tokens
from chalicelib.access.store import TokenStore
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from tests.builders import a_campaign
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.operators import a_stage


@pytest.fixture
def clock():
    return Clock(1_796_428_800.0)  # 2026-12-05


@pytest.fixture
def stage(clock):
    campaigns = Campaigns(CampaignStore(MemoryTable()), clock)
    campaigns.save(a_campaign())
    return a_stage(campaigns=campaigns, tokens=Tokens(TokenStore(MemoryTable()), clock))


@pytest.fixture
def run(operate, stage):
    def run(*words, stdin=None):
        return operate("token", *words, into=stage, stdin=stdin)

    return run


@pytest.fixture
def made(run, stage):
    """Makes a token and answers what is kept of it."""

    def made(*words):
        return stage.tokens.find(run("create", "--role", "steward", "--name", "gate 3", *words).stdout.strip())

    return made


def test_a_token_is_printed_alone_so_that_it_can_be_piped(run, stage):
    result = run("create", "--role", "organiser", "--name", "Anna", "--campaign", "birthday-bash", "--days", "30")
    assert result.exit_code == 0
    token = stage.tokens.find(result.stdout.removesuffix("\n"))
    assert (token.role, token.name, token.campaigns) == ("organiser", "Anna", ("birthday-bash",))
    assert token.expires_at - token.created_at == 30 * 24 * 3600
    assert "nobody can show it again" in result.stderr


def test_a_token_without_limits_is_for_all_campaigns_and_for_ever(made):
    token = made()
    assert (token.campaigns, token.expires_at) == ((), None)


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("--role", "owner", "--name", "x"), 2, "'owner' is not one of 'organiser', 'steward', 'service'"),
        (("--role", "steward"), 2, "Missing option '--name'"),
        (("--name", "x"), 2, "Missing option '--role'"),
        (("--role", "steward", "--name", "é"), 1, "  name: must be 1 to 60 of A-Z"),
        (("--role", "steward", "--name", "x", "--days", "0"), 2, "1<=x<=3650"),
        (("--role", "steward", "--name", "x", "--campaign", "no-such"), 1, "There is no campaign no-such"),
    ],
)
def test_what_is_wrong_is_said_and_no_token_is_made(run, stage, words, code, complaint):
    result = run("create", *words)
    assert (result.exit_code, complaint in result.output) == (code, True)
    assert stage.tokens.every() == []


def test_tokens_are_listed_with_all_but_what_makes_them_secret(run, stage, clock):
    text = run("create", "--role", "steward", "--name", "gate 3", "--days", "1").stdout.strip()
    clock.now += 86_400
    run("create", "--role", "organiser", "--name", "Anna", "--campaign", "birthday-bash")
    gate, anna = (token.token_id for token in stage.tokens.every())
    stage.tokens.revoke(anna)
    said = run("list").output
    assert said.splitlines() == [
        "id            state    role       made        expires     campaigns      name",
        f"{gate}  expired  steward    2026-12-05  2026-12-06  all            gate 3",
        f"{anna}  revoked  organiser  2026-12-06  never       birthday-bash  Anna",
    ]
    assert text[-40:] not in said


def test_a_token_is_revoked_after_asking(run, stage, made):
    token = made()
    asked = run("revoke", token.token_id, stdin="n\n")
    assert (asked.exit_code, "gate 3 (steward) is refused on prod" in asked.output) == (1, True)
    assert stage.tokens.state(stage.tokens.get(token.token_id)) == "valid"
    assert run("revoke", token.token_id, stdin="y\n").exit_code == 0
    assert stage.tokens.state(stage.tokens.get(token.token_id)) == "revoked"


def test_revoking_again_is_fine(run, made):
    token = made()
    for _ in range(2):
        result = run("revoke", token.token_id, "--yes")
        said = f"Within a minute, prod refuses the token {token.token_id} of gate 3.\n"
        assert (result.exit_code, result.output) == (0, said)


def test_a_token_that_is_not_there_is_not_revoked(run):
    result = run("revoke", "000000000000")
    assert (result.exit_code, result.output) == (1, "Error: There is no token 000000000000\n")


def test_a_whole_token_is_refused_and_not_repeated(run, stage):
    text = run("create", "--role", "steward", "--name", "gate 3").stdout.strip()
    result = run("revoke", text, "--yes")
    assert (result.exit_code, "a whole token is never typed" in result.output) == (2, True)
    assert text[-40:] not in result.output
    assert stage.tokens.find(text)
