"""What a fan experiences, turn by turn, on any channel."""

import json
import string

import pytest
from msgspec.structs import replace

from chalicelib.aws.tables import Create
from chalicelib.campaigns.model import Terms
from chalicelib.dialogue import texts
from chalicelib.dialogue.model import State
from tests.builders import a_campaign
from tests.world import World


def titles(world):
    return [choice.title for choice in world.replies[-1].choices]


# ─── the main job ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fan_who_scans_is_welcomed_and_asked_in_one_reply(world):
    [reply] = world.scan()
    assert "Welcome to Birthday Bash" in reply.text
    assert "Question 1 of 3" in reply.text
    assert titles(world) == ["In the kitchen", "On a boat", "In the gym"]


def test_feedback_and_the_next_question_come_together(world):
    world.scan()
    [reply] = world.answer(right=True)
    assert reply.text.startswith("Right!")
    assert "Question 2 of 3" in reply.text
    [reply] = world.answer(right=False)
    assert reply.text.startswith("Not quite.")


def test_a_fan_who_reaches_the_pass_mark_holds_a_ticket_as_picture_and_link(world):
    words, card = world.play()
    assert "3 of 3 right" in words.text
    code = card.ticket
    assert world.keys.verify(code).campaign_id == "birthday-bash"
    assert card.card.image == f"https://fans.example/t/{code}.png"
    assert card.card.link == f"https://fans.example/t/{code}"
    assert world.campaigns.tickets_left("birthday-bash") == 24


def test_a_fan_below_the_pass_mark_may_try_again_as_often_as_the_campaign_says():
    world = World(a_campaign(attempts=2))
    world.play(right=False)
    assert "You had 0 of 3 right; it takes 3." in world.text
    world.press("Try again")
    assert "Question 1 of 3" in world.text
    for _ in range(3):
        world.answer(right=False)
    assert "last attempt" in world.text
    assert titles(world) == []
    world.say("restart")
    assert "last attempt" in world.text
    assert world.campaigns.tickets_left("birthday-bash") == 25


def test_attempts_are_counted_when_the_conversation_is_forgotten():
    world = World(a_campaign(attempts=1))
    world.play(right=False)
    world.say("delete my data")
    world.press("Delete my data")
    world.scan()
    assert "last attempt" in world.text


def test_a_fan_cannot_win_twice_even_after_deleting_everything(world):
    first = world.play()[1].ticket
    world.say("delete my data")
    world.press("Delete my data")
    assert world.scan()[1].ticket == first
    world.say("restart")
    assert world.campaigns.tickets_left("birthday-bash") == 24


def test_when_all_tickets_are_taken_the_fan_is_told_kindly():
    world = World(a_campaign(stock=1))
    world.play()
    world.clock.now += 10
    world.scan(conversation="messenger:1000:3000")
    assert "Every ticket for Birthday Bash is taken" in world.text


def test_one_who_was_still_playing_when_the_last_ticket_went_is_told_kindly():
    world = World(a_campaign(stock=1))
    other = "messenger:1000:3000"
    world.scan(conversation=other)
    started = world.replies
    world.play()
    world.replies = started
    for _ in range(3):
        world.answer(conversation=other)
    assert "Every ticket for Birthday Bash is taken" in world.text


# ─── ways to start ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["bash", "BASH", " Bash "])
def test_a_ref_that_is_typed_starts_its_campaign(world, typed):
    world.say(typed)
    assert "Welcome to Birthday Bash" in world.text


def test_a_ref_typed_in_the_middle_of_another_campaign_starts_its_own(world):
    world.campaigns.save(a_campaign(campaign_id="new-year", name="New Year", ref="ny26"))
    world.scan()
    world.say("ny26")
    assert "Welcome to New Year" in world.text


def test_a_ref_that_is_the_right_answer_is_an_answer(world):
    dessert = world.campaign.questions[2]
    world.campaigns.save(a_campaign(campaign_id="cream", name="Cream", ref="burntcream"))
    accept = {"en": ("burntcream",), "nl": ("room",)}
    world.campaign = a_campaign(questions=(replace(dessert, accept=accept),), pass_mark=1)
    world.campaigns.save(world.campaign)
    world.scan()
    world.say("burntcream")
    assert "1 of 1 right" in world.text


