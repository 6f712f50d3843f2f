"""Whatever fans send, in whatever order: a kind answer within every limit, one ticket at most, and the same answer again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.campaigns.model import Terms
from chalicelib.dialogue import texts
from tests.builders import a_campaign
from tests.world import World

QUESTIONS = a_campaign().questions
CAMPAIGNS = [
    a_campaign(stock=1),
    a_campaign(stock=2, attempts=1, pass_mark=0),
    a_campaign(stock=1, terms=Terms(url="https://example.com/terms", consent="ask")),
    a_campaign(stock=1, languages=("nl",), questions=QUESTIONS[2:], pass_mark=1),
    a_campaign(stock=1, languages=("en",), questions=QUESTIONS[:1], pass_mark=1, attempts=2),
    a_campaign(stock=0),
]
EDITS = [
    {"state": "paused"},
    {"state": "live"},
    {"state": "ended"},
    {"opens_at": "2999-01-05T20:00"},
    {"opens_at": None},
    {"closes_at": "2026-12-01T20:00"},
    {"questions": QUESTIONS[:1], "pass_mark": 1},
    {"questions": QUESTIONS[::-1]},
]

FANS = ["messenger:1000:2000", "messenger:1000:3000", "web:birthday-bash:s1"]
RIGHT = [answer for question in QUESTIONS for answers in question.accept.values() for answer in answers]
TITLES = [title for question in QUESTIONS for choice in question.choices for title in choice.text.values()]
WORDS = [word for words in texts.WORDS.values() for word in words]
TYPED = st.sampled_from([*RIGHT, *TITLES, *WORDS, "bash", "other", "1", "b", "x" * 2_000]) | st.text(max_size=300)
PAYLOADS = st.sampled_from(
    [
        *texts.WORDS,
        "delete:yes",
        "language:xx",
        "answer:",
        "answer:other:1:style:house",
        "answer:birthday-bash:1:style:house",
    ]
) | st.text(max_size=1_000)
ANSWERS = st.builds(dict, right=st.sampled_from([True, True, True, False]))
PRESSES = st.builds(dict, press=st.integers(0, 12))
ANYTHING = st.one_of(
    st.builds(dict, text=TYPED),
    st.builds(dict, kind=st.just("choice"), payload=PAYLOADS, text=TYPED),
    st.builds(dict, kind=st.just("start"), ref=st.sampled_from(["bash", "BASH", "other", ""]) | st.text(max_size=250)),
    st.builds(dict, kind=st.just("media"), media=st.sampled_from(["sticker", "image", "location", ""])),
    st.builds(dict, kind=st.just("deletion")),
)
TOLD = st.builds(
    lambda said, fan, locale, at: {"fan": fan, **said, "locale": locale} | ({"at": at} if at else {}),
    ANSWERS | PRESSES | ANYTHING,
    st.sampled_from(FANS),
    st.sampled_from(["", "en", "nl", "nl_NL", "EN-gb", "de_DE"]) | st.text(max_size=10),
    st.sampled_from([0] * 9 + [1]).flatmap(lambda odd: st.integers(1, 2**53) if odd else st.none()),
)
EVENTS = st.one_of(
    st.builds(dict, again=st.integers(0, 20)),
    st.builds(dict, hours=st.integers(1, 60)),
    st.builds(dict, edit=st.sampled_from(EDITS)),
)
STORIES = st.lists(st.sampled_from([TOLD] * 5 + [EVENTS]).flatmap(lambda acts: acts), min_size=6, max_size=30)


class Story:
    """Plays acts, and checks after each what must always hold."""

    def __init__(self, campaign):
        self.world = World(campaign)
        self.world.campaigns.save(a_campaign(campaign_id="other", ref="other", name="Another", stock=1, attempts=1))
        self.told = []
        """Each message, and the replies that it got."""
        self.codes = {}
        """The ticket of each fan in each campaign."""
        for fan in FANS:
            self.play({"fan": fan, "kind": "start", "ref": campaign.ref})

    def play(self, act):
        match act:
            case {"again": number}:
                self._again(number)
            case {"hours": hours}:
                self.world.clock.now += hours * 3600
            case {"edit": changes}:
                self._edit(changes)
            case _:
                self._tell(dict(act))
        self._check_stores()

    def _tell(self, act):
        fan = act.pop("fan")
        web = {"campaign": "birthday-bash"} if fan.startswith("web:") else {}
        message = self.world.message(conversation=fan, **web, **self._said(fan, act))
        forgotten = self._is_forgotten(message)
        replies = self.world.hear(message)
        assert len(replies) in ((0,) if forgotten or message.kind == "deletion" else (1, 2))
        for reply in replies:
            self._check(fan, reply)
        if any(key[0] == fan for key in self.world.conversations):
            assert self.world.hear(message) == replies
            self.told.append((message, replies))
        else:
            self.told = [(told, answer) for told, answer in self.told if told.conversation != fan]

    def _is_forgotten(self, message):
        """Whether it is too old to tell if it was handled: the fan has sent sixteen newer ones since."""
        return self.world.dialogue._conversations.load(message.conversation).position(message) == 0  # noqa: SLF001

    def _said(self, fan, act):
        """Fills in what depends on the fan's newest buttons: one of them, the right one, or what to type where there is none."""
        told = [replies for message, replies in self.told if message.conversation == fan]
        choices = [choice for reply in (told[-1] if told else ()) for choice in reply.choices]
        if "right" in act:
            right = act.pop("right")
            choices = [
                choice for choice in choices if (choice.payload.rpartition(":")[2] in {"boat", "house"}) == right
            ]
            act["press"] = 0
        if "press" in act:
            number = act.pop("press")
            pressed = choices[number % len(choices)] if choices else None
            act |= {"kind": "choice", "payload": pressed.payload} if pressed else {"text": RIGHT[0]}
        return act

    def _again(self, number):
        """An older message, delivered again: what it got, or nothing where that is not known any more."""
        if self.told:
            message, replies = self.told[number % len(self.told)]
            assert self.world.hear(message) == (() if self._is_forgotten(message) else replies)

    def _edit(self, changes):
        stock = self.world.campaigns.get("birthday-bash").stock
        self.world.campaigns.save(replace(self.world.campaign, stock=stock, **changes))

    def _check(self, fan, reply):
        assert 1 <= len(reply.text) <= 2_000 or (reply.card and not reply.text)
        assert "{" not in reply.text.replace("{name}", "")
        assert len(reply.choices) <= 13
        assert len({choice.title for choice in reply.choices}) == len(reply.choices)
        for choice in reply.choices:
            assert 1 <= len(choice.title) <= 20
            assert 1 <= len(choice.payload) <= 1_000
        assert bool(reply.card) == bool(reply.ticket)
        if reply.ticket:
            claims = self.world.keys.verify(reply.ticket)
            assert self.codes.setdefault((fan, claims.campaign_id), reply.ticket) == reply.ticket
            assert reply.card.image.endswith(f"/t/{reply.ticket}.png")

    def _check_stores(self):
        tickets = [sk for _, sk in self.world.records if sk.startswith("ticket#")]
        left = 0
        for name in ("birthday-bash", "other"):
            stock = self.world.records.get(f"campaign#{name}", "stock")
            assert 0 <= stock["left"] <= stock["total"]
            left += stock["total"] - stock["left"]
        assert len(tickets) == left
        for key in self.world.conversations:
            item = self.world.conversations.get(*key)
            assert json.loads(json.dumps(item)) == item


