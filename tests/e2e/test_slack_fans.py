"""The main job in Slack, as its people live it: the whole application, real signed requests, real queues, the simulator's Slack."""

import uuid
from urllib.parse import parse_qsl

import pytest
import requests

from tests.fans import Fan
from tests.local_runtime import wait_until
from tests.pictures import decoded, opened

HOME, BEACH = "T0FRIDAY", "T0BEACH"


class SlackFan(Fan):
    """A fan in one of the simulator's workspaces."""

    def __init__(self, run, team=HOME):
        self.team = team
        self.user = f"U{uuid.uuid4().hex[:10].upper()}"
        self.direct = self.user.replace("U", "D", 1)
        super().__init__(run, "slack", self.direct)

    def does(self, kind, **what):
        address = f"{self.run.simulator}/slack/users/{self.user}/events"
        answer = requests.post(address, params={"team": self.team}, json={"kind": kind, **what}, timeout=10)
        assert answer.json().get("status") == 200, answer.text
        return answer.json()

    def sees(self):
        """The fan's whole Slack."""
        address = f"{self.run.simulator}/slack/users/{self.user}"
        return requests.get(address, params={"team": self.team}, timeout=10).json()

    def types(self, text):
        self.does("message", text=text)

    def presses(self, _title, payload):
        self.does("press", payload=payload)

    def wins(self, campaign):
        for _ in campaign["questions"]:
            [question] = self.reads()
            self.answers(question, campaign)
        words, card = self.reads(2)
        assert "Here is your ticket" in words["text"]
        return card


@pytest.fixture
def campaign(local_run):
    headers = {"Authorization": "Bearer local-organiser-token"}
    return requests.get(f"{local_run.web}/campaigns/birthday-bash", headers=headers, timeout=10).json()


@pytest.fixture
def fan(local_run):
    return SlackFan(local_run)


def installations(run):
    table = run.stage().client("dynamodb")
    key = {":pk": {"S": "slack-installations"}}
    found = table.query(
        TableName="guestlist-local-conversations", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=key
    )
    return [item["sk"]["S"] for item in found["Items"]]


def test_a_slack_fan_plays_by_command_and_buttons_and_enters_with_the_ticket(local_run, fan, campaign):
    assert fan.does("command", text="play bash", channel="C0FRIDAYGENERAL")["answer"].startswith(
        "I have written to you"
    )
    card = fan.wins(campaign)
    [picture] = [part for part in card["attachments"] if part["type"] == "image"]
    [link] = [part for part in card["attachments"] if part["type"] == "link"]
    code = link["url"].rpartition("/")[2]
    assert decoded(opened(requests.get(picture["url"], timeout=10).content)) == code
    redeemed = requests.post(
        f"{local_run.web}/tickets/redeem",
        json={"code": code, "nonce": "scan-1"},
        headers={"Authorization": "Bearer local-steward-token"},
        timeout=10,
    )
    assert (redeemed.status_code, redeemed.json()["status"]) == (200, "redeemed")


def test_a_question_that_was_answered_has_no_buttons_left(fan, campaign):
    fan.does("message", text="bash")
    [question] = fan.reads()
    fan.answers(question, campaign)
    fan.reads()

    def answered():
        [direct] = [room for room in fan.sees()["rooms"] if room["id"] == fan.direct]
        return next((post for post in direct["posts"] if post["edits"]), None)

    post = wait_until(answered)
    assert "✓" in post["text"]
    assert all(block["type"] != "actions" for block in post["blocks"])


def test_the_home_page_shows_the_fans_tickets(fan, campaign):
    fan.does("message", text="bash")
    card = fan.wins(campaign)
    fan.does("home")
    home = wait_until(lambda: fan.sees()["home"])
    [picture] = [block["image_url"] for block in home["blocks"] if block["type"] == "image"]
    assert picture == next(part["url"] for part in card["attachments"] if part["type"] == "image")


def test_who_mentions_the_app_in_a_channel_is_answered_in_private(fan):
    fan.does("mention", text="bash")
    [question] = fan.reads()
    assert "Question 1 of 3" in question["text"]

    def hints():
        [general] = [room for room in fan.sees()["rooms"] if room["name"] == "general"]
        return [post["text"] for post in general["posts"] if post["text"].startswith(f"<@{fan.user}>")]

    [hint] = wait_until(hints)
    assert "in private" in hint
    assert "Question" not in hint


def test_a_retry_whose_first_copy_was_lost_is_handled_and_one_whose_first_copy_was_seen_is_not_handled_twice(fan):
    told = fan.does("message", text="bash", copy=1)  # the first copy never came
    fan.reads()
    for copy in (0, 2):
        fan.does("message", text="bash", copy=copy, ts=told["ts"])
    fan.does("message", text="help")
    [helped] = fan.reads()
    assert "I run the quiz" in helped["text"]
    assert len(fan.messages()) == 2


def test_while_slack_says_429_nothing_is_lost_and_each_fans_order_stays(local_run):
    fans = [SlackFan(local_run) for _ in range(3)]
    fault = {"channel": "slack", "status": 429, "code": "ratelimited", "count": 4, "retry_after": 1}
    assert requests.post(f"{local_run.simulator}/faults", json=fault, timeout=10).ok
    for words in ("help", "bash", "help"):
        for fan in fans:
            fan.does("message", text=words)
    for fan in fans:
        texts = [message["text"] for message in fan.reads(3)]
        assert "I run the quiz" in texts[0]
        assert "Question 1 of 3" in texts[1]
        assert "I run the quiz" in texts[2]
    assert all(len(fan.messages()) == 3 for fan in fans), "each once"


def test_another_workspace_installs_the_app_its_fans_play_and_it_leaves(local_run):
    browser = requests.Session()
    asked = browser.get(f"{local_run.web}/slack/install", allow_redirects=False, timeout=10).headers["Location"]
    address, _, query = asked.partition("?")
    decision = dict(parse_qsl(query)) | {"decision": "allow", "team": BEACH}
    page = browser.post(address, data=decision, timeout=10)
    assert (page.status_code, page.url.partition("?")[0]) == (200, f"{local_run.web}/slack/oauth")
    assert "Beach Bar" in page.text
    assert browser.get(page.url, timeout=10).status_code == 400, "a state counts once"

    assert installations(local_run) == [BEACH]

    fan = SlackFan(local_run, BEACH)
    fan.does("message", text="bash")
    [question] = fan.reads()
    assert "Question 1 of 3" in question["text"]

    left = f"{local_run.simulator}/slack/teams/{BEACH}/events"
    assert requests.post(left, json={"kind": "uninstall"}, timeout=10).ok
    assert installations(local_run) == []