def test_an_unknown_ref_is_said_to_be_unknown(world):
    world.scan(ref="nonsense")
    assert "I don't know that code" in world.text


def test_get_started_without_a_ref_asks_for_one(world):
    world.scan(ref="")
    assert "Scan the QR code" in world.text


def test_scanning_again_goes_on_where_the_fan_was(world):
    world.scan()
    world.answer()
    world.scan()
    assert "Question 2 of 3" in world.text
    assert "Welcome" not in world.text


def test_the_first_message_on_a_campaigns_page_starts_it(world):
    world.say("anything", conversation="web:birthday-bash:s1", campaign="birthday-bash")
    assert "Welcome to Birthday Bash" in world.text


def test_a_hello_out_of_the_blue_is_answered_with_what_to_do(world):
    world.say("hello")
    assert "Scan the QR code" in world.text
    assert "automated" in world.text


# ─── automated, and honest about it ────────────────────────────────────────────────────────────────────────────────


def test_the_bot_says_that_it_is_automated_at_the_start_and_after_a_long_gap(world):
    world.scan()
    assert world.text.count("automated assistant") == 1
    world.answer()
    assert "automated" not in world.text
    world.clock.now += 25 * 60 * 60
    world.answer()
    assert world.text.startswith("I'm an automated assistant")


# ─── commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["help", "Hulp!", "HELP?"])
def test_help_explains_and_asks_the_question_again(world, typed):
    world.scan()
    world.say(typed)
    assert "DELETE MY DATA" in world.text
    assert "Question 1 of 3" in world.text
    assert titles(world)


def test_stop_is_kept_until_start(world):
    world.scan()
    world.say("stop")
    assert "START" in world.text
    world.say("On a boat")
    assert "You asked me to stop" in world.text
    world.press("Start")
    assert "Question 1 of 3" in world.text


def test_restart_uses_up_an_attempt_and_the_last_one_is_not_thrown_away():
    world = World(a_campaign(attempts=2))
    world.scan()
    world.answer()
    world.say("restart")
    assert "Question 1 of 3" in world.text
    world.answer()
    world.say("opnieuw")
    assert "This is your last attempt" in world.text
    assert "Question 2 of 3" in world.text


@pytest.mark.parametrize(
    ("typed", "expected"), [("nl", "Vraag 1 van 3"), ("Nederlands", "Vraag 1 van 3"), ("english", "Question 1 of 3")]
)
def test_the_language_can_be_switched_by_name(world, typed, expected):
    world.scan()
    world.say(typed)
    assert expected in world.text


def test_who_has_stopped_can_still_have_everything_deleted(world):
    world.play()
    world.say("stop")
    world.say("delete my data")
    world.say("yes")
    assert "Done" in world.text
    assert not list(world.conversations)


def test_a_restart_skips_neither_the_welcome_nor_the_terms():
    world = World(a_campaign(terms=Terms(url="https://example.com/terms", consent="ask")))
    fan = {"conversation": "web:birthday-bash:s1", "campaign": "birthday-bash"}
    for _ in range(2):
        world.say("restart", **fan)
        assert titles(world) == ["I accept", "No, thanks"]


def test_a_fan_at_a_question_that_was_taken_out_answers_the_last_one_left(world):
    world.scan()
    world.answer()
    world.answer()
    world.campaign = a_campaign(questions=world.campaign.questions[:1], pass_mark=1)
    world.campaigns.save(world.campaign)
    world.clock.now += 10
    world.say("help")
    assert "first set" in world.text
    world.answer()
    assert "Here is your ticket" in world.text


def test_the_language_can_be_chosen_by_button(world):
    world.scan()
    world.say("taal")
    assert titles(world) == ["English", "Nederlands"]
    world.press("Nederlands")
    assert "Waar was de eerste set?" in world.text
    assert "Op een boot" in titles(world)
    world.press("Op een boot")
    assert world.text.startswith("Goed!")


@pytest.mark.parametrize("locale", ["nl", "nl_NL", "nl-BE"])
def test_a_fan_whose_platform_says_dutch_is_spoken_to_in_dutch(world, locale):
    world.scan(locale=locale)
    assert "Welkom bij Birthday Bash" in world.text


def test_a_campaign_in_one_language_speaks_that_one():
    world = World(a_campaign(languages=("nl",)))
    world.scan(locale="en")
    assert "Welkom" in world.text
    assert "Nederlands?" not in world.text


