"""How a command enters a stage, and how it tells what goes wrong there."""

import json

import pytest

from ops.local import secrets
from tests.contract.messenger.graph import Answer, Graph
from tests.local_runtime import free_port, make_stage


@pytest.fixture
def refusing():
    """Answers as AWS does when it refuses: put into `plan` what it is to say."""
    graph = Graph()
    yield graph
    graph.close()


@pytest.fixture
def staging(emulator):
    """A stage in the emulator whose secret for tickets is new, without a value."""
    stage = make_stage(emulator, "staging")
    manager = stage.client("secretsmanager")
    manager.delete_secret(SecretId="guestlist/staging/tickets", ForceDeleteWithoutRecovery=True)
    manager.create_secret(Name="guestlist/staging/tickets")
    yield stage
    value = json.dumps(secrets.new_ticket_keys())
    manager.put_secret_value(SecretId="guestlist/staging/tickets", SecretString=value)


def test_a_command_needs_no_more_than_the_ports_that_make_run_was_given(operate, resources):
    port = resources.endpoint.rpartition(":")[2]
    nothing = dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"))
    told = operate("tickets", "keys", **nothing, AWS_PORT=port)
    assert (told.exit_code, told.output[:2]) == (0, "K1")


def test_keys_are_made_listed_and_revoked_on_another_stage(operate, staging):
    def run(*words):
        told = operate("tickets", *words, "--stage", "staging", AWS_ENDPOINT_URL=staging.endpoint)
        return told.exit_code, told.output

    assert run("keys")[0] == 1, "there are none yet"
    assert run("rotate-keys")[0] == 0
    assert run("rotate-keys")[0] == 0
    assert run("revoke-key", "K1", "--yes")[0] == 0
    code, listed = run("keys")
    assert (code, [line.split()[:2] for line in listed.splitlines()]) == (0, [["K1", "revoked"], ["K2", "signing"]])


def test_a_variable_says_the_stage_as_well(operate, staging):
    told = operate("campaigns", "list", STAGE="staging", AWS_ENDPOINT_URL=staging.endpoint)
    assert told.exit_code == 0
    told = operate("campaigns", "list", STAGE="live")
    assert told.exit_code == 2
    assert "there is no live. .chalice/config.json has local, staging, prod" in told.output


def test_a_secret_that_is_still_empty_is_not_a_stage_that_is_missing(operate, refusing):
    """AWS answers the same for both, until the secret itself is asked for."""
    refusing.plan = [Answer(400, {"__type": "ResourceNotFoundException", "Message": "no value"}), Answer(200, {})]
    told = operate("tickets", "keys", "--stage", "prod", AWS_ENDPOINT_URL=refusing.url)
    assert "prod has no ticket keys yet" in told.output


COMMANDS = [("campaigns", "list"), ("tickets", "keys"), ("messenger", "status")]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_stage_that_is_not_there_is_said_in_one_line(operate, emulator, words):
    told = operate(*words, "--stage", "prod", AWS_ENDPOINT_URL=emulator)
    assert told.exit_code == 1
    assert told.output.startswith(f"Error: AWS at {emulator} refused ")
    assert "Is the stage deployed there?" in told.output
    assert told.output.count("\n") == 1


@pytest.mark.parametrize("words", COMMANDS)
def test_when_nothing_answers_the_way_out_is_said(operate, words):
    port = str(free_port())
    told = operate(*words, AWS_ENDPOINT_URL=None, AWS_PORT=port)
    assert told.exit_code == 1
    assert f"No AWS answers at http://127.0.0.1:{port}" in told.output
    assert "Is `make run` running there?" in told.output
    assert "Are you on the network" in operate(*words, "--stage", "prod", AWS_ENDPOINT_URL="http://127.0.0.1:1").output


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        ("com.amazon.coral.service#AccessDeniedException", "(User me may not). Put credentials that may do this"),
        ("com.amazon.coral.service#UnrecognizedClientException", "aws sso login"),
        ("ExpiredTokenException", "aws sso login"),
        ("InternalFailure", "Try again"),
    ],
)
def test_what_aws_refuses_is_said_with_the_way_out(operate, refusing, words, code, way_out):
    refusing.plan = [Answer(400, {"__type": code, "Message": "User me may not"})]
    told = operate(*words, "--stage", "prod", AWS_ENDPOINT_URL=refusing.url)
    assert told.exit_code == 1
    assert f"{code.rpartition('#')[2]} (User me may not)" in told.output
    assert way_out in told.output
    assert told.output.count("\n") == 1


@pytest.mark.parametrize(
    ("variables", "code", "complaint"),
    [
        ({"AWS_ENDPOINT_URL": "https://dynamodb.eu-west-1.amazonaws.com"}, 1, "must be an emulator on this machine"),
        ({"AWS_PORT": "many"}, 2, "AWS_PORT must be a port number, not 'many'"),
        ({"STAGE": "prod", "AWS_ACCESS_KEY_ID": None}, 1, "There are no AWS credentials for prod. Put AWS_PROFILE"),
        ({"STAGE": "prod", "AWS_PROFILE": "work"}, 1, "No AWS credentials for prod: The config profile (work)"),
        ({"STAGE": "prod", "AWS_REGION": None, "AWS_DEFAULT_REGION": None}, 1, "There is no AWS region for prod"),
    ],
)
def test_what_an_operator_forgot_is_named(operate, variables, code, complaint):
    told = operate("campaigns", "list", **variables)
    assert (told.exit_code, complaint in told.output, told.exc_info[0]) == (code, True, SystemExit)


@pytest.mark.parametrize("value", ["not json", "[]"])
def test_a_secret_of_another_shape_is_named(operate, staging, value):
    staging.client("secretsmanager").put_secret_value(SecretId="guestlist/staging/tickets", SecretString=value)
    told = operate("tickets", "keys", "--stage", "staging", AWS_ENDPOINT_URL=staging.endpoint)
    assert told.output == "Error: The secret guestlist/staging/tickets must be a JSON object: put one there\n"
