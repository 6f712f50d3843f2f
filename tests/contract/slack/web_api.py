"""Slack's Web API on this machine that answers as it is told, and remembers what it was asked."""

from tests.fakes.platform import Answer, Platform


class WebApi(Platform):
    """`plan` holds the next answers; without one, a call is taken."""

    def bodies(self, method):
        return [asked.body for asked in self.asked if asked.path == f"/api/{method}"]

    @property
    def texts(self):
        return [body["text"] for body in self.bodies("chat.postMessage")]

    @property
    def methods(self):
        return [asked.path.removeprefix("/api/") for asked in self.asked]

    def answer(self, _asked):
        return self.plan.pop(0) if self.plan else taken()


def taken():
    return Answer(200, {"ok": True, "channel": "D024BE91L", "ts": "1795340000.000200"})


def installed(team):
    """As oauth.v2.access gives a workspace's token, which ends with the workspace's id."""
    scopes = "app_mentions:read,chat:write,commands,im:history"
    token = {"access_token": f"xoxb-{team}", "token_type": "bot", "scope": scopes, "bot_user_id": "U0LAN0Z89"}
    return Answer(200, {"ok": True, "app_id": "A1", "team": {"id": team, "name": "A Workspace"}, **token})


def error(word, *messages, headers=()):
    """As Slack refuses a call: with status 200."""
    body = {"ok": False, "error": word, "response_metadata": {"messages": list(messages)}}
    return Answer(200, body, (("x-slack-req-id", "b3d1a2"), *headers))


def too_fast(seconds):
    return Answer(429, {"ok": False, "error": "ratelimited"}, (("Retry-After", str(seconds)),))
