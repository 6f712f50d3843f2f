"""The simulator's page in a real browser, with a fake application behind it."""

import io
import re
import threading

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.unit.simulator.fake_application import a_simulator, until

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def simulator():
    with a_simulator() as running:
        yield running


@pytest.fixture
def page(simulator, visitor):
    """The page of a new visitor."""
    page = visitor(viewport={"width": 1280, "height": 800})
    page.goto(simulator.url)
    expect(page.get_by_role("button", name="Get Started")).to_be_visible()
    return page


def thread(page):
    return page.get_by_role("log", name="Messages with Guestlist")


def doings(simulator):
    """What the fan did, without the receipts that the phone sends by itself."""
    return [each.event for each in simulator.app.webhooks if not each.event.keys() & {"delivery", "read"}]


def me(simulator):
    return doings(simulator)[-1]["sender"]["id"]


def say(page, text):
    field = page.get_by_label("Message to Guestlist")
    field.fill(text)
    field.press("Enter")


def wait_for_picture(image):
    until(lambda: image.evaluate("it => it.complete && it.naturalWidth > 0"))


def question(*titles):
    return {
        "text": "Where was the first set?",
        "quick_replies": [{"content_type": "text", "title": title, "payload": f"q1:{title}"} for title in titles],
    }


def test_the_poster_holds_the_link_of_the_campaign_in_the_field(page):
    page.get_by_label("Campaign ref in the code").fill("door-7")
    code = page.get_by_role("img", name="QR code of the campaign door-7")
    expect(code).to_be_visible()
    expect(page.get_by_text("m.me/1000?ref=door-7")).to_be_visible()
    wait_for_picture(code)
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot())))
    assert found.text == "https://m.me/1000?ref=door-7"


def test_a_new_fan_who_scans_gets_started_and_a_returning_one_is_referred(page, simulator):
    page.get_by_role("button", name="Scan me").click()
    expect(thread(page)).to_contain_text("Get Started")
    page.get_by_role("button", name="Scan me").click()
    until(lambda: len(doings(simulator)) == 2)
    first, second = doings(simulator)
    assert first["postback"]["referral"] == {"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    assert second["referral"]["ref"] == "bash"
    assert first["sender"] == second["sender"]


def test_a_quick_reply_is_tapped_once_and_then_gone(page, simulator):
    page.get_by_role("button", name="Scan me").click()
    until(lambda: doings(simulator))
    simulator.send(me(simulator), message=question("On a boat", "In the gym"))
    page.get_by_role("button", name="On a boat").dblclick()
    expect(page.get_by_role("group", name="Quick replies")).to_have_count(0)
    expect(thread(page)).to_contain_text("On a boat")
    until(lambda: len(doings(simulator)) == 2)
    assert doings(simulator)[1]["message"]["quick_reply"] == {"payload": "q1:On a boat"}


def test_quick_replies_go_when_the_fan_types_instead(page, simulator):
    say(page, "bash")
    until(lambda: doings(simulator))
    simulator.send(me(simulator), message=question("On a boat"))
    expect(page.get_by_role("button", name="On a boat")).to_be_visible()
    say(page, "Which boat?")
    expect(page.get_by_role("button", name="On a boat")).to_have_count(0)


def test_a_ticket_card_shows_its_picture_and_opens_its_link_in_a_new_tab(page, simulator):
    say(page, "bash")
    until(lambda: doings(simulator))
    link = f"{simulator.app_url}/t/1"
    element = {
        "title": "Your ticket",
        "subtitle": "Show it at the door",
        "image_url": f"{simulator.app_url}/t/1.svg",
        "buttons": [
            {"type": "web_url", "title": "Open the ticket", "url": link},
            {"type": "postback", "title": "Help", "payload": "help"},
        ],
    }
    payload = {"template_type": "generic", "image_aspect_ratio": "square", "elements": [element]}
    simulator.send(me(simulator), message={"attachment": {"type": "template", "payload": payload}})
    wait_for_picture(thread(page).locator(".cover"))
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open the ticket").click()
    assert popup.value.url == link
    page.get_by_role("button", name="Help").click()
    until(lambda: len(doings(simulator)) == 2)
    assert doings(simulator)[1]["postback"]["payload"] == "help"


def test_a_link_in_a_text_can_be_followed(page, simulator):
    say(page, "bash")
    until(lambda: doings(simulator))
    simulator.send(me(simulator), message={"text": f"Your ticket: {simulator.app_url}/t/1."})
    expect(page.get_by_role("link", name=f"{simulator.app_url}/t/1")).to_have_attribute("target", "_blank")


def test_what_is_not_delivered_says_so_and_is_tried_again(page, simulator):
    seen = threading.Event()
    simulator.app.statuses = [503, 503, lambda: 200 if seen.wait(4) else 503]
    say(page, "Hello?")
    expect(page.get_by_text("Not delivered, trying again")).to_be_visible()
    seen.set()
    expect(page.get_by_title("Delivered to the webhook")).to_be_visible()
    expect(page.get_by_text("Not delivered")).to_have_count(0)
    assert len(simulator.app.webhooks) == 3


def test_what_is_never_delivered_stays_marked(page, simulator):
    simulator.app.statuses = [503] * 9
    say(page, "Hello?")
    expect(page.get_by_text("Not delivered", exact=True)).to_be_visible()


def test_the_page_is_seen_typing_and_reading(page, simulator):
    say(page, "bash")
    until(lambda: doings(simulator))
    simulator.send(me(simulator), sender_action="mark_seen")
    expect(page.get_by_role("img", name="Seen")).to_be_visible()
    simulator.send(me(simulator), sender_action="typing_on")
    dots = page.get_by_role("img", name="Guestlist is typing")
    expect(dots).to_be_visible()
    simulator.send(me(simulator), message={"text": "Hi"})
    expect(dots).to_have_count(0)


def test_the_phone_confirms_what_arrives(page, simulator):
    say(page, "bash")
    until(lambda: doings(simulator))
    mid = simulator.send(me(simulator), message={"text": "Hi"}).json()["message_id"]
    until(lambda: len(simulator.app.webhooks) == 3)
    _, *receipts = [each.event for each in simulator.app.webhooks]
    assert [each["delivery"]["mids"] for each in receipts if "delivery" in each] == [[mid]]
    assert any("read" in each for each in receipts)


@pytest.mark.parametrize(
    ("name", "kind"), [("Send a photo", "image"), ("Send a sticker", "sticker"), ("Send a thumbs up", "sticker")]
)
def test_a_fan_can_send_pictures(page, simulator, name, kind):
    page.get_by_role("button", name=name).click()
    until(lambda: doings(simulator))
    assert doings(simulator)[0]["message"]["attachments"][0]["type"] == kind
    wait_for_picture(thread(page).locator("img").first)


def test_an_emoji_is_put_into_the_text_and_sent(page, simulator):
    page.get_by_role("button", name="Emoji", exact=True).click()
    page.get_by_role("button", name="🎉").click()
    page.get_by_role("button", name="Send", exact=True).click()
    until(lambda: doings(simulator))
    assert doings(simulator)[0]["message"]["text"] == "🎉"


def test_an_empty_field_sends_nothing_on_enter(page, simulator):
    page.get_by_label("Message to Guestlist").press("Enter")
    say(page, "Now")
    until(lambda: doings(simulator))
    assert [each["message"].get("text") for each in doings(simulator)] == ["Now"]


def test_a_thread_outlives_a_reload_and_a_new_fan_starts_afresh(page, simulator):
    say(page, "Hello")
    expect(thread(page)).to_contain_text("Hello")
    first = page.get_by_label("Chatting as").input_value()
    page.reload()
    expect(thread(page)).to_contain_text("Hello")
    page.get_by_role("button", name="New fan").click()
    expect(page.get_by_role("button", name="Get Started")).to_be_visible()
    expect(thread(page)).not_to_contain_text("Hello")
    picker = page.get_by_label("Chatting as")
    assert re.fullmatch(r"[1-9]\d{16}", picker.input_value())
    picker.select_option(first)
    expect(thread(page)).to_contain_text("Hello")


def test_a_fan_who_blocks_the_page_cannot_be_written_to(page, simulator):
    say(page, "Hello")
    until(lambda: doings(simulator))
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_text("You blocked Guestlist")).to_be_visible()
    assert simulator.send(me(simulator), message={"text": "Hi"}).json()["error"]["code"] == 551
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_label("Message to Guestlist")).to_be_visible()


