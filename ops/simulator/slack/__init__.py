"""Plays Slack towards the application, and a workspace towards a person.

    workspace.py             who and what is in a workspace: people, rooms with their posts, home pages
    blocks.py, refusal.py    what Block Kit takes, and how Slack says no
    web_api.py               the methods that the application calls
    tokens.py, install.py    bot tokens, and the pages and methods of OAuth
    events.py                what happens, in Slack's form
    deliveries.py            … signed, delivered, tried again
    doings.py                the endpoints for the page and for programs

Anybody may be written to who was never met here, so that a program needs no preparation, and nobody is slowed down who sends more than
Slack would take: POST /faults orders that. In everything else Slack's rules hold.
"""
