"""The web chat in a real browser: the application's own pages and dialogue, over tables in memory."""

import json
import re

import pytest
import requests
from playwright.sync_api import expect

from tests.builders import a_campaign
from tests.fakes.web import site
from tests.pictures import decoded, opened
from tests.world import World

PHONE = {"width": 390, "height": 844}
RIGHT = ("On a boat", "House")
ANSWER = "creme brulee"


@pytest.fixture
def fans_site():
    with site(World()) as served:
        yield served


@pytest.fixture
def open_chat(fans_site, visitor):
    """Open the chat as a new fan."""

    def open_chat(prepare=None, locale="en-GB", **options):
        page = visitor(expected, viewport=PHONE, locale=locale, **options)
        page.set_default_timeout(15_000)
        if prepare:
            prepare(page)
        page.goto(fans_site.url + "/chat/birthday-bash")
        return page

    return open_chat


def expected(said):
    """A test that cuts the network off expects the browser to say so."""
    return re.match(r"Failed to load resource: (net::|the server responded with a status of 503)", said)


def choice(page, title):
    return page.locator("#choices").get_by_role("button", name=title, exact=True)


def question(page, text):
    page.get_by_role("log").get_by_text(text).last.wait_for()
    return page


def write(page, text):
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


def win(page):
    for title in RIGHT:
        choice(page, title).click()
    question(page, "dessert")
    write(page, ANSWER)
    page.locator(".stub").wait_for()
    return page


def posts(page):
    """The bodies of all messages that the page sends from now on."""
    sent = []
    page.on("request", lambda request: sent.append(json.loads(request.post_data)) if request.method == "POST" else None)
    return sent


def conversation(page, site):
    """What the server knows was said."""
    session = page.evaluate("JSON.parse(localStorage['guestlist:birthday-bash']).session")
    return [exchange.said for exchange in site.world.dialogue.transcript(f"web:birthday-bash:{session}")]


def test_a_fan_answers_and_holds_a_ticket_whose_qr_code_decodes_to_its_code(open_chat, fans_site):
    page = win(open_chat(reduced_motion="reduce"))  # no glint passes over the code
    code = page.locator(".stub a").get_attribute("href").removeprefix("/t/")
    assert fans_site.world.keys.verify(code).campaign_id == "birthday-bash"
    expect(page.locator(".stub img")).to_have_js_property("complete", value=True)
    assert decoded(opened(page.locator(".stub img").screenshot())) == code


def test_the_whole_quiz_can_be_played_with_the_keyboard_alone(open_chat):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "On a boat":
            break
    page.keyboard.press("Enter")
    choice(page, "House").wait_for()
    expect(choice(page, "House")).to_be_focused()
    page.keyboard.press("Space")
    question(page, "dessert")
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(ANSWER)
    page.keyboard.press("Enter")
    page.locator(".stub").wait_for()
    expect(page.get_by_role("textbox")).to_be_focused()  # whoever types goes on typing


def test_a_double_click_is_one_answer(open_chat, fans_site):
    page = open_chat()
    sent = posts(page)
    choice(page, "On a boat").dblclick()
    choice(page, "House").wait_for()
    assert len(sent) == 1
    assert conversation(page, fans_site) == ["start", "On a boat"]


