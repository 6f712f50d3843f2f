import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.pages import assets, texts
from chalicelib.pages.language import preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nl", "nl"),
        ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("de,nl;q=0.5", "nl"),
        ("NL", "nl"),
        ("en;q=0.2, nl;q=0.7", "nl"),
        ("fr,de", "en"),
        ("*", "en"),
        ("", "en"),
        ("nl;q=much", "en"),
        ("nl;q=0", "en"),
        (";;;,,,=", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(header, language):
    assert preferred(header, ("en", "nl")) == language


def test_a_campaign_that_speaks_one_language_speaks_it_to_all():
    assert preferred("en-GB", ("nl",)) == "nl"


@given(st.text())
def test_no_header_makes_it_fail(header):
    assert preferred(header, ("en", "nl")) in ("en", "nl")


def test_both_languages_say_the_same_things():
    for spoken in (texts.PAGES, texts.CHAT):
        assert set(spoken) == set(texts.LANGUAGES)
        assert len({frozenset(said) for said in spoken.values()}) == 1
        for key in spoken["en"]:
            assert len({tuple(re.findall(r"{\w+}", said[key])) for said in spoken.values()}) == 1


def test_a_file_by_its_present_hash_is_kept_for_a_year():
    version = assets.address("chat.js").partition("?v=")[2]
    served = assets.serve("chat.js", version)
    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert served.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert served.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("version", ["", "0ldversion"])
def test_a_file_by_another_hash_is_asked_for_again(version):
    assert assets.serve("chat.css", version).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../page.py", "page.py", "chat.js/", "CHAT.JS", "/etc/passwd", "chat.js\0", ".DS_Store"]
)
def test_only_what_the_folder_lists_is_served(name):
    with pytest.raises(errors.NotFound):
        assets.serve(name, "")


def test_every_file_of_the_folder_can_be_served():
    for path in assets.FOLDER.iterdir():
        assert assets.serve(path.name, "").status_code == 200


def test_no_file_asks_for_anything_elsewhere():
    for path in assets.FOLDER.iterdir():
        outside = re.findall(r"(?:https?:)?//[a-z]+[a-z0-9.-]*\.[a-z]{2,}", path.read_text("utf-8"))
        assert [address for address in outside if "www.w3.org" not in address] == []
