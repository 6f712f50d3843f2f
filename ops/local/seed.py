"""The demo data of the local stage."""

from chalicelib import wiring
from chalicelib.campaigns import validation
from chalicelib.errors import NotFound
from ops.local.launch import PROJECT

DEMO = PROJECT / "infra" / "demo" / "birthday-bash.json"


def seed() -> None:
    """Put the demo campaign, unless it is there: its tickets, and what somebody has changed, last over a restart."""
    campaign = validation.decode(DEMO.read_bytes())
    try:
        wiring.campaigns().get(campaign.campaign_id)
    except NotFound:
        wiring.campaigns().save(campaign)
