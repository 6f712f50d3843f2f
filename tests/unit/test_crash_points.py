"""A process may die between any two steps of bot and sender: one effect, no lost reply, at most one reply twice.

The whole job (scan, three answers, ticket; each message handed out five times, late copies among newer messages) is run once for each
step that it has, and dies there. What died is handed out again, as SQS does it, to a process that remembers nothing.
"""

import random
import re

import pytest

from chalicelib.dialogue.shop import Shop
from chalicelib.dialogue.store import ConversationStore
from tests.world import World


class Crash(BaseException):
    """The process is gone: no handler of ours may catch this."""


class Fuse:
    """Counts steps; at the chosen one it blows."""

    def __init__(self, at=0):
        self.at = at
        self.steps = 0

    def step(self):
        self.steps += 1
        if self.steps == self.at:
            raise Crash

    def wrapped(self, target):
        return Fused(target, self)


class Fused:
    """Has a step before and after each call of its target."""

    def __init__(self, target, fuse):
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name):
        member = getattr(self._target, name)

        def call(*arguments, **named):
            self._fuse.step()
            answer = member(*arguments, **named)
            answer = iter(list(answer)) if name == "query" else answer
            self._fuse.step()
            return answer

        return call


def the_job(world):
    """The fan's messages: the right way to the ticket."""
    campaign = world.campaign

    def press(number):
        question = campaign.questions[number]
        return world.message(
            "choice", payload=f"answer:{campaign.campaign_id}:1:{question.id}:{question.answer}", trace="t"
        )

    accepted = campaign.questions[2].accept["en"][0]
    return [
        world.message("start", ref=campaign.ref, trace="t"),
        press(0),
        press(1),
        world.message(text=accepted, trace="t"),
    ]


def the_deletion(world):
    """The same, and then a typed wish to be forgotten."""
    return [*the_job(world), world.message(text="delete my data", trace="t"), world.message(text="yes", trace="t")]


def five_times(messages):
    """Each message five times: the first copies in order, the others anywhere after their first."""
    copies = list(messages)
    chance = random.Random(7)
    for message in messages:
        for _ in range(4):
            copies.insert(chance.randint(copies.index(message) + 1, len(copies)), message)
    return copies


def drain(world, fuse, queue, handle):
    """Hand out batches as a FIFO queue does, to a new process after each crash."""
    receives = 1
    while queue.messages:
        event = queue.event(receives)
        event["Records"] = event["Records"][:10]
        try:
            failures = handle(world)(event, lambda: 30_000)["batchItemFailures"]
        except Crash:
            world.restart(wrapped=fuse.wrapped)
            receives += 1
            continue
        again = {failure["itemIdentifier"] for failure in failures}
        for record in event["Records"]:
            if record["messageId"] not in again:
                queue.delete(record["receiptHandle"])
        receives = 1


def run(crash_at=0, messages=lambda world: five_times(the_job(world)), **world):
    """The job with one crash; answers the world after it and the number of steps."""
    world = World(**world)
    fuse = Fuse(crash_at)
    for message in messages(world):
        world.inbound.forget()
        world.inbox.accept([message])
    world.restart(wrapped=fuse.wrapped)
    drain(world, fuse, world.inbound, lambda world: world.bot.handle)
    drain(world, fuse, world.outbound, lambda world: world.sender.handle)
    return world, fuse.steps


def effects(world):
    return {
        "tickets left": world.records.get("campaign#birthday-bash", "stock")["left"],
        "tickets": len([sk for _, sk in world.records if sk.startswith("ticket#")]),
        "turns": len([sk for _, sk in world.conversations if sk.startswith("turn#")]),
    }


UNDISTURBED, STEPS = run()
EXPECTED = [reply.text for _, reply in UNDISTURBED.channel.sent]


def test_the_job_undisturbed_has_one_effect_and_each_reply_once():
    assert effects(UNDISTURBED) == {"tickets left": 24, "tickets": 1, "turns": 4}
    assert len(EXPECTED) == 5, "four replies, and the ticket's picture"
    assert STEPS > 60


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_crash_at_any_step_changes_nothing_that_counts(step):
    world, _ = run(crash_at=step)
    texts = [reply.text for _, reply in world.channel.sent]
    assert effects(world) == effects(UNDISTURBED)
    assert without_repeats(texts) == EXPECTED, "every reply arrives, in order"
    assert len(texts) - len(EXPECTED) <= 1


def test_a_crash_at_any_step_of_a_deletion_loses_no_reply_and_leaves_nothing_behind():
    undisturbed, steps = run(messages=the_deletion)
    expected = [reply.text for _, reply in undisturbed.channel.sent]
    assert "Done" in expected[-1]
    for step in range(1, steps + 1):
        world, _ = run(crash_at=step, messages=the_deletion)
        texts = [reply.text for _, reply in world.channel.sent]
        assert without_repeats(texts) == expected, step
        assert len(texts) - len(expected) <= 1
        left = [world.conversations.get(*key)["state"] for key in world.conversations]
        assert all(state.keys() <= {"language", "last_at"} for state in left), "at most a turn of one who wrote anew"


def the_purchase(world):
    """A fan buys: what they want, their address, yes."""
    world.shop.stock(cap=9)
    return [world.message(text=text, trace="t") for text in ("buy 2 caps", "anna@example.org", "yes")]


def bought(world):
    """How many orders and customers there are, and all that was said, whichever id the order got."""
    texts = [re.sub("order-[0-9]+", "order", reply.text) for _, reply in world.channel.sent]
    return len(list(world.shop.orders._store.unpaid())), len(world.users.page("", 9)[0]), texts  # noqa: SLF001


def test_a_crash_at_any_step_of_a_purchase_makes_one_order_of_one_customer_and_loses_no_reply():
    undisturbed, steps = run(messages=lambda world: five_times(the_purchase(world)))
    expected = bought(undisturbed)
    assert expected[:2] == (1, 1)
    for step in range(1, steps + 1):
        world, _ = run(crash_at=step, messages=lambda world: five_times(the_purchase(world)))
        orders, customers, texts = bought(world.restart() or world)
        assert (orders, customers, without_repeats(texts)) == expected, step


class HastyShop(Shop):
    """Takes an order's id when it makes the order, and not when it shows what that will be."""

    def buy(self, buy, message, state):
        return super().buy(buy._replace(order_id=self.new_id()), message, state)


def test_an_order_whose_id_no_earlier_turn_has_kept_is_made_twice():
    """The negative control."""
    _, steps = run(messages=the_purchase)
    crashed = (run(crash_at=step, messages=the_purchase, chat_shop=HastyShop)[0] for step in range(1, steps + 1))
    assert any(bought(world.restart() or world)[0] > 1 for world in crashed)


class ForgetfulStore(ConversationStore):
    """Remembers the conversation, and none of the messages."""

    def load(self, conversation):
        return super().load(conversation)._replace(recent=(), forgotten_at=0)


def test_without_the_memory_of_handled_messages_the_same_job_goes_wrong():
    """The negative control."""
    world, _ = run(store=ForgetfulStore)
    assert effects(world) != effects(UNDISTURBED)


def without_repeats(texts):
    return [text for position, text in enumerate(texts) if position == 0 or texts[position - 1] != text]
