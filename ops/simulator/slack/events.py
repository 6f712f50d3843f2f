"""What happens in a workspace, in Slack's form: https://docs.slack.dev/apis/events-api, …/interactivity/handling-user-interaction."""

import re
import secrets
from typing import Any, Literal

from ops.simulator.slack.workspace import APP_ID, APP_NAME, Person, Post, Room, Workspace

VERIFICATION_TOKEN = "local-slack-verification-token"  # noqa: S105  deprecated by Slack: whoever trusts it trusts anybody
DIRECT = "directmessage"

Json = dict[str, Any]


def envelope(workspace: Workspace, event: Json, event_id: str) -> Json:
    """An event as it is posted to the application."""
    team_id = workspace.team.id
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team_id,
        "context_team_id": team_id,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(float(event["event_ts"])),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team_id,
                "user_id": workspace.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def message(workspace: Workspace, room: Room, post: Post) -> Json:
    """`message.im`: https://docs.slack.dev/reference/events/message.im. The app hears its own messages too."""
    event = _message(workspace, post) | _where(room, post)
    if post.user == workspace.bot_user:
        return event | {"app_id": APP_ID, "bot_id": workspace.bot_id, "blocks": post.blocks}
    if post.picture:
        shared = {"id": "F" + post.ts.replace(".", ""), "name": "photo.svg", "mimetype": "image/svg+xml"}
        return event | {"subtype": "file_share", "files": [shared | {"url_private": post.picture}], "upload": False}
    return event | {"client_msg_id": _uuid(post.ts)}


def changed(workspace: Workspace, room: Room, post: Post, ts: str) -> Json:
    """`message_changed`: https://docs.slack.dev/reference/events/message/message_changed."""
    now = _message(workspace, post) | {"app_id": APP_ID, "bot_id": workspace.bot_id, "blocks": post.blocks}
    hidden = {"type": "message", "subtype": "message_changed", "hidden": True, "message": now}
    return hidden | {"channel": room.id, "channel_type": "im", "ts": ts, "event_ts": ts}


def mention(workspace: Workspace, room: Room, post: Post) -> Json:
    """https://docs.slack.dev/reference/events/app_mention."""
    event = _message(workspace, post) | {"type": "app_mention", "channel": room.id, "event_ts": post.ts}
    return event | {"client_msg_id": _uuid(post.ts)}


def home_opened(room: Room, person: Person, tab: Literal["home", "messages"], ts: str) -> Json:
    """https://docs.slack.dev/reference/events/app_home_opened."""
    event = {"type": "app_home_opened", "user": person.id, "channel": room.id, "tab": tab, "event_ts": ts}
    return event | ({"view": person.home} if tab == "home" and person.home else {})


def tokens_revoked(workspace: Workspace, ts: str) -> Json:
    return {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [workspace.bot_user]}, "event_ts": ts}


def app_uninstalled(ts: str) -> Json:
    return {"type": "app_uninstalled", "event_ts": ts}


def rate_limited(workspace: Workspace, now: int) -> Json:
    """No event but a notice of its own: https://docs.slack.dev/reference/events/app_rate_limited."""
    return {
        "token": VERIFICATION_TOKEN,
        "type": "app_rate_limited",
        "team_id": workspace.team.id,
        "minute_rate_limited": now // 60_000 * 60,
        "api_app_id": APP_ID,
    }


def url_verification(challenge: str) -> Json:
    return {"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"}


def command(
    workspace: Workspace, room: Room, person: Person, command: str, text: str, trigger_id: str, response_url: str
) -> dict[str, str]:
    """The form of a slash command: https://docs.slack.dev/interactivity/implementing-slash-commands."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": room.id,
        "channel_name": room.name or DIRECT,
        "user_id": person.id,
        "user_name": person.handle,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def press(
    workspace: Workspace,
    person: Person,
    block: Json,
    button: Json,
    *,
    on: tuple[Room, Post] | None,
    action_ts: str,
    trigger_id: str,
    response_url: str,
) -> Json:
    """`block_actions`: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload. `on` is None for the app's home."""
    where: Json
    if on is None:
        view = person.home or {}
        where = {"container": {"type": "view", "view_id": view.get("id")}, "view": view}
    else:
        room, post = on
        text, blocks = post.posted
        where = {
            "container": {
                "type": "message",
                "message_ts": post.ts,
                "channel_id": room.id,
                "is_ephemeral": bool(post.only_for),
            },
            "channel": {"id": room.id, "name": room.name or DIRECT},
            "message": _message(workspace, post)
            | {"app_id": APP_ID, "bot_id": workspace.bot_id, "text": text, "blocks": blocks},
            "state": {"values": {}},
            "response_url": response_url,
        }
    pressed = {name: button[name] for name in ("action_id", "text", "value", "url", "style", "type") if name in button}
    return {
        "type": "block_actions",
        "user": {
            "id": person.id,
            "username": person.handle,
            "name": person.handle,
            "team_id": workspace.team.id,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        **where,
        "actions": [pressed | {"block_id": block["block_id"], "action_ts": action_ts}],
    }


def new_id(ts: str) -> str:
    """The event_id of what has a ts."""
    return "Ev" + ts.replace(".", "")


def typed(text: str, workspace: Workspace) -> str:
    """A text as Slack passes it on: escaped, with addresses and mentions in angle brackets (https://docs.slack.dev/messaging/formatting)."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    linked = re.sub(r"https?://[^\s<>|]*[^\s<>|.,!?)]", lambda found: f"<{found[0]}>", escaped)
    return re.sub(rf"@{APP_NAME}\b", f"<@{workspace.bot_user}>", linked, flags=re.IGNORECASE)


def with_ids(blocks: list[Json]) -> list[Json]:
    """Blocks as Slack keeps them: whatever has no id is given one."""
    kept = []
    for block in blocks:
        named = {"block_id": secrets.token_urlsafe(4), **block}
        if "elements" in block:
            named["elements"] = [_named(each) for each in block["elements"]]
        if "accessory" in block:
            named["accessory"] = _named(block["accessory"])
        kept.append(named)
    return kept


def _named(element: Json) -> Json:
    return {"action_id": secrets.token_urlsafe(4), **element} if element["type"] == "button" else element


def _message(workspace: Workspace, post: Post) -> Json:
    threaded = {"thread_ts": post.thread} if post.thread else {}
    return {
        "type": "message",
        "user": post.user,
        "ts": post.ts,
        "text": post.text,
        "team": workspace.team.id,
        **threaded,
    }


def _where(room: Room, post: Post) -> Json:
    return {"channel": room.id, "event_ts": post.ts, "channel_type": "im"}


def _uuid(ts: str) -> str:
    digits = ts.replace(".", "").rjust(32, "0")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