@given(st.sampled_from(CAMPAIGNS), STORIES)
def test_whatever_fans_send_they_get_a_kind_answer_and_one_ticket_at_most(campaign, acts):
    story = Story(campaign)
    for act in acts:
        story.play(act)


@pytest.mark.parametrize("locale", ["en", "nl"])
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=3, max_size=3))
def test_the_first_attempt_with_all_answers_right_wins_and_the_last_one_without_ends_it(locale, attempts):
    world = World(a_campaign(stock=1, attempts=3))
    world.scan(locale=locale)
    for number, attempt in enumerate(attempts, 1):
        for right in attempt:
            assert not any(reply.ticket for reply in world.replies)
            world.answer(right=right)
        if all(attempt):
            assert world.keys.verify(world.replies[1].ticket)
            break
        payloads = [choice.payload for choice in world.replies[0].choices]
        assert payloads == (["restart"] if number < 3 else [])
        if payloads:
            world.press(world.replies[0].choices[0].title)
    won = any(map(all, attempts))
    assert world.campaigns.tickets_left("birthday-bash") == (0 if won else 1)
    world.say("ticket")
    assert bool(world.replies[-1].ticket) == won
    assert (texts.say(locale, "have_ticket" if won else "no_ticket", campaign="Birthday Bash")) in world.text
