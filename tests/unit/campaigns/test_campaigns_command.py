"""`python -m ops campaigns`, on a table in memory."""

import json
import os
from pathlib import Path

import pytest

from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.settings import read
from tests.builders import a_campaign, a_campaign_document
from tests.fakes.secrets import MemorySecrets
from tests.fakes.table import MemoryTable
from tests.operators import a_stage

DEMO = str(Path(__file__).parents[3] / "infra/demo/birthday-bash.json")


@pytest.fixture
def stage():
    urls = dict.fromkeys(("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"), "https://tickets.example")
    settings = read(os.environ | urls | {"STAGE": "prod"})
    secrets = MemorySecrets({"messenger": {"page_id": "4711"}})
    campaigns = Campaigns(CampaignStore(MemoryTable()), lambda: 0.0)
    return a_stage(settings=settings, secrets=secrets, campaigns=campaigns)


@pytest.fixture
def run(operate, stage):
    """Run a command and answer its exit code and what it said."""

    def run(*words, document=None, into=stage):
        stdin = None if document is None else json.dumps(document)
        result = operate("campaigns", *words, into=into, stdin=stdin)
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
    assert run("put", DEMO) == run("put", DEMO) == (0, "birthday-bash is saved on prod, live.\n")
    assert stage.campaigns.tickets_left("birthday-bash") == 25


def test_what_is_not_valid_is_not_saved(run):
    assert run("put", "-", document=a_campaign_document(stock=-1))[0] == 1
    assert run("show", "birthday-bash") == (1, "Error: There is no campaign birthday-bash\n")


def test_campaigns_are_listed_by_id(run, stage):
    stage.campaigns.save(a_campaign(campaign_id="zoo", ref="Animals", name="A night at the zoo", state="draft"))
    stage.campaigns.save(a_campaign())
    said = """\
id             state  left/all  ref      name
birthday-bash  live   25/25     bash     Birthday Bash
zoo            draft  25/25     Animals  A night at the zoo
"""
    assert run("list") == (0, said)


def test_what_is_shown_can_be_put_back(run):
    run("put", "-", document=a_campaign_document())
    shown = json.loads(run("show", "birthday-bash")[1])
    assert (shown["ticketsLeft"], shown["questions"][0]["answer"]) == (25, "boat")
    assert run("put", "-", document=shown)[0] == 0


def test_a_campaign_is_paused(run, stage):
    stage.campaigns.save(a_campaign())
    assert run("state", "birthday-bash", "paused") == (0, "birthday-bash was live and is paused now, on prod.\n")
    assert stage.campaigns.get("birthday-bash") == a_campaign(state="paused")


def test_what_fans_played_by_is_not_put_over(run, stage):
    stage.campaigns.save(a_campaign())
    code, said = run("put", "-", document=a_campaign_document(passMark=1, stock=30))
    assert (code, "passMark: stays 3: fans have won and lost by it" in said) == (1, True)
    assert stage.campaigns.get("birthday-bash") == a_campaign()


def test_an_ended_campaign_is_not_opened_again(run, stage):
    stage.campaigns.save(a_campaign(state="ended"))
    code, said = run("state", "birthday-bash", "live")
    assert (code, "Clone the campaign to play it again" in said) == (1, True)


def test_what_operators_do_is_recorded(run, stage):
    run("put", "-", document=a_campaign_document())
    run("state", "birthday-bash", "paused")
    deeds, _ = stage.campaigns.deeds("birthday-bash", "", 10)
    assert [(deed.by, deed.did, deed.state) for deed in deeds] == [
        ("operator", "created", "live"),
        ("operator", "changed", "paused"),
    ]


@pytest.mark.parametrize(
    ("options", "link"),
    [
        ((), "https://m.me/4711?ref=bash%3Aa%2Bb"),
        (("--page", "djnova"), "https://m.me/djnova?ref=bash%3Aa%2Bb"),
        (("--to", "web"), "https://tickets.example/chat/birthday-bash"),
    ],
)
def test_the_qr_code_leads_to_the_stages_page_to_another_or_to_the_web_chat(run, stage, options, link):
    stage.campaigns.save(a_campaign(ref="bash:a+b"))
    code, said = run("qr", "birthday-bash", *options)
    assert (code, said.splitlines()[-1]) == (0, link)


@pytest.mark.parametrize(
    ("options", "link"),
    [
        (("--source", "poster"), "https://m.me/4711?ref=bash..poster"),
        (("--source", "poster", "--to", "web"), "https://tickets.example/chat/birthday-bash?source=poster"),
    ],
)
def test_the_qr_code_of_a_source_counts_its_fans(run, stage, options, link):
    stage.campaigns.save(a_campaign())
    stage.campaigns.announce("birthday-bash", "poster", "The poster", "anna")
    assert run("qr", "birthday-bash", *options)[1].splitlines()[-1] == link
    code, said = run("qr", "birthday-bash", "--source", "story")
    assert (code, "has no source story: it has poster" in said) == (2, True)


def test_on_this_machine_the_qr_code_leads_to_the_web_chat_unless_messenger_is_asked_for(run, stage):
    stage.campaigns.save(a_campaign())
    local = stage._replace(name="local")
    assert run("qr", "birthday-bash", into=local)[1].endswith("\nhttps://tickets.example/chat/birthday-bash\n")
    assert run("qr", "birthday-bash", "--to", "messenger", into=local)[1].endswith("\nhttps://m.me/4711?ref=bash\n")


def test_a_stage_that_does_not_know_its_page_asks_for_it(run, stage):
    stage.campaigns.save(a_campaign())
    stage.secrets.values.clear()
    code, said = run("qr", "birthday-bash")
    assert (code, "has no page_id: put it there, or name the page with --page" in said) == (1, True)
    assert run("qr", "birthday-bash", "--page", "djnova")[0] == 0


@pytest.mark.parametrize(("name", "begins"), [("code.svg", b"<?xml"), ("code.png", b"\x89PNG")])
def test_the_qr_code_is_written_as_a_picture(run, stage, tmp_path, name, begins):
    stage.campaigns.save(a_campaign())
    assert run("qr", "birthday-bash", "--out", str(tmp_path / name))[0] == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (("--out", "code.gif"), 2, "must end in .svg or .png"),
        (("--out", "/nowhere/code.svg"), 1, "Could not open file '/nowhere/code.svg'"),
        (("--to", "web", "--page", "djnova"), 2, "the web chat has no page"),
    ],
)
def test_a_picture_that_cannot_be_made_is_refused(run, stage, options, code, complaint):
    stage.campaigns.save(a_campaign())
    exit_code, said = run("qr", "birthday-bash", *options)
    assert (exit_code, complaint in said) == (code, True)
