"""`python -m ops secrets`, on secrets in memory."""

import json
import re
import stat

import pytest

from chalicelib.channels.slack.installations import Installations
from ops import tickets
from ops.local.stack import TEMPLATE
from ops.secrets import SCHEMA
from tests.fakes.secrets import MemorySecrets, ReadSecrets
from tests.fakes.table import MemoryTable
from tests.operators import a_stage

OLD, NEW = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
MESSENGER = {
    "app_secret": OLD,
    "verify_token": "a-verify-token-of-ours",
    "page_token": "EAAG-a-token-of-the-page",
    "page_id": "104022",
}
SLACK = {"signing_secret": OLD, "client_id": "12.34", "client_secret": "c" * 32, "token_keys": "k" * 43}
TOKENS = {role: f"{role}-token-0123456789-0123456789" for role in ("organiser", "steward", "service")}


@pytest.fixture
def kept():
    """Each secret's value by its name."""
    return {}


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def run(operate, kept, table):
    def run(*words, stdin=None, stage="prod"):
        before = json.dumps(kept)
        memory = MemorySecrets()
        memory.values = kept
        into = a_stage(stage, secrets=memory, installations=Installations(table, ReadSecrets(kept), lambda: 0.0))
        result = operate("secrets", *words, into=into, stdin=stdin)
        assert_no_value_is_in(result.output, before + json.dumps(kept))
        return result.exit_code, result.output

    return run


def assert_no_value_is_in(output, secrets):
    private = [part for part in secrets.split('"') if len(part) >= 16 and part not in tickets.__doc__]
    assert [part for part in private if part in output] == []


def test_a_new_secret_is_asked_for_member_by_member(run, kept):
    code, said = run("set", "messenger", stdin=f"{OLD}\n\nEAAG-a-token-of-the-page\n104022\n")
    assert code == 0
    assert "32 of 0-9 a-f: in Meta's dashboard" in said
    assert "prod uses the new value of: app_secret, verify_token, page_token, page_id" in said
    made = kept["messenger"].pop("verify_token")
    assert len(made) >= 32
    assert kept["messenger"] == {"app_secret": OLD, "page_token": "EAAG-a-token-of-the-page", "page_id": "104022"}


def test_setting_again_asks_for_nothing_and_changes_nothing(run, kept):
    kept["messenger"] = dict(MESSENGER)
    assert run("set", "messenger") == (
        0,
        "Nothing to do: guestlist/prod/messenger has it. To replace a value, name its MEMBER.\n",
    )
    assert run("set", "messenger", "--stdin", stdin=json.dumps(MESSENGER))[0] == 0
    assert kept["messenger"] == MESSENGER


def test_only_what_is_missing_is_asked_for(run, kept):
    kept["messenger"] = {name: value for name, value in MESSENGER.items() if name != "page_id"}
    code, said = run("set", "messenger", stdin="104022\n")
    assert (code, kept["messenger"]) == (0, MESSENGER)
    assert "App secret" not in said


def test_one_value_comes_from_another_program(run, kept):
    kept["messenger"] = dict(MESSENGER)
    assert run("set", "messenger", "page_token", "--stdin", stdin="EAAG-a-newer-token-of-the-page\n")[0] == 0
    assert kept["messenger"] == MESSENGER | {"page_token": "EAAG-a-newer-token-of-the-page"}


def test_tokens_are_made_without_asking(run, kept):
    code, said = run("set", "api", "--generate")
    assert code == 0
    assert list(kept["api"]) == ["organiser", "steward", "service"]
    assert len(set(kept["api"].values())) == 3
    made = dict(kept["api"])
    assert run("set", "api", "--generate")[1].startswith("Nothing to do")
    assert kept["api"] == made
    assert "Within 5 minutes, prod uses the new value" in said


def test_the_first_ticket_key_is_made_and_a_second_one_is_not(run, kept):
    assert run("set", "tickets")[0] == 0
    first = kept["tickets"]
    assert run("set", "tickets")[1].startswith("Nothing to do")
    assert kept["tickets"] == first


