"""A fan on Messenger and the whole job that answers, with the real log: the World of tests/world.py, and a fake platform at both ends."""

import contextlib

import requests
from msgspec.structs import replace

from chalicelib import settings
from chalicelib.channels.checks import ChannelChecks, Problem
from chalicelib.channels.messenger.api import MessengerApi
from chalicelib.channels.messenger.sender import MessengerSender
from chalicelib.channels.outbox import Sender
from chalicelib.channels.slack.api import SlackApi
from chalicelib.dialogue.store import ConversationStore
from chalicelib.logs import log
from ops.local.environment import isolated
from tests.contract.messenger.graph import Answer, Graph
from tests.unit.messenger import meta
from tests.unit.slack import slack
from tests.world import World

PSID = "86420975318642"
NAME = "Zoëtrope"
WISH = "my grandmother's purple bicycle"
PAGE_TOKEN = "EAAGpagetoken0123456789"
SECRETS = {
    "app_secret": meta.SECRET,
    "page_token": PAGE_TOKEN,
    "page_id": meta.PAGE,
    "verify_token": "verify-me-0123",
    "signing_secret": slack.SECRET,
}


class Secrets:
    def get(self, _name):
        return SECRETS


class Job:
    """A fan on Messenger, and everything of ours between them and the platform; what they do answers with what was logged."""

    def __init__(self, graph, session, read):
        self.world = World()
        self.world.log = log
        self.world.restart()
        self.graph = graph
        self.graph.profile = Answer(200, {"first_name": NAME})
        clock = self.world.clock
        environ = isolated({}, graph.url) | dict.fromkeys(("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"), graph.url)
        environ |= {"STAGE": "local"}
        channel = MessengerSender(session, settings.read(environ), Secrets(), clock, log)
        conversations = ConversationStore(self.world.conversations)
        self.sender = Sender(self.world.outbound, self.world.parked, {"messenger": channel}, conversations, clock, log)
        self.api = MessengerApi(Secrets(), self.world.inbox, None, base_url=graph.url, clock=clock, log=log)
        self.slack = SlackApi(Secrets(), self.world.inbox, None, clock=clock, log=log)
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

    def is_held_back(self):
        """Slack says that it holds back the workspace's events."""
        body = {"type": "app_rate_limited", "team_id": slack.TEAM, "minute_rate_limited": int(self.world.clock.now)}
        self.slack.events(slack.signed(slack.raw(body), at=int(self.world.clock.now)))
        return self.runs()

    def waits(self):
        """For the end of a pause, which comes; what was logged when it does."""
        self.world.campaigns.save(replace(self.world.campaign, state="paused"))
        self.scans()
        self.world.campaigns.save(self.world.campaign)
        self.world.clock.now += 20
        self.world.campaign_run.handle(lambda: 30_000)
        return self.runs()

    def scans(self):
        return self.does(postback={"title": "Get Started", "payload": "start", "referral": {"ref": "bash"}})

    def is_checked(self):
        """By the daily check, which finds something wrong."""
        ChannelChecks({"messenger": lambda: [Problem("unsubscribed")]}, log).handle()
        return self._read()

    def answers(self, number):
        question = self.world.campaign.questions[number]
        payload = f"answer:birthday-bash:1:{question.id}:{question.answer}"
        title = next(choice.text["en"] for choice in question.choices if choice.id == question.answer)
        return self.does(message={"text": title, "quick_reply": {"payload": payload}})

    def wins(self):
        """From the scan to the ticket."""
        return [self.scans(), self.answers(0), self.answers(1), self.types("burnt cream")]


@contextlib.contextmanager
def started(read):
    """A job at a platform of its own; `read` gives the lines that were logged since its last call."""
    graph = Graph()
    with contextlib.closing(graph), requests.Session() as session:
        yield Job(graph, session, read)
