"""10,000 requests that somebody has tampered with, over the real routes and the real log."""

import random
import re
from urllib.parse import unquote_plus

import pytest

from chalicelib import http
from chalicelib.channels.slack.api import SlackApi
from chalicelib.logs import log
from tests.fakes.inbox import MemoryInbox
from tests.fakes.secrets import OneSecret
from tests.unit.slack import slack
from tests.unit.slack.test_api import Installations

NAMES = ("X-Slack-Request-Timestamp", "X-Slack-Signature")
WORDS = "zeppelin over the harbour"
BODIES = {
    "events": slack.raw(slack.event(slack.message(WORDS))),
    "commands": slack.form(**slack.command(WORDS)),
    "interactions": slack.interaction(slack.press(slack.button("answer:bash:1:set:boat", WORDS))),
}
OURS = {"channel", "event", "guestlist"}
"""Words of the bodies that are words of our log lines as well."""


class Site:
    """The three routes, as API Gateway calls them."""

    def __init__(self):
        self.inbox = MemoryInbox()
        slack_api = SlackApi(
            OneSecret("slack", {"signing_secret": slack.SECRET}),
            self.inbox,
            Installations(),
            clock=lambda: float(slack.AT),
            log=log,
        )
        self.app = http.Application("guestlist")
        self.app.api.binary_types = ["*/*"]
        for name in BODIES:
            self._add(name, getattr(slack_api, name))

    def status(self, name, body, headers):
        content_type = http.JSON if name == "events" else http.FORM
        path = f"/webhooks/slack/{name}"
        event = slack.gateway_event(body, {"Content-Type": content_type, **headers}, path)
        return self.app(event, None)["statusCode"]

    def _add(self, name, view):
        options = {} if name == "events" else {"content_types": [http.FORM]}
        route = self.app.route(f"/webhooks/slack/{name}", who=http.PLATFORM, methods=["POST"], name=name, **options)
        route(lambda: view(self.app.current_request))


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def dice():
    return random.Random(4)


def mangled(dice, text):
    """Something else, by one change; `text` is str or bytes."""
    at = dice.randrange(len(text))
    noise = bytes([dice.randrange(256)]) if isinstance(text, bytes) else chr(dice.choice([*range(32, 127), 233, 0x663]))
    ways = (
        lambda: text[:at] + noise + text[at + 1 :],
        lambda: text[:at] + noise + text[at:],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at],
        lambda: text + text[at:],
        lambda: text[at:] + text[:at],
    )
    changed = dice.choice(ways)()
    return changed if changed != text else mangled(dice, text)


def changed_case(dice, text):
    return "".join(dice.choice((letter.lower(), letter.upper())) for letter in text)


def wrong_time(dice, timestamp):
    seconds = int(timestamp)
    far = dice.choice((-1, 1)) * dice.randrange(301, 10**9)
    return dice.choice((mangled(dice, timestamp), str(seconds + far), f"{seconds}.0", f" {seconds}", f"+{seconds}", ""))


def wrong_signature(dice, signature):
    shouted = signature.upper()
    return dice.choice((mangled(dice, signature), shouted, signature.replace("v0", "v1"), signature[3:], ""))


def tampered(dice, body):
    """A body and headers that Slack never signed as they are: changed, played back much later, or signed by somebody else."""
    headers = slack.sign(body)
    time, signature = NAMES
    match dice.randrange(6):
        case 0:
            body = mangled(dice, body)
        case 1:
            headers[time] = wrong_time(dice, headers[time])
        case 2:
            headers[signature] = wrong_signature(dice, headers[signature])
        case 3:
            headers = slack.sign(body, secret=mangled(dice, slack.SECRET))
        case 4:
            headers = slack.sign(body, at=slack.AT + dice.choice((-1, 1)) * dice.randrange(301, 10**6))
        case 5:
            del headers[dice.choice(NAMES)]
    return body, {changed_case(dice, name): value for name, value in headers.items()}


def words(text):
    return set(re.findall(r"[A-Za-z0-9]{5,}", unquote_plus(text)))


def leaked(printed):
    """The words of the bodies, names of members too, that were printed."""
    private = set().union(*(words(body.decode()) for body in BODIES.values())) - OURS
    return sorted(private & words(printed))


def test_of_10_000_mutated_requests_none_is_accepted_none_breaks_anything_and_nothing_of_them_is_logged(
    site, dice, capsys
):
    statuses = [site.status(name, *tampered(dice, BODIES[name])) for name in dice.choices(list(BODIES), k=10_000)]
    assert set(statuses) == {401}
    assert site.inbox.kept == []
    printed = capsys.readouterr().out
    assert printed.count('"event":"refused"') == 10_000
    assert leaked(printed) == []


@pytest.mark.parametrize("name", BODIES)
def test_the_same_requests_untouched_are_accepted(site, dice, name):
    for _ in range(100):
        headers = {changed_case(dice, header): value for header, value in slack.sign(BODIES[name]).items()}
        assert site.status(name, BODIES[name], headers) == 200
    assert len(site.inbox.kept) == 100


def test_the_search_for_leaks_finds_each_body():
    for body in BODIES.values():
        assert {"zeppelin", slack.FAN} < set(leaked(body.decode()))


def test_it_is_the_signature_that_refuses_and_a_signed_mutation_breaks_nothing_either(site, dice, capsys):
    statuses = []
    for name in dice.choices(list(BODIES), k=2_000):
        body = mangled(dice, BODIES[name])
        statuses.append(site.status(name, body, slack.sign(body)))
    assert set(statuses) == {200, 400}
    assert len(site.inbox.kept) > 100
    assert leaked(capsys.readouterr().out) == []
