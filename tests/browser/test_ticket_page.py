"""The ticket's page in a real browser: on a phone, in the dark, on paper."""

import pytest

from tests.fakes.web import site
from tests.pictures import decoded, opened
from tests.world import World

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def fans_site():
    with site(World()) as served:
        served.world.play()
        yield served


@pytest.fixture
def code(fans_site):
    return fans_site.world.replies[-1].ticket


@pytest.fixture
def open_ticket(fans_site, code, visitor):
    """Open the ticket on a new phone."""

    def open_ticket(**options):
        page = visitor(**{"viewport": PHONE, "locale": "en-GB", **options})
        page.goto(f"{fans_site.url}/t/{code}")
        return page

    return open_ticket


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screenshot_of_the_page_decodes_to_the_code(open_ticket, code, scheme):
    page = open_ticket(color_scheme=scheme)
    assert decoded(opened(page.screenshot())) == code
    if scheme == "dark":
        ground = page.evaluate("getComputedStyle(document.querySelector('.ticket')).backgroundColor")
        assert ground == "rgb(255, 255, 255)", "a scanner needs the code on white"


def test_the_code_is_as_large_as_the_phone_allows_and_all_of_it_is_in_sight(open_ticket):
    box = open_ticket().get_by_role("img").bounding_box()
    assert box["width"] > 0.9 * PHONE["width"]
    assert box["y"] + box["height"] < PHONE["height"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_wider_than_the_screen(open_ticket, width):
    page = open_ticket(viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_picture_can_be_saved_and_decodes(open_ticket, code):
    page = open_ticket()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as picture").click()
    saved = download.value
    assert saved.suggested_filename.startswith("ticket-")
    assert saved.suggested_filename.endswith(".png")
    assert decoded(opened(saved.path().read_bytes())) == code


def test_on_paper_there_is_one_ticket_in_black_on_white_without_buttons(open_ticket, code):
    page = open_ticket(color_scheme="dark", viewport={"width": 794, "height": 1123})  # A4 at 96 dots an inch
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.get_by_role("link", name="Save as picture").is_visible()
    assert not page.get_by_role("button", name="Print").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.ticket header')).backgroundImage") == "none"
    colours = page.evaluate("[...document.querySelectorAll('.ticket *')].map(shown => getComputedStyle(shown).color)")
    assert set(colours) == {"rgb(0, 0, 0)"}
    assert decoded(opened(page.screenshot())) == code
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 1


def test_the_print_button_prints(open_ticket):
    page = open_ticket()
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printed"


def test_without_javascript_the_ticket_is_all_there_and_no_dead_button(open_ticket, code):
    page = open_ticket(java_script_enabled=False)
    assert decoded(opened(page.screenshot())) == code
    assert not page.get_by_role("button", name="Print").is_visible()


def test_a_used_ticket_can_no_longer_be_scanned_from_its_page(open_ticket, fans_site, code):
    fans_site.world.tickets.redeem(fans_site.world.keys.verify(code), "scan-0001", "North")
    page = open_ticket()
    assert page.get_by_text("Used on").is_visible()
    assert page.get_by_role("link").count() == 0
    with pytest.raises(ValueError, match="not enough values"):
        decoded(opened(page.screenshot()))


def test_a_dutch_phone_shows_a_dutch_ticket(open_ticket):
    page = open_ticket(locale="nl-NL")
    assert page.get_by_text("Geldig. Nog niet gebruikt.").is_visible()
    assert page.get_by_role("img").get_attribute("alt").startswith("QR-code van ticket")
