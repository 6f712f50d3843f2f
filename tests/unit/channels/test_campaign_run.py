"""Fans who came too early, or play when it closes, are told once: whatever runs twice, late, beside another, or dies in between."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.channels.campaign_run import BATCH, CampaignRun
from chalicelib.dialogue.store import KEEP_SECONDS, ConversationStore
from tests.builders import a_campaign
from tests.unit.test_crash_points import Crash, Fuse, drain
from tests.world import FAN, World

START = 1_796_000_000
"""When a World begins."""
HOUR = 3600
DAY = 24 * HOUR
SLACK, WEB = "slack:T1:U1", "web:birthday-bash:s1"
ON_THE_WEB = {"conversation": WEB, "campaign": "birthday-bash"}
FANS = [f"messenger:1000:{psid}" for psid in range(2000, 2008)]


def after(seconds):
    """A campaign's time, so many seconds after the beginning of the World."""
    return dt.datetime.fromtimestamp(START + seconds, dt.UTC).isoformat()


def opening(seconds=HOUR, **world):
    return World(a_campaign(opens_at=after(seconds), attempts=1), **world)


def closing(seconds=HOUR, **world):
    return World(a_campaign(closes_at=after(seconds), attempts=1), **world)


def time_passes(world, seconds):
    world.clock.now += seconds
    for queue in (world.inbound, world.outbound):
        queue.forget()


def changes(world, **fields):
    world.campaigns.save(replace(world.campaign, **fields))
    world.clock.now += 10


def works(world):
    """Bot and sender each get what is in their queue."""
    for queue, handle in ((world.inbound, world.bot.handle), (world.outbound, world.sender.handle)):
        assert handle(queue.event(), lambda: 30_000)["batchItemFailures"] == []
        queue.clear()


def works_slowly(world):
    """The same, five minutes for each message: no queue takes two for one any more."""
    for record in world.inbound.event()["Records"]:
        assert world.bot.handle({"Records": [record]}, lambda: 30_000)["batchItemFailures"] == []
        time_passes(world, 300)
    world.inbound.clear()
    works(world)


def runs(world):
    world.campaign_run.handle(lambda: 30_000)
    works(world)


def told(world, fan=FAN):
    return [reply.text for conversation, reply in world.channel.sent if conversation == fan]


def waiting(world):
    return [sk for pk, sk in world.conversations if pk.startswith("waiting#")]


def outcomes(world):
    return [line["outcome"] for line in world.lines if line["event"] == "notice"]


# ─── it opens ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fan_who_came_too_early_is_told_once_when_it_opens_and_can_begin_by_the_button():
    world = opening()
    world.scan()
    assert world.text.endswith("See you then! I'll tell you here when it does; type STOP if you'd rather I didn't.")
    runs(world)
    assert told(world) == []
    for _ in range(3):
        time_passes(world, HOUR)
        runs(world)
    assert told(world) == ["Birthday Bash is open now! Shall we play?"]
    assert waiting(world) == []
    world.replies = (world.channel.sent[-1][1],)
    world.press("Start")
    assert "Question 1 of 3" in world.text


def test_a_fan_is_told_in_their_language():
    world = opening()
    world.scan(locale="nl")
    assert "Ik laat het je hier weten" in world.text
    time_passes(world, 2 * HOUR)
    runs(world)
    assert told(world) == ["Birthday Bash is nu open! Zullen we spelen?"]


@pytest.mark.parametrize(
    ("fan", "hours", "promised"),
    [(FAN, 23, True), (FAN, 25, False), (SLACK, 25, True), (SLACK, 24 * 31, False), (WEB, 1, False)],
)
def test_only_what_can_be_kept_is_promised(fan, hours, promised):
    world = opening(hours * HOUR)
    world.scan(conversation=fan)
    assert ("I'll tell you" in world.text) == promised


def test_outside_of_messengers_window_nobody_is_written_to_and_that_is_counted():
    world = opening(25 * HOUR)
    world.scan()
    world.scan(conversation=FANS[1], at=(START + 2 * HOUR) * 1000)
    time_passes(world, 25 * HOUR)
    runs(world)
    assert told(world) == []
    assert len(told(world, FANS[1])) == 1
    assert sorted(outcomes(world)) == ["out_of_reach", "told"]
    assert waiting(world) == []
    world.say("hi")
    assert "Question 1 of 3" in world.text


