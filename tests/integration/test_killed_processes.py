"""Processes that are killed (SIGKILL) between any two calls that bot and sender make to AWS and to the platform.

tests/unit/test_crash_points.py tries every step of a whole conversation on fakes; here the two turns that change most, the scan and the
winning answer, are handled by real processes against the emulator, with its real tables, queue and redelivery ids.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from chalicelib import settings
from chalicelib.aws.client import Client
from chalicelib.aws.queues import SqsQueue
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable
from chalicelib.channels.messenger.sender import MessengerSender
from tests.builders import a_campaign
from tests.fakes.clock import Clock
from tests.world import World

processes = multiprocessing.get_context("fork")


class MortalClient(Client):
    """Kills its process before the call that it is told to."""

    calls_left = None
    """None: lives on."""

    def call(self, operation, **parameters):
        die_in_time()
        return super().call(operation, **parameters)


class MortalSession(requests.Session):
    def post(self, *arguments, **named):
        die_in_time()
        return super().post(*arguments, **named)


def die_in_time():
    if MortalClient.calls_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if MortalClient.calls_left is not None:
        MortalClient.calls_left -= 1


@pytest.fixture
def platform():
    """A platform that takes every message; the texts that it took, in order."""
    taken = []

    class Platform(BaseHTTPRequestHandler):
        def do_POST(self):  # http.server's name
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"]
            taken.append(message.get("text") or message["attachment"]["type"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def read(resources, platform):
    return settings.read(resources.environ(MESSENGER_API_URL=platform[0]))


class Job:
    """One message of one fan: handled by bot processes, its replies sent by sender processes."""

    def __init__(self, read, fan, campaign):
        self.read, self.fan = read, fan
        self.held = []
        self.client = MortalClient("dynamodb", read, Credentials("test", "test"))
        self.sqs = MortalClient("sqs", read, Credentials("test", "test"))
        self.world = World(campaign, records=self.table("campaigns"), conversations=self.table("conversations"))
        self.world.outbound = SqsQueue(self.sqs, read.name("outbound.fifo"))
        self.world.restart()

    def table(self, name):
        return DynamoTable(self.client, self.read.name(name))

    def close(self):
        self.client.close()
        self.sqs.close()

    def handle(self, handler, event, calls=None):
        """Handle an event in a process of its own that is killed after so many calls; whether it lived to the end."""

        def main():
            MortalClient.calls_left = calls
            self.client._idle.clear()  # noqa: SLF001  # a fork must not share its parent's connections
            self.sqs._idle.clear()  # noqa: SLF001
            failed = handler(event, lambda: 30_000)["batchItemFailures"]
            die_in_time()  # before the batch is acknowledged
            os._exit(len(failed))

        process = processes.Process(target=main)
        process.start()
        process.join()
        return process.exitcode == 0

    def replies(self):
        """What the queue holds for the sender, as an SQS event; whoever held it before has lost it."""
        url = self.sqs.call("GetQueueUrl", QueueName=self.read.name("outbound.fifo"))["QueueUrl"]
        self.world.outbound.return_in(self.held, 0)
        request = {"QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}
        messages = self.sqs.call("ReceiveMessage", **request).get("Messages", [])
        self.held = [message["ReceiptHandle"] for message in messages]
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "body": message["Body"],
                    "receiptHandle": message["ReceiptHandle"],
                    "attributes": message["Attributes"],
                }
                for message in messages
            ]
        }

    def bot_event(self, message):
        self.world.inbox.accept([message])
        event = self.world.inbound.event()
        self.world.inbound.clear()
        return event


@pytest.fixture
def job(read):
    campaign = a_campaign(campaign_id=f"kill-{uuid.uuid4().hex[:8]}", ref=uuid.uuid4().hex[:8], stock=5)
    with contextlib.closing(Job(read, f"messenger:1000:{uuid.uuid4()}", campaign)) as made:
        yield made
        made.sqs.call(
            "PurgeQueue", QueueUrl=made.sqs.call("GetQueueUrl", QueueName=read.name("outbound.fifo"))["QueueUrl"]
        )


def the_scan(job):
    return job.world.message("start", conversation=job.fan, ref=job.world.campaign.ref)


def the_winning_answer(job):
    job.world.scan(conversation=job.fan)
    job.world.answer(conversation=job.fan)
    job.world.answer(conversation=job.fan)
    return job.world.message(text=job.world.campaign.questions[2].accept["en"][0], conversation=job.fan)


MOST_CALLS = 15


@pytest.mark.parametrize(("the_message", "replies", "left"), [(the_scan, 1, 5), (the_winning_answer, 2, 4)])
@pytest.mark.parametrize("calls", range(MOST_CALLS))
def test_a_bot_killed_after_any_call_has_one_effect_and_loses_no_reply(job, the_message, replies, left, calls):
    event = job.bot_event(the_message(job))
    job.world.restart()
    lived = job.handle(job.world.bot.handle, event, calls)
    if not lived:
        job.world.restart()
        assert job.handle(job.world.bot.handle, event), "handed out again, it is handled"
    assert len(job.replies()["Records"]) == replies, "each reply once: the queue knows the ids of the first"
    assert job.world.campaigns.tickets_left(job.world.campaign.campaign_id) == left
    assert calls < MOST_CALLS - 1 or lived, "every point was tried: the last one is past the end"


@pytest.mark.parametrize("calls", range(7))
def test_a_sender_killed_after_any_call_loses_no_reply_and_repeats_at_most_one(job, read, platform, calls):
    assert job.handle(job.world.bot.handle, job.bot_event(the_winning_answer(job)))
    with MortalSession() as session:
        job.world.channel = MessengerSender(session, read, {"messenger": {"page_token": "t"}}, Clock(), job.world.log)
        job.world.restart()
        lived = job.handle(job.world.sender.handle, job.replies(), calls)
        if not lived:
            assert job.handle(job.world.sender.handle, job.replies(), None)
    words, *pictures = platform[1]
    assert "3 of 3 right" in words
    assert pictures[-1] == "template"
    assert len(platform[1]) <= 3
    assert job.replies() == {"Records": []}
    assert calls < 6 or lived, "every point was tried"
