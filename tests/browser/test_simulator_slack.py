"""The simulator's Slack window in a real browser, with a fake application behind it."""

import json
import re
import threading

import pytest
import requests
from playwright.sync_api import expect

from tests.unit.simulator.fake_application import a_simulator, until
from tests.unit.simulator.slack_side import Slack, actions, button, section

PHONE = {"width": 390, "height": 844}
IN_PRIVATE = "I have written to you in private."


@pytest.fixture
def simulator():
    with a_simulator() as running:
        yield running


@pytest.fixture
def page(simulator, visitor):
    """The page of a new visitor."""
    page = visitor(viewport={"width": 1280, "height": 800})
    page.goto(simulator.url)
    expect(log(page)).to_contain_text("This is between you and the app")
    return page


@pytest.fixture
def slack(simulator):
    return Slack(simulator.url)


@pytest.fixture
def app(simulator):
    return simulator.app.slack


@pytest.fixture
def me(page, simulator):
    """Who the visitor is in Slack."""
    return simulator.get(f"/fans/{page.get_by_label('Chatting as').input_value()}").json()["slackUser"]


def log(page):
    return page.get_by_role("log", name="Messages in Slack")


def say(page, text):
    field = page.get_by_label("Message in Slack")
    field.fill(text)
    field.press("Enter")


def posted(slack, channel, *blocks, text="Hi"):
    answer = slack.call("chat.postMessage", channel=channel, text=text, blocks=list(blocks))
    assert answer["ok"], answer
    return answer["ts"]


def test_a_message_goes_to_the_app_and_the_answer_is_drawn_as_slack_draws_it(page, slack, app, me):
    say(page, "hi <3")
    expect(log(page)).to_contain_text("hi <3")
    until(lambda: app.heard("message"))
    assert app.heard("message")[0].event["text"] == "hi &lt;3"
    posted(slack, me, section("The terms: https://b.example/terms."))
    expect(log(page).get_by_role("link", name="https://b.example/terms", exact=True)).to_be_visible()
    posted(
        slack,
        me,
        section(f"Hi <@{me}>, *bold* _leaning_ `code` &amp; <https://a.example/?a=1&amp;b=2|a link>\n&gt; quoted"),
    )
    name = page.get_by_label("Chatting as").evaluate("it => it.selectedOptions[0].text")
    expect(log(page).locator(".mention")).to_have_text(f"@{name}")
    expect(log(page).locator("b", has_text=re.compile("^bold$"))).to_be_visible()
    expect(log(page).locator("i")).to_have_text("leaning")
    expect(log(page).locator("code")).to_have_text("code")
    expect(log(page).locator("blockquote")).to_have_text("quoted")
    expect(log(page).get_by_role("link", name="a link")).to_have_attribute("href", "https://a.example/?a=1&b=2")


