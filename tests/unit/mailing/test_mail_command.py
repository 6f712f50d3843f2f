"""`python -m ops mail`, on a table in memory."""

import pytest

from chalicelib.mailing.service import Mailing
from chalicelib.mailing.store import MailStore
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.operators import a_stage

ANNA = "anna@example.org"


@pytest.fixture
def mailing():
    return Mailing(MailStore(MemoryTable()), {}, "", Clock(1_796_428_800.0))  # 2026-12-05


@pytest.fixture
def run(operate, mailing):
    def run(*words):
        stage = a_stage(mailing=mailing)
        result = operate("mail", *words, "--address", ANNA, into=stage)
        assert result.exit_code == 0
        return result.stdout.strip()

    return run


def test_an_address_of_which_nothing_is_known_is_mailed(run):
    assert run("suppressed") == f"Nothing has come back from {ANNA}: prod mails it."


def test_a_refused_address_is_told_with_why_and_since_when_and_let_in_again(run, mailing):
    mailing.refuse("ANNA@example.org", "bounce: General", at=1_796_000_000_000)
    assert run("suppressed") == f"prod does not mail {ANNA}: bounce: General, 2026-11-30T00:53:20.000Z."
    assert run("allow") == f"prod mails {ANNA}: operator, 2026-12-05T00:00:00.000Z."
    assert mailing.may_mail(ANNA)
