"""What fans do on the running application is counted by the real streams, seconds later: exactly what a recount of the tables says."""

import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import requests

from chalicelib.aws.tables import _attributes, as_item
from chalicelib.campaigns.service import KEEP_SECONDS
from chalicelib.statistics.api import shown
from tests.e2e import test_fans
from tests.e2e.test_fans import MessengerFan, organiser, redeem
from tests.local_runtime import wait_until
from tests.recount import recount
from tests.unit.events.rows import an_order


@pytest.fixture(scope="module")
def local_run(start_local_run):
    """The whole application with data of its own: what other tests delete, a recount would miss."""
    return start_local_run()


@pytest.fixture
def items(local_run):
    """All items of a table, in the order of nothing."""
    dynamodb = local_run.stage().client("dynamodb")

    def items(table):
        pages = dynamodb.get_paginator("scan").paginate(TableName=f"guestlist-local-{table}")
        return [as_item(row) for page in pages for row in page["Items"]]

    return items


def stats(run, **query):
    answer = organiser(run, "/campaigns/birthday-bash/stats?" + "&".join(f"{k}={v}" for k, v in query.items()))
    assert answer.status_code == 200, answer.text
    return answer.json()


CAME = {"channel": "web", "source": "poster", "language": "nl"}
"""How the one who buys something came."""


def without_hours(found):
    """A recount does not know them."""
    questions = {question: answers | {"byHour": {}} for question, answers in found["byQuestion"].items()}
    return found | {"byHour": {}, "byQuestion": questions}


def play(run, campaign):
    """One wins on Messenger, is let in and comes again; one loses; one wins on the web; someone buys."""
    winner, loser = MessengerFan(run), MessengerFan(run)
    winner.does("get_started", ref="bash")
    for _ in campaign["questions"]:
        [question] = winner.reads()
        winner.answers(question, campaign)
    _, card = winner.reads(2)
    [link] = [part["url"] for part in card["attachments"] if part["type"] == "link"]
    assert redeem(run, link.rpartition("/")[2], "scan-1").status_code == 200
    winner.types("help")
    winner.reads()
    loser.does("get_started", ref="bash")
    loser.reads()
    loser.types("no idea")
    loser.reads()
    test_fans.test_a_web_fan_answers_and_holds_a_ticket(run, campaign)
    row = an_order(pk=f"order#{uuid.uuid4().hex}", campaignId="birthday-bash", totalCents=1999, **CAME)
    run.stage().client("dynamodb").put_item(TableName="guestlist-local-orders", Item=_attributes(row))


def test_what_fans_do_is_counted_within_seconds_exactly_and_by_hour(local_run, items):
    campaign = organiser(local_run, "/campaigns/birthday-bash").json()
    before = stats(local_run)
    play(local_run, campaign)

    def recounted():
        truth = recount("birthday-bash", items("campaigns"), items("conversations"), items("orders"))
        return shown(truth) == without_hours(stats(local_run))

    wait_until(recounted, 20, lambda: str(stats(local_run)))
    after = stats(local_run)
    more = {name: after[name] - before[name] for name in after if not name.startswith("by")}
    assert more == {
        "scans": 3,
        "starts": 3,
        "finishes": 2,
        "wins": 2,
        "tickets": 2,
        "redemptions": 1,
        "messagesIn": more["messagesIn"],
        "messagesOut": more["messagesOut"],
        "orders": 1,
        "revenueCents": 1999,
        "unreachable": 0,
    }
    assert more["messagesIn"] >= 11
    for name in ("scans", "messagesIn", "orders"):
        assert sum(hour.get(name, 0) for hour in after["byHour"].values()) == after[name]
    assert after["byChannel"]["web"]["wins"] >= 1
    assert after["byChannel"]["messenger"]["redemptions"] == after["byLanguage"]["en"]["redemptions"] == 1
    assert after["bySource"]["poster"] == after["byLanguage"]["nl"] == {"orders": 1, "revenueCents": 1999}
    assert set(after["byQuestion"]) == {question["id"] for question in campaign["questions"]}


def test_fans_are_counted_by_the_source_that_brought_them(local_run):
    source = {"name": "The poster"}
    token = {"Authorization": "Bearer local-organiser-token"}
    address = f"{local_run.web}/campaigns/birthday-bash/sources"
    requests.put(f"{address}/poster", json=source, headers=token, timeout=10)
    time.sleep(KEEP_SECONDS)  # until functions know it
    fan = MessengerFan(local_run)
    fan.does("get_started", ref="bash..poster")
    fan.reads()
    fan.does("get_started", ref="bash")
    fan.reads()

    def counted():
        [poster] = requests.get(address, headers=token, timeout=10).json()["sources"]
        return poster == {"source": "poster", **source, "scans": 1, "starts": 1, "finishes": 0, "wins": 0}

    wait_until(counted)


def test_the_days_that_are_asked_for_are_counted(local_run):
    campaign = organiser(local_run, "/campaigns/birthday-bash").json()
    play(local_run, campaign)
    wait_until(lambda: stats(local_run)["orders"])
    assert stats(local_run, **{"from": "2026-01-01", "to": "2026-01-02"})["orders"] == 0
    yesterday = datetime.now(UTC).date() - timedelta(days=1)  # today, wherever the campaign is
    assert stats(local_run, **{"from": yesterday})["orders"] >= 1


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("from=2026-13-01", ["from"]),
        ("to=2026-12-01", ["from"]),
        ("from=2026-12-02&to=2026-12-01", ["to"]),
        ("from=2026-01-01&to=2026-12-31", ["to"]),
        ("from=yesterday&to=1", ["from", "to"]),
    ],
)
def test_days_that_there_are_not_are_named(local_run, query, fields):
    answer = requests.get(
        f"{local_run.web}/campaigns/birthday-bash/stats?{query}",
        headers={"Authorization": "Bearer local-organiser-token"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == fields
