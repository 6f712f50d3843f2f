"""What the dialogue plays is a moment old, what the organiser sees is not."""

import pytest

from chalicelib.campaigns.service import KEEP_SECONDS, Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.errors import NotFound
from tests.builders import a_campaign
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable


class Office:
    def __init__(self):
        self.table, self.clock = MemoryTable(), Clock()
        self.campaigns = Campaigns(CampaignStore(self.table), self.clock)

    def elsewhere(self):
        """The same in another container."""
        return Campaigns(CampaignStore(self.table), self.clock)


@pytest.fixture
def office():
    office = Office()
    office.campaigns.save(a_campaign())
    return office


def test_the_organiser_sees_what_was_saved_a_moment_ago(office):
    assert office.campaigns.get("birthday-bash") == a_campaign()
    office.elsewhere().save(a_campaign(state="paused", stock=30))
    assert office.campaigns.get("birthday-bash").state == "paused"
    assert office.campaigns.tickets_left("birthday-bash") == 30


def test_a_campaign_that_is_not_there_is_not_found_and_not_played(office):
    with pytest.raises(NotFound):
        office.campaigns.get("unknown")
    assert office.campaigns.playing("unknown") is None
    assert office.campaigns.named("unknown") == ""


def test_a_campaign_is_read_once_in_a_few_seconds_however_many_play_it(office):
    before = office.table.reads
    played = {office.campaigns.playing("birthday-bash").campaign.state for _ in range(100)}
    assert played == {"live"}
    assert office.table.reads == before + 1


def test_a_change_is_played_a_few_seconds_later(office):
    assert office.campaigns.playing("birthday-bash").campaign.state == "live"
    office.elsewhere().save(a_campaign(state="paused"))
    office.clock.now += KEEP_SECONDS - 0.1
    assert office.campaigns.playing("birthday-bash").campaign.state == "live"
    office.clock.now += 0.1
    assert office.campaigns.playing("birthday-bash").campaign.state == "paused"


def test_that_a_campaign_is_not_there_is_believed_as_long(office):
    assert office.campaigns.playing("new") is None
    office.elsewhere().save(a_campaign(campaign_id="new", ref="new"))
    assert office.campaigns.playing("new") is None
    office.clock.now += KEEP_SECONDS
    assert office.campaigns.playing("new").campaign.campaign_id == "new"


@pytest.mark.parametrize("typed", ["bash", "BASH", "  Bash\n"])
def test_a_ref_names_its_campaign_however_it_is_typed(office, typed):
    assert office.campaigns.named(typed) == "birthday-bash"


@pytest.mark.parametrize("typed", ["", " ", "bas", "ba sh", "birthday-bash"])
def test_what_is_no_ref_names_nothing(office, typed):
    assert office.campaigns.named(typed) == ""


def test_refs_are_read_once_in_a_few_seconds_and_new_ones_count_then(office):
    office.campaigns.named("bash")
    before = office.table.reads
    office.elsewhere().save(a_campaign(campaign_id="new", ref="new"))
    reads_to_save = office.table.reads - before
    assert office.campaigns.named("new") == ""
    assert office.table.reads == before + reads_to_save
    office.clock.now += KEEP_SECONDS
    assert office.campaigns.named("new") == "new"


def test_each_campaign_has_a_salt_that_stays(office):
    salt = office.campaigns.playing("birthday-bash").salt
    office.campaigns.save(a_campaign(name="Another Name"))
    assert office.elsewhere().playing("birthday-bash").salt == salt
