"""Secrets are replaced while functions run, without a deploy: the operators' command on the emulator, read as functions read."""

import contextlib
import json

import pytest

from chalicelib import settings
from chalicelib.access.service import Access
from chalicelib.aws.client import Client
from chalicelib.aws.secrets import Secrets
from chalicelib.aws.signature import Credentials
from chalicelib.channels.messenger.signature import app_secrets, verified
from chalicelib.tickets.signing import KeyRing
from ops.local import stack
from tests.local_runtime import Stage
from tests.unit.messenger import meta

OLD, NEW = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
MEMBERS = {"app_secret": OLD, "page_token": "EAAG-a-token-of-the-page", "page_id": "104022", "verify_token": "v" * 20}
FIVE_MINUTES = 300


@pytest.fixture(scope="module")
def stage(start_emulator):
    """A stage as its resources' template leaves it: its secrets have no values."""
    stage = Stage("staging", start_emulator(), {})
    stack.apply(stage.client("cloudformation"), stage.name)
    return stage


@pytest.fixture
def run(operate, stage):
    def run(*words, stdin=None):
        result = operate("secrets", *words, "--stage", "staging", stdin=stdin, AWS_ENDPOINT_URL=stage.endpoint)
        assert result.exit_code == 0, result.output
        return result.output

    return run


class Container:
    """A running function: it reads each secret once in five minutes of its clock."""

    def __init__(self, client, stage):
        self.now = 1_000_000.0
        self._secrets = Secrets(client, stage, lambda: self.now)

    def accepts(self, app_secret):
        raw = b'{"object": "page"}'
        return verified(raw, meta.sign(raw, app_secret), app_secrets(self._secrets.get("messenger")))

    def role_of(self, token):
        found = Access(self._secrets, tokens=None).principal(token)
        return found and found.role

    def keys(self):
        return KeyRing.from_secret(self._secrets.get("tickets"))


@pytest.fixture
def container(stage):
    read = settings.read(stage.environ(BASE_URL="https://fans.example"))
    with contextlib.closing(Client("secretsmanager", read, Credentials("test", "test"))) as client:
        yield Container(client, stage.name)


def test_an_app_secret_is_replaced_without_a_moment_in_which_neither_counts(run, container):
    run("set", "messenger", "--stdin", stdin=json.dumps(MEMBERS))
    assert (container.accepts(OLD), container.accepts(NEW)) == (True, False)
    run("rotate", "messenger", "--stdin", stdin=json.dumps({"app_secret": NEW}))
    assert container.accepts(OLD), "it has not read the new one yet"
    container.now += FIVE_MINUTES
    assert (container.accepts(OLD), container.accepts(NEW)) == (True, True)
    run("rotate", "messenger", "--finish", "--yes")
    assert (container.accepts(OLD), container.accepts(NEW)) == (True, True)
    container.now += FIVE_MINUTES
    assert (container.accepts(OLD), container.accepts(NEW)) == (False, True)


def test_a_token_is_replaced_while_its_holders_work(run, container, tmp_path):
    def handed_out():
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        run("show", "api", "--to", str(path))
        return json.loads(path.read_text())["steward"]

    run("set", "api", "--generate")
    old = handed_out()
    assert container.role_of(old) == "steward"
    run("rotate", "api", "steward")
    before, new = handed_out()
    assert before == old
    assert container.role_of(new) is None
    container.now += FIVE_MINUTES
    assert (container.role_of(old), container.role_of(new)) == ("steward", "steward")
    run("rotate", "api", "steward", "--finish", "--yes")
    container.now += FIVE_MINUTES
    assert (container.role_of(old), container.role_of(new)) == (None, "steward")


def test_tickets_of_the_old_key_stay_good_beside_those_of_the_new_one(run, container):
    run("set", "tickets")
    old = container.keys().sign("bash", "A", "K1")
    run("rotate", "tickets")
    container.now += FIVE_MINUTES
    new = container.keys().sign("bash", "B", "K2")
    assert [container.keys().verify(code).ticket_id for code in (old, new)] == ["A", "B"]
    assert container.keys().signing_kid == "K2"
    run("rotate", "tickets", "--finish", "--yes")
    container.now += FIVE_MINUTES
    assert container.keys().revoked_kids() == ["K1"]


def test_what_is_written_is_never_printed(run):
    said = run("set", "messenger", "--stdin", stdin=json.dumps(MEMBERS)) + run("show", "--masked")
    assert [value for name, value in MEMBERS.items() if name != "page_id" and value in said] == []
