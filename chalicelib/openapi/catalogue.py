"""Every route, group by group in the order of `app.py`."""

from chalicelib.openapi import campaigns, chat, messenger, products, service, slack, tickets

ENTRIES = (
    *messenger.ENTRIES,
    *slack.ENTRIES,
    *chat.ENTRIES,
    *campaigns.ENTRIES,
    *products.ENTRIES,
    *tickets.ENTRIES,
    *service.ENTRIES,
)