@pytest.mark.parametrize(
    ("given", "complaints"),
    [
        (
            {"app_secret": "x", "page_id": "the page", "verify_token": "short"},
            ["app_secret: must be 32 of", "page_id: must be a number", "verify_token: must be 16 to 200"],
        ),
        ({"page_token": "two words, which no token has"}, ["page_token: must be 20 to 1000 ASCII"]),
        ({"app_secret": OLD.upper()}, ["app_secret: must be 32"]),
        ({"app_secret": f"{OLD}\n"}, ["app_secret: must be 32"]),
        ({"page": "104022", "page_id": 104022}, ["page: is not known", "page_id: must be a text"]),
        ({"verify_token": "local-verify-token"}, ["verify_token: is a value of the local stage, which everyone knows"]),
        ({"verify_token": OLD, "app_secret": OLD}, ["app_secret: is another member's value"]),
    ],
)
def test_all_that_is_wrong_is_said_at_once_and_nothing_is_written(run, kept, given, complaints):
    code, said = run("set", "messenger", "--stdin", stdin=json.dumps(given))
    assert (code, kept) == (1, {})
    assert said.startswith("Error: The secret was not changed\n")
    for complaint in complaints:
        assert f"  {complaint}" in said


@pytest.mark.parametrize("text", ["", "no json", "[]", '"text"', "{}"])
def test_what_is_no_object_is_refused(run, text):
    code, said = run("set", "messenger", "--stdin", stdin=text)
    assert (code, "Standard input must hold a JSON object" in said) == (2, True)


def test_an_empty_answer_is_no_value(run, kept):
    code, said = run("set", "messenger", "app_secret", stdin="\n")
    assert (code, "app_secret: must be 32" in said, kept) == (1, True, {})


@pytest.mark.parametrize("word", [f"app_secret={OLD}", OLD])
def test_a_value_that_was_typed_into_the_command_is_refused_and_not_repeated(run, word):
    code, said = run("set", "messenger", word)
    assert (code, "A value is never an argument" in said, OLD in said) == (2, True, False)


def test_an_app_for_one_workspace_needs_its_token_and_no_client(run, kept):
    code, said = run("set", "slack", stdin=f"{OLD}\nxoxb-1-2-abcdefghijkl\n\n\n\n")
    assert code == 0
    assert len(kept["slack"].pop("token_keys")) == 43
    assert kept["slack"] == {"signing_secret": OLD, "bot_token": "xoxb-1-2-abcdefghijkl"}
    assert "prod uses the new value of: signing_secret, bot_token, token_keys" in said


def test_an_app_for_several_workspaces_needs_its_client_and_no_token(run, kept):
    assert run("set", "slack", "--generate", stdin=f"{OLD}\n\n12.34\n{NEW}\n")[0] == 0
    assert len(kept["slack"].pop("token_keys")) == 43
    assert kept["slack"] == {"signing_secret": OLD, "client_id": "12.34", "client_secret": NEW}


def test_what_can_be_done_without_is_checked_where_it_is_given(run, kept):
    given = {"bot_token": "xoxp-a-token-of-a-person", "client_id": "the client", "token_keys": "short"}
    code, said = run("set", "slack", "--stdin", stdin=json.dumps(given))
    assert (code, kept) == (1, {})
    for complaint in ("bot_token: must be xoxb-", "client_id: must be two numbers", "token_keys: must be 43 of"):
        assert f"  {complaint}" in said


def test_no_stage_but_local_takes_the_local_values(run, kept):
    local = {"signing_secret": "local-slack-signing-secret", "bot_token": "xoxb-local"}
    assert run("set", "slack", "--stdin", stdin=json.dumps(local))[0] == 1
    assert run("set", "slack", "--stdin", stdin=json.dumps(local), stage="local")[0] == 0
    assert kept["slack"] == local


def test_a_rotated_app_secret_stands_beside_the_old_one_until_it_is_finished(run, kept):
    kept["messenger"] = dict(MESSENGER)
    code, said = run("rotate", "messenger", stdin=f"{NEW}\n")
    assert code == 0
    assert kept["messenger"] == MESSENGER | {"app_secret": NEW, "previous_app_secret": OLD}
    assert "within 5 minutes, prod accepts the old value and the new one" in said
    assert "python -m ops secrets rotate messenger --finish --stage prod" in said
    code, said = run("rotate", "messenger", "--finish", "--yes")
    assert (code, said) == (0, "Within 5 minutes, prod refuses the old value of: app_secret.\n")
    assert kept["messenger"] == MESSENGER | {"app_secret": NEW}


