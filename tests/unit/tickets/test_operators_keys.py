import json
import types

import click
import pytest

from chalicelib import errors
from chalicelib.tickets.signing import KeyRing
from ops.tickets import KeySecret, revoked, rotated


class Missing(Exception):
    """The secret has no value."""


class FakeSecrets:
    """Secrets Manager as boto3 shows it."""

    exceptions = types.SimpleNamespace(ResourceNotFoundException=Missing)

    def __init__(self):
        self.values = {}

    def get_secret_value(self, **request):
        try:
            return {"SecretString": self.values[request["SecretId"]]}
        except KeyError as error:
            raise Missing from error

    def put_secret_value(self, **request):
        self.values[request["SecretId"]] = request["SecretString"]


def ring(keys):
    return KeyRing.from_secret({"keys": keys})


def test_the_first_rotation_makes_the_first_key():
    assert ring(rotated([])).signing_kid == "K1"


def test_a_rotation_keeps_every_ticket_valid():
    before = rotated([])
    code = ring(before).sign("bash", "A", "K1")
    after = ring(rotated(rotated(before)))
    assert after.signing_kid == "K3"
    assert after.verify(code).ticket_id == "A"


def test_a_revoked_key_takes_its_tickets_with_it_and_others_stay():
    before = rotated([])
    lost = ring(before).sign("bash", "A", "K1")
    later = rotated(before)
    kept = ring(later).sign("bash", "B", "K2")
    after = ring(revoked(later, "K1"))
    assert after.verify(kept).ticket_id == "B"
    assert after.revoked_kids() == ["K1"]
    with pytest.raises(errors.NotFound):
        after.verify(lost)


def test_revoking_the_signing_key_makes_its_successor_and_forgets_its_private_half():
    keys = revoked(rotated([]), "K1")
    assert ring(keys).signing_kid == "K2"
    assert "private" not in keys[0]


def test_a_key_that_is_not_there_is_not_revoked():
    with pytest.raises(click.ClickException, match="no key K9"):
        revoked(rotated([]), "K9")


def test_the_secret_is_read_back_as_it_was_written():
    client = FakeSecrets()
    secret = KeySecret(client, "staging")
    assert secret.read() == []
    keys = rotated([])
    secret.write(keys)
    assert secret.read() == keys
    assert json.loads(client.values["guestlist/staging/tickets"]) == {"keys": keys}


def test_keys_that_the_application_could_not_use_are_never_written():
    client = FakeSecrets()
    with pytest.raises(errors.Unavailable):
        KeySecret(client, "staging").write([])
    assert client.values == {}
