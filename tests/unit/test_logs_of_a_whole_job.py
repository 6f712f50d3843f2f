"""From the signed webhook to the send, with the real log: short lines, one trace a message, and nothing that names or quotes a fan."""

import json
import re

import pytest
import requests

from chalicelib import errors, settings
from chalicelib.aws.client import AwsError
from chalicelib.channels.messenger.api import MessengerApi
from chalicelib.channels.messenger.sender import MessengerSender
from chalicelib.channels.outbox import Sender
from chalicelib.ids import digest
from chalicelib.logs import LINE_LIMIT, log
from ops.local.environment import isolated
from tests.contract.messenger.graph import Answer, Graph, error
from tests.unit.messenger import meta
from tests.world import World

PSID = "86420975318642"
NAME = "Zoëtrope"
WISH = "my grandmother's purple bicycle"
PAGE_TOKEN = "EAAGpagetoken0123456789"
SECRETS = {"app_secret": meta.SECRET, "page_token": PAGE_TOKEN, "page_id": meta.PAGE, "verify_token": "verify-me-0123"}


class Secrets:
    def get(self, _name):
        return SECRETS


class Job:
    """A fan on Messenger, and everything of ours between them and the platform; `lines` is what was logged."""

    def __init__(self, graph, session, read):
        self.world = World()
        self.world.log = log
        self.world.restart()
        self.graph = graph
        self.graph.profile = Answer(200, {"first_name": NAME})
        clock = self.world.clock
        environ = isolated({}, graph.url) | {"STAGE": "local", "BASE_URL": graph.url, "MESSENGER_API_URL": graph.url}
        channel = MessengerSender(session, settings.read(environ), Secrets(), clock, log)
        self.sender = Sender(self.world.outbound, self.world.parked, {"messenger": channel}, log)
        self.api = MessengerApi(Secrets(), self.world.inbox, None, base_url=graph.url, clock=clock, log=log)
        self._read = read
        self._mids = 0

    def does(self, **event):
        """The fan does something; it is answered, and what was logged is given back."""
        self.world.clock.now += 20
        self._mids += 1
        if "message" in event:
            event["message"] = {"mid": f"m_{WISH[:2]}{self._mids}", **event["message"]}
        at = int(self.world.clock.now * 1000)
        self.api.receive(meta.webhook(meta.body(meta.event(at=at, fan=PSID, **event))))
        return self.runs()

    def runs(self):
        """Bot and sender each get what is in their queue once; what was logged."""
        for queue, handle in ((self.world.inbound, self.world.bot.handle), (self.world.outbound, self.sender.handle)):
            if not handle(queue.event(), lambda: 30_000)["batchItemFailures"]:
                queue.clear()
        return self._read()

    def types(self, text):
        return self.does(message={"text": text})

    def answers(self, number):
        question = self.world.campaign.questions[number]
        payload = f"answer:birthday-bash:1:{question.id}:{question.answer}"
        title = next(choice.text["en"] for choice in question.choices if choice.id == question.answer)
        return self.does(message={"text": title, "quick_reply": {"payload": payload}})

    def wins(self):
        """From the scan to the ticket."""
        scan = self.does(postback={"title": "Get Started", "payload": "start", "referral": {"ref": "bash"}})
        return [scan, self.answers(0), self.answers(1), self.types("burnt cream")]


@pytest.fixture
def lines(capsys):
    """All lines so far, as they were printed; `read()` gives those since the last call."""
    printed = []

    def read():
        new = capsys.readouterr().out.splitlines()
        printed.extend(new)
        return [json.loads(line) for line in new]

    read.printed = printed
    return read


@pytest.fixture
def job(lines):
    graph = Graph()
    with requests.Session() as session:
        yield Job(graph, session, lines)
    graph.close()
    lines()
    check(lines.printed)