def test_my_ticket_shows_the_ticket_or_says_that_there_is_none(world):
    world.scan()
    world.say("my ticket")
    assert "don't hold a ticket yet" in world.text
    assert "Question 1 of 3" in world.text
    won = world.play()[1].ticket
    world.say("mijn ticket")
    assert world.replies[1].ticket == won


def test_deleting_asks_first_and_a_no_deletes_nothing(world):
    world.scan()
    world.answer()
    world.say("verwijder mijn gegevens")
    assert titles(world) == ["Delete my data", "Keep it"]
    world.press("Keep it")
    assert "Nothing was deleted" in world.text
    assert "Question 2 of 3" in world.text


def test_anything_but_a_yes_deletes_nothing(world):
    world.scan()
    world.say("delete my data")
    world.say("On a boat")
    assert "Nothing was deleted" in world.text


@pytest.mark.parametrize("confirm", ["yes", "ja", "delete my data"])
def test_deleting_leaves_nothing_that_names_the_fan(world, confirm):
    world.play()
    world.say("delete my data")
    world.say(confirm)
    assert "Done" in world.text
    assert "2000" not in json.dumps([str(key) for key in (*world.records, *world.conversations)])


def test_a_deletion_that_the_platform_passes_on_deletes_and_says_nothing(world):
    world.play()
    assert world.hear(world.message("deletion", id="code")) == ()
    assert not list(world.conversations)


# ─── kind, whatever comes ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"text": "👍🎉"}, "I can only read words"),
        ({"text": "!!!"}, "I can only read words"),
        ({"text": "so " * 200}, "A few words are enough"),
        ({"text": "the moon"}, "choose one of the buttons"),
        ({"kind": "media", "media": "sticker"}, "I can't see pictures"),
        ({"kind": "media", "media": "audio"}, "I can't see pictures"),
        ({"kind": "choice", "payload": "answer:birthday-bash:7:first-set:boat"}, "earlier question"),
        ({"kind": "choice", "payload": "answer:birthday-bash:1:first-set:nothing"}, "earlier question"),
        ({"kind": "choice", "payload": "answer:::::"}, "earlier question"),
        ({"kind": "choice", "payload": "💥"}, "earlier question"),
    ],
)
def test_what_is_no_answer_costs_nothing_and_asks_again(world, said, answer):
    world.scan()
    world.hear(world.message(**said))
    assert answer in world.text
    assert "Question 1 of 3" in world.text
    assert titles(world) == ["In the kitchen", "On a boat", "In the gym"]


def test_a_button_of_a_question_that_was_answered_is_stale(world):
    world.scan()
    first = world.replies
    world.answer()
    world.replies = first
    world.press("In the gym")
    assert "earlier question" in world.text
    assert "Question 2 of 3" in world.text


def test_a_button_of_an_earlier_attempt_is_stale():
    world = World(a_campaign(attempts=2))
    world.scan()
    first = world.replies
    world.say("restart")
    world.replies = first
    world.press("On a boat")
    assert "earlier question" in world.text


def test_a_choice_may_be_typed(world):
    world.scan()
    world.say("on a boat")
    assert world.text.startswith("Right!")


def test_a_text_that_was_typed_before_the_question_was_asked_is_not_its_answer(world):
    world.scan()
    world.answer()
    world.answer()
    world.say("burnt cream", at=int(world.clock.now * 1000) - 10_000)
    assert "a bit late" in world.text
    assert "Question 3 of 3" in world.text


# ─── states of a campaign ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "draft"}, "isn't open yet"),
        ({"state": "paused"}, "taking a short break"),
        ({"state": "ended"}, "is over"),
        ({"opens_at": "2999-01-05T20:00"}, "opens on Saturday 5 January 2999 at 20:00"),
        ({"closes_at": "2026-01-05T20:00"}, "is over"),
    ],
)
def test_a_campaign_that_cannot_be_played_says_why(changes, expected):
    world = World(a_campaign(**changes))
    world.scan()
    assert expected in world.text
    assert titles(world) == []


def test_a_campaign_that_is_paused_in_the_middle_goes_on_later(world):
    world.scan()
    world.campaigns.save(a_campaign(state="paused"))
    world.clock.now += 10
    world.answer()
    assert "short break" in world.text
    world.campaigns.save(a_campaign())
    world.clock.now += 10
    world.say("On a boat")
    assert world.text.startswith("Right!")


