"""Bot tokens. Each says itself which workspace it is for, so that it is valid after a restart too: the application keeps its copy."""

import hmac

from ops.simulator.settings import Settings
from ops.simulator.slack.refusal import Refusal
from ops.simulator.slack.workspace import HOME_TEAM, Workspace, Workspaces

SCOPES = "app_mentions:read,chat:write,commands,im:history"


class Tokens:
    def __init__(self, settings: Settings, workspaces: Workspaces) -> None:
        self._settings = settings
        self._workspaces = workspaces
        self._revoked: set[str] = set()
        self._scopes: dict[str, str] = {}

    def issue(self, team_id: str, serial: str, scopes: str) -> str:
        """The bot token of an installation; `serial` tells it from those before."""
        token = f"xoxb-{team_id}-{serial}-{self._proof(team_id, serial)}"
        self._scopes[token] = scopes
        return token

    def workspace(self, token: str) -> Workspace:
        """Whose token it is; `Refusal` for one that is not, or no longer, valid."""
        if not token:
            raise Refusal("not_authed")
        if token in self._revoked:
            raise Refusal("token_revoked")
        workspace = self._workspaces.workspace(self._team(token))
        if not workspace.installed:
            raise Refusal("account_inactive")
        return workspace

    def scopes(self, token: str) -> str:
        return self._scopes.get(token, SCOPES)

    def revoke(self, token: str) -> None:
        self._revoked.add(token)

    def _team(self, token: str) -> str:
        if token == self._settings.slack_bot_token:
            return HOME_TEAM.id
        prefix, _, rest = token.partition("-")
        team_id, _, proven = rest.partition("-")
        serial, _, proof = proven.partition("-")
        if prefix != "xoxb" or not hmac.compare_digest(proof.encode(), self._proof(team_id, serial).encode()):
            raise Refusal("invalid_auth")
        return team_id

    def _proof(self, team_id: str, serial: str) -> str:
        secret = self._settings.slack_client_secret.encode()
        return hmac.new(secret, f"{team_id}:{serial}".encode(), "sha256").hexdigest()[:24]