def test_what_we_say_unasked_does_not_open_messengers_window_anew():
    world = opening(20 * HOUR)
    world.scan()
    time_passes(world, 21 * HOUR)
    runs(world)
    changes(world, state="paused", opens_at=None)
    assert len(told(world)) == 1
    assert world.dialogue._conversations.load(FAN).state.last_at < (START + HOUR) * 1000  # noqa: SLF001


def test_after_a_day_the_notice_says_that_we_are_automated():
    world = opening(25 * HOUR)
    world.scan(conversation=SLACK)
    time_passes(world, 26 * HOUR)
    world.campaign_run.handle(lambda: 30_000)
    assert world.bot.handle(world.inbound.event(), lambda: 30_000)["batchItemFailures"] == []
    [message] = world.outbound.messages
    assert "I'm an automated assistant, not a person. Birthday Bash is open now!" in message.body


def test_on_the_web_a_fan_finds_it_in_the_transcript():
    world = opening()
    world.scan(**ON_THE_WEB)
    time_passes(world, 2 * HOUR)
    runs(world)
    assert world.outbound.messages == []
    assert [exchange.said == "" for exchange in world.dialogue.transcript(WEB)][-1]
    assert "is open now" in world.dialogue.transcript(WEB)[-1].replies[0].text


def test_a_fan_who_began_by_themselves_is_told_nothing():
    world = opening()
    world.scan()
    time_passes(world, HOUR)
    world.say("hello")
    assert waiting(world) == []
    runs(world)
    assert told(world) == []


def test_stop_ends_the_wait_and_start_begins_it_again():
    world = opening()
    world.scan()
    world.say("stop")
    assert waiting(world) == []
    world.say("start")
    assert len(waiting(world)) == 1
    world.say("stop")
    time_passes(world, 2 * HOUR)
    runs(world)
    assert told(world) == []


def test_a_fan_who_goes_on_to_another_campaign_waits_no_more():
    world = opening()
    world.campaigns.save(a_campaign(campaign_id="other", ref="other"))
    world.scan()
    world.scan("other")
    assert waiting(world) == []


def test_a_fan_who_has_everything_deleted_is_off_every_list():
    world = opening()
    world.scan()
    world.hear(world.message("deletion"))
    assert list(world.conversations) == []
    time_passes(world, 2 * HOUR)
    runs(world)
    assert told(world) == []


def test_a_fan_whose_question_was_interrupted_by_a_pause_is_told_that_it_goes_on_and_stays_where_they_were():
    world = World()
    world.scan()
    world.answer()
    changes(world, state="paused")
    world.say("House")
    changes(world, state="live")
    runs(world)
    assert told(world) == ["Birthday Bash is open now! Shall we play?"]
    world.replies = (world.channel.sent[-1][1],)
    world.press("Start")
    assert "Question 2 of 3" in world.text


def test_each_pause_is_a_wait_of_its_own():
    world = World()
    world.scan()
    for _ in range(2):
        changes(world, state="paused")
        world.say("hello")
        changes(world, state="live")
        runs(world)
    assert len(told(world)) == 2


def test_when_it_is_sold_out_by_then_that_is_what_is_told():
    world = World(a_campaign(opens_at=after(HOUR), stock=0))
    world.scan()
    time_passes(world, 2 * HOUR)
    runs(world)
    assert "Every ticket for Birthday Bash is taken" in told(world)[0]


def test_an_opening_that_never_comes_is_told_too():
    world = opening(20 * HOUR)
    world.scan()
    changes(world, state="ended")
    runs(world)
    assert told(world) == ["Birthday Bash is over. Thank you for being here!"]


def test_nobody_waits_for_a_draft_that_was_deleted():
    world = World(a_campaign(state="draft"))
    world.scan()
    world.campaigns.delete("birthday-bash", "anna")
    world.clock.now += 10
    runs(world)
    assert (told(world), waiting(world)) == ([], [])


def test_a_bot_that_does_not_know_yet_that_it_is_open_leaves_the_fan_on_the_list():
    world = World(a_campaign(state="paused"))
    world.scan()
    bot = world.bot
    world.restart()
    world.campaigns.save(replace(world.campaign, state="live"))
    world.campaign_run.handle(lambda: 30_000)
    assert bot.handle(world.inbound.event(), lambda: 30_000)["batchItemFailures"] == []
    world.inbound.clear()
    assert len(waiting(world)) == 1
    time_passes(world, 300)
    runs(world)
    assert len(told(world)) == 1


