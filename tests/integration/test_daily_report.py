"""The daily report from the schedule to the reader's box, through the emulator's queue and mail."""

import json
import time

import requests
from click.testing import CliRunner

from ops.report import report
from tests.builders import SCHEDULED
from tests.local_runtime import wait_until

READERS = {"anna@example.com", "bram@example.com"}
"""Of the demo campaign, to whom a report is due from the beginning on."""


def mails(run):
    found = requests.get(f"{run.aws}/_ministack/ses/messages", timeout=5).json()["messages"]
    return [mail for of_account in found.values() for mail in of_account if READERS.issuperset(mail["To"])]


def test_the_schedule_mails_each_reader_of_the_demo_campaign_once(local_run):
    function = {"FunctionName": "guestlist-local-send_daily_report", "Payload": json.dumps(SCHEDULED).encode()}
    for _ in range(3):
        assert "FunctionError" not in local_run.stage().client("lambda").invoke(**function)
    wait_until(lambda: {mail["To"][0] for mail in mails(local_run)} == READERS)
    time.sleep(1)
    found = mails(local_run)
    assert len(found) == len(READERS)
    for mail in found:
        assert mail["Subject"].startswith("DJ Nova's Birthday Bash: ")
        assert "<table" in mail["BodyHtml"]
        assert f"{local_run.web}/unsubscribe/birthday-bash." in mail["BodyText"]


def test_the_report_is_a_page_of_the_local_run_in_both_languages(local_run):
    for language, title in (("en", "Daily report"), ("nl", "Dagrapport")):
        page = requests.get(f"{local_run.web}/report", params={"language": language}, timeout=10)
        assert page.status_code == 200
        assert title in page.text
    assert requests.get(f"{local_run.web}/report", params={"campaign": "no-such"}, timeout=10).status_code == 404


def test_a_report_is_not_sent_and_shown_in_one_command():
    result = CliRunner().invoke(
        report, ["--campaign", "birthday-bash", "--send", "--language", "nl"], obj=lambda _: None
    )
    assert result.exit_code == 2
    assert "--send goes alone" in result.output
