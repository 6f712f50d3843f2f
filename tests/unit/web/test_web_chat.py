import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_chalice.handlers import RequestHandler

from chalicelib.dialogue.model import TEXT_LIMIT
from tests.builders import a_campaign
from tests.fakes.web import application
from tests.world import World

SESSION = "0123456789abcdefghij_-"
ENGLISH = {"accept": "text/html", "accept-language": "en"}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def client(world):
    return RequestHandler(application(world))


def say(client, campaign="birthday-bash", language="en", **body):
    headers = {"content-type": "application/json", "accept-language": language}
    return client.post(f"/chat/{campaign}/messages", headers=headers, body=json.dumps(body).encode())


def transcript(client, session, campaign="birthday-bash"):
    return client.get(f"/chat/{campaign}/messages?session={session}", headers={})


def play(client):
    """From the start to the ticket."""
    session = say(client, messageId="m1", text="start").json["session"]
    for number, answer in enumerate(("On a boat", "House", "creme brulee"), start=2):
        last = say(client, session=session, messageId=f"m{number}", text=answer)
    return session, last.json["replies"]


def test_a_first_message_begins_a_conversation_and_gets_its_session(client):
    answer = say(client, messageId="m1", text="start")
    assert answer.status_code == 200
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", answer.json["session"])
    (reply,) = answer.json["replies"]
    assert "Where was the first set?" in reply["text"]
    assert [choice["title"] for choice in reply["choices"]] == ["In the kitchen", "On a boat", "In the gym"]


def test_no_name_is_known_so_none_is_said(client):
    text = say(client, messageId="m1", text="start").json["replies"][0]["text"]
    assert text.startswith("Hi! Welcome")
    assert "{name}" not in text


def test_a_page_may_choose_its_session_itself(client):
    assert say(client, session=SESSION, messageId="m1", text="start").json["session"] == SESSION


def test_the_same_message_again_gets_the_same_answer_and_counts_once(client):
    say(client, session=SESSION, messageId="m1", text="start")
    first = say(client, session=SESSION, messageId="m2", text="On a boat")
    again = say(client, session=SESSION, messageId="m2", text="On a boat")
    assert again.json == first.json
    assert len([m for m in transcript(client, SESSION).json["messages"] if m["from"] == "fan"]) == 2


def test_a_pressed_button_answers_by_its_payload(client):
    choices = say(client, session=SESSION, messageId="m1", text="start").json["replies"][0]["choices"]
    answer = say(client, session=SESSION, messageId="m2", choice=choices[1]["payload"], text=choices[1]["title"])
    assert answer.json["replies"][0]["text"].startswith("Right!")


def test_a_winner_gets_the_ticket_with_all_that_a_card_needs(client, world):
    _, replies = play(client)
    ticket = replies[-1]["ticket"]
    assert world.keys.verify(ticket["code"]).campaign_id == "birthday-bash"
    assert ticket["url"] == f"https://fans.example/t/{ticket['code']}"
    assert ticket["image"] == ticket["url"] + ".png"
    assert ticket["title"] == "Your ticket: Birthday Bash"
    assert ticket["subtitle"] == "One free ticket"
    assert ticket["linkTitle"]


def test_the_language_of_the_browser_is_spoken(client):
    assert (
        "Waar was de eerste set?"
        in say(client, language="nl-NL,nl;q=0.9", messageId="m1", text="start").json["replies"][0]["text"]
    )


def test_the_transcript_tells_all_that_was_said_in_order(client):
    session, replies = play(client)
    messages = transcript(client, session).json["messages"]
    assert [m["text"] for m in messages if m["from"] == "fan"] == ["start", "On a boat", "House", "creme brulee"]
    assert messages[-1]["ticket"] == replies[-1]["ticket"]
    assert all(set(m) >= {"from", "text", "choices", "at"} for m in messages)
    assert [m["at"] for m in messages] == sorted(m["at"] for m in messages)


def test_a_session_that_said_nothing_has_an_empty_transcript(client):
    assert transcript(client, SESSION).json == {"session": SESSION, "messages": []}


def test_a_conversation_belongs_to_its_session_and_campaign(client, world):
    world.campaigns.save(a_campaign(campaign_id="other", ref="other"))
    say(client, session=SESSION, messageId="m1", text="start")
    assert transcript(client, SESSION, "other").json["messages"] == []


