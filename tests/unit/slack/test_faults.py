import json

import pytest

from chalicelib.channels import outcomes
from chalicelib.channels.slack import faults


def answer(error, **more):
    return json.dumps({"ok": False, "error": error, **more}).encode()


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, "ratelimited", outcomes.RATE_LIMITED),
        (429, "", outcomes.RATE_LIMITED),
        (200, "ratelimited", outcomes.RATE_LIMITED),
        (200, "rate_limited", outcomes.RATE_LIMITED),
        (200, "message_limit_exceeded", outcomes.RATE_LIMITED),
        (200, "internal_error", outcomes.TRY_AGAIN),
        (200, "fatal_error", outcomes.TRY_AGAIN),
        (200, "team_added_to_org", outcomes.TRY_AGAIN),
        (503, "service_unavailable", outcomes.TRY_AGAIN),
        (200, "a_word_of_next_year", outcomes.TRY_AGAIN),
        (404, "", outcomes.TRY_AGAIN),
        (302, "", outcomes.TRY_AGAIN),
        (200, "invalid_auth", outcomes.TOKEN_DEAD),
        (200, "not_authed", outcomes.TOKEN_DEAD),
        (200, "account_inactive", outcomes.TOKEN_DEAD),
        (200, "token_revoked", outcomes.TOKEN_DEAD),
        (200, "token_expired", outcomes.TOKEN_DEAD),
        (200, "missing_scope", outcomes.NOT_PERMITTED),
        (200, "messages_tab_disabled", outcomes.NOT_PERMITTED),
        (200, "not_enabled", outcomes.NOT_PERMITTED),
        (200, "restricted_action", outcomes.NOT_PERMITTED),
        (200, "channel_not_found", outcomes.UNREACHABLE),
        (200, "not_in_channel", outcomes.UNREACHABLE),
        (200, "is_archived", outcomes.UNREACHABLE),
        (200, "user_not_found", outcomes.UNREACHABLE),
        (200, "message_not_found", outcomes.UNREACHABLE),
        (200, "cant_update_message", outcomes.UNREACHABLE),
        (200, "restricted_action_read_only_channel", outcomes.UNREACHABLE),
        (200, "invalid_blocks", outcomes.PERMANENT),
        (200, "msg_too_long", outcomes.PERMANENT),
        (200, "msg_blocks_too_long", outcomes.PERMANENT),
        (200, "no_text", outcomes.PERMANENT),
        (200, "invalid_arguments", outcomes.PERMANENT),
        (200, "view_too_large", outcomes.PERMANENT),
    ],
)
def test_each_error_of_slack_has_its_meaning(status, error, kind):
    assert faults.fault(status, answer(error)) == (kind, error)


@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_arguments"])
def test_a_picture_that_slack_could_not_fetch_is_no_mistake_of_the_message(error):
    messages = ["[ERROR] downloading image failed [json-pointer:/blocks/1/image_url]"]
    fault = faults.fault(200, answer(error, response_metadata={"messages": messages}))
    assert fault == (outcomes.TRY_AGAIN, error)


def test_a_call_that_was_taken_is_no_fault():
    assert faults.fault(200, b'{"ok":true,"warning":"missing_charset"}') is None


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b'{"ok":1}', b'{"ok":"true"}', b'{"ok":false,"error":7}', b"[" * 100_000, b"\xff"]
)
def test_an_answer_that_slack_would_not_give_did_not_take_the_call(body):
    assert faults.fault(200, body) == (outcomes.TRY_AGAIN, "")


@pytest.mark.parametrize("error", ["<@U024680> left", "x" * 61, "Ünknown"])
def test_only_a_word_of_slacks_is_told_as_one(error):
    assert faults.fault(200, answer(error)) == (outcomes.TRY_AGAIN, "")