def check(printed):
    """What holds for every line of every test here."""
    assert printed
    for line in printed:
        assert len(line.encode()) < LINE_LIMIT
        assert isinstance(json.loads(line)["event"], str)
        unescaped = json.dumps(json.loads(line), ensure_ascii=False)
        for private in (PSID, NAME, WISH, "grandmother", "burnt cream", "On a boat", "Question 1", *SECRETS.values()):
            assert private not in unescaped or private == meta.PAGE, line
        assert not re.search(r"1\.BIRTHDAY-BASH\.|K1\.[A-Z2-7]{20}", line), "a ticket's code"


def of(lines, event):
    [found] = [line for line in lines if line["event"] == event]
    return found


def test_one_trace_follows_each_message_from_the_webhook_to_the_send(job):
    traces = []
    for logged in job.wins():
        received, turn = of(logged, "received"), of(logged, "turn")
        sent = [line for line in logged if line["event"] == "sent"]
        assert received["trace"] == turn["trace"]
        assert {line["trace"] for line in sent} == {received["trace"]}
        assert {line["outcome"] for line in sent} == {"ok"}
        assert received["conversation"] == turn["conversation"] == digest(f"messenger:{meta.PAGE}:{PSID}")
        traces.append(received["trace"])
    assert len(set(traces)) == 4
    assert "ticket" in turn
    assert job.graph.texts[0].startswith(f"Hi {NAME}!"), "the fan's name is known, and not logged"


def test_what_a_fan_types_is_said_nowhere(job):
    job.wins()
    for text in (WISH, f"{PSID} {NAME}", "delete my data", "no", WISH * 40, "🎉" * 500):
        job.types(text)
    job.does(message={"attachments": [{"type": "image", "payload": {"url": f"https://cdn.example/{PSID}/{WISH}"}}]})
    job.does(message={"text": WISH, "quick_reply": {"payload": WISH}})
    job.does(postback={"title": WISH, "payload": WISH, "referral": {"ref": WISH}})
    job.does(reaction={"emoji": WISH})
    logged = job.types("delete my data") + job.types("yes")
    assert [line["effect"] for line in logged if "effect" in line] == ["Forget"]


FAULTS = [
    Answer(429, {"error": {"message": f"{PSID} {NAME}", "code": 613}}, (("Retry-After", "7"),)),
    error(190, 463, 401),
    error(10, 2018278),
    error(551),
    error(100),
    error(200, status=403),
    Answer(500, f"<html>{PSID} {WISH}</html>".encode()),
    Answer(drop=True),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_send_that_fails_keeps_the_trace_and_names_nobody(job, fault):
    job.graph.plan = [fault]
    logged = job.does(postback={"title": "Get Started", "payload": "start", "referral": {"ref": "bash"}})
    assert of(logged, "sent")["trace"] == of(logged, "received")["trace"]
    assert of(logged, "sent")["outcome"] != "ok"
    assert {"returned", "undeliverable"} & {line["event"] for line in logged}


def test_a_turn_that_fails_says_which_error_and_not_what_is_in_it(job):
    def broken(*_, **__):
        raise AwsError("Query", "InternalServerError", {"message": f"{PSID} {WISH}"})

    job.world.conversations.query = broken
    logged = job.types(WISH)
    assert of(logged, "returned")["reason"] == "AwsError"


def test_a_record_that_cannot_be_read_says_nothing_of_itself(job):
    job.world.inbox.accept([job.world.message(text=WISH, conversation=f"messenger:{meta.PAGE}:{PSID}")])
    job.world.inbound.spoil(0)
    assert of(job.runs(), "returned")["reason"] == "JSONDecodeError"


def test_a_message_that_comes_twice_has_the_same_trace_again(job):
    [scan, *_] = job.wins()[:1]
    job.world.inbound.forget()
    job._mids -= 1  # noqa: SLF001  # the platform sends the last one again
    job.world.clock.now -= 20
    again = of(job.types("burnt cream"), "again")
    assert again["turn"] == again["of"] == 4
    assert again["trace"] != of(scan, "turn")["trace"]


def test_a_webhook_that_nobody_signed_leaves_no_word_of_its_body(job):
    with pytest.raises(errors.Unauthenticated):
        job.api.receive(meta.webhook(meta.body(meta.text(WISH, fan=PSID)), secret="wrong"))
    assert of(job.runs(), "refused")["reason"] == "wrong signature"
