"""A stage's whole life in an account of its own that enforces policies: deployed, used, changed, taken back, destroyed."""

import contextlib
import json
import re
import time

import pytest
import requests

from ops.local.secrets import new_ticket_keys
from tests.contract.messenger.graph import Graph
from tests.local_runtime import wait_until
from tests.unit.messenger import meta

SECRETS = {
    "messenger": {"app_secret": meta.SECRET, "verify_token": "v", "page_token": "p", "page_id": meta.PAGE},
    "api": {"organiser": "an organiser", "steward": "a steward", "service": "a service"},
    "tickets": new_ticket_keys(),
}


@pytest.fixture
def graph():
    with contextlib.closing(Graph()) as graph:
        yield graph


def test_a_stage_is_deployed_used_changed_taken_back_and_destroyed(tmp_path, start_emulator, built, graph):
    clone = built.copy(tmp_path, start_emulator(AUTH="true"))
    clone.send_to(graph.url)

    printed = clone.quickly("deploy", "--stage", "prod")
    [first] = re.findall(r"prod runs (\S+)\.", printed)
    assert "1/8 plan" in printed
    assert "8/8 verify" in printed
    assert health(clone)["version"] == "0.1.0"

    put_secrets_and_a_campaign(clone)
    says_hello(clone, graph, "41")

    (clone.folder / "chalicelib" / "version.py").write_text('VERSION = "0.1.1"\n')
    assert "unclean" in clone.ops("deploy", "--stage", "prod", exit_code=1)
    clone.commit(tested=False)
    assert "untested" in clone.ops("deploy", "--stage", "prod", exit_code=1)
    printed = clone.ops("deploy", "--stage", "prod", "--untested")
    [second] = re.findall(r"prod runs (\S+)\.", printed)
    assert health(clone)["version"] == "0.1.1"

    began = time.monotonic()
    assert f"prod runs {first}." in clone.ops("rollback", "--stage", "prod")
    assert time.monotonic() - began < 10
    assert f"prod: {first}, taken back from {second};" in clone.ops("verify", "--stage", "prod")
    assert health(clone)["version"] == "0.1.0"
    says_hello(clone, graph, "42")
    assert f"prod runs {second}." in clone.ops("rollback", "--stage", "prod", "--to", second)

    assert "nothing was taken away" in clone.ops("destroy", "--stage", "prod", stdin="yes\n", exit_code=1)
    assert f"prod: {second};" in clone.ops("verify", "--stage", "prod")
    clone.ops("destroy", "--stage", "prod", stdin="prod\n")
    assert clone.left() == {"tables", "secrets", "buckets"}
    assert clone.client("dynamodb").scan(TableName="guestlist-prod-campaigns")["Count"]
    clone.ops("destroy", "--stage", "prod", "--yes")  # what is gone is no trouble

    clone.quickly("deploy", "--stage", "prod", "--untested")
    says_hello(clone, graph, "43")  # with the campaign and the secrets that stayed
    clone.ops("destroy", "--stage", "prod", "--tables", "--yes")
    assert clone.left() == set()


def health(clone):
    return requests.get(f"{clone.url()}/health", timeout=20).json()


def put_secrets_and_a_campaign(clone):
    for name, value in SECRETS.items():
        clone.client("secretsmanager").put_secret_value(
            SecretId=f"guestlist/prod/{name}", SecretString=json.dumps(value)
        )
    clone.ops("campaigns", "put", "infra/demo/birthday-bash.json", "--stage", "prod")


def says_hello(clone, graph, fan):
    """A signed webhook through the API, both queues and both functions, to the platform."""
    event = meta.event(
        at=int(time.time() * 1000), fan=fan, referral={"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    )
    raw = meta.raw(meta.body(event))
    headers = {"X-Hub-Signature-256": meta.sign(raw), "Content-Type": "application/json"}
    assert requests.post(f"{clone.url()}/webhooks/messenger", data=raw, headers=headers, timeout=20).status_code == 200
    sent = wait_until(
        lambda: [send for send in graph.sends if send["recipient"]["id"] == fan and "message" in send], 20
    )
    assert "borrowed pair of turntables" in sent[0]["message"]["text"]
