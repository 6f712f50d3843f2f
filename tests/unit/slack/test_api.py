import json

import pytest

from chalicelib import errors
from chalicelib.channels.slack.api import SlackApi
from chalicelib.channels.slack.texts import IN_PRIVATE
from tests.fakes.inbox import MemoryInbox
from tests.fakes.secrets import OneSecret
from tests.unit.slack import slack

DIRECTLY = {"channel_name": "directmessage", "channel_id": slack.DIRECT}


class Installations:
    def __init__(self):
        self.revoked = []
        self.refuses = False

    def revoke(self, team, at):
        if self.refuses:
            raise errors.Unavailable("The table refuses")
        self.revoked.append((team, at))


class Edge:
    def __init__(self, secret):
        self.inbox, self.installations, self.lines = MemoryInbox(), Installations(), []
        self.api = SlackApi(
            OneSecret("slack", secret),
            self.inbox,
            self.installations,
            clock=lambda: slack.AT + 1.5,
            log=lambda event, **fields: self.lines.append((event, fields)),
        )


@pytest.fixture
def edge():
    return Edge({"signing_secret": slack.SECRET})


def event(inner, *, secret=slack.SECRET, headers=None, **envelope):
    return slack.signed(slack.raw(slack.event(inner, **envelope)), secret, **(headers or {}))


def command(text, **changes):
    return slack.signed(slack.form(**slack.command(text, **changes)))


def interaction(payload):
    return slack.signed(slack.interaction(payload))


def answered(response):
    return response.status_code, response.body


def test_a_signed_event_is_kept_and_acknowledged(edge):
    assert answered(edge.api.events(event(slack.message("Hi")))) == (200, "")
    assert [(message.conversation, message.text) for message in edge.inbox.kept] == [(slack.CONVERSATION, "Hi")]
    assert edge.lines == []


def test_an_event_that_the_queue_refuses_is_not_acknowledged(edge):
    edge.inbox.refuses = True
    with pytest.raises(errors.Unavailable):
        edge.api.events(event(slack.message("Hi")))
    with pytest.raises(errors.Unavailable):
        edge.api.commands(command("help"))
    with pytest.raises(errors.Unavailable):
        edge.api.interactions(interaction(slack.press(slack.button("help"))))


def test_an_event_that_asks_for_nothing_is_counted_and_does_not_trouble_the_queue(edge):
    edge.inbox.refuses = True
    assert answered(edge.api.events(event(slack.message("Hi", bot_id="B1")))) == (200, "")
    assert edge.lines == [("ignored", {"channel": "slack", "bot": 1})]


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_a_retry_is_kept_since_its_first_copy_may_never_have_come(edge, number):
    headers = {"X-Slack-Retry-Num": number, "X-Slack-Retry-Reason": "http_timeout"}
    assert answered(edge.api.events(event(slack.message("Hi"), headers=headers))) == (200, "")
    assert len(edge.inbox.kept) == 1
    assert edge.lines == [("retried", {"channel": "slack", "number": int(number), "reason": "http_timeout"})]


def test_a_retry_is_the_same_message_as_its_first_copy(edge):
    edge.api.events(event(slack.message("Hi")))
    edge.api.events(event(slack.message("Hi"), headers={"X-Slack-Retry-Num": "1"}))
    assert len({message.id for message in edge.inbox.kept}) == 1


