"""`python -m ops tickets`, on a table and secrets in memory."""

import pytest

from chalicelib import errors
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.tickets.model import Entry, Ticket
from chalicelib.tickets.service import Tickets
from chalicelib.tickets.signing import KeyRing
from chalicelib.tickets.store import TicketStore
from ops.tickets import revoked, rotated
from tests.builders import a_campaign
from tests.fakes.secrets import MemorySecrets
from tests.fakes.table import MemoryTable
from tests.operators import a_stage

NUMBER = "7KQ2M4XPRT"


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


@pytest.fixture
def stage():
    """One key, and one ticket of the birthday bash that it signed."""
    table = MemoryTable()
    Campaigns(CampaignStore(table), lambda: 0.0).save(a_campaign())
    store = TicketStore(table)
    store.begin("birthday-bash", "FAN", Entry(("m1",)))
    store.take("FAN", Ticket(NUMBER, "birthday-bash", "K1", "issued", issued_at=0), Entry())
    secrets = MemorySecrets({"tickets": {"keys": rotated([])}})
    return a_stage(secrets=secrets, tickets=Tickets(store, lambda: keys_of(secrets), lambda: 0.0))


@pytest.fixture
def run(operate, stage):
    def run(*words, stdin=None):
        result = operate("tickets", *words, into=stage, stdin=stdin)
        return result.exit_code, result.output

    return run


def keys_of(secrets):
    return KeyRing.from_secret(secrets.read("tickets"))


def test_keys_are_listed_without_their_private_halves(run, stage):
    [key] = stage.secrets.read("tickets")["keys"]
    assert run("keys") == (0, f"K1        signing    {key['public']}\n")


def test_a_stage_without_keys_is_told_how_to_make_the_first(run, stage):
    stage.secrets.values.clear()
    code, said = run("keys")
    assert (code, "python -m ops tickets rotate-keys --stage prod makes the first" in said) == (1, True)
    assert run("rotate-keys")[0] == 0
    assert run("keys")[0] == 0


@pytest.mark.parametrize("value", [{"keys": "K1"}, {"keys": [{"kid": "K1"}]}, {"key": []}])
def test_keys_that_the_application_cannot_use_are_left_alone(run, stage, value):
    stage.secrets.values["tickets"] = value
    for words in (("keys",), ("rotate-keys",), ("revoke-key", "K1", "--yes")):
        code, said = run(*words)
        assert (code, "Error: The ticket keys are not usable" in said) == (1, True)
    assert stage.secrets.values["tickets"] == value


def test_a_key_is_revoked_after_asking_and_again_is_fine(run, stage):
    asked, said = run("revoke-key", "K1", stdin="n\n")
    assert (asked, "Every ticket that K1 signed on prod becomes invalid." in said) == (1, True)
    assert keys_of(stage.secrets).revoked_kids() == []
    assert run("revoke-key", "K1", stdin="y\n")[0] == 0
    assert keys_of(stage.secrets).revoked_kids() == ["K1"]
    assert run("revoke-key", "K1") == (0, "K1 is revoked on prod already.\n")


def test_a_key_that_is_not_there_is_not_revoked(run):
    assert run("revoke-key", "K9") == (1, "Error: There is no key K9; there are: K1\n")


def test_a_ticket_is_revoked_by_its_code_its_address_or_its_number(run, stage):
    code = keys_of(stage.secrets).sign("birthday-bash", NUMBER, "K1")
    for name in (code, f"https://tickets.example/t/{code}", "birthday-bash/7KQ2M-4XPRT", "birthday-bash/7kq2m4xprt"):
        said = "Ticket 7KQ2M4XPRT of birthday-bash on prod lets nobody in any more.\n"
        assert run("revoke", name, "--yes") == (0, said)
    assert stage.tickets.revocations() == [NUMBER]


def test_a_ticket_is_revoked_only_after_asking(run, stage):
    asked, said = run("revoke", f"birthday-bash/{NUMBER}", stdin="n\n")
    assert (asked, "Ticket 7KQ2M4XPRT of birthday-bash on prod will let nobody in" in said) == (1, True)
    assert stage.tickets.revocations() == []


@pytest.mark.parametrize(
    ("name", "code", "complaint"),
    [
        ("birthday-bash/AAAAA-AAAAA", 1, "There is no ticket AAAAAAAAAA in birthday-bash"),
        ("1.BIRTHDAY-BASH.7KQ2M4XPRT.K1.FORGED", 1, "no key of ours has signed its code"),
        ("7KQ2M-4XPRT", 2, "neither a ticket's code nor campaign/number"),
    ],
)
def test_what_is_no_ticket_of_ours_is_not_revoked(run, name, code, complaint):
    exit_code, said = run("revoke", name, "--yes")
    assert (exit_code, complaint in said) == (code, True)
