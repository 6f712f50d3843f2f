"""Every route, group by group in the order of `app.py`."""

from chalicelib.openapi import (
    campaigns,
    chat,
    mailing,
    messenger,
    orders,
    payments,
    products,
    reports,
    service,
    slack,
    sources,
    statistics,
    tickets,
    users,
)

ENTRIES = (
    *messenger.ENTRIES,
    *slack.ENTRIES,
    *chat.ENTRIES,
    *campaigns.ENTRIES,
    *sources.ENTRIES,
    *products.ENTRIES,
    *orders.ENTRIES,
    *mailing.ENTRIES,
    *reports.ENTRIES,
    *payments.ENTRIES,
    *statistics.ENTRIES,
    *tickets.ENTRIES,
    *users.ENTRIES,
    *service.ENTRIES,
)
