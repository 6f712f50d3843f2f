"""From the webhook's queue through the dialogue to the sender's queue, and out."""

import json

import pytest

from chalicelib import batch
from chalicelib.channels.delivery import Delivery, Undeliverable
from chalicelib.dialogue.model import Card, Choice, Message, Reply, packed, unpacked
from chalicelib.errors import Unavailable
from tests.world import FAN


def run_bot(world):
    failures = world.bot.handle(world.inbound.event(), lambda: 30_000)["batchItemFailures"]
    if not failures:
        world.inbound.clear()
    return len(failures)


def run_sender(world, receives=1):
    failures = world.sender.handle(world.outbound.event(receives), lambda: 30_000)["batchItemFailures"]
    if not failures:
        world.outbound.clear()
    return len(failures)


def sent(world):
    return [reply for _, reply in world.channel.sent]


def test_a_message_travels_from_the_webhook_to_the_platform(world):
    world.inbox.accept([world.message("start", ref="bash", trace="t1")])
    assert run_bot(world) == 0
    assert run_sender(world) == 0
    [(conversation, reply)] = world.channel.sent
    assert conversation == FAN
    assert "Question 1 of 3" in reply.text


def test_the_inbox_keeps_a_message_once_and_in_its_conversations_group(world):
    message = world.message()
    world.inbox.accept([message, world.message(conversation="messenger:1000:3000")])
    world.inbox.accept([message])
    assert [kept.group for kept in world.inbound.messages] == [FAN, "messenger:1000:3000"]


def test_a_queue_that_refuses_says_so(world):
    world.inbound.refuses = True
    with pytest.raises(Unavailable):
        world.inbox.accept([world.message()])


def test_every_field_of_a_message_survives_the_queue(world):
    texts = dict.fromkeys(
        ("text", "payload", "ref", "campaign", "source", "order", "media", "locale", "trace"), "a text"
    )
    message = Message("web:c:s", "id", 5, "choice", **texts, received_at=6, origin={"channel": "D1"})
    assert all(message)
    world.inbox.accept([message])
    assert Message(**json.loads(world.inbound.messages[0].body)) == message


def test_every_field_of_a_reply_survives_the_queue():
    replies = (
        Reply("text", (Choice("a", "b"),), Card("title", "subtitle", "image", "link", "link title")),
        Reply("only text"),
        Reply("", page=(Reply("one", (Choice("a", "b"),)), Reply("two"))),
    )
    assert unpacked(json.loads(json.dumps(packed(replies)))) == replies


def test_a_channel_gets_back_what_it_wants_to_know_again(world):
    world.inbox.accept([world.message("start", ref="bash", trace="t1", origin={"channel": "D1"}, received_at=7)])
    run_bot(world)
    run_sender(world)
    [delivery] = world.channel.deliveries
    assert delivery._replace(reply=None) == Delivery(FAN, None, "t1", 0, 1, 7, {"channel": "D1"})


def test_a_message_handled_again_sends_nothing_twice(world):
    world.inbox.accept([world.message("start", ref="bash")])
    world.bot.handle(world.inbound.event(), lambda: 30_000)
    run_bot(world)
    assert len(world.outbound.messages) == 1


def test_an_old_message_handled_again_does_not_repeat_old_replies(world):
    old = world.message("start", ref="bash")
    world.hear(old)
    world.answer()
    world.inbox.accept([old])
    run_bot(world)
    assert world.outbound.messages == []


def test_a_broken_record_comes_again_and_its_neighbours_are_answered(world):
    world.inbox.accept([world.message("start", ref="bash"), world.message("start", "messenger:1000:3000", ref="bash")])
    world.inbound.spoil(0)
    assert run_bot(world) == 1
    assert [message.group for message in world.outbound.messages] == ["messenger:1000:3000"]


def test_when_the_outbound_queue_refuses_the_message_comes_again_and_no_reply_is_lost(world):
    world.inbox.accept([world.message("start", ref="bash")])
    world.outbound.refuses = True
    assert run_bot(world) == 1
    world.outbound.refuses = False
    assert run_bot(world) == 0
    assert len(world.outbound.messages) == 1


