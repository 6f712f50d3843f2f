"""Plays the chat platforms towards the application, on the developer's machine: never packaged, never deployed.

`python -m ops.simulator` stands where graph.facebook.com and slack.com stand in production. The application sends to it by
MESSENGER_API_URL and SLACK_API_URL and gets the platforms' own answers, refusals included; people chat in two windows at `/`;
programs drive fans, read what was sent and order failures. A fan's doings reach the application as signed webhooks.

    graph.py, limits.py, graph_error.py   the Graph API: what Meta accepts, and how it says no
    slack/                                all of Slack: its methods, requests, installation, workspaces
    webhooks.py, http_client.py           events in Meta's form, signed, delivered, tried again
    fans.py, sends.py, faults.py          what the simulator remembers, all of it in memory
    control.py, bodies.py                 the endpoints for programs
    window.py, phone.py, news.py, static/ the page for people
    server.py, settings.py, __main__.py   how it is put together and started
"""