# ─── it closes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_plays_when_it_closes_is_told_why_and_the_others_are_left_in_peace():
    world = closing()
    playing, lost, won, stopped, looked = FANS[:5]
    world.scan(conversation=playing)
    world.play(conversation=won)
    world.play(conversation=lost, right=False)
    world.scan(conversation=stopped)
    world.say("stop", conversation=stopped)
    world.say("help", conversation=looked)
    assert [sk.rpartition("#")[2] for sk in waiting(world)] == [playing]
    for _ in range(2):
        time_passes(world, HOUR)
        runs(world)
    assert [told(world, fan) for fan in (lost, won, stopped, looked)] == [[], [], [], []]
    [text] = told(world, playing)
    assert text == "Time is up: Birthday Bash closed on Monday 30 November at 02:53. Thank you so much for playing!"


def test_who_plays_when_the_organiser_ends_it_is_told():
    world = closing(DAY)
    world.scan()
    changes(world, state="ended")
    runs(world)
    assert told(world) == ["Birthday Bash is over. Thank you for being here!"]


def test_a_campaign_whose_time_is_up_is_ended_by_one_deed_of_the_run():
    world = closing()
    for _ in range(3):
        runs(world)
        time_passes(world, HOUR)
    runs(world)
    assert world.campaigns.get("birthday-bash").state == "ended"
    deeds, _ = world.campaigns.deeds("birthday-bash", "", 10)
    assert [(deed.by, deed.did, deed.state, deed.fields) for deed in deeds[1:]] == [
        ("run_campaigns", "changed", "ended", ["state"])
    ]


def test_a_paused_campaign_ends_and_a_draft_does_not():
    world = World(a_campaign(state="paused", closes_at=after(0)))
    world.campaigns.save(a_campaign(campaign_id="draft", ref="draft", state="draft", closes_at=after(0)))
    runs(world)
    assert [campaign.state for campaign in world.campaigns.every()] == ["ended", "draft"]


def test_of_two_runs_at_once_one_ends_it():
    world = closing(-1)
    first, second = world.campaigns._store, World(records=world.records).campaigns._store  # noqa: SLF001
    get = first.get

    def get_and_be_overtaken(campaign_id):
        found = get(campaign_id)
        if found.campaign.state == "live":
            second.end(found, world.campaigns._act("run_campaigns"))  # noqa: SLF001
        return found

    first.get = get_and_be_overtaken
    world.campaigns.end_over("run_campaigns")
    deeds, _ = world.campaigns.deeds("birthday-bash", "", 10)
    assert [deed.by for deed in deeds].count("run_campaigns") == 1


def test_a_fan_of_a_campaign_that_will_close_costs_one_write_more_to_begin_and_to_finish_and_no_read():
    plain, closes = World(), closing()
    costs = [
        [
            (len(world.conversations.writes), world.conversations.reads)
            for step in (world.scan, *[world.answer] * 3)
            if step()
        ]
        for world in (plain, closes)
    ]
    more = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(*costs, strict=True)]
    assert more == [(1, 0), (1, 0), (1, 0), (2, 0)]


# ─── exactly once ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_tells_so_many_and_the_next_one_goes_on():
    world = opening()
    for fan in FANS:
        world.scan(conversation=fan)
    time_passes(world, HOUR)
    run = CampaignRun(world.campaigns, world.waiting, world.inbox, world.clock, world.log, most=3)
    for left in (5, 2, 0, 0):
        run.handle(lambda: 30_000)
        works(world)
        assert len(waiting(world)) == left
    assert [len(told(world, fan)) for fan in FANS] == [1] * len(FANS)


def test_a_run_that_is_short_of_time_leaves_the_rest_to_the_next():
    world = opening()
    fans = [f"slack:T1:U{number}" for number in range(BATCH + 1)]
    for fan in fans:
        world.scan(conversation=fan)
    time_passes(world, HOUR)
    left = itertools.chain([30_000], itertools.repeat(100))
    world.campaign_run.handle(lambda: next(left))
    assert len(world.inbound.messages) == BATCH
    world.campaign_run.handle(lambda: 30_000)
    assert {message.group for message in world.inbound.messages} == set(fans)


