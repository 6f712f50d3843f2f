"""`python -m ops dlq`, on queues in memory: what it says, and that nothing is lost wherever it ends."""

import io
import itertools
import time

import pytest

from ops import dead_letters, dlq
from ops.dead_letters import HOLD, Letter, Queue, move
from ops.deploy import template
from tests.fakes.clock import Clock
from tests.fakes.sqs import MemorySqs
from tests.operators import a_stage

MAIN, DEAD = "guestlist-prod-inbound.fifo", "guestlist-prod-inbound-dlq.fifo"
STANDARD, STANDARD_DEAD = "guestlist-prod-orders", "guestlist-prod-orders-dlq"
RESOURCES = template.read(template.RESOURCES)


@pytest.fixture
def clock():
    return Clock(time.time() - 7_300)


@pytest.fixture
def sqs(clock):
    """All queues of the stage prod, and one of the stage prod-2."""
    full = itertools.chain.from_iterable(dlq.names(RESOURCES, "prod").values())
    return MemorySqs(clock, *filter(None, full), "guestlist-prod-2-inbound-dlq.fifo")


@pytest.fixture
def run(operate, sqs):
    def run(*words):
        result = operate("dlq", *words, into=a_stage(sqs=sqs))
        return result.exit_code, result.output

    return run


def ids(sqs, name=DEAD):
    return [message["MessageId"] for message in sqs.messages(name)]


# ─── which queues there are ────────────────────────────────────────────────────────────────────────────────────────


def test_every_queue_of_the_template_is_a_dead_letter_queue_or_has_one_of_its_own():
    found = dlq.names(RESOURCES, "prod")
    pairs = list(found.values())
    assert found["inbound"] == (DEAD, MAIN)
    declared = [part for part in RESOURCES["Resources"].values() if part["Type"] == "AWS::SQS::Queue"]
    assert len(declared) == sum(bool(name) for pair in pairs for name in pair)


def test_a_queue_that_the_template_gets_later_is_found_and_one_for_a_streams_failures_has_no_queue():
    def queue(name, **more):
        return {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": f"guestlist-${{Stage}}-{name}"}, **more},
        }

    redrive = {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["OrdersDead", "Arn"]}}}
    parts = {"Orders": queue("orders", **redrive), "OrdersDead": queue("orders-dlq"), "Stream": queue("changes-dlq")}
    assert dlq.names({"Resources": parts}, "prod") == {
        "orders": (STANDARD_DEAD, STANDARD),
        "changes": ("guestlist-prod-changes-dlq", ""),
    }


@pytest.mark.parametrize("name", ["inbound", "inbound-dlq", "inbound.fifo", "inbound-dlq.fifo", MAIN, DEAD])
def test_a_queue_answers_to_all_its_names(run, name):
    assert run("show", name) == (0, f"{DEAD} is empty.\n")


def test_a_queue_that_there_is_not_is_a_wrong_call(run):
    for command in ("show", "redrive"):
        code, said = run(command, "inbuond")
        assert (code, "there is no inbuond. There are inbound, outbound" in said) == (2, True)


def test_what_is_not_deployed_is_said_after_what_is(run, sqs):
    for name in (DEAD, MAIN):
        sqs.remove(name)
    code, said = run("list")
    assert code == 1
    assert "\noutbound " in said
    assert said.endswith(f"Error: prod has no {DEAD}: is it deployed, from these files?\n")
    assert run("redrive", "inbound") == (
        1,
        f"Error: prod has no {DEAD}, no {MAIN}: is it deployed, from these files?\n",
    )


# ─── list and show ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_list_has_counts_and_the_oldest_age_of_this_stage_alone(run, sqs, clock):
    sqs.put(DEAD, "old", "g")
    clock.now += 3_600
    sqs.put(DEAD, "new", "h")
    sqs.put("guestlist-prod-2-inbound-dlq.fifo", "another stage's", "g")
    Queue(sqs, sqs.url(DEAD)).receive()
    clock.now += HOLD
    sqs.put(DEAD, "newest", "i")
    code, said = run("list")
    rows = [line.split(maxsplit=3) for line in said.splitlines()]
    assert (code, rows[:3]) == (
        0,
        [["queue", "waiting", "held", "oldest"], ["inbound", "3", "0", "2 h"], ["outbound", "0", "0", "-"]],
    )
    assert sqs.visible(DEAD) == ["old", "new", "newest"]