@pytest.mark.parametrize("session", ["", "short", "x" * 23, "x" * 21 + "%2F", "x" * 21 + "%3A"])
def test_the_transcript_of_no_session_of_ours_is_refused(client, session):
    refused = transcript(client, session)
    assert refused.status_code == 400
    assert refused.json["errors"][0]["field"] == "session"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["messageId", "text"]),
        ({"messageId": "", "text": "hi"}, ["messageId"]),
        ({"messageId": "x" * 101, "text": "hi"}, ["messageId"]),
        ({"messageId": "a b", "text": "hi"}, ["messageId"]),
        ({"messageId": 7, "text": "hi"}, ["messageId"]),
        ({"messageId": "m1", "text": "  \n"}, ["text"]),
        ({"messageId": "m1", "text": None}, ["text"]),
        ({"messageId": "m1", "choice": 1}, ["choice"]),
        ({"messageId": "m1", "choice": "x" * 1001}, ["choice"]),
        ({"messageId": "m1", "text": "hi", "session": "../../etc/passwd"}, ["session"]),
        ({"messageId": "m1", "text": "hi", "session": 12}, ["session"]),
        ({"messageId": None, "text": [], "choice": {}, "session": True}, ["session", "messageId", "text", "choice"]),
    ],
)
def test_a_message_that_cannot_be_read_names_every_field(client, body, fields):
    refused = say(client, **body)
    assert refused.status_code == 400
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert [error["field"] for error in refused.json["errors"]] == fields


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"'])
def test_what_is_no_json_object_is_refused(client, body):
    refused = client.post("/chat/birthday-bash/messages", headers={"content-type": "application/json"}, body=body)
    assert refused.status_code == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("session", "messageId", "text", "choice"), JSON)))
def test_no_body_makes_the_chat_fail(client, body):
    assert say(client, **body).status_code in (200, 400)


def test_half_an_emoji_is_stored_as_a_question_mark(client):
    body = b'{"session": "%s", "messageId": "m1", "text": "so happy \\ud83d"}' % SESSION.encode()
    client.post("/chat/birthday-bash/messages", headers={"content-type": "application/json"}, body=body)
    assert transcript(client, SESSION).json["messages"][0]["text"] == "so happy ?"


def test_a_very_long_text_is_cut_and_answered(client):
    assert say(client, session=SESSION, messageId="m1", text="x" * 50_000).status_code == 200
    assert len(transcript(client, SESSION).json["messages"][0]["text"]) <= TEXT_LIMIT


def test_a_campaign_that_is_not_there_is_a_problem_for_programs_and_a_kind_page_for_people(client):
    assert say(client, "nowhere", messageId="m1", text="start").status_code == 404
    assert transcript(client, SESSION, "nowhere").headers["Content-Type"] == "application/problem+json"
    page = client.get("/chat/nowhere", headers=ENGLISH)
    assert page.status_code == 404
    assert "Nothing is playing here" in page.body


def test_the_page_names_the_campaign_and_the_prize_in_both_languages(client):
    page = client.get("/chat/birthday-bash", headers=ENGLISH)
    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for shown in ("<h1>Birthday Bash</h1>", "One free ticket", "Eén gratis kaartje", '<html lang="en">'):
        assert shown in page.body


def test_the_page_has_no_script_or_style_of_its_own_and_lets_none_in(client):
    page = client.get("/chat/birthday-bash", headers=ENGLISH)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.body)
    assert re.findall(r"<script(?! type=\"application/json\")[^>]*>", page.body) == re.findall(
        r"<script type=\"module\"[^>]*>", page.body
    )


HOSTILE = "</script><script>alert(1)</script>\"'&{{7*7}}"


def test_a_campaign_with_a_hostile_name_stays_text(client):
    world = World(a_campaign(name=HOSTILE, prize={"en": HOSTILE, "nl": HOSTILE}))
    page = RequestHandler(application(world)).get("/chat/birthday-bash", headers=ENGLISH).body
    assert "<script>alert" not in page
    assert page.count("</script>") == 2
    assert "49" not in re.sub(r"v=[\w-]+", "", page)


def test_a_hostile_campaign_id_stays_text(client):
    page = client.get("/chat/%3Cscript%3Ealert(1)%3C%2Fscript%3E", headers=ENGLISH)
    assert page.status_code == 404
    assert "<script>" not in page.body


def test_a_campaign_of_one_language_offers_no_switch():
    world = World(a_campaign(languages=("en",)))
    page = (
        RequestHandler(application(world)).get("/chat/birthday-bash", headers={**ENGLISH, "accept-language": "nl"}).body
    )
    assert 'class="languages"' not in page
    assert '<html lang="en">' in page
