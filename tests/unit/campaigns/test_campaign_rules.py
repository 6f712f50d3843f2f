"""What may become of a campaign: a draft may change in everything, one that fans have played in nothing that decided about them."""

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.campaigns import rules
from chalicelib.campaigns.model import Choice, State, Terms
from tests.builders import a_campaign

FIRST, SECOND, DESSERT = a_campaign().questions
STATES = get_args(State)
PLAYED = ("live", "paused", "ended")
TEXT = {"en": "Changed", "nl": "Veranderd"}
MORE = {"en": (*DESSERT.accept["en"], "brulee"), "nl": DESSERT.accept["nl"]}
FEWER = {"en": DESSERT.accept["en"][:1], "nl": DESSERT.accept["nl"]}


def wrong(new, state="live", old=None, sources=()):
    """The fields that may not change so."""
    before = old or a_campaign()
    refused = rules.refusals(replace(before, state=state), replace(new, state=state), dict.fromkeys(sources, "Name"))
    return [error.field for error in refused]


def with_question(index, **changes):
    questions = list(a_campaign().questions)
    questions[index] = replace(questions[index], **changes)
    return tuple(questions)


MAY = {
    "the name": {"name": "Another"},
    "texts": {"prize": TEXT, "welcome": TEXT, "questions": with_question(0, text=TEXT, hint=TEXT)},
    "the titles of choices": {
        "questions": with_question(0, choices=tuple(Choice(id=c.id, text=TEXT) for c in FIRST.choices))
    },
    "the window": {"opens_at": "2026-12-01T20:00", "closes_at": "2026-12-05T20:00", "timezone": "Europe/London"},
    "the stock": {"stock": 30},
    "more attempts": {"attempts": 4},
    "the terms": {"terms": Terms(url="https://example.com/terms", consent="ask")},
    "more right answers": {"questions": with_question(2, accept=MORE)},
    "the order of languages": {"languages": ("nl", "en")},
    "the case of the ref": {"ref": "BASH"},
}
MAY_NOT = {
    "the pass mark": ({"pass_mark": 2}, ["passMark"]),
    "fewer attempts": ({"attempts": 2}, ["attempts"]),
    "the ref": ({"ref": "other"}, ["ref"]),
    "languages removed": ({"languages": ("en",)}, ["languages"]),
    "a question less": ({"questions": (FIRST, SECOND)}, ["questions"]),
    "a question more": ({"questions": (FIRST, SECOND, DESSERT, replace(DESSERT, id="more"))}, ["questions"]),
    "their order": ({"questions": (SECOND, FIRST, DESSERT)}, ["questions"]),
    "an id": ({"questions": with_question(0, id="other")}, ["questions"]),
    "a kind": (
        {"questions": with_question(1, kind="text", accept={"en": ("house",)}, choices=(), answer="")},
        ["questions[1].kind"],
    ),
    "an answer": ({"questions": with_question(0, answer="gym")}, ["questions[0].answer"]),
    "the choices": ({"questions": with_question(0, choices=FIRST.choices[:2])}, ["questions[0].choices"]),
    "a right answer": ({"questions": with_question(2, accept=FEWER)}, ["questions[2].accept.en"]),
}


@pytest.mark.parametrize("changes", MAY.values(), ids=MAY)
@pytest.mark.parametrize("state", PLAYED)
def test_what_takes_nothing_from_fans_may_change_in_every_state(changes, state):
    assert wrong(a_campaign(**changes), state) == []


@pytest.mark.parametrize(("changes", "fields"), MAY_NOT.values(), ids=MAY_NOT)
@pytest.mark.parametrize("state", PLAYED)
def test_what_decided_about_fans_stays_and_a_pause_allows_nothing_more(changes, fields, state):
    assert wrong(a_campaign(**changes), state) == fields


@pytest.mark.parametrize("changes", [*MAY.values(), *(changes for changes, _ in MAY_NOT.values())])
def test_a_draft_may_change_in_everything(changes):
    assert wrong(a_campaign(**changes), "draft") == []


def test_every_field_that_may_not_change_is_named_with_the_reason():
    refused = rules.refusals(a_campaign(), a_campaign(pass_mark=1, attempts=1, languages=("nl",)), {})
    assert [error.field for error in refused] == ["passMark", "attempts", "languages"]
    assert "fans have won and lost by it" in refused[0].message
    assert "Clone the campaign" in refused[0].message


@pytest.mark.parametrize("state", STATES)
def test_the_id_stays_in_every_state(state):
    assert wrong(a_campaign(campaign_id="other"), state) == ["campaignId"]


ALLOWED = {("draft", "live"), ("live", "paused"), ("paused", "live"), ("live", "ended"), ("paused", "ended")}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(STATES, STATES)))
def test_exactly_these_states_follow_each_other(old, new):
    refused = rules.refusals(a_campaign(state=old), a_campaign(state=new), {})
    assert (refused == ()) == (old == new or (old, new) in ALLOWED)


def test_who_may_not_bring_it_there_is_told_where_it_can_go():
    [refused] = rules.refusals(a_campaign(state="paused"), a_campaign(state="draft"), {})
    assert refused == ("state", "is paused: it can become live or ended")
    [refused] = rules.refusals(a_campaign(state="ended"), a_campaign(state="live"), {})
    assert "stays so" in refused.message


def test_a_ref_leaves_room_for_the_sources_in_its_links():
    long, longer = a_campaign(ref="r" * 142), a_campaign(ref="r" * 143)
    assert wrong(long, "draft", sources=["poster"]) == []
    assert wrong(longer, "draft", sources=["poster"]) == ["ref"]


CHANGES = st.sampled_from([*MAY.values(), *(changes for changes, _ in MAY_NOT.values())])


@given(st.lists(CHANGES, max_size=8), st.sampled_from(PLAYED))
def test_whatever_is_tried_a_played_campaign_judges_every_fan_as_before(tries, state):
    first = now = a_campaign(state=state)
    for changes in tries:
        new = replace(now, **changes)
        if not rules.refusals(now, new, {}):
            now = new
    assert (now.pass_mark, now.campaign_id) == (first.pass_mark, first.campaign_id)
    assert now.attempts >= first.attempts
    assert set(now.languages) >= set(first.languages)
    assert [(q.id, q.kind, q.answer, [c.id for c in q.choices]) for q in now.questions] == [
        (q.id, q.kind, q.answer, [c.id for c in q.choices]) for q in first.questions
    ]
    assert all(
        set(n.accept.get(la, ())) >= set(f.accept[la])
        for n, f in zip(now.questions, first.questions, strict=True)
        for la in f.accept
    )
