"""The demo campaign, for a stage that does not have it yet: whatever was made of it since is left alone."""

from chalicelib import wiring
from chalicelib.campaigns.validation import decode
from chalicelib.errors import NotFound
from ops.local.launch import PROJECT


def seed() -> None:
    campaign = decode((PROJECT / "infra" / "demo" / "birthday-bash.json").read_bytes())
    try:
        wiring.campaigns().get(campaign.campaign_id)
    except NotFound:
        wiring.campaigns().save(campaign)
