"""The main job as its people live it: the whole application as `make run` starts it, real signed webhooks, real queues."""

import time
import uuid

import pytest
import requests

from tests.fans import Fan
from tests.pictures import decoded, opened


class MessengerFan(Fan):
    """A fan in the simulator's Messenger."""

    def __init__(self, run, psid=None):
        self.psid = psid or str(uuid.uuid4().int % 10**16)
        super().__init__(run, "messenger", self.psid)

    def does(self, kind, **what):
        answer = requests.post(f"{self.run.simulator}/fans/{self.psid}/events", json={"kind": kind, **what}, timeout=10)
        assert answer.json()["status"] == 200

    def types(self, text):
        self.does("text", text=text)

    def presses(self, title, payload):
        self.does("quick_reply", text=title, payload=payload)


@pytest.fixture
def campaign(local_run):
    return organiser(local_run, "/campaigns/birthday-bash").json()


def organiser(run, path):
    return requests.get(run.web + path, headers={"Authorization": "Bearer local-organiser-token"}, timeout=10)


def redeem(run, code, nonce):
    return requests.post(
        f"{run.web}/tickets/redeem",
        json={"code": code, "nonce": nonce, "gate": "north"},
        headers={"Authorization": "Bearer local-steward-token"},
        timeout=10,
    )


def test_a_messenger_fan_scans_answers_and_enters_with_the_ticket(local_run, campaign):
    fan = MessengerFan(local_run)
    fan.does("get_started", ref="bash")
    for _ in campaign["questions"]:
        [question] = fan.reads()
        fan.answers(question, campaign)
    words, card = fan.reads(2)
    assert "Here is your ticket" in words["text"]
    [link] = [part for part in card["attachments"] if part["type"] == "link"]
    [picture] = [part for part in card["attachments"] if part["type"] == "image"]
    code = link["url"].rpartition("/")[2]
    page = requests.get(link["url"], headers={"Accept": "text/html"}, timeout=10)
    assert page.status_code == 200
    assert code in page.text
    png = requests.get(picture["url"], headers={"Accept": "image/avif,image/webp,*/*"}, timeout=10)
    assert decoded(opened(png.content)) == code
    assert requests.get(f"{link['url']}.svg", timeout=10).headers["Content-Type"].startswith("image/svg+xml")

    first = redeem(local_run, code, "scan-1")
    assert (first.status_code, first.json()["status"]) == (200, "redeemed")
    assert redeem(local_run, code, "scan-1").json() == first.json()
    second = redeem(local_run, code, "scan-2")
    assert (second.status_code, second.json()["reason"]) == (409, "already_redeemed")
    assert second.json()["redeemedAt"] == first.json()["redeemedAt"]
    assert redeem(local_run, code[:-1] + ("A" if code[-1] != "A" else "B"), "scan-3").status_code == 404


def test_a_web_fan_answers_and_holds_a_ticket(local_run, campaign):
    address = f"{local_run.web}/chat/birthday-bash/messages"

    def say(session, number, **said):
        body = {"messageId": f"m{number}", **said} | ({"session": session} if session else {})
        answer = requests.post(address, json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    answer = say("", 0, text="start")
    session = answer["session"]
    for number, asked in enumerate(campaign["questions"], 1):
        shown = answer["replies"][-1]
        assert asked["text"]["en"] in shown["text"]
        if asked["kind"] == "text":
            said = {"text": asked["accept"]["en"][-1]}
        else:
            title = next(choice["text"]["en"] for choice in asked["choices"] if choice["id"] == asked["answer"])
            said = {"choice": next(choice["payload"] for choice in shown["choices"] if choice["title"] == title)}
        answer = say(session, number, **said)
        assert say(session, number, **said) == answer, "the same messageId gets the same answer"
    ticket = answer["replies"][-1]["ticket"]
    assert decoded(opened(requests.get(ticket["image"], timeout=10).content)) == ticket["code"]
    transcript = requests.get(address, params={"session": session}, timeout=10).json()["messages"]
    assert [message["from"] for message in transcript] == ["fan", "bot"] * 4 + ["bot"]


def test_the_ticket_counts_down_the_stock(local_run, campaign):
    left = organiser(local_run, "/campaigns/birthday-bash").json()["ticketsLeft"]
    test_a_web_fan_answers_and_holds_a_ticket(local_run, campaign)
    assert organiser(local_run, "/campaigns/birthday-bash").json()["ticketsLeft"] == left - 1


@pytest.mark.parametrize(("path", "status"), [("/campaigns/birthday-bash", 401), ("/no/such/path", 404)])
def test_what_the_gateway_itself_refuses_is_a_problem_like_any_other(local_run, path, status):
    answer = requests.get(local_run.web + path, timeout=10)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def test_while_the_platform_is_down_webhooks_answer_and_when_it_is_back_every_reply_arrives_in_order(local_run):
    fans = [MessengerFan(local_run) for _ in range(3)]
    fault = {"channel": "messenger", "status": 503, "code": 2, "count": 6}
    assert requests.post(f"{local_run.simulator}/faults", json=fault, timeout=10).ok
    for words in ("help", "bash", "help"):
        for fan in fans:
            began = time.monotonic()
            fan.does("text", text=words)
            assert time.monotonic() - began < 2
    for fan in fans:
        texts = [message["text"] for message in fan.reads(3)]
        assert "I run the quiz" in texts[0]
        assert "Question 1 of 3" in texts[1]
        assert "I run the quiz" in texts[2]
    assert all(len(fan.messages()) == 3 for fan in fans), "each once"