def test_a_ticket_is_still_shown_when_the_campaign_is_over(world):
    won = world.play()[1].ticket
    world.campaigns.save(a_campaign(state="ended"))
    world.clock.now += 10
    world.say("ticket")
    assert world.replies[1].ticket == won


# ─── terms ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_terms_to_be_noticed_stand_in_the_welcome():
    world = World(a_campaign(terms=Terms(url="https://example.com/terms")))
    world.scan()
    assert "https://example.com/terms" in world.text
    assert "Question 1 of 3" in world.text


def test_terms_to_be_accepted_come_before_the_first_question():
    world = World(a_campaign(terms=Terms(url="https://example.com/terms", consent="ask")))
    world.scan()
    assert titles(world) == ["I accept", "No, thanks"]
    world.say("On a boat")
    assert titles(world) == ["I accept", "No, thanks"]
    world.press("No, thanks")
    assert "without your yes we don't play" in world.text
    world.press("I accept")
    assert "Question 1 of 3" in world.text


# ─── once ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_message_again_gets_the_same_replies_and_changes_nothing(world):
    world.scan()
    message = world.message("choice", payload=world.replies[0].choices[1].payload)
    first = world.hear(message)
    written = len(world.conversations.writes)
    assert world.hear(message) == first
    assert len(world.conversations.writes) == written


def test_an_older_message_again_gets_its_own_replies(world):
    message = world.message("start", ref="bash")
    first = world.hear(message)
    world.answer()
    turn = world.dialogue.turn(message)
    assert turn.replies == first
    assert not turn.newest


def test_a_message_from_before_all_that_is_remembered_is_not_handled_again(world):
    message = world.message("start", ref="bash")
    world.hear(message)
    for _ in range(25):
        world.say("help")
    turn = world.dialogue.turn(message)
    assert turn.replies == ()
    assert not turn.newest


def test_a_message_costs_one_read_and_one_small_write(world):
    world.scan()
    reads, writes, records = world.conversations.reads, len(world.conversations.writes), world.records.reads
    world.answer()
    assert world.conversations.reads - reads == 1
    assert len(world.conversations.writes) - writes == 1
    assert world.records.reads == records, "campaign, refs and stock were read a moment ago"


def test_a_turn_is_at_most_one_kilobyte_until_the_ticket(world):
    for _ in range(20):
        world.say("help")
    world.scan()
    world.answer()
    world.answer()
    sizes = [len(json.dumps(step.item)) for step in world.conversations.writes if isinstance(step, Create)]
    assert max(sizes) <= 1024


def test_what_a_fan_typed_is_not_kept_where_the_platform_keeps_it(world):
    world.say("my secret wish")
    assert "secret wish" not in str([step.item for step in world.conversations.writes])


def test_the_web_transcript_says_what_stood_on_a_pressed_button(world):
    fan = {"conversation": "web:birthday-bash:s", "campaign": "birthday-bash"}
    world.say("start", **fan)
    world.hear(world.message("choice", payload=world.replies[0].choices[1].payload, **fan))
    assert [exchange.said for exchange in world.dialogue.transcript("web:birthday-bash:s")] == ["start", "On a boat"]


def test_logs_carry_no_text_and_no_name(world):
    world.play(trace="t1")
    said = json.dumps(world.lines)
    assert "2000" not in said
    assert "boat" not in said
    assert {"turn", "ticket"} == {line["event"] for line in world.lines}


# ─── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_text_is_there_in_every_language_with_the_same_blanks():
    def blanks(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    english, dutch = (texts.TEXTS[language] for language in texts.LANGUAGES)
    assert {key: blanks(text) for key, text in english.items()} == {key: blanks(text) for key, text in dutch.items()}


@pytest.mark.parametrize(
    "key", ["consent_yes", "consent_no", "retry_button", "start_button", "delete_yes", "delete_no", "ticket_link"]
)
@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_our_own_buttons_fit_every_platform(key, language):
    assert len(texts.say(language, key)) <= 20


def test_a_blank_state_is_the_state_of_a_stranger(world):
    assert world.dialogue._conversations.load("messenger:1:1").state == State()  # noqa: SLF001  # the store's own default