def test_the_list_says_what_a_command_holds_and_when_it_has_not_seen_all(run, sqs, monkeypatch):
    monkeypatch.setattr(dlq, "LOOK", 1)
    for body in "abc":
        sqs.put(DEAD, body, body)
    assert ["inbound", "3", "0", "≥", "2", "h"] in [row.split() for row in run("list")[1].splitlines()]
    Queue(sqs, sqs.url(DEAD)).receive()
    assert ["inbound", "0", "3", "-"] in [row.split() for row in run("list")[1].splitlines()]


def test_messages_are_shown_without_their_bodies_and_are_all_there_again(run, sqs):
    for number in range(25):
        sqs.put(DEAD, f"secret-{number}", f"group-{number % 3}")
    code, said = run("show", "inbound", "--limit", "25")
    assert "secret" not in said
    assert "held by another command" in said, "a group shows its first ones only"
    assert code == 1
    assert len(sqs.visible(DEAD)) == 25


def test_ids_ages_sizes_and_groups_are_shown_and_bodies_where_they_are_asked_for(run, sqs):
    sqs.put(DEAD, "één", "fan")
    [known] = ids(sqs)
    code, said = run("show", "inbound")
    assert (code, said.splitlines()[1].split()) == (0, [known, "2", "h", "5", "B", "fan"])
    assert run("show", "inbound", "--bodies")[1] == f"{said}\n{known}\néén\n"


def test_no_more_are_shown_than_were_asked_for(run, sqs):
    for number in range(12):
        sqs.put(DEAD, str(number), str(number))
    code, said = run("show", "inbound", "--limit", "2")
    assert (code, len(said.splitlines())) == (0, 3)
    assert len(sqs.visible(DEAD)) == 12


def test_what_another_command_holds_is_told_from_an_empty_queue(run, sqs):
    sqs.put(DEAD, "a", "g")
    Queue(sqs, sqs.url(DEAD)).receive()
    code, said = run("show", "inbound")
    assert (code, said.startswith("Error: 1 are there, 0 could be seen")) == (1, True)


# ─── redrive ───────────────────────────────────────────────────────────────────────────────────────────────────────


def fill(sqs, dead=DEAD, groups=("a", "b", "c"), each=12):
    """Messages of several groups, mixed: a0 b0 c0 a1, and so on."""
    for number in range(each):
        for group in groups:
            sqs.put(dead, f"{group}{number}", group)


def test_all_are_moved_and_a_second_time_there_is_nothing_to_do(run, sqs):
    fill(sqs)
    assert run("redrive", "inbound") == (0, f"36 moved from {DEAD} to {MAIN}.\n")
    assert_kept_in_order(sqs.bodies(MAIN), once=True)
    assert sqs.bodies(DEAD) == []
    assert run("redrive", "inbound") == (0, f"0 moved from {DEAD} to {MAIN}.\n")


def test_the_first_ones_are_moved_up_to_a_limit_and_the_others_stay_visible(run, sqs):
    fill(sqs, groups=("a",))
    assert run("redrive", "inbound", "--limit", "3") == (0, f"3 moved from {DEAD} to {MAIN}.\n")
    assert sqs.bodies(MAIN) == ["a0", "a1", "a2"]
    assert sqs.visible(DEAD) == [f"a{number}" for number in range(3, 12)]


def test_chosen_ones_are_moved_in_order_and_the_others_stay_visible(run, sqs):
    fill(sqs, each=4)
    chosen = [message["MessageId"] for message in sqs.messages(DEAD) if message["Body"] in {"a1", "a3", "c2"}]
    words = [word for one in reversed(chosen) for word in ("--id", one)]
    assert run("redrive", "inbound", *words) == (0, f"3 moved from {DEAD} to {MAIN}.\n")
    assert sorted(sqs.bodies(MAIN)) == ["a1", "a3", "c2"]
    assert sqs.bodies(MAIN).index("a1") < sqs.bodies(MAIN).index("a3")
    assert len(sqs.visible(DEAD)) == 9


def test_an_id_that_is_not_there_is_named_and_the_others_are_moved(run, sqs):
    fill(sqs, groups="a", each=1)
    code, said = run("redrive", "inbound", "--id", *ids(sqs), "--id", "gone")
    assert (code, said.splitlines()[0], said.splitlines()[-1]) == (1, f"1 moved from {DEAD} to {MAIN}.", "  gone")


