"""The demo data of the local stage."""

import contextlib
from zoneinfo import ZoneInfo

from chalicelib import clock, wiring
from chalicelib.campaigns import validation
from chalicelib.campaigns.model import Campaign
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency import Act
from chalicelib.products.model import Product
from chalicelib.reports import days
from chalicelib.reports.model import reader_id
from ops.local.launch import PROJECT

DEMO = PROJECT / "infra" / "demo" / "birthday-bash.json"
PRODUCTS = (
    Product(product_id="vip-package", name="VIP package", price_cents=9900, stock=100),
    Product(product_id="t-shirt", name="T-shirt", price_cents=2450, stock=250),
)


def seed() -> None:
    """Put the demo campaign and its products, unless they are there: tickets, and what somebody has changed, last over a restart."""
    for product in PRODUCTS:
        with contextlib.suppress(Conflict):
            wiring.products().create(product, Act("demo", 0, f"demo-{product.product_id}"))
    campaign = validation.decode(DEMO.read_bytes())
    try:
        wiring.campaigns().get(campaign.campaign_id)
    except NotFound:
        wiring.campaigns().save(campaign)
        _let_a_report_be_due(campaign)


def _let_a_report_be_due(campaign: Campaign) -> None:
    """The schedule's next run sends yesterday's: nobody has to wait until tomorrow to see one."""
    zone = ZoneInfo(campaign.timezone)
    now = clock.system()
    reported = days.before(days.before(days.current(now, zone), zone), zone)
    if days.due(now, zone, reported) is None:  # it is not yet morning
        reported = days.before(reported, zone)
    wiring.asked().put(campaign.campaign_id, {reader_id(reader): reported for reader in campaign.reports})
