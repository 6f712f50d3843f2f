"""What a fan's phone shows: the news that the page at `/` draws."""

from typing import Any

from ops.simulator.fans import Doing, Fan
from ops.simulator.sends import Send
from ops.simulator.slack.workspace import user_of

Json = dict[str, Any]


def person(fan: Fan) -> Json:
    first, last = fan.name
    return {
        "psid": fan.psid,
        "slackUser": user_of(fan.psid),
        "firstName": first,
        "lastName": last,
        "locale": fan.locale,
        "blocked": fan.blocked,
    }


def everything(fan: Fan) -> Json:
    thread = [shown(entry) for entry in fan.thread]
    return {"type": "thread", "fan": person(fan), "thread": thread, "seenAt": fan.seen_at, "typing": fan.typing}


def shown(entry: Send | Doing) -> Json:
    if isinstance(entry, Send):
        return {"id": entry.mid, "from": "page", "at": entry.at, "message": entry.raw["message"]}
    return {
        "id": entry.mid,
        "from": "fan",
        "at": entry.at,
        "kind": entry.kind,
        "text": entry.text,
        "ref": entry.ref,
        "url": entry.url,
        "state": entry.state,
        "attempts": entry.attempts,
    }


def receive(fan: Fan, send: Send) -> None:
    fan.thread.append(send)
    fan.typing = False
    if fan.phones:
        fan.tell({"type": "entry", "entry": shown(send)})


def act(fan: Fan, action: str, now: int) -> None:
    """A sender action: the page saw the thread, or begins or ends typing."""
    if action == "mark_seen":
        fan.seen_at = now
        fan.tell({"type": "seen", "at": now})
    else:
        fan.typing = action == "typing_on"
        fan.tell({"type": "typing", "on": fan.typing})
