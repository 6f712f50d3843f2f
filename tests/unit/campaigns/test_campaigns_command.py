"""`python -m ops campaigns`, on a table in memory."""

import functools
import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from chalicelib import wiring
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from ops import campaigns as command
from tests.builders import a_campaign, a_campaign_document
from tests.fakes.table import MemoryTable

DEMO = str(Path(__file__).parents[3] / "infra/demo/birthday-bash.json")


@pytest.fixture
def stage():
    return command.Stage(Campaigns(CampaignStore(MemoryTable()), lambda: 0.0), "https://tickets.example")


@pytest.fixture
def run(stage):
    """Run a command and answer its exit code and what it said."""

    def run(*arguments, document=None):
        text = None if document is None else json.dumps(document)
        result = CliRunner().invoke(command.campaigns, arguments, input=text, obj=lambda _: stage)
        return result.exit_code, result.output

    return run


def test_a_valid_file_is_said_to_be_valid(run):
    assert run("check", DEMO) == (0, "birthday-bash is valid: 3 questions, 25 tickets, live.\n")


def test_everything_that_is_wrong_is_listed(run):
    code, said = run("check", "-", document=a_campaign_document(stock=-1, mode="draw"))
    assert code == 1
    assert "2 fields are wrong\n" in said
    assert "\n  stock: must be a whole number from 0 to 100000, not -1\n" in said
    assert '\n  mode: must be instant, the only mode so far, not "draw"\n' in said


def test_a_campaign_that_was_put_twice_is_saved_as_it_is_in_the_file(run, stage):
    assert run("put", DEMO) == run("put", DEMO) == (0, "birthday-bash is saved on local, live.\n")
    assert stage.campaigns.tickets_left("birthday-bash") == 25


def test_what_is_not_valid_is_not_saved(run):
    assert run("put", "-", document=a_campaign_document(stock=-1))[0] == 1
    assert run("show", "birthday-bash") == (1, "Error: There is no campaign birthday-bash\n")


def test_what_is_shown_can_be_put_back(run):
    run("put", "-", document=a_campaign_document())
    shown = json.loads(run("show", "birthday-bash")[1])
    assert (shown["ticketsLeft"], shown["questions"][0]["answer"]) == (25, "boat")
    assert run("put", "-", document=shown)[0] == 0


def test_a_campaign_is_paused(run, stage):
    stage.campaigns.save(a_campaign())
    assert run("state", "birthday-bash", "paused") == (0, "birthday-bash was live and is paused now.\n")
    assert stage.campaigns.get("birthday-bash") == a_campaign(state="paused")


def test_the_qr_code_leads_to_the_web_chat_or_to_messenger(run, stage):
    stage.campaigns.save(a_campaign(ref="bash:a+b"))
    assert run("qr", "birthday-bash")[1].endswith("\nhttps://tickets.example/chat/birthday-bash\n")
    assert run("qr", "birthday-bash", "--page", "djnova")[1].endswith("\nhttps://m.me/djnova?ref=bash%3Aa%2Bb\n")


@pytest.mark.parametrize(("name", "begins"), [("code.svg", b"<?xml"), ("code.png", b"\x89PNG")])
def test_the_qr_code_is_written_as_a_picture(run, stage, tmp_path, name, begins):
    stage.campaigns.save(a_campaign())
    assert run("qr", "birthday-bash", "--out", str(tmp_path / name))[0] == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_another_kind_of_picture_is_refused(run, stage):
    stage.campaigns.save(a_campaign())
    assert "must end in .svg or .png" in run("qr", "birthday-bash", "--out", "code.gif")[1]


@pytest.fixture
def alone(monkeypatch):
    """The command as it is started by an operator, with nothing wired yet; afterwards the process is as it was."""
    monkeypatch.setattr(os, "environ", dict(os.environ))
    for built in (wiring.read_settings, wiring.client, wiring.table, wiring.campaigns):
        monkeypatch.setattr(wiring, built.__name__, functools.cache(built.__wrapped__))


def test_when_nothing_answers_the_way_out_is_said(alone):
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
    result = CliRunner().invoke(command.campaigns, ["show", "birthday-bash"])
    assert result.exit_code == 1
    assert "is `make run` running?" in result.output


def test_an_emulator_elsewhere_is_not_local(alone):
    os.environ["AWS_ENDPOINT_URL"] = "https://dynamodb.eu-west-1.amazonaws.com"
    result = CliRunner().invoke(command.campaigns, ["put", DEMO])
    assert result.exit_code == 1
    assert "must be an emulator on this machine" in result.output


def test_the_local_stage_never_leaves_this_machine():
    environ = command.environment("local", {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_PORT": "4577"})
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4577"
    assert "AWS_PROFILE" not in environ
    assert environ["AWS_ACCESS_KEY_ID"] == "test"


def test_a_stage_that_is_not_configured_is_refused():
    with pytest.raises(click.ClickException, match="There is no stage live"):
        command.environment("live", {})


def test_another_stage_takes_the_credentials_that_the_sdk_finds(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    environ = command.environment("staging", {"BASE_URL": "https://x.example", "STAGE": "local"})
    assert (environ["STAGE"], environ["BASE_URL"]) == ("staging", "https://x.example")
    assert (environ["AWS_REGION"], environ["AWS_ACCESS_KEY_ID"]) == ("eu-north-1", "AKIA")