def test_a_list_that_nobody_need_look_at_costs_a_read_a_shard():
    world = opening(DAY)
    for number in range(1_000):
        world.waiting.join("birthday-bash", "opening", f"slack:T1:U{number}", 1, START + KEEP_SECONDS)
    reads = world.conversations.reads
    runs(world)
    assert world.conversations.reads - reads <= 2 * 16


def test_two_runs_at_once_tell_once_though_the_queue_has_forgotten_the_first():
    world = opening()
    for fan in FANS:
        world.scan(conversation=fan)
    time_passes(world, HOUR)
    for _ in range(3):
        world.campaign_run.handle(lambda: 30_000)
        time_passes(world, 300)
    assert len(world.inbound.messages) == 3 * len(FANS)
    works_slowly(world)
    assert [len(told(world, fan)) for fan in FANS] == [1] * len(FANS)


class Stubborn(ConversationStore):
    """Neither remembers what it has handled, nor that the wait is over."""

    def load(self, conversation):
        found = super().load(conversation)
        return found._replace(recent=(), forgotten_at=0, state=found.state._replace(waits="opening"))


def test_without_the_memory_of_the_wait_the_same_fans_are_told_thrice():
    """The negative control."""
    world = opening(store=Stubborn)
    world.scan()
    time_passes(world, HOUR)
    for _ in range(3):
        world.campaign_run.handle(lambda: 30_000)
        time_passes(world, 300)
    works_slowly(world)
    assert len(told(world)) == 3


def evening(crash_at=0, **options):
    """Three fans wait; run, bot or sender dies once, and comes again to a queue that remembers nothing."""
    world = opening(**options)
    fuse = Fuse(crash_at)
    for fan in FANS[:3]:
        world.scan(conversation=fan)
    time_passes(world, HOUR)
    world.restart(wrapped=fuse.wrapped)
    for _ in range(2):
        try:
            world.campaign_run.handle(lambda: 30_000)
        except Crash:
            time_passes(world, 300)
            world.restart(wrapped=fuse.wrapped)
            world.campaign_run.handle(lambda: 30_000)
        drain(world, fuse, world.inbound, lambda world: world.bot.handle)
        drain(world, fuse, world.outbound, lambda world: world.sender.handle)
        time_passes(world, 300)
    return world, fuse.steps


UNDISTURBED, STEPS = evening()


def test_an_undisturbed_evening_has_steps_to_die_at():
    assert [len(told(UNDISTURBED, fan)) for fan in FANS[:3]] == [1, 1, 1]
    assert STEPS > 60


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_crash_at_any_step_leaves_nobody_untold_and_repeats_no_more_than_the_sender_does(step):
    world, _ = evening(crash_at=step)
    counts = [len(told(world, fan)) for fan in FANS[:3]]
    assert all(counts)
    assert sum(counts) <= 4, "a sender that dies behind the platform's answer repeats one"
    assert waiting(world) == []


ACTS = st.lists(
    st.sampled_from(["run", "run", "bot", "bot", "later", "pause", "go on", "say", "say", "stop", "start"]), max_size=40
)


@given(ACTS)
def test_however_runs_and_turns_meet_each_wait_is_told_at_most_once_and_in_the_end(acts):
    world = World(a_campaign(state="paused", attempts=10))
    waits = 0
    world.scan()
    was = world.dialogue._conversations.load(FAN).state.waits  # noqa: SLF001
    waits += was == "opening"
    for act in [*acts, "start", "go on", "run", "bot"]:
        match act:
            case "run":
                world.campaign_run.handle(lambda: 30_000)
            case "bot":
                works(world)
            case "later":
                time_passes(world, 300)
            case "pause" | "go on":
                changes(world, state="paused" if act == "pause" else "live")
            case _:
                world.say({"say": "hello"}.get(act, act))
        now = world.dialogue._conversations.load(FAN).state.waits  # noqa: SLF001
        waits += now == "opening" and was != now
        was = now
        assert sum("open now" in text for text in told(world)) <= waits
        assert (f"birthday-bash#opening#{FAN}" in waiting(world)) == (was == "opening")
    assert was == ""
