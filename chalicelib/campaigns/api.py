"""The HTTP edge of campaigns."""

from chalice.app import Response

from chalicelib.campaigns.model import encode
from chalicelib.campaigns.service import Campaigns
from chalicelib.http import json_response


class CampaignsApi:
    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    def show(self, campaign_id: str) -> Response:
        """`GET /campaigns/{id}`: everything, right answers included, and `ticketsLeft`; or `NotFound`."""
        campaign = self._campaigns.get(campaign_id)
        return json_response(encode(campaign) | {"ticketsLeft": self._campaigns.tickets_left(campaign_id)})
