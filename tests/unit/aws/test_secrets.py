"""Secrets are read now and then, and the local stage's values open nothing anywhere else."""

import json

import pytest

from chalicelib.aws.client import AwsError
from chalicelib.aws.secrets import KEEP_SECONDS, Secrets
from chalicelib.errors import Unavailable
from ops.local import secrets as local
from tests.fakes.clock import Clock

VALUE = "correct-horse-battery"


class SecretsManager:
    """`values` by full name: text as an operator put it, None for a secret that has no value yet."""

    def __init__(self, **values):
        self.values = {f"guestlist/prod/{name}": value for name, value in values.items()}
        self.reads = 0

    def call(self, operation, SecretId):  # noqa: N803  # AWS's name
        assert operation == "GetSecretValue"
        self.reads += 1
        if self.values.get(SecretId) is None:
            raise AwsError(operation, "ResourceNotFoundException", {})
        return {"SecretString": self.values[SecretId]}


def refusal(value, stage="prod"):
    manager = SecretsManager()
    manager.values = {f"guestlist/{stage}/api": value}
    with pytest.raises(Unavailable) as refused:
        Secrets(manager, stage, Clock()).get("api")
    return str(refused.value)


def test_a_secret_is_read_once_in_five_minutes_and_a_rotated_one_is_in_use_after_that():
    clock, manager = Clock(), SecretsManager(api='{"token": "old"}', messenger="{}")
    secrets = Secrets(manager, "prod", clock)
    assert secrets.get("api") == {"token": "old"}
    manager.values["guestlist/prod/api"] = '{"token": "new"}'
    clock.now += KEEP_SECONDS - 1
    assert secrets.get("api") == {"token": "old"}
    assert manager.reads == 1
    clock.now += 1
    assert secrets.get("api") == {"token": "new"}
    assert secrets.get("messenger") == {}
    assert manager.reads == 3


def test_a_refusal_is_not_kept():
    manager = SecretsManager()
    secrets = Secrets(manager, "prod", Clock())
    with pytest.raises(Unavailable):
        secrets.get("api")
    manager.values["guestlist/prod/api"] = '{"token": "set"}'
    assert secrets.get("api") == {"token": "set"}


@pytest.mark.parametrize("value", [None, "", VALUE, f'{{"token": "{VALUE}"', f'["{VALUE}"]', f'"{VALUE}"', "null"])
def test_a_secret_without_a_usable_value_is_named_and_its_value_is_not(value):
    said = refusal(value)
    assert "guestlist/prod/api" in said
    assert "operator" in said
    assert VALUE not in said


def test_a_secret_that_is_binary_has_no_usable_value():
    manager = SecretsManager()
    manager.call = lambda *_, **__: {"SecretBinary": "AAAA"}
    with pytest.raises(Unavailable, match="guestlist/prod/api has no usable value"):
        Secrets(manager, "prod", Clock()).get("api")


NO_SECRETS = {"page_id", "client_id"}
PUBLIC = [value for members in local.VALUES.values() for name, value in members.items() if name not in NO_SECRETS]


@pytest.mark.parametrize("stage", ["prod", "staging", "test-1", "Local", "local2"])
@pytest.mark.parametrize("public", PUBLIC)
@pytest.mark.parametrize("shape", ['{"a": "%s"}', '{"a": ["good", "%s"]}', '{"a": {"b": [{"c": "%s"}]}}'])
def test_no_other_stage_accepts_a_value_of_the_local_one_wherever_it_stands(stage, public, shape):
    said = refusal(shape % public, stage)
    assert "everyone knows" in said
    assert public not in said


def test_the_local_stage_accepts_its_own_values():
    manager = SecretsManager()
    manager.values = {f"guestlist/local/{name}": json.dumps(value) for name, value in local.VALUES.items()}
    secrets = Secrets(manager, "local", Clock())
    assert {name: secrets.get(name) for name in local.VALUES} == local.VALUES


def test_other_values_are_accepted_elsewhere():
    value = {"app_secret": "a-local-one", "page_id": "1000", "keys": [{"kid": "K1", "count": 2, "old": None}]}
    assert Secrets(SecretsManager(api=json.dumps(value)), "prod", Clock()).get("api") == value
