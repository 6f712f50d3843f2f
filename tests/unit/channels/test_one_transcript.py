"""One transcript, played on every channel through its own edges, leads to the same decisions, words and ticket."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_chalice.handlers import RequestHandler

from chalicelib.channels.messenger import outbound as to_messenger
from chalicelib.channels.messenger.api import MessengerApi
from chalicelib.channels.slack import outbound as to_slack
from chalicelib.channels.slack.api import SlackApi
from chalicelib.dialogue.texts import TEXTS
from tests.builders import a_campaign
from tests.fakes.web import application
from tests.unit.messenger import meta
from tests.unit.slack import slack
from tests.world import World


class Secrets:
    def get(self, name):
        return {
            "messenger": {"app_secret": meta.SECRET, "page_id": meta.PAGE},
            "slack": {"signing_secret": slack.SECRET},
        }[name]


class Player:
    """A fan on one channel: `start`, `type` and `press` are what the platform sends for it, `shown` what it was made to show."""

    def __init__(self):
        self.world = World(a_campaign(attempts=2))
        self.world.shop.stock(cap=9, shirt=1)
        self.shown = []
        """The newest replies, as (text, buttons), in which nothing is left of how a channel says it."""
        self.tickets = []
        self.number = 0

    def does(self, kind, argument):
        self.world.clock.now += 20
        self.number += 1
        if kind == "press":
            buttons = [button for _, buttons in self.shown for button in buttons]
            if buttons:
                self.press(*buttons[argument % len(buttons)])
        else:
            {"start": self.start, "type": self.type}[kind](argument)
        return self.shown

    def decisions(self):
        turns = [line for line in self.world.lines if line["event"] == "turn"]
        return [{name: line[name] for name in ("campaign", "effect", "step", "ticket", "replies")} for line in turns]

    def heard(self):
        """Bot and sender do their work; the replies that leave for the platform."""
        self.world.bot.handle(self.world.inbound.event(), lambda: 30_000)
        self.world.inbound.clear()
        self.world.sender.handle(self.world.outbound.event(), lambda: 30_000)
        deliveries, self.world.channel.deliveries = self.world.channel.deliveries, []
        return deliveries


class OnMessenger(Player):
    def __init__(self):
        super().__init__()
        world = self.world
        self.api = MessengerApi(Secrets(), world.inbox, None, base_url="", clock=world.clock, log=world.log)

    def start(self, ref):
        self._event(postback={"title": "Get Started", "payload": "start", "referral": {"ref": ref}})

    def type(self, text):
        self._event(message={"mid": f"m_{self.number}", "text": text})

    def press(self, title, payload):
        self._event(message={"mid": f"m_{self.number}", "text": title, "quick_reply": {"payload": payload}})

    def _event(self, **event):
        at = int(self.world.clock.now * 1000)
        assert self.api.receive(meta.webhook(meta.body(meta.event(at=at, **event)))).status_code == 200
        self.shown = []
        for delivery in self.heard():
            for call in to_messenger.calls(meta.FAN, delivery.reply, None):
                message = call["message"]
                payload = message.get("attachment", {}).get("payload", {})
                if "elements" in payload:
                    self.tickets.append(payload["elements"][0]["default_action"]["url"])
                    continue
                buttons = message.get("quick_replies") or payload.get("buttons", [])
                text = message.get("text") or payload["text"]
                self.shown.append((text, [(button["title"], button["payload"]) for button in buttons]))


class OnSlack(Player):
    def __init__(self):
        super().__init__()
        world = self.world
        world.sender._channels["slack"] = world.channel  # noqa: SLF001  # the world has one fake for all platforms
        self.api = SlackApi(Secrets(), world.inbox, None, clock=world.clock, log=world.log)
        self.asked = ""

    def start(self, ref):
        body = slack.form(**slack.command(f"play {ref}", trigger_id=f"t{self.number}"))
        self._hears(self.api.commands(self._signed(body)))

    def type(self, text):
        message = slack.message(text, ts=self._ts())
        body = slack.raw(slack.event(message, event_id=f"Ev{self.number}"))
        self._hears(self.api.events(self._signed(body)))

    def press(self, title, payload):
        button = slack.button(payload, title, action_ts=self._ts())
        message = {"ts": self.asked, "text": self.shown[-1][0]}
        container = {"type": "message", "message_ts": self.asked, "channel_id": slack.DIRECT}
        body = slack.interaction(slack.press(button, message=message, container=container))
        self._hears(self.api.interactions(self._signed(body)))

    def _signed(self, body):
        return slack.signed(body, at=int(self.world.clock.now))

    def _ts(self):
        return f"{self.world.clock.now:.3f}000"

    def _hears(self, response):
        assert response.status_code == 200
        self.asked, self.shown = self._ts(), []
        for delivery in self.heard():
            for call in to_slack.calls(slack.FAN, delivery.reply, delivery.origin, first=False):
                blocks = call.body["blocks"]
                links = [block["image_url"] for block in blocks if block["type"] == "image"]
                if links:
                    self.tickets.append(links[0].removesuffix(".png"))
                    continue
                elements = [button for block in blocks if block["type"] == "actions" for button in block["elements"]]
                buttons = [(button["text"]["text"], button["value"]) for button in elements]
                self.shown.append((call.body["text"].replace(f" <@{slack.FAN}>", ""), buttons))


class OnTheWeb(Player):
    def __init__(self):
        super().__init__()
        self.client = RequestHandler(application(self.world))
        self.session = None

    def start(self, ref):
        self._says(text=ref)

    def type(self, text):
        self._says(text=text)

    def press(self, title, payload):
        self._says(text=title, choice=payload)

    def _says(self, **said):
        body = {"messageId": f"m{self.number}", **said} | ({"session": self.session} if self.session else {})
        headers = {"content-type": "application/json"}
        answer = self.client.post("/chat/birthday-bash/messages", headers=headers, body=json.dumps(body).encode()).json
        self.session = answer["session"]
        self.shown = [
            (reply["text"], [(choice["title"], choice["payload"]) for choice in reply["choices"]])
            for reply in answer["replies"]
            if "ticket" not in reply
        ]
        self.tickets += [reply["ticket"]["url"] for reply in answer["replies"] if "ticket" in reply]


def played(transcript):
    """The transcript on each channel; what all of them showed is compared after every step.

    It ends where everything about the fan is deleted: only the web chat's page still knows which campaign it is about.
    """
    players = OnMessenger(), OnSlack(), OnTheWeb()
    for step in transcript:
        messenger, in_slack, web = (player.does(*step) for player in players)
        assert messenger == in_slack == web, step
        if any(text.endswith(DELETED) for text, _ in web):
            break
    decisions, *others = [player.decisions() for player in players]
    assert all(other == decisions for other in others)
    counts = {len(player.tickets) for player in players}
    assert len(counts) == 1
    return players


WON = [("start", "bash"), ("press", 1), ("type", "house"), ("type", "burnt cream")]


def test_a_quiz_that_is_won_gives_the_same_decisions_and_the_same_ticket_on_every_channel():
    for player in played(WON):
        [link] = player.tickets
        claims = player.world.keys.verify(link.rpartition("/")[2])
        assert claims.campaign_id == "birthday-bash"
        assert player.world.campaigns.tickets_left("birthday-bash") == 24
        assert [turn["effect"] for turn in player.decisions()] == ["Begin", None, None, "Finish"]


def test_an_order_is_made_alike_on_every_channel():
    bought = [
        ("start", "bash"),
        ("type", "buy 2 caps"),
        ("type", "anna@example.org"),
        ("press", 0),
        ("type", "my order"),
    ]
    for player in played([*bought, *WON[1:]]):
        [waiting] = player.world.shop.orders._store.unpaid()  # noqa: SLF001
        order = player.world.shop.order(waiting.order_id)
        assert (order.pieces, order.total_cents, order.campaign_id) == ({"cap": 2}, 3998, "birthday-bash")
        assert len(player.tickets) == 1
        assert [turn["effect"] for turn in player.decisions()[:5]] == ["Begin", None, "Introduce", "Buy", None]


def test_a_difference_would_be_noticed():
    players = OnMessenger(), OnSlack()
    assert players[0].does("start", "bash") == players[1].does("start", "bash")
    assert players[0].does("press", 0) != players[1].does("press", 1)


WORDS = [
    "on a boat",
    "the gym",
    "house",
    "burnt cream",
    "gebrande room",
    "some other words",
    "2 < 3 & 4 > 1",
    "?!",
    "🎉",
]
WORDS += ["buy", "buy 2 caps", "koop een pet", "anna@example.org", "my order", "never mind", "buy 3 shirts"]
WORDS += ["help", "stop", "start", "ticket", "restart", "nl", "en", "language", "delete my data", "yes", "no"]
DELETED = tuple(texts["deleted"] for texts in TEXTS.values())
STEPS = st.one_of(
    st.tuples(st.just("press"), st.integers(0, 4)),
    st.tuples(
        st.just("type"),
        st.sampled_from(WORDS),
    ),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_any_transcript_gives_the_same_on_every_channel(steps):
    played([("start", "bash"), *steps])


@pytest.mark.parametrize("words", ["my tickets", "tickets", "help"])
def test_slash_commands_say_what_typed_words_say(words):
    typing, commanding = OnSlack(), OnSlack()
    for step in WON:
        assert typing.does(*step) == commanding.does(*step)
    typed = typing.does("type", words)
    commanding.world.clock.now += 20
    body = slack.form(**slack.command(words, trigger_id="t-last"))
    commanding._hears(commanding.api.commands(commanding._signed(body)))  # noqa: SLF001  # the test's own class
    assert commanding.shown == typed
    assert len(commanding.tickets) == len(typing.tickets)
