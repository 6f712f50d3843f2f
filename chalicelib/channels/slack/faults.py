"""What Slack's answers to a send mean for the reply (https://docs.slack.dev/reference/methods/chat.postMessage#errors)."""

import json
import re
from typing import Any, NamedTuple

from chalicelib.channels.outcomes import NOT_PERMITTED, PERMANENT, RATE_LIMITED, TOKEN_DEAD, TRY_AGAIN, UNREACHABLE

_BY_ERROR = {
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), RATE_LIMITED),
    **dict.fromkeys(("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"), TOKEN_DEAD),
    **dict.fromkeys(
        (
            "access_denied",
            "accesslimited",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "messages_tab_disabled",
            "missing_scope",
            "no_permission",
            "not_allowed_token_type",
            "not_enabled",
            "org_login_required",
            "restricted_action",
            "team_access_not_granted",
        ),
        NOT_PERMITTED,
    ),
    **dict.fromkeys(
        (
            "cannot_dm_bot",
            "cannot_reply_to_message",
            "cant_update_message",
            "channel_not_found",
            "edit_window_closed",
            "is_archived",
            "is_inactive",
            "message_not_found",
            "not_in_channel",
            "restricted_action_non_threadable_channel",
            "restricted_action_read_only_channel",
            "restricted_action_thread_locked",
            "restricted_action_thread_only_channel",
            "user_disabled",
            "user_is_bot",
            "user_is_restricted",
            "user_not_found",
            "user_not_visible",
            "users_not_found",
        ),
        UNREACHABLE,
    ),
    **dict.fromkeys(
        (
            "deprecated_endpoint",
            "invalid_arg_name",
            "invalid_arguments",
            "invalid_array_arg",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_charset",
            "invalid_form_data",
            "invalid_json",
            "invalid_post_type",
            "json_not_object",
            "method_deprecated",
            "method_not_supported_for_channel_type",
            "missing_post_type",
            "msg_blocks_too_long",
            "msg_too_long",
            "no_text",
            "too_many_attachments",
            "unknown_method",
            "view_too_large",
        ),
        PERMANENT,
    ),
}
"""What is not here passes, for all that we know: it is tried until the queue gives it up."""

_PICTURE_MISSED = b"downloading image failed"
"""Slack fetches a message's pictures before it takes the message, and sometimes fails: https://github.com/slackapi/python-slack-sdk/issues/1782"""

_WORD = re.compile(r"[a-z0-9_]{1,60}")
_OK = 200
_TOO_MANY_REQUESTS = 429


class Fault(NamedTuple):
    kind: str
    """One of `outcomes`."""
    code: str
    """Slack's word for the error; empty when the answer has none."""


def fault(status: int, body: bytes) -> Fault | None:
    """The fault that an answer tells of, or None when the call was taken."""
    answer = _object(body)
    if status == _OK and answer.get("ok") is True:
        return None
    error = answer.get("error")
    code = error if isinstance(error, str) and _WORD.fullmatch(error) else ""
    if status == _TOO_MANY_REQUESTS:
        return Fault(RATE_LIMITED, code)
    if _PICTURE_MISSED in body:
        return Fault(TRY_AGAIN, code)
    return Fault(_BY_ERROR.get(code, TRY_AGAIN), code)


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):  # a proxy's page
        return {}
    return answer if isinstance(answer, dict) else {}