def test_what_another_command_holds_is_not_said_to_be_moved(run, sqs, clock):
    fill(sqs, each=1)
    Queue(sqs, sqs.url(DEAD)).receive()
    code, said = run("redrive", "inbound")
    assert (code, "3 of 3 could not be had" in said) == (1, True)
    clock.now += HOLD
    assert run("redrive", "inbound")[0] == 0


def test_what_comes_meanwhile_stays_so_that_a_move_ends(sqs, clock):
    """A handler that fails at once gives the message up again while the others are being moved."""
    fill(sqs, each=10)
    began = int(clock() * 1000)

    def fails_again(letters):
        clock.now += 0.01
        for letter in letters:
            sqs.put(DEAD, f"again {letter.body}", letter.group)

    assert move(Queue(sqs, sqs.url(DEAD)), Queue(sqs, sqs.url(MAIN)), fails_again, began=began).later > 0
    assert len(sqs.bodies(MAIN)) == 30
    assert len(sqs.visible(DEAD)) == 30


def test_a_message_that_fails_again_within_five_minutes_is_not_swallowed(run, sqs, clock):
    sqs.put(MAIN, "patience", "fan", "m1")
    for _ in range(3):
        clock.now += 1
        sqs.give_up(MAIN, DEAD)
        assert run("redrive", "inbound")[0] == 0
        assert sqs.bodies(MAIN) == ["patience"]


def test_attributes_come_along_and_a_standard_queues_messages_need_no_group(clock):
    sqs = MemorySqs(clock, STANDARD, STANDARD_DEAD)
    sqs.put(STANDARD_DEAD, "order", kind={"DataType": "String", "StringValue": "x"})
    assert moved(sqs, clock, STANDARD_DEAD, STANDARD) == ["order"]
    [message] = sqs.messages(STANDARD)
    assert message["MessageAttributes"] == {"kind": {"DataType": "String", "StringValue": "x"}}


def test_when_one_is_refused_it_stays_with_those_behind_it_and_the_reason_is_said(run, sqs):
    fill(sqs, each=3)
    [known] = [message["MessageId"] for message in sqs.messages(DEAD) if message["Body"] == "a1"]
    sqs.refuses["a1"] = "InternalError"
    code, said = run("redrive", "inbound")
    assert (code, said.splitlines()[0]) == (1, f"7 moved from {DEAD} to {MAIN}.")
    assert said.endswith(f"Error: 1 stay. Mend what refuses them, and run it again\n  {known}: InternalError\n")
    assert sqs.visible(DEAD) == sqs.bodies(DEAD) == ["a1", "a2"]


def assert_in_order_after_a_refusal(how, clock):
    sqs = MemorySqs(clock, MAIN, DEAD)
    fill(sqs, each=3)
    sqs.refuses["a1"] = "InternalError"
    moved(sqs, clock, how=how)
    sqs.refuses.clear()
    clock.now += HOLD
    assert_kept_in_order(moved(sqs, clock), once=True, each=3)


def test_when_one_is_refused_the_later_ones_of_its_group_stay_behind_it(clock):
    assert_in_order_after_a_refusal(move, clock)


def test_a_move_of_whole_batches_would_let_them_overtake_it(clock):
    with pytest.raises(AssertionError):
        assert_in_order_after_a_refusal(sending_whole_batches, clock)


def test_a_message_that_cannot_be_deleted_is_not_said_to_be_moved(run, sqs):
    fill(sqs, groups="a", each=2)
    sqs.keeps["a0"] = "Expired"
    code, said = run("redrive", "inbound")
    assert (code, said.splitlines()[0]) == (1, f"0 moved from {DEAD} to {MAIN}.")
    assert "Expired" in said
    assert sqs.visible(DEAD) == ["a0", "a1"]


def test_large_messages_share_no_request(clock):
    letters = [Letter(str(number), 0, "", "x" * 200_000, {}, "") for number in range(3)]
    assert [len(together) for together in dead_letters.rounds(letters)] == [1, 1, 1]
    small = [letter._replace(body="x") for letter in letters]
    assert [len(together) for together in dead_letters.rounds(small)] == [3]
    one_group = [letter._replace(group="g") for letter in small]
    assert [[letter.id for letter in together] for together in dead_letters.rounds(one_group)] == [["0"], ["1"], ["2"]]


# ─── wherever it ends ──────────────────────────────────────────────────────────────────────────────────────────────


class Killed(BaseException):
    """Nothing runs after it."""


