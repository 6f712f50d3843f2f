"""`python -m ops messenger` against the simulator's Graph API and the emulator's secrets."""

import json
import re
import sys

import pytest
import requests

from ops import messenger
from ops.local import launch, processes
from tests.contract.messenger.graph import Answer, Graph, error
from tests.local_runtime import answers, free_port, make_stage, wait_until

AUTHORIZATION = {"Authorization": "Bearer local-page-token"}


@pytest.fixture(scope="module")
def running_simulator():
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = processes.start([sys.executable, "-m", "ops.simulator"], {"SIM_PORT": str(port)}, folder=launch.PROJECT)
    wait_until(lambda: answers(url), process=process)
    yield url
    processes.end([process], patience=3.0)


@pytest.fixture
def simulator(running_simulator):
    """Its page as new: no profile, no subscription."""
    everything = {"fields": list(messenger.PROFILE)}
    for path, body in (("messenger_profile", everything), ("subscribed_apps", {})):
        address = f"{running_simulator}/v23.0/me/{path}"
        requests.delete(address, json=body, headers=AUTHORIZATION, timeout=5).raise_for_status()
    return running_simulator


@pytest.fixture
def run(operate, simulator, resources):
    def run(*words, **environ):
        environ = {"AWS_ENDPOINT_URL": resources.endpoint, "MESSENGER_API_URL": simulator, **environ}
        return operate("messenger", *words, **environ)

    return run


@pytest.fixture
def staging(resources):
    """A stage with an account, as far as commands can tell."""
    return make_stage(resources.endpoint, "staging")


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()


def test_a_page_is_set_up_by_two_commands_and_then_all_is_well(run):
    before = run("status")
    assert before.exit_code == 1
    assert "✓ token         valid, of Guestlist (page 1000)" in before.output
    assert "✗ subscription  The page does not send messages, " in before.output
    assert "✗ profile       It is not as it should be: python -m ops messenger profile --stage local" in before.output
    assert run("profile").exit_code == 0
    assert run("subscribe").exit_code == 0
    after = run("status")
    assert (after.exit_code, after.output.count("✓")) == (0, 3)


def test_a_dry_run_shows_the_difference_and_changes_nothing(run):
    for _ in range(2):
        dry = run("profile", "--dry-run")
        assert dry.exit_code == 0
        assert '"question": "I\'d like to win a ticket"' in dry.output
        assert "Nothing was changed" in dry.output


def test_the_profile_can_be_set_again_and_again(run, simulator):
    assert "The profile is set" in run("profile").output
    again = run("profile")
    assert (again.exit_code, again.output) == (0, "The profile is as it should be: nothing to change.\n")
    changed = {"greeting": [{"locale": "default", "text": "An old greeting"}]}
    path = f"{simulator}/v23.0/me/messenger_profile"
    requests.post(path, json=changed, headers=AUTHORIZATION, timeout=5).raise_for_status()
    difference = run("profile", "--dry-run").output
    assert re.search(r'^-.*"An old greeting"$', difference, re.MULTILINE)
    assert "persistent_menu" not in difference


def test_how_the_app_itself_subscribes_is_told_without_its_secrets(run):
    told = run("subscribe").output
    assert "/webhooks/messenger" in told
    assert "local-messenger-app-secret" not in told
    assert "local-page-token" not in told


def test_the_local_stage_is_where_make_run_was_moved_to(run, simulator, resources):
    aws_port, sim_port = (url.rpartition(":")[2] for url in (resources.endpoint, simulator))
    told = run("status", AWS_ENDPOINT_URL="", AWS_PORT=aws_port, MESSENGER_API_URL=None, SIM_PORT=sim_port)
    assert "✓ token" in told.output


def test_a_stage_without_an_address_is_told_where_to_put_it(run):
    told = run("status", MESSENGER_API_URL="")
    assert (told.exit_code, told.output) == (1, "Error: MESSENGER_API_URL is not set: see .chalice/config.json\n")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ('{"page_token": ""}', "has no page_token and no page_id"),
        ('{"page_token": "x", "page_id": 1000}', "has no page_id"),
        ("not json", "must be a JSON object"),
        ("[]", "must be a JSON object"),
    ],
)
def test_a_secret_that_lacks_something_is_told_what(run, staging, value, complaint):
    staging.client("secretsmanager").put_secret_value(SecretId="guestlist/staging/messenger", SecretString=value)
    told = run("status", "--stage", "staging")
    assert told.exit_code == 1
    assert complaint in told.output


@pytest.mark.parametrize(
    ("answer", "way_out"),
    [
        (error(190), "The page token is dead: make a new one"),
        (error(200), "lacks a permission"),
        (error(613), "10 profile calls in 10 minutes"),
        (error(100), "Meta's reference: Axyz"),
        (Answer(500, {}), "Meta answered 500"),
        (Answer(200, []), "Meta answered 200"),
        (Answer(502, b"<html>"), "no JSON: is it the Graph API?"),
        (Answer(drop=True), "does not answer (ConnectionError). Is `make run` running?"),
        (Answer(200, {"id": "1001", "name": "Another"}), "The token is of page 1001"),
    ],
)
def test_each_trouble_names_its_way_out_and_fails(run, graph, answer, way_out):
    graph.profile = answer
    told = run("status", MESSENGER_API_URL=graph.url)
    assert told.exit_code == 1
    assert way_out in told.output
    assert "local-page-token" not in told.output


def test_what_meta_adds_or_reorders_is_no_difference(run, graph):
    profile = json.loads(json.dumps(messenger.PROFILE))
    for menu in profile["persistent_menu"]:
        menu["composer_input_disabled"] = False
    profile["greeting"].reverse()
    graph.profile = Answer(200, {"data": [profile]})
    assert "nothing to change" in run("profile", MESSENGER_API_URL=graph.url).output


def test_every_word_of_the_profile_is_within_metas_limits_and_speaks_of_automation():
    for greeting in messenger.PROFILE["greeting"]:
        assert len(greeting["text"]) <= 160
        assert re.search("automat", greeting["text"])
    for menu in messenger.PROFILE["persistent_menu"]:
        assert all(len(item["title"]) <= 30 for item in menu["call_to_actions"])