def test_two_answers_pressed_at_once_are_one(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    sent = posts(page)
    page.evaluate(
        "for (const button of document.querySelectorAll('#choices button')) { button.click(); button.click(); }"
    )
    page.locator(".message").nth(2).wait_for()
    page.wait_for_timeout(200)
    assert len(sent) == 1
    assert conversation(page, fans_site) == ["start", "In the kitchen"]


def test_a_double_enter_is_one_message(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    page.get_by_role("textbox").fill("On a boat")
    page.evaluate("const form = document.getElementById('composer'); form.requestSubmit(); form.requestSubmit()")
    choice(page, "House").wait_for()
    assert conversation(page, fans_site) == ["start", "On a boat"]


def test_a_reload_goes_on_where_the_fan_was(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").click()
    choice(page, "House").wait_for()
    before = page.get_by_role("log").inner_text()
    page.reload()
    choice(page, "House").wait_for()
    assert page.get_by_role("log").inner_text() == before
    assert page.locator("#choices button").count() == 2
    assert conversation(page, fans_site) == ["start", "On a boat"]


def test_a_reload_shows_the_ticket_again(open_chat):
    page = win(open_chat())
    page.reload()
    page.locator(".stub img").wait_for()
    assert page.locator("#choices button").count() == 0


def test_two_campaigns_do_not_share_a_conversation(open_chat, fans_site):
    fans_site.world.campaigns.save(a_campaign(campaign_id="after-party", ref="after", name="After Party"))
    page = open_chat()
    choice(page, "On a boat").click()
    choice(page, "House").wait_for()
    page.goto(fans_site.url + "/chat/after-party")
    choice(page, "On a boat").wait_for()
    assert page.get_by_role("heading").inner_text().casefold() == "after party"


def test_a_message_that_fails_stays_and_is_sent_again_with_its_id(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    page.context.set_offline(True)
    sent = posts(page)
    choice(page, "On a boat").click()
    page.locator(".fan .mark").wait_for()
    assert "Not sent" in page.locator(".fan").inner_text()
    assert choice(page, "House").count() == 0
    assert all(button.is_disabled() for button in page.locator("#choices button").all())
    page.context.set_offline(False)  # the page hears of it, and tries again by itself
    choice(page, "House").wait_for()
    assert page.locator(".fan .mark").count() == 0
    assert {body["messageId"] for body in sent} == {sent[0]["messageId"]}
    assert len(sent) == 2
    assert conversation(page, fans_site) == ["start", "On a boat"]


def test_an_answer_that_was_lost_on_its_way_is_fetched_by_trying_again(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/messages", lose, times=1)
    choice(page, "On a boat").click()
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    choice(page, "House").wait_for()
    assert conversation(page, fans_site) == ["start", "On a boat"], "the server had it already, and counted it once"
    assert not page.get_by_role("alert").is_visible()


def test_messages_behind_one_that_fails_wait_and_keep_their_order(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    page.route("**/messages", lambda route: route.fulfill(status=503, body="{}"))
    write(page, "On a boat")
    page.locator(".fan .mark").wait_for()
    write(page, "House")
    page.locator(".fan").nth(1).wait_for()
    page.unroute("**/messages")
    page.get_by_role("button", name="Try again").click()
    question(page, "dessert")
    assert conversation(page, fans_site) == ["start", "On a boat", "House"]


def test_a_chat_that_cannot_begin_says_so_and_begins_when_it_can(open_chat, fans_site):
    page = open_chat(lambda page: page.route("**/messages", lambda route: route.abort(), times=1))
    page.get_by_role("button", name="Try again").click()
    choice(page, "On a boat").wait_for()
    assert conversation(page, fans_site) == ["start"]


def test_a_transcript_that_cannot_be_fetched_is_fetched_later(open_chat):
    page = open_chat()
    choice(page, "On a boat").click()
    choice(page, "House").wait_for()
    page.route("**/messages?*", lambda route: route.abort(), times=1)
    page.reload()
    page.get_by_role("button", name="Try again").click()
    choice(page, "House").wait_for()
    assert page.locator(".fan").count() == 1


def test_a_dutch_browser_gets_a_dutch_chat(open_chat):
    page = open_chat(locale="nl-NL")
    choice(page, "Op een boot").wait_for()
    assert page.locator("html").get_attribute("lang") == "nl"
    assert page.get_by_role("textbox", name="Typ een bericht").is_visible()
    assert page.get_by_text("Eén gratis kaartje").first.is_visible()
    assert not page.locator(".poster").get_by_text("One free ticket").is_visible()


def test_the_switch_changes_the_chat_and_the_page_and_is_remembered(open_chat, fans_site):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    page.get_by_role("button", name="Nederlands").click()
    choice(page, "Op een boot").wait_for()
    assert page.get_by_role("textbox", name="Typ een bericht").is_visible()
    assert page.get_by_role("button", name="Nederlands").get_attribute("aria-pressed") == "true"
    page.reload()
    choice(page, "Op een boot").wait_for()
    assert page.get_by_role("textbox", name="Typ een bericht").is_visible()
    assert conversation(page, fans_site) == ["start", "Nederlands"]


def test_a_typed_language_changes_the_page_too(open_chat):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    write(page, "NL")
    choice(page, "Op een boot").wait_for()
    assert page.get_by_role("textbox", name="Typ een bericht").is_visible()


def test_what_a_fan_types_is_shown_as_text(open_chat):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    write(page, '<img src=x onerror="alert(1)"> https://example.com/a?b=1.')
    page.locator(".fan a").wait_for()
    assert page.locator(".fan img").count() == 0
    assert page.locator(".fan a").get_attribute("href") == "https://example.com/a?b=1"


def test_a_browser_that_keeps_nothing_can_play_all_the_same(open_chat):
    denied = (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })"
    )
    win(open_chat(lambda page: page.add_init_script(denied)))


def test_a_spoilt_memory_begins_anew(open_chat):
    page = open_chat()
    choice(page, "On a boat").wait_for()
    for spoilt in ("{", "null", '{"session":"../../x"}', '{"session":7}'):
        page.evaluate("spoilt => { localStorage['guestlist:birthday-bash'] = spoilt }", spoilt)
        page.reload()
        choice(page, "On a boat").wait_for()


def test_the_demo_campaign_of_make_run_leads_to_a_ticket(local_run, browser):
    page = browser.new_page()
    page.goto(local_run.web + "/chat/birthday-bash")
    token = {"Authorization": "Bearer local-organiser-token"}
    campaign = requests.get(local_run.web + "/campaigns/birthday-bash", headers=token, timeout=10).json()
    for number, asked in enumerate(campaign["questions"], start=1):
        question(page, f"Question {number} of 3")
        if asked["kind"] == "choice":
            choice(page, next(one["text"]["en"] for one in asked["choices"] if one["id"] == asked["answer"])).click()
        else:
            write(page, asked["accept"]["en"][0])
    page.locator(".stub a").wait_for()
    code = page.locator(".stub a").get_attribute("href").removeprefix("/t/")
    picture = requests.get(f"{local_run.web}/t/{code}.png", timeout=10)
    assert decoded(opened(picture.content)) == code


# ── for everyone ──────────────────────────────────────────────────────────


def test_a_screen_reader_hears_who_said_what(open_chat):
    page = open_chat()
    choice(page, "On a boat").click()
    choice(page, "House").wait_for()
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"
    assert log.get_attribute("aria-label") == "Conversation"
    said = log.locator(".message .unseen").all_inner_texts()
    assert [who.strip() for who in said] == ["Bot:", "You:", "Bot:"]
    group = page.get_by_role("group", name="Answers")
    assert "What will be played?" in page.locator(f"#{group.get_attribute('aria-describedby')}").inner_text()


def test_everything_that_can_be_pressed_has_a_name_and_is_large_enough(open_chat):
    page = win(open_chat())
    for control in page.locator("button:visible, a:visible, input:visible").all():
        name = control.get_attribute("aria-label") or control.inner_text() or control.get_attribute("placeholder")
        box = control.bounding_box()
        assert name
        assert min(box["width"], box["height"]) >= 34, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(open_chat, scheme):
    page = open_chat(color_scheme=scheme, reduced_motion="reduce")
    choice(page, "On a boat").wait_for()
    before = page.evaluate(CONTRASTS)
    win(page)
    weak = [text for text in before + page.evaluate(CONTRASTS) if text["ratio"] < 4.5]
    assert weak == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_screen_and_the_message_line_stays_in_sight(open_chat, width):
    page = open_chat()
    page.set_viewport_size({"width": width, "height": 640})
    win(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    line = page.locator("#composer").bounding_box()
    assert line["y"] + line["height"] <= 640
    assert page.evaluate("parseFloat(getComputedStyle(document.getElementById('text')).fontSize)") >= 16


def test_the_newest_message_is_in_sight(open_chat):
    page = open_chat(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 560})
    win(page)
    expect(page.locator(".stub .foot")).to_be_in_viewport()


def test_whoever_wants_no_motion_sees_none(open_chat):
    page = win(open_chat(reduced_motion="reduce"))
    assert page.evaluate("document.getAnimations().length") == 0


def test_without_javascript_the_page_says_what_is_missing(open_chat):
    page = open_chat(java_script_enabled=False)
    assert page.locator(".noscript").is_visible()
    assert page.get_by_role("heading", name="Birthday Bash").is_visible()


CONTRASTS = """() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage.includes("gradient")) return null; // foil: judged by eye
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return rgba("white");
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || !element.checkVisibility() || element.closest("script, .unseen, :disabled")) continue;
    const under = ground(element);
    if (!under) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(under)].sort((x, y) => y - x);
    texts.push({ text, ratio: Math.round(100 * (a + 0.05) / (b + 0.05)) / 100 });
  }
  return texts;
}"""