class Mortal:
    """Hands calls on to SQS until the end comes: before call number `last`, or after it. An interruption lets later calls through."""

    def __init__(self, sqs, last, moment, end):
        self._sqs, self._last, self._moment, self._end = sqs, last, moment, end
        self._calls = 0

    def call(self, operation, **parameters):
        self._calls += 1
        if self._calls > self._last and self._end is Killed:
            raise Killed
        if self._calls == self._last and self._moment == "before":
            raise self._end
        answer = self._sqs.call(operation, **parameters)
        if self._calls == self._last and self._moment == "after":
            raise self._end
        return answer


def moved(sqs, clock, dead=DEAD, source=MAIN, how=move):
    how(Queue(sqs, sqs.url(dead)), Queue(sqs, sqs.url(source)), lambda _: None, began=int(clock() * 1000))
    return sqs.bodies(source)


def assert_kept_in_order(bodies, *, once, each=12):
    for group in "abc":
        of_group = [body for body in bodies if body[0] == group]
        assert list(dict.fromkeys(of_group)) == [f"{group}{number}" for number in range(each)]
        assert not once or len(of_group) == each


def assert_survives_every_end(how, dead=DEAD, source=MAIN, *, pause=HOLD):
    """End a move at each of its calls, then run it again after a `pause`: each message is there, in order; answers how many ends."""
    for ends in itertools.count(1):
        for moment, end in itertools.product(("before", "after"), (Killed, KeyboardInterrupt)):
            clock = Clock()
            sqs = MemorySqs(clock, dead, source)
            for number in range(12):
                for group in "abc":
                    sqs.put(dead, f"{group}{number}", group if source == MAIN else "")
            mortal = Mortal(sqs, ends, moment, end)
            try:
                how(Queue(mortal, sqs.url(dead)), Queue(mortal, sqs.url(source)), lambda _: None, began=2_000_000)
            except (Killed, KeyboardInterrupt):
                if end is KeyboardInterrupt and moment == "before":
                    assert len(sqs.visible(dead)) == len(sqs.bodies(dead)), "what was held is put back"
                clock.now += pause
                moved(sqs, clock, dead, source)
                assert sqs.bodies(dead) == []
                assert_kept_in_order(sqs.bodies(source), once=source == MAIN and pause < 300)
            else:
                return ends - 1
    raise AssertionError


def test_wherever_a_move_ends_nothing_is_lost_or_doubled_and_each_group_is_in_order():
    assert assert_survives_every_end(move) > 20


def test_whatever_time_passes_before_it_is_run_again_nothing_is_lost():
    assert assert_survives_every_end(move, pause=3_600) > 20


def test_wherever_a_move_between_standard_queues_ends_nothing_is_lost():
    assert assert_survives_every_end(move, STANDARD_DEAD, STANDARD) > 8


# What the tests above would not let pass:


def deleting_first(dead, source, tell, *, began):
    while letters := dead.receive():
        dead.delete(letters)
        for letter in letters:
            source.send([letter])


def sending_backwards(dead, source, tell, *, began):
    while letters := dead.receive():
        source.send(letters[::-1])
        dead.delete(letters)


def sending_whole_batches(dead, source, tell, *, began):
    while letters := dead.receive():
        refused = source.send(letters)
        dead.delete(letter for letter in letters if letter.id not in refused)


@pytest.mark.parametrize("how", [deleting_first, sending_backwards])
def test_a_move_that_deletes_first_or_keeps_no_order_is_caught(how):
    with pytest.raises(AssertionError):
        assert_survives_every_end(how)


def test_a_move_under_the_first_deduplication_id_would_lose_a_message(sqs, clock):
    sqs.put(MAIN, "patience", "fan", "m1")
    sqs.give_up(MAIN, DEAD)
    [letter] = Queue(sqs, sqs.url(DEAD)).receive()
    Queue(sqs, sqs.url(MAIN)).send([letter._replace(id="m1")])
    assert sqs.bodies(MAIN) == []


# ─── progress ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "seen"), [(Terminal(), True), (io.StringIO(), False)])
def test_a_bar_is_shown_on_a_terminal_once_it_takes_over_two_seconds(stream, seen):
    clock = Clock()
    with dlq.bar(30, stream, clock) as advance:
        clock.now += 1.9
        advance(10)
        assert stream.getvalue() == ""
        clock.now += 0.2
        advance(10)
    assert ("20/30" in stream.getvalue()) == seen