def test_what_a_fan_writes_is_never_markup(page, slack, app, me):
    posted(slack, me, section("<img src=x onerror=alert(1)> <javascript:alert(1)|click>"))
    expect(log(page)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(log(page).get_by_role("link")).to_have_count(0)


def test_a_whole_quiz_is_played_by_buttons_and_words_up_to_the_ticket(page, slack, app, simulator, me):
    page.get_by_role("button", name="Slash commands").click()
    page.get_by_role("button", name="/guestlist play bash").click()
    page.get_by_label("Message in Slack").press("Enter")
    until(lambda: app.heard("commands"))
    form = app.heard("commands")[0].form
    assert (form["text"], form["channel_id"]) == ("play bash", f"D{me[1:]}")

    ts = posted(slack, me, section("Where was the first set?"), actions(button(), button("In the gym", "q1:gym")))
    log(page).get_by_role("button", name="On a boat").click()
    until(lambda: app.heard("interactions"))
    assert app.heard("interactions")[0].notice["actions"][0]["value"] == "q1:boat"
    slack.call(
        "chat.update", channel=f"D{me[1:]}", ts=ts, text="…", blocks=[section("Where was the first set?\n✓ On a boat")]
    )
    expect(log(page)).to_contain_text("✓ On a boat")
    expect(log(page).get_by_role("button", name="In the gym")).to_have_count(0)

    posted(slack, me, section("What is the dessert called?"))
    say(page, "crème brûlée")
    until(lambda: app.heard("message"))

    image = {"type": "image", "image_url": f"{simulator.app_url}/t/1.png", "alt_text": "QR code of your ticket"}
    opens = button("Open your ticket", url=f"{simulator.app_url}/t/1")
    posted(slack, me, section("*Your ticket*\nShow it at the door"), image, actions(opens))
    picture = log(page).get_by_role("img", name="QR code of your ticket")
    until(lambda: picture.evaluate("it => it.complete && it.naturalWidth > 0"))
    with page.expect_popup() as popup:
        log(page).get_by_role("link", name="Open your ticket").click()
    assert popup.value.url == f"{simulator.app_url}/t/1"


def test_a_button_waits_for_the_application_and_says_when_it_fails(page, slack, app, me):
    asked = threading.Event()
    app.answers = [lambda: (503 if asked.wait(2) else 200, "text/plain", "")]
    posted(slack, me, actions())
    on_a_boat = log(page).get_by_role("button", name="On a boat")
    on_a_boat.dblclick()
    expect(on_a_boat).to_have_class(re.compile("waiting"))
    asked.set()
    expect(on_a_boat).to_have_attribute("title", re.compile("did not take this"))
    assert len(app.heard("interactions")) == 1
    on_a_boat.click()
    expect(on_a_boat).to_have_attribute("title", "")
    assert len(app.heard("interactions")) == 2


def test_the_home_is_opened_shown_and_pressed(page, slack, app, me):
    page.get_by_role("tab", name="Home").click()
    expect(page.get_by_role("tabpanel", name="Home")).to_contain_text("has not shown anything here yet")
    until(lambda: app.heard("app_home_opened"))
    assert app.heard("app_home_opened")[0].event["tab"] == "home"
    title = {"type": "header", "text": {"type": "plain_text", "text": "Your tickets"}}
    with_button = section("*Birthday Bash*") | {"accessory": button("Play", "start")}
    slack.call("views.publish", user_id=me, view={"type": "home", "blocks": [title, with_button, {"type": "divider"}]})
    home = page.get_by_role("tabpanel", name="Home")
    expect(home.get_by_role("heading", name="Your tickets")).to_be_visible()
    home.get_by_role("button", name="Play").click()
    until(lambda: app.heard("interactions"))
    assert app.heard("interactions")[0].notice["container"]["type"] == "view"
    page.get_by_role("tab", name="Messages").click()
    until(lambda: len(app.heard("app_home_opened")) == 2)
    assert app.heard("app_home_opened")[1].event["tab"] == "messages"


def test_in_a_channel_the_answer_is_for_the_fan_alone_and_the_app_writes_in_private(page, slack, app, me):
    app.answers = [(200, "application/json", json.dumps({"text": IN_PRIVATE}))]
    page.get_by_role("button", name="general").click()
    say(page, "/guestlist play")
    expect(log(page)).to_contain_text("Only visible to you")
    expect(log(page)).to_contain_text(IN_PRIVATE)
    assert app.heard("commands")[0].form["channel_name"] == "general"
    posted(slack, me, section("Ready?"))
    expect(page.get_by_label("1 new")).to_be_visible()
    page.locator(".slack .room", has_text="Guestlist").click()
    expect(log(page)).to_contain_text("Ready?")
    expect(page.get_by_label("1 new")).to_have_count(0)


def test_a_mention_is_answered_in_its_thread(page, slack, app, me):
    page.get_by_role("button", name="tickets").click()
    page.get_by_label("Message in Slack").press_sequentially("@")
    page.get_by_role("button", name="@Guestlist").click()
    page.get_by_label("Message in Slack").press_sequentially("what is this?")
    page.get_by_label("Message in Slack").press("Enter")
    until(lambda: app.heard("app_mention"))
    event = app.heard("app_mention")[0].event
    assert event["text"] == "<@U0FRIDAYBOT> what is this?"
    slack.do("U9", "message", channel=event["channel"], text="Lunch?")
    slack.call("chat.postMessage", channel=event["channel"], thread_ts=event["ts"], text=IN_PRIVATE)
    expect(log(page).locator(".reply")).to_contain_text(IN_PRIVATE)
    expect(log(page).locator(".slack-message").last).to_contain_text("Lunch?")


def test_a_command_that_is_not_the_apps_goes_nowhere(page, app):
    say(page, "/dance")
    expect(log(page)).to_contain_text("/dance is not a valid command.")
    assert app.requests == []


def test_a_command_that_fails_says_so(page, app):
    app.answers = [(500, "text/plain", "")]
    say(page, "/guestlist help")
    expect(log(page)).to_contain_text('/guestlist help failed with the error "dispatch_failed"')


def test_a_message_that_is_not_taken_says_so(page, app):
    app.answers = [(503, "text/plain", "")] * 9
    say(page, "Hello?")
    expect(log(page)).to_contain_text("The application did not take this")
    until(lambda: len(app.requests) == 4)


def test_a_photo_is_sent_as_a_file(page, app):
    page.get_by_role("button", name="Attach a photo in Slack").click()
    expect(log(page).get_by_role("img", name="Your photo")).to_be_visible()
    until(lambda: app.heard("message"))
    assert app.heard("message")[0].event["subtype"] == "file_share"


def test_the_app_is_removed_and_put_back(page, app):
    page.get_by_role("tab", name="About").click()
    page.get_by_role("button", name="Remove from workspace").click()
    about = page.get_by_role("tabpanel", name="About")
    expect(about).to_contain_text("Guestlist is not in Friday Office.")
    until(lambda: len(app.requests) == 2)
    assert [each.event["type"] for each in app.requests] == ["tokens_revoked", "app_uninstalled"]
    about.get_by_role("button", name="Install with the bot token").click()
    expect(about.get_by_role("button", name="Remove from workspace")).to_be_visible()


def test_another_workspace_gets_the_app_by_the_applications_own_link(page, simulator):
    page.get_by_label("Workspace", exact=True).select_option("Beach Bar")
    expect(log(page)).to_contain_text("Guestlist is not in Beach Bar.")
    add = log(page).get_by_role("link", name="Add to Slack")
    expect(add).to_have_attribute("href", f"{simulator.app_url}/slack/install")
    expect(page.get_by_label("Message in Slack")).to_be_hidden()


def test_somebody_allows_the_app_in_the_browser_and_comes_back_to_it(page, simulator):
    query = "client_id=1000.2000&scope=chat:write,commands&state=once"
    page.goto(f"{simulator.url}/oauth/v2/authorize?{query}")
    expect(page.get_by_role("listitem")).to_have_count(2)
    page.get_by_label("Workspace").select_option("Beach Bar")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Installed")).to_be_visible()
    assert re.search(r"/slack/oauth\?code=\d+\.[0-9a-f]+&state=once$", page.url)


def test_the_window_says_whether_the_request_url_is_verified(page, simulator):
    expect(page.get_by_text("Events verified")).to_be_visible()
    simulator.app.slack.challenge = "no"
    page.reload()
    expect(page.get_by_text("Events refused")).to_be_visible()
    page.get_by_role("tab", name="About").click()
    expect(page.get_by_role("tabpanel", name="About")).to_contain_text("does not give Slack's challenge back")


def test_messages_outlive_a_reload_and_a_new_fan_is_somebody_else(page, app, me):
    say(page, "Hello")
    expect(log(page)).to_contain_text("Hello")
    until(lambda: app.heard("message"))
    assert app.heard("message")[0].event["user"] == me
    page.reload()
    expect(log(page)).to_contain_text("Hello")
    page.get_by_role("button", name="New fan").click()
    expect(log(page)).to_contain_text("This is between you and the app")
    expect(log(page)).not_to_contain_text("Hello")


def test_a_phones_width_holds_everything(page, slack, me):
    page.set_viewport_size(PHONE)
    posted(
        slack,
        me,
        section("A-very-long-word-" * 20),
        actions(button("A title of seventy-five characters, which is as long as one may ever be!")),
    )
    expect(log(page)).to_contain_text("A-very-long-word")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert log(page).evaluate("it => it.scrollWidth <= it.clientWidth")


def test_a_keyboard_alone_will_do(page, slack, app, me):
    page.get_by_role("tab", name="Messages").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Home")).to_be_focused()
    until(lambda: app.heard("app_home_opened"))
    page.keyboard.press("ArrowRight")
    posted(slack, me, actions())
    log(page).get_by_role("button", name="On a boat").focus()
    page.keyboard.press("Space")
    until(lambda: app.heard("interactions"))


def test_a_whole_quiz_is_played_with_the_real_application_from_the_command_to_the_ticket(local_run, chromium):
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.goto(local_run.simulator)
    headers = {"Authorization": "Bearer local-organiser-token"}
    campaign = requests.get(f"{local_run.web}/campaigns/birthday-bash", headers=headers, timeout=10).json()
    expect(log(page)).to_contain_text("This is between you and the app")
    say(page, "/guestlist play bash")
    for asked in campaign["questions"]:
        expect(log(page)).to_contain_text(asked["text"]["en"], timeout=15_000)
        if asked["kind"] == "text":
            say(page, asked["accept"]["en"][0])
            continue
        title = next(choice["text"]["en"] for choice in asked["choices"] if choice["id"] == asked["answer"])
        log(page).get_by_role("button", name=title).click()
        expect(log(page)).to_contain_text(f"✓ {title}", timeout=15_000)
        expect(log(page).get_by_role("button", name=title)).to_have_count(0)
    picture = log(page).get_by_role("img", name="QR")
    expect(picture).to_be_visible(timeout=15_000)
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_role("tab", name="Home").click()
    expect(page.get_by_text("Your campaigns and tickets")).to_be_visible(timeout=15_000)
    page.close()
