"""A preview plays the campaign as it stands, for whoever holds the link, and nothing of it counts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pytest_chalice.handlers import RequestHandler

from chalicelib.campaigns import preview
from chalicelib.errors import NotFound
from chalicelib.tickets.model import PREVIEW
from tests.builders import a_campaign
from tests.fakes.web import application
from tests.recount import by_source
from tests.world import World

SESSION = "0123456789abcdefghij_-"
CHAT = "/chat/birthday-bash"
DAY = preview.KEEP_SECONDS


class Client:
    def __init__(self, campaign):
        self.world = World(campaign)
        self._handler = RequestHandler(application(self.world))
        self.token = self.signed()
        self.said = 0

    def signed(self, campaign="birthday-bash", seconds=DAY):
        return preview.token(self.world.campaigns.stored(campaign).salt, int(self.world.clock.now) + seconds)

    def page(self, token=None, language="en"):
        token = self.token if token is None else token
        return self._handler.get(
            f"{CHAT}?preview={token}", headers={"accept": "text/html", "accept-language": language}
        )

    def say(self, text, token=None):
        self.said += 1
        body = {"session": SESSION, "messageId": f"m{self.said}", "text": text}
        query = f"?preview={self.token if token is None else token}" if token != "none" else ""
        return self._handler.post(
            f"{CHAT}/messages{query}", headers={"content-type": "application/json"}, body=json.dumps(body).encode()
        )

    def get(self, path):
        return self._handler.get(path, headers={"accept-language": "en"})

    def play(self):
        return [self.say(text) for text in ("start", "On a boat", "House", "creme brulee")][-1].json["replies"]


@pytest.fixture
def client():
    return Client(a_campaign(state="draft"))


def test_a_draft_is_played_to_its_end_and_nothing_of_it_counts(client):
    before = len(client.world.records.writes), len(client.world.lines)
    won = client.play()
    assert "Here is your ticket" in won[0]["text"]
    assert won[1]["ticket"]["code"] == PREVIEW
    assert (len(client.world.records.writes), len(client.world.lines)) == before
    assert client.world.campaigns.tickets_left("birthday-bash") == 25
    assert not client.world.tickets.is_played("birthday-bash")
    assert by_source(client.world.records) == {}


@pytest.mark.parametrize(
    "closed",
    [{"state": "draft"}, {"state": "paused"}, {"state": "ended"}, {"opens_at": "2999-01-05T20:00"}, {"stock": 0}],
)
def test_a_preview_is_open_whatever_the_campaign_is(closed):
    assert "first set" in Client(a_campaign(**closed)).say("start").json["replies"][0]["text"]


def test_without_the_link_the_draft_stays_closed(client):
    assert "isn't open yet" in client.say("start", token="none").json["replies"][0]["text"]


def test_a_preview_and_the_chat_itself_do_not_know_each_others_conversations():
    client = Client(a_campaign())
    client.say("start")
    client.say("On a boat")
    assert "first set" in client.say("hello", token="none").json["replies"][0]["text"]
    assert by_source(client.world.records)[""].starts == 1


def test_a_preview_shows_what_was_saved_a_moment_ago(client):
    client.say("start")
    question, *more = client.world.campaign.questions
    changed = replace(question, text={"en": "Quite another question?", "nl": "Heel iets anders?"})
    client.world.campaigns.save(a_campaign(state="draft", questions=(changed, *more)))
    assert "Quite another question?" in client.say("help").json["replies"][0]["text"]


def test_a_preview_stays_with_its_campaign(client):
    client.world.campaigns.save(a_campaign(campaign_id="other", ref="other", name="Other"))
    client.say("start")
    assert "Other" not in client.say("other").json["replies"][0]["text"]


def test_the_page_says_that_it_is_a_preview_and_is_kept_nowhere(client):
    page = client.page()
    assert page.status_code == 200
    assert "Preview: nothing counts, and no ticket is given away." in page.body
    assert "Voorbeeld: niets telt mee" in client.page(language="nl").body
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert 'class="preview"' not in client.get(CHAT).body


@pytest.mark.parametrize("suffix", ["", ".svg", ".png"])
def test_the_ticket_of_a_preview_is_a_sample_that_opens_no_door(client, suffix):
    shown = client.get(f"/t/{PREVIEW}{suffix}")
    assert shown.status_code == (200 if suffix else 404)
    assert suffix or "it opens no door" in shown.body
    with pytest.raises(NotFound):
        client.world.keys.verify(PREVIEW)


# ─── the link ──────────────────────────────────────────────────────────────────────────────────────────────────────


def refused(client, token):
    page = client.page(token)
    return (
        page.status_code == 404
        and "This preview is over" in page.body
        and client.say("start", token).status_code == 403
    )


def test_a_link_counts_for_a_day_and_not_a_second_longer(client):
    client.world.clock.now = int(client.world.clock.now)
    token = client.signed()
    client.world.clock.now += DAY - 1
    assert client.page(token).status_code == 200
    client.world.clock.now += 1
    assert refused(client, token)


def test_a_link_opens_its_own_campaign_only(client):
    client.world.campaigns.save(a_campaign(campaign_id="other", ref="other", state="draft"))
    assert refused(client, client.signed("other"))


def test_a_link_whose_time_was_stretched_is_refused(client):
    expires, _, signature = client.token.partition(".")
    assert refused(client, f"{int(expires) + 1}.{signature}")


SALT = "5a17" * 16
GOOD = preview.token(SALT, 1_000)


@given(
    st.text(max_size=80)
    | st.builds(lambda at, sign: GOOD[:at] + sign + GOOD[at + 1 :], st.integers(0, 47), st.characters())
)
def test_nothing_but_the_link_itself_is_valid(given_token):
    assert preview.is_valid(GOOD, SALT, 999)
    assert preview.is_valid(given_token, SALT, 0) == (given_token == GOOD)


def test_a_preview_of_what_is_not_there_is_not_found(client):
    assert client.get("/chat/nowhere?preview=1.x").status_code == 404
    assert "Nothing is playing here" in client.get("/chat/nowhere?preview=1.x").body
