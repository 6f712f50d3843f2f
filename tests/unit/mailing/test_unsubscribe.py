"""One click to get no more mails of a list, and the way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_chalice.handlers import RequestHandler

from app import app
from chalicelib import wiring
from chalicelib.errors import NotFound, Unavailable
from chalicelib.mailing.service import Mailing
from chalicelib.mailing.store import MailStore
from chalicelib.pages.page import Pages
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable

ANNA, LIST = "anna@example.org", "birthday-bash"
SECRETS = {"mail": {"unsubscribe_key": "a key"}}
FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--frontier\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--frontier--\r\n'
)


@pytest.fixture
def table():
    return MemoryTable()


@pytest.fixture
def mailing(table):
    def mailing(secrets=SECRETS):
        return Mailing(MailStore(table), secrets, "https://guestlist.example/api", Clock(1_796_000_000.0))

    return mailing


@pytest.fixture
def browser(mailing, monkeypatch):
    """Asks for the page of a token; answers status, headers and the page."""
    monkeypatch.setenv("STAGE", "local")
    for name in ("BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setattr(wiring, "pages", lambda: Pages("https://guestlist.example/api"))
    monkeypatch.setattr(wiring, "mailing", mailing)
    wiring.unsubscribe_page.cache_clear()
    wiring.read_settings.cache_clear()
    handler = RequestHandler(app)

    def browser(token, body=None, content_type=FORM, language="en"):
        headers = {"Accept-Language": language}
        if body is None:
            return handler.get(f"/unsubscribe/{token}", headers=headers)
        return handler.post(f"/unsubscribe/{token}", headers=headers | {"Content-Type": content_type}, body=body)

    yield browser
    wiring.unsubscribe_page.cache_clear()
    wiring.read_settings.cache_clear()


@pytest.fixture
def token(mailing):
    return mailing().unsubscribe_url(ANNA, LIST).rpartition("/")[2]


def test_mail_programs_are_told_of_the_button_as_rfc_8058_has_it(mailing, token):
    assert mailing().unsubscribe_headers(ANNA, LIST) == (
        ("List-Unsubscribe", f"<https://guestlist.example/api/unsubscribe/{token}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    )
    assert "anna" not in token


def test_opening_the_link_changes_nothing(browser, token, mailing, table):
    page = browser(token)
    assert page.status_code == 200
    assert '<button name="List-Unsubscribe" value="One-Click">Unsubscribe</button>' in page.body
    assert table.writes == []
    assert mailing().may_mail(ANNA, LIST)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"List-Unsubscribe=One-Click", FORM), (MULTIPART, "multipart/form-data; boundary=frontier"), (b"", FORM)],
)
def test_one_click_stops_the_lists_mails_and_no_others(browser, token, mailing, body, content_type):
    for _ in range(2):
        answer = browser(token, body, content_type)
        assert answer.status_code == 200  # a redirect would lose mail programs: RFC 8058, 3.1
        assert "You are unsubscribed" in answer.body
    assert not mailing().may_mail(ANNA, LIST)
    assert not mailing().may_mail("ANNA@example.org", LIST)
    assert mailing().may_mail(ANNA, "another-party")
    assert mailing().may_mail(ANNA)
    assert mailing().may_mail("ben@example.org", LIST)


def test_there_is_a_way_back(browser, token, mailing):
    page = browser(token, b"List-Unsubscribe=One-Click").body
    [name, value] = re.search(r'<button name="(.+)" value="(.+)">Subscribe again', page).groups()
    assert "Stop these mails?" in browser(token, f"{name}={value}".encode()).body
    assert mailing().may_mail(ANNA, LIST)


def test_the_page_speaks_dutch(browser, token):
    assert "Deze mails stoppen?" in browser(token, language="nl-BE, en;q=0.5").body
    assert "Je bent uitgeschreven" in browser(token, b"", language="nl").body


def test_a_page_is_kept_nowhere(browser, token):
    assert browser(token).headers["Cache-Control"] == "no-store"


def spoilt(token):
    """Every way to change one place of a token, and some more."""
    for place, letter in enumerate(token):
        yield token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
    yield from (token[:-1], token + "A", "", "x", "..", token.replace(".", "", 1), "another-" + token)


def test_a_wrong_token_is_nobodys(browser, token, mailing, table):
    for wrong in spoilt(token):
        with pytest.raises(NotFound):
            mailing().subscription(wrong)
    for body in (None, b"List-Unsubscribe=One-Click"):
        answer = browser(token[:-1] + ("A" if token[-1] != "A" else "Q"), body)
        assert answer.status_code == 404
        assert "This link doesn" in answer.body
    assert table.writes == []


@given(st.emails(), st.from_regex("[a-z0-9-]{1,40}", fullmatch=True), st.from_regex("[a-z0-9-]{1,40}", fullmatch=True))
def test_a_token_is_of_its_address_and_its_list_alone(address, of_list, other):
    mailing = Mailing(MailStore(MemoryTable()), SECRETS, "", Clock(0.0))
    found = mailing.subscription(mailing.unsubscribe_url(address, of_list).rpartition("/")[2])
    mailing.unsubscribe(found)
    assert mailing.may_mail(address, other) == (other != of_list)


def test_a_link_counts_while_its_key_is_being_replaced_and_no_longer(mailing, token):
    rotating = mailing({"mail": {"unsubscribe_key": ["a key", "a new key"]}})
    assert rotating.subscription(token).list == LIST
    assert rotating.unsubscribe_url(ANNA, LIST).rpartition("/")[2] != token
    with pytest.raises(NotFound):
        mailing({"mail": {"unsubscribe_key": "a new key"}}).subscription(token)


@pytest.mark.parametrize("members", [{}, {"unsubscribe_key": ""}, {"unsubscribe_key": []}])
def test_without_a_key_no_link_is_made(mailing, members):
    with pytest.raises(Unavailable, match="unsubscribe_key"):
        mailing({"mail": members}).unsubscribe_url(ANNA, LIST)