def test_a_rotated_signing_secret_stands_beside_the_old_one_until_it_is_finished(run, kept):
    kept["slack"] = dict(SLACK)
    assert run("rotate", "slack", "signing_secret", "--stdin", stdin=NEW)[0] == 0
    assert kept["slack"] == SLACK | {"signing_secret": NEW, "previous_signing_secret": OLD}
    assert run("rotate", "slack", "signing_secret", "--finish", "--yes")[0] == 0
    assert kept["slack"] == SLACK | {"signing_secret": NEW}


def test_a_key_of_tokens_goes_only_after_every_token_is_encrypted_anew(run, kept, table):
    kept["slack"] = dict(SLACK)
    installations = Installations(table, ReadSecrets(kept), lambda: 0.0)
    installations.install("T1", "xoxb-1-2-abcdefghijkl", "U1", ())
    assert run("rotate", "slack", "token_keys")[0] == 0
    old, new = kept["slack"]["token_keys"]
    assert (old, len(new)) == (SLACK["token_keys"], 43)
    assert run("rotate", "slack", "token_keys", "--finish", "--yes")[0] == 0
    assert kept["slack"] == SLACK | {"token_keys": new}
    assert installations.token("T1") == "xoxb-1-2-abcdefghijkl"


def test_rotated_tokens_are_lists_of_two_until_they_are_finished(run, kept):
    kept["api"] = dict(TOKENS)
    assert run("rotate", "api", "steward")[0] == 0
    old, new = kept["api"]["steward"]
    assert (old, len(new) >= 32) == (TOKENS["steward"], True)
    assert kept["api"]["organiser"] == TOKENS["organiser"]
    assert run("rotate", "api", "--finish", "--yes")[1].endswith("refuses the old value of: steward.\n")
    assert kept["api"] == TOKENS | {"steward": new}


def test_rotating_again_keeps_the_two_that_are_accepted(run, kept):
    kept["api"], kept["messenger"] = dict(TOKENS), dict(MESSENGER)
    for words, stdin in ((("api",), None), (("messenger", "app_secret", "--stdin"), NEW)):
        assert run("rotate", *words, stdin=stdin)[0] == 0
        first = json.dumps(kept)
        assert run("rotate", *words, stdin=stdin)[0] == 0
        assert json.dumps(kept) == first


def test_a_third_value_waits_until_the_second_is_the_only_one(run, kept):
    kept["messenger"] = MESSENGER | {"previous_app_secret": NEW}
    code, said = run("rotate", "messenger", "app_secret", "--stdin", stdin="f" * 32)
    assert (code, "app_secret: is being replaced already: end that first, with --finish" in said) == (1, True)
    assert kept["messenger"] == MESSENGER | {"previous_app_secret": NEW}


def test_a_rotation_is_ended_after_asking(run, kept):
    kept["api"] = TOKENS | {"service": [TOKENS["service"], "a-newer-token-0123456789-0123456789"]}
    before = json.dumps(kept)
    code, said = run("rotate", "api", "--finish", stdin="n\n")
    assert (code, json.dumps(kept)) == (1, before)
    assert "prod refuses whoever still uses the old value of service. Are you sure?" in said


def test_a_rotation_that_is_ended_can_be_ended_again(run, kept):
    kept["api"] = dict(TOKENS)
    assert run("rotate", "api", "--finish") == (0, "Nothing to do: guestlist/prod/api accepts one value of each.\n")


def test_a_value_that_is_set_takes_the_place_of_both(run, kept):
    kept["messenger"] = MESSENGER | {"previous_app_secret": NEW}
    assert run("set", "messenger", "app_secret", "--stdin", stdin="f" * 32)[0] == 0
    assert kept["messenger"] == MESSENGER | {"app_secret": "f" * 32}


