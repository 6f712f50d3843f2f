"""What the functions measure of a fan's job, as CloudWatch reads it out of the log lines."""

import json
import time

import pytest

from chalicelib import errors
from chalicelib.aws.queues import Outgoing
from chalicelib.logs import LINE_LIMIT, log
from chalicelib.metrics import METRICS, NAMESPACE
from tests import emf, job
from tests.contract.messenger.graph import Answer, error
from tests.unit.messenger import meta

LONGEST_STAGE = "a-stage-with-20-char"


@pytest.fixture
def read(capsys):
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def fan(read):
    with job.started(read) as fan:
        yield fan


def measured(lines):
    """Each metric's values, in order; those with an outcome by that too."""
    found = {}
    for point in emf.points(lines):
        outcome = dict(point.dimensions).get("outcome")
        found.setdefault((point.name, outcome) if outcome else point.name, []).append(point.value)
    return found


def test_each_message_is_a_turn_with_its_replies_and_its_sends(fan):
    for lines in fan.wins()[:3]:
        assert measured(lines) == {
            "turns": [1],
            "replies": [1],
            ("sends", "ok"): [1],
            ("reply_ms", "ok"): [0],
        }


def test_a_ticket_is_counted_with_what_is_left_of_the_stock(fan):
    won = measured(fan.wins()[-1])
    assert (won["tickets"], won["stock_left_percent"]) == ([1], [96])
    assert (won["replies"], won["sends", "ok"]) == ([2], [1, 1])


def test_a_ticket_counts_once_however_often_its_message_comes(fan):
    fan.wins()
    fan.world.inbound.forget()
    fan.world.restart()
    again = fan.types("burnt cream") + fan.types("ticket")
    assert "tickets" not in measured(again)


def test_a_fan_who_waits_is_counted_when_they_are_told(fan):
    found = measured(fan.waits())
    assert (found["notices", "told"], found["sends", "ok"]) == ([1], [1])
    assert not {"turns", ("reply_ms", "ok")} & found.keys()


def test_a_quiz_that_is_lost_counts_no_ticket(fan):
    fan.does(postback={"title": "Get Started", "payload": "start", "referral": {"ref": "bash"}})
    fan.answers(0)
    fan.answers(1)
    assert "tickets" not in measured(fan.types("an ice cream"))


def test_the_time_from_webhook_to_reply_counts_what_the_queues_take(fan):
    fan.world.clock.now += 20
    event = meta.event(at=1, fan=job.PSID, message={"mid": "m_slow", "text": "help"})  # a platform's clock may be wrong
    fan.api.receive(meta.webhook(meta.body(event)))
    fan.world.clock.now += 1.5
    assert measured(fan.runs())["reply_ms", "ok"] == [1500]


def test_a_reply_in_several_parts_has_taken_until_the_last_one(fan):
    received_at = int(fan.world.clock.now * 1000) - 250
    body = {"conversation": f"messenger:{meta.PAGE}:1", "trace": "t", "received_at": received_at}
    fan.world.outbound.send([Outgoing(json.dumps({**body, "reply": {"text": "word " * 900}}), "1", "1")])
    assert measured(fan.runs()) == {("sends", "ok"): [1, 1, 1], ("reply_ms", "ok"): [250]}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error(613), "rate_limited"),
        (error(190), "token_dead"),
        (error(10, 1893063), "page_restricted"),
        (error(200), "not_permitted"),
        (error(10, 2018278), "window_closed"),
        (error(551), "unreachable"),
        (error(100), "permanent"),
        (error(2), "try_again"),
        (Answer(drop=True), "no_answer"),
    ],
)
def test_each_class_of_send_error_is_counted_for_itself_and_takes_no_time(fan, answer, outcome):
    fan.graph.plan = [answer]
    lines = fan.types("help")
    assert measured(lines)["sends", outcome] == [1]
    assert not [name for name in measured(lines) if name[0] == "reply_ms"]


def test_a_refused_webhook_is_counted(fan):
    with pytest.raises(errors.Unauthenticated):
        fan.api.receive(meta.webhook(meta.body(meta.text("Hi")), secret="wrong"))
    with pytest.raises(errors.Forbidden):
        fan.api.subscribe(meta.request("GET"))
    assert measured(fan.runs()) == {"refusals": [1, 1]}


def test_events_that_a_platform_holds_back_are_told_of(fan):
    assert measured(fan.is_held_back()) == {"held_back": [1]}


def test_a_record_that_fails_is_counted_and_those_that_wait_behind_it_are_not(fan, read):
    fan.world.inbox.accept([fan.world.message(text="one"), fan.world.message(text="two")])
    fan.world.inbound.spoil(0)
    lines = fan.runs()
    assert [line["event"] for line in lines] == ["received", "received", "returned", "returned"]
    assert measured(lines) == {"failures": [1]}


def test_a_record_that_has_to_wait_is_no_failure(fan):
    fan.graph.plan = [error(613)]
    assert "failures" not in measured(fan.types("help"))


def test_metrics_belong_to_their_stage_and_to_now(monkeypatch, read):
    monkeypatch.setenv("STAGE", "prod")
    log("turn", turns=1)
    [point] = emf.points(read())
    assert point.series == (NAMESPACE, "turns", (("stage", "prod"),))
    assert abs(point.at - time.time() * 1000) < 60_000


def test_metrics_with_other_dimensions_stand_in_one_line_too(read):
    log("sent", outcome="ok", sends=1, failures=2)
    assert measured(read()) == {("sends", "ok"): [1], "failures": [2]}


def test_what_is_no_number_is_no_metric(read):
    log("sent", outcome="ok", sends="many", reply_ms=float("inf"))
    assert emf.points(read()) == []


def test_a_line_without_metrics_is_as_short_as_before(read):
    log("received", trace="t")
    assert read() == [{"event": "received", "trace": "t"}]


def test_a_metric_is_never_cut_out_of_a_long_line(capsys, monkeypatch):
    monkeypatch.setenv("STAGE", LONGEST_STAGE)
    words = {f"word{number}": "x" * 60 for number in range(5)}
    log("sent", **words, outcome="page_restricted", sends=1, reply_ms=123_456)
    line = capsys.readouterr().out
    assert len(line.encode()) < LINE_LIMIT
    assert {point.name for point in emf.points([line])} == {"sends", "reply_ms"}
    assert json.loads(line)["cut"] == 1


def test_a_metric_has_the_stage_and_nothing_that_grows_with_fans_or_campaigns():
    assert {dimension for dimensions in METRICS.values() for dimension in dimensions} == {"stage", "outcome"}
    assert all(dimensions[0] == "stage" for dimensions in METRICS.values())