def test_replies_that_must_wait_keep_their_order(world):
    for text in ("help", "start", "stop"):
        world.inbox.accept([world.message(text=text)])
    run_bot(world)
    world.channel.faults = [None, batch.Later(3, "rate_limited")]
    assert run_sender(world) == 2
    assert world.outbound.returned == [(["receipt-1", "receipt-2"], 3)]
    assert run_sender(world) == 0
    assert [reply.text[:12] for reply in sent(world)] == ["I'm an autom", "Scan the QR ", "All right, I"]


def test_a_fan_who_cannot_be_reached_is_given_up_and_logged(world):
    world.inbox.accept([world.message("start", ref="bash", trace="t1")])
    run_bot(world)
    world.channel.faults = [Undeliverable("unreachable", ours=False)]
    assert run_sender(world) == 0
    assert world.parked.messages == []
    assert {"event": "undeliverable", "trace": "t1", "reason": "unreachable", "level": "warning"} in world.lines


def lost(world):
    """Who could not be reached, and in which campaign."""
    return [key for key in world.conversations if key[1].startswith("unreachable#")]


def given_up(world, fault, times=1):
    """A fan begins to play, and their next replies cannot be sent."""
    world.scan()
    for _ in range(times):
        world.inbox.accept([world.message(text="help")])
        run_bot(world)
        world.channel.faults = [fault]
        assert run_sender(world) == 0


def test_a_fan_who_cannot_be_reached_is_kept_once_for_the_campaign_that_they_play(world):
    given_up(world, Undeliverable("unreachable", ours=False), times=2)
    assert lost(world) == [(FAN, "unreachable#birthday-bash")]


@pytest.mark.parametrize("kind", ["window_closed", "permanent", "not_installed"])
def test_a_fan_who_is_given_up_for_another_reason_is_not_lost(world, kind):
    given_up(world, Undeliverable(kind, ours=kind == "permanent"))
    assert lost(world) == []


def test_a_fan_who_plays_nothing_is_lost_to_no_campaign(world):
    world.inbox.accept([world.message(text="help")])
    run_bot(world)
    world.channel.faults = [Undeliverable("unreachable", ours=False)]
    assert run_sender(world) == 0
    assert lost(world) == []


def test_of_a_fan_who_was_forgotten_nothing_is_kept_again(world):
    world.scan()
    for message in (world.message(text="help"), world.message("deletion")):
        world.inbox.accept([message])
        assert run_bot(world) == 0
    world.channel.faults = [Undeliverable("unreachable", ours=False)]
    assert run_sender(world) == 0
    assert list(world.conversations.query(FAN)) == []


def test_forgetting_a_fan_forgets_that_they_could_not_be_reached(world):
    given_up(world, Undeliverable("unreachable", ours=False))
    assert lost(world)
    world.dialogue.forget(FAN)
    assert list(world.conversations.query(FAN)) == []


def test_a_reply_is_not_sent_again_because_a_lost_fan_cannot_be_kept(world):
    world.scan()
    world.inbox.accept([world.message(text="help", trace="t1")])
    run_bot(world)
    world.channel.faults = [Undeliverable("unreachable", ours=False)]
    world.restart(wrapped=lambda part: Refusing(part) if part is world.conversations else part)
    assert run_sender(world) == 0
    assert world.lines[-1] == {"event": "not_counted", "trace": "t1", "error": "refused", "level": "warning"}
    assert lost(world) == []


class Refusing:
    """A table that takes nothing."""

    def __init__(self, table):
        self.query = table.query

    def write(self, *_steps):
        raise Unavailable("refused")


def test_a_reply_that_we_got_wrong_is_parked_for_an_operator(world):
    world.inbox.accept([world.message("start", ref="bash", trace="t1")])
    run_bot(world)
    world.channel.faults = [Undeliverable("permanent", ours=True)]
    assert run_sender(world) == 0
    [parked] = world.parked.messages
    assert "Question 1" in json.loads(parked.body)["reply"]["text"]
    assert world.lines[-1]["level"] == "alarm"


def test_a_deletion_is_recorded_when_it_is_done(world):
    world.play()
    world.inbox.accept([world.message("deletion", id="code-1")])
    run_bot(world)
    assert world.conversations.get("deletion#code-1", "deletion")["status"] == "done"
    assert world.outbound.messages == []