def test_the_pages_profile_greets_and_offers_its_questions_and_menu(page, simulator):
    profile = {
        "get_started": {"payload": "start"},
        "greeting": [{"locale": "default", "text": "Welcome {{user_first_name}}!"}],
        "ice_breakers": [
            {"locale": "default", "call_to_actions": [{"question": "How does it work?", "payload": "help"}]}
        ],
        "persistent_menu": [
            {
                "locale": "default",
                "call_to_actions": [{"type": "postback", "title": "Start again", "payload": "restart"}],
            }
        ],
    }
    simulator.post("/v23.0/me/messenger_profile?access_token=local-page-token", profile)
    page.reload()
    expect(thread(page)).to_contain_text(re.compile(r"Welcome \S+!"))
    page.get_by_role("button", name="How does it work?").click()
    until(lambda: doings(simulator))
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Start again").click()
    until(lambda: len(doings(simulator)) == 2)
    assert [each["postback"]["payload"] for each in doings(simulator)] == ["help", "restart"]


def test_the_page_says_whether_the_application_is_there(page):
    expect(page.get_by_role("status")).to_have_text("Connected to the application")


def test_a_phones_width_holds_everything(page):
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Scan me").click()
    expect(thread(page)).to_contain_text("Get Started")


def test_a_keyboard_alone_will_do(page, simulator):
    page.get_by_role("button", name="Scan me").focus()
    page.keyboard.press("Enter")
    until(lambda: doings(simulator))
    simulator.send(me(simulator), message=question("On a boat"))
    page.get_by_role("button", name="On a boat").focus()
    page.keyboard.press("Space")
    until(lambda: len(doings(simulator)) == 2)
    assert doings(simulator)[1]["message"]["text"] == "On a boat"
