"""A fan counts once for the first source that brought them, however often a message comes and whatever dies in between."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws.tables import Create, Put
from chalicelib.campaigns.model import Counts, Terms
from chalicelib.dialogue.store import ConversationStore
from chalicelib.statistics.model import Tally
from chalicelib.tickets.signing import Claims
from chalicelib.tickets.store import TicketStore
from tests.builders import a_campaign
from tests.fakes.table import MemoryTable
from tests.recount import by_source, items, recount
from tests.unit.test_crash_points import Crash, Fuse
from tests.world import FAN, World

BEN = "messenger:1000:3000"


def announced(campaign=None, **options):
    """A world whose campaign is announced on a poster and in a story."""
    world = World(campaign, **options)
    for source in ("poster", "story"):
        world.campaigns.announce("birthday-bash", source, source.title(), "anna")
    return world


def counts(world, source="poster"):
    return by_source(world.records).get(source, Counts())


@pytest.fixture
def world():
    return announced()


def test_a_winner_is_counted_at_each_stage(world):
    world.scan("bash..poster")
    assert counts(world) == Counts(scans=1, starts=1)
    for _ in world.campaign.questions:
        world.answer()
    assert counts(world) == Counts(scans=1, starts=1, finishes=1, wins=1)


def test_all_that_a_fan_does_counts_for_the_source_that_brought_them(world):
    """From the first turn to the door, and at the shop; a link that they follow later changes nothing."""
    world.shop.stock(shirt=5)
    world.scan("bash..poster")
    world.scan("bash..story")
    for _ in world.campaign.questions:
        world.answer()
    ticket = next(item["ticket_id"] for item in items(world.records) if item["sk"].startswith("ticket#"))
    world.tickets.redeem(Claims("birthday-bash", ticket, "K1"), "a-scan-of-it", "North")
    for text in ("buy 2 shirt", "anna@example.org", "yes"):
        world.say(text)
    [order_id] = re.findall("/payments/([A-Za-z0-9_-]+)", world.text)
    world.shop.orders.pay_with(order_id, "pm_card_visa")
    world.shop.process()
    world.shop.run(order_id)
    ConversationStore(world.conversations).lose(FAN, 0)
    found = recount("birthday-bash", *map(items, (world.records, world.conversations, world.shop.table)))
    assert found.whole._replace(messages_in=0, messages_out=0) == Tally(
        **dict.fromkeys(("scans", "starts", "finishes", "wins", "tickets", "redemptions", "orders", "unreachable"), 1),
        revenue_cents=2 * 1999,
    )
    assert found.by_source == {"poster": found.whole}
    assert found.by_question.keys() == {question.id for question in world.campaign.questions}
    assert all(answers.by_source == {"poster": answers.whole} for answers in found.by_question.values())


def test_a_fan_who_plays_again_is_counted_once(world):
    world.scan("bash..poster")
    for _ in range(2):
        for _ in world.campaign.questions:
            world.answer(right=False)
        world.say("restart")
    assert counts(world) == Counts(scans=1, starts=1, finishes=1)


@pytest.mark.parametrize("ref", ["bash..poster", "BASH..poster", " bash..poster "])
def test_a_link_with_a_source_starts_its_campaign_typed_too(world, ref):
    world.say(ref)
    assert "Welcome to Birthday Bash" in world.text
    assert counts(world).scans == 1


@pytest.mark.parametrize("ref", ["bash", "bash..", "bash..unknown", "bash..Poster", "bash..poster..", "bash..poster x"])
def test_what_names_no_source_of_the_campaign_counts_for_none_and_breaks_nothing(world, ref):
    world.scan(ref)
    assert sum(counts(world, source).scans for source in ("poster", "story")) == 0


@pytest.mark.parametrize("ref", ["bash..", "bash..unknown", "bash..poster"])
def test_whatever_stands_behind_the_mark_the_ref_starts_its_campaign(world, ref):
    world.scan(ref)
    assert "Welcome to Birthday Bash" in world.text


@pytest.mark.parametrize("ref", ["a.", "a.b", "x.y.", "a:b/c=d"])
def test_a_ref_may_hold_dots_and_its_sources_are_found_all_the_same(ref):
    world = announced(a_campaign(ref=ref))
    world.scan(f"{ref}..poster")
    assert counts(world).starts == 1


def test_the_first_source_counts_and_not_the_next(world):
    world.scan("bash..poster")
    world.scan("bash..story")
    assert (counts(world).scans, counts(world, "story").scans) == (1, 0)


def test_who_came_without_a_source_stays_without():
    world = announced(a_campaign(terms=Terms(url="https://example.com/terms", consent="ask")))
    world.scan("bash")
    world.scan("bash..poster")
    assert counts(world).scans == 0


def test_who_has_begun_without_a_source_stays_without(world):
    world.scan("bash")
    world.scan("bash..poster")
    assert (counts(world).scans, counts(world, "")) == (0, Counts(scans=1, starts=1))


def test_a_fan_who_must_agree_first_is_seen_coming_before_they_begin():
    world = announced(a_campaign(terms=Terms(url="https://example.com/terms", consent="ask")))
    world.scan("bash..poster")
    assert counts(world) == Counts(scans=1)
    world.press("I accept")
    assert counts(world) == Counts(scans=1, starts=1)


@pytest.mark.parametrize("closed", [{"opens_at": "2999-01-05T20:00"}, {"state": "paused"}, {"stock": 0}])
def test_a_fan_who_finds_it_closed_has_come_all_the_same(closed):
    world = announced(a_campaign(**closed))
    world.scan("bash..poster")
    assert counts(world) == Counts(scans=1)


def test_who_looks_at_a_draft_is_not_counted_so_that_it_can_be_deleted():
    world = announced(a_campaign(state="draft"))
    world.scan("bash..poster")
    assert not world.tickets.is_played("birthday-bash")


def test_a_source_on_the_web_counts_with_the_first_message_of_a_conversation(world):
    fan = {"conversation": "web:birthday-bash:s1", "campaign": "birthday-bash"}
    world.say("start", source="poster", **fan)
    world.say("On a boat", source="story", **fan)
    assert (counts(world), counts(world, "story")) == (Counts(scans=1, starts=1), Counts())


def test_a_fan_who_names_no_source_costs_one_read_and_one_write_a_message_as_ever(world):
    world.scan("bash")
    reads, writes = world.conversations.reads, len(world.conversations.writes) + len(world.records.writes)
    records = world.records.reads
    world.answer()
    assert world.conversations.reads == reads + 1
    assert world.records.reads == records
    assert len(world.conversations.writes) + len(world.records.writes) == writes + 1


def test_a_fan_who_begins_by_a_sources_link_costs_no_write_more(world):
    before = len(world.records.writes)
    world.scan("bash")
    plain = len(world.records.writes) - before
    world.scan("bash..poster", conversation=BEN)
    assert len(world.records.writes) - before == 2 * plain


# ─── exactly once ──────────────────────────────────────────────────────────────────────────────────────────────────


def the_job(world):
    campaign = world.campaign
    presses = [f"answer:birthday-bash:1:{asked.id}:{asked.answer}" for asked in campaign.questions[:2]]
    return [
        world.message("start", ref="bash..poster"),
        world.message("choice", payload="yes"),
        *(world.message("choice", payload=payload) for payload in presses),
        world.message(text=campaign.questions[2].accept["en"][0]),
        world.message("start", ref="bash..story"),
    ]


def play(consent, crash_at=0, **options):
    """The job, each message three times, with one crash after which the message comes again."""
    world = announced(a_campaign(terms=Terms(url="https://example.com/terms", consent=consent)), **options)
    fuse = Fuse(crash_at)
    world.restart(wrapped=fuse.wrapped)
    for message in the_job(world):
        for _ in range(3):
            try:
                world.hear(message)
            except Crash:
                world.restart(wrapped=fuse.wrapped)
                world.hear(message)
    return world, fuse.steps


@pytest.mark.parametrize("consent", ["ask", "notice"])
def test_a_crash_at_any_step_and_messages_that_come_again_count_nobody_twice_and_forget_nobody(consent):
    _, steps = play(consent)
    for step in range(steps + 1):
        world, _ = play(consent, crash_at=step)
        assert by_source(world.records) == {"poster": Counts(1, 1, 1, 1)}, step


class RacedStore(TicketStore):
    """While a fan comes, they begin in another tab, by another link."""

    def come(self, campaign_id, fan, entry):
        self.begin(campaign_id, fan, entry._replace(attempts=("in the other tab",), source="story"))
        super().come(campaign_id, fan, entry)


class Careless(MemoryTable):
    """Writes over whatever there is."""

    def write(self, *steps):
        super().write(*(Put(step.item) if isinstance(step, Create) else step for step in steps))


def raced(records):
    terms = Terms(url="https://example.com/terms", consent="ask")
    world = announced(a_campaign(terms=terms), tickets=RacedStore, records=records)
    world.scan("bash..poster")
    return by_source(world.records)


def test_who_comes_and_begins_at_the_same_time_is_counted_for_the_first_that_was_written():
    assert raced(MemoryTable()) == {"story": Counts(scans=1, starts=1)}


def test_without_the_condition_they_are_not():
    """The negative control."""
    assert raced(Careless()) == {"poster": Counts(scans=1)}


LINKS = st.sampled_from(["bash", "bash..poster", "bash..story", "bash..nowhere"])
FANS = st.sampled_from([FAN, BEN, "messenger:1000:4000"])


@given(st.lists(st.tuples(FANS, LINKS, st.sampled_from([None, True, False])), max_size=20))
def test_each_fan_is_counted_once_at_each_stage_whatever_links_they_follow(story):
    world = announced(a_campaign(terms=Terms(url="https://example.com/terms", consent="ask")))
    first = {}
    played = set()
    for fan, link, answers in story:
        world.scan(link, conversation=fan)
        source = link.partition("..")[2]
        first.setdefault(fan, source if source in {"poster", "story"} else "")
        if answers is not None and world.replies[0].choices[:1] and world.replies[0].choices[0].payload == "yes":
            played.add(fan)
            world.press("I accept", conversation=fan)
            for _ in world.campaign.questions:
                world.answer(right=answers, conversation=fan)
    found = by_source(world.records)
    assert {source: found.get(source, Counts()).scans for source in ("poster", "story")} == {
        source: list(first.values()).count(source) for source in ("poster", "story")
    }
    assert (
        sum(count.starts for count in found.values()) == sum(count.finishes for count in found.values()) == len(played)
    )
    assert found.get("", Counts()).scans == list(first.values()).count("")


def test_a_source_that_is_taken_away_counts_nobody_more_and_its_link_goes_on(world):
    world.campaigns.withdraw("birthday-bash", "poster", "anna")
    world.clock.now += 10
    world.scan("bash..poster")
    assert "Welcome to Birthday Bash" in world.text
    assert counts(world) == Counts()
