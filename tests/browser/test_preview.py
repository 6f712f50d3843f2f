"""A preview, and a link with a source, in a real browser."""

import pytest
from playwright.sync_api import expect

from chalicelib.campaigns import preview
from chalicelib.campaigns.model import Counts
from tests.builders import a_campaign
from tests.fakes.web import site
from tests.recount import by_source
from tests.world import World

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def fans_site():
    with site(World(a_campaign(state="draft"))) as served:
        yield served


@pytest.fixture
def open_chat(fans_site, visitor):
    """Open the chat by a link with this query, always in the same browser."""
    blank = visitor(viewport=PHONE, locale="en-GB")

    def open_chat(query=""):
        page = visitor(of=blank)
        page.set_default_timeout(15_000)
        page.goto(f"{fans_site.url}/chat/birthday-bash{query}")
        return page

    return open_chat


@pytest.fixture
def link(fans_site):
    world = fans_site.world
    salt = world.campaigns.stored("birthday-bash").salt
    return f"?preview={preview.token(salt, int(world.clock.now) + preview.KEEP_SECONDS)}"


def play(page):
    for title in ("On a boat", "House"):
        page.locator("#choices").get_by_role("button", name=title, exact=True).click()
    page.get_by_role("log").get_by_text("dessert").last.wait_for()
    page.get_by_role("textbox").fill("creme brulee")
    page.keyboard.press("Enter")
    page.locator(".stub").wait_for()
    return page


def test_an_organiser_plays_a_draft_to_the_sample_of_a_ticket(open_chat, fans_site, link):
    page = play(open_chat(link))
    expect(page.get_by_role("note")).to_have_text("Preview: nothing counts, and no ticket is given away.")
    expect(page.get_by_role("note")).to_be_in_viewport()
    expect(page.locator(".stub img")).to_have_js_property("complete", value=True)
    assert page.locator(".stub img").evaluate("picture => picture.naturalWidth") > 0
    assert fans_site.world.campaigns.tickets_left("birthday-bash") == 25


def test_a_preview_speaks_the_language_that_is_chosen(open_chat, link):
    page = open_chat(link)
    page.get_by_role("button", name="Nederlands").click()
    expect(page.get_by_role("note")).to_have_text("Voorbeeld: niets telt mee, en er wordt geen ticket weggegeven.")


def test_a_preview_begins_anew_each_time_it_is_opened(open_chat, link):
    play(open_chat(link))
    page = open_chat(link)
    expect(page.locator("#choices button")).to_have_count(3)
    assert page.locator(".stub").count() == 0
    assert page.evaluate("localStorage.length") == 0


def test_without_the_link_the_draft_is_closed_and_says_nothing_of_a_preview(open_chat):
    page = open_chat()
    page.get_by_role("log").get_by_text("isn't open yet").wait_for()
    assert page.locator(".preview").count() == 0


def test_a_fan_who_comes_by_a_sources_link_is_counted_once(open_chat, fans_site):
    world = fans_site.world
    world.campaigns.save(a_campaign())
    world.campaigns.announce("birthday-bash", "poster", "The poster", "anna")
    world.clock.now += 10
    for _ in range(2):
        open_chat("?source=poster").locator("#choices button").first.wait_for()
    open_chat("?source=nowhere").locator("#choices button").first.wait_for()
    assert by_source(world.records) == {"poster": Counts(scans=1, starts=1)}