def test_what_was_never_set_cannot_be_rotated(run):
    code, said = run("rotate", "api")
    assert (code, "organiser: has no value yet: python -m ops secrets set api" in said) == (1, True)


@pytest.mark.parametrize(
    "words", [("slack", "bot_token"), ("messenger", "page_token"), ("messenger", "app_secret", "page_token")]
)
def test_what_can_have_one_value_only_is_said_so(run, words):
    code, said = run("rotate", *words)
    assert (code, "Any other is replaced: secrets set" in said) == (2, True)


def test_ticket_keys_are_rotated_and_the_old_one_goes_after_asking(run, kept):
    kept["tickets"] = {"keys": tickets.rotated([])}
    assert run("rotate", "tickets")[0] == 0
    assert states(kept) == ["verifying", "signing"]
    code, said = run("rotate", "tickets", "--finish", stdin="n\n")
    assert (code, "Every ticket that K1 signed on prod becomes invalid. Are you sure?" in said) == (1, True)
    assert run("rotate", "tickets", "--finish", "--yes")[0] == 0
    assert states(kept) == ["revoked", "signing"]
    assert run("rotate", "tickets", "--finish")[1] == "Nothing to do: prod accepts tickets of one key.\n"


def states(kept):
    return [key["state"] for key in kept["tickets"]["keys"]]


def test_the_keys_of_stripe_are_set_and_told_apart_from_others(run, kept):
    given = {"secret_key": "sk_test_51Mq0000000000000000", "webhook_secret": "whsec_0123456789abcdef0123"}
    assert run("set", "stripe", "--stdin", stdin=json.dumps(given))[0] == 0
    assert kept["stripe"] == given
    for member, value in (("secret_key", "pk_live_51Mq0000000000000000"), ("webhook_secret", given["secret_key"])):
        code, said = run("set", "stripe", member, "--stdin", stdin=value)
        assert code == 1
        assert value not in said
    assert kept["stripe"] == given


def test_values_are_shown_by_their_last_characters(run, kept):
    kept["messenger"] = MESSENGER | {"previous_app_secret": NEW, "page_token": "short"}
    kept["slack"] = {"client_id": "12.34"}
    kept["api"] = {"steward": "local-steward-token"}
    kept["tickets"] = {"keys": tickets.rotated([])}
    code, said = run("show", "--masked")
    assert code == 0
    assert said.splitlines() == [
        "guestlist/prod/messenger",
        "  app_secret           ••••cdef, and the old one ••••3210",
        "  verify_token         ••••ours",
        "  page_token           ••••",
        "  page_id              104022",
        "guestlist/prod/slack",
        "  signing_secret       not set",
        "  bot_token            not set",
        "  client_id            12.34",
        "  client_secret        not set",
        "  token_keys           not set",
        "guestlist/prod/stripe",
        "  secret_key           not set",
        "  webhook_secret       not set",
        "  publishable_key      not set",
        "guestlist/prod/warehouse",
        "  signing_secret       not set",
        "guestlist/prod/mail",
        "  unsubscribe_key      not set",
        "guestlist/prod/api",
        "  organiser            not set",
        "  steward              ••••oken: refused, as everyone knows it",
        "  service              not set",
        "guestlist/prod/tickets",
        "  keys                 K1 signing",
    ]


def test_what_was_never_set_is_shown_so(run):
    code, said = run("show", "--masked")
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    assert (code, len(lines)) == (0, 18)
    assert [line for line in lines if not line.endswith(" not set")] == []


def test_values_are_handed_out_in_a_file_that_nobody_else_can_read(run, kept, tmp_path):
    kept["api"] = dict(TOKENS)
    to = tmp_path / "tokens.json"
    assert run("show", "api", "--to", str(to))[0] == 0
    assert json.loads(to.read_text()) == TOKENS
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert run("show", "api", "--to", str(to)) == (1, f"Error: {to} cannot be made: File exists\n")
    assert run("show", "--to", str(to))[0] == 2


def test_every_secret_of_the_template_is_known_here():
    template = TEMPLATE.read_text()
    assert set(SCHEMA) == set(re.findall(r"Name: !Sub guestlist/\$\{Stage\}/([a-z]+)", template))