def test_unsigned_headers_reach_the_log_as_known_words_only(edge):
    edge.api.events(event(slack.message("Hi"), headers={"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "my secret"}))
    edge.api.events(event(slack.message("Hi"), headers={"X-Slack-Retry-Num": "my secret"}))
    assert edge.lines == [("retried", {"channel": "slack", "number": 1, "reason": "other"})]


def test_slacks_question_whether_this_address_is_ours_is_answered_with_the_challenge(edge):
    body = slack.raw({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMm"})
    answer = edge.api.events(slack.signed(body))
    assert answered(answer) == (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMm")
    assert answer.headers["Content-Type"] == "text/plain"
    with pytest.raises(errors.Unauthenticated):
        edge.api.events(slack.signed(body, "another secret"))


@pytest.mark.parametrize("route", ["events", "commands", "interactions"])
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "not signed"),
        ({"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "soon"}, "no time"),
        ({"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}, "too old or too new"),
        ({"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": str(slack.AT)}, "wrong signature"),
    ],
)
def test_what_slack_did_not_sign_is_refused_whatever_it_says_and_not_logged(edge, route, headers, reason):
    for raw in (b"not json", b"", b"\xff\x00", slack.raw(slack.event(slack.message("my private words")))):
        with pytest.raises(errors.Unauthenticated):
            getattr(edge.api, route)(slack.request(raw, headers))
    assert edge.lines == [("refused", {"route": f"slack/{route}", "reason": reason, "refusals": 1})] * 4
    assert edge.inbox.kept == []


def test_a_request_is_verified_whatever_the_case_of_its_headers_names(edge):
    raw = slack.raw(slack.event(slack.message("Hi")))
    for change in (str.lower, str.upper, str.swapcase):
        edge.api.events(slack.request(raw, {change(name): value for name, value in slack.sign(raw).items()}))
    assert len(edge.inbox.kept) == 3


def test_a_stage_without_a_signing_secret_receives_nothing():
    with pytest.raises(errors.Unauthenticated):
        Edge({"signing_secret": ""}).api.events(event(slack.message("Hi"), secret=""))
    with pytest.raises(errors.Unavailable):
        Edge(None).api.events(event(slack.message("Hi")))


def test_the_previous_signing_secret_counts_while_the_new_one_is_rolled_out():
    edge = Edge({"signing_secret": "new", "previous_signing_secret": slack.SECRET})
    assert edge.api.events(event(slack.message("Hi"))).status_code == 200


@pytest.mark.parametrize("raw", [b"not json", b"[]", b""])
def test_a_signed_body_that_is_no_json_object_is_invalid(edge, raw):
    with pytest.raises(errors.Invalid):
        edge.api.events(slack.signed(raw))
    with pytest.raises(errors.Invalid):
        edge.api.interactions(slack.signed(slack.form(payload=raw)))


@pytest.mark.parametrize("raw", [b"ssl_check=1", b"token=x&ssl_check=1", b"ssl_check=1&token=x"])
def test_slacks_check_of_the_certificate_is_answered_and_nothing_else_done(raw):
    edge = Edge(None)
    assert answered(edge.api.commands(slack.request(raw, {}))) == (200, "")
    assert answered(edge.api.interactions(slack.request(raw, {}))) == (200, "")
    assert (edge.inbox.kept, edge.lines) == ([], [])


@pytest.mark.parametrize("raw", [b"ssl_check=0", b"ssl_check=11", b"text=ssl_check=1", b"assl_check=1"])
def test_what_only_looks_like_the_check_of_the_certificate_must_be_signed(edge, raw):
    with pytest.raises(errors.Unauthenticated):
        edge.api.commands(slack.request(raw, {}))


def test_a_slash_command_in_a_channel_tells_the_fan_alone_where_the_answer_is(edge):
    answer = edge.api.commands(command("play bash"))
    assert json.loads(answer.body) == {"response_type": "ephemeral", "text": IN_PRIVATE}
    assert [(message.kind, message.ref) for message in edge.inbox.kept] == [("start", "bash")]


def test_a_slash_command_in_a_direct_message_is_answered_there(edge):
    assert answered(edge.api.commands(command("tickets", **DIRECTLY))) == (200, "")
    assert [message.payload for message in edge.inbox.kept] == ["ticket"]


def test_a_slash_command_of_nobody_promises_no_answer(edge):
    assert answered(edge.api.commands(command("help", user_id=None))) == (200, "")
    assert edge.lines == [("ignored", {"channel": "slack", "broken": 1})]


def test_a_pressed_button_is_kept_and_acknowledged(edge):
    assert answered(edge.api.interactions(interaction(slack.press(slack.button("answer:x"))))) == (200, "")
    assert [message.payload for message in edge.inbox.kept] == ["answer:x"]


def test_a_modal_is_closed_as_we_have_none(edge):
    assert answered(edge.api.interactions(interaction({"type": "view_submission"}))) == (200, "")
    assert edge.lines == [("ignored", {"channel": "slack", "view_submission": 1})]


def test_a_workspace_that_has_taken_the_app_away_is_forgotten(edge):
    assert answered(edge.api.events(event({"type": "app_uninstalled"}))) == (200, "")
    assert edge.installations.revoked == [(slack.TEAM, slack.AT * 1000 + 999)]
    assert edge.lines == [
        ("installation_revoked", {"level": "warning", "channel": "slack", "team": slack.TEAM}),
    ]


def test_a_workspace_that_could_not_be_forgotten_is_told_of_again(edge):
    edge.installations.refuses = True
    with pytest.raises(errors.Unavailable):
        edge.api.events(event({"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}))


def test_held_back_events_raise_the_alarm(edge):
    body = {"type": "app_rate_limited", "team_id": slack.TEAM, "minute_rate_limited": 1_518_467_820}
    assert answered(edge.api.events(slack.signed(slack.raw(body)))) == (200, "")
    [(name, fields)] = edge.lines
    assert (name, fields["level"], fields["since"]) == ("app_rate_limited", "alarm", "2018-02-12T20:37:00.000Z")
