"""From the signed webhook to the send, with the real log: short lines, one trace a message, and nothing that names or quotes a fan."""

import json
import re

import pytest

from chalicelib import errors
from chalicelib.aws.client import AwsError
from chalicelib.ids import digest
from chalicelib.logs import LINE_LIMIT
from tests.contract.messenger.graph import Answer, error
from tests.job import NAME, PSID, SECRETS, WISH, started
from tests.unit.messenger import meta


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
    with started(lines) as job:
        yield job
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
