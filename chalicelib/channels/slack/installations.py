"""The workspaces that have installed the app, in the table of conversations.

| pk | sk | item |
| --- | --- | --- |
| `slack-installations` | `<team>` | the bot's token, encrypted; its user and scopes; when |

The newest of the secret's `token_keys` encrypts (https://cryptography.io/en/latest/fernet/), so who reads the table has no token; the
others still decrypt while a key is replaced. A stage without a `client_id` serves one workspace by the secret's `bot_token`, and reads
no table.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib import errors
from chalicelib.aws.tables import Change, ConditionFailed, Delete, Item, Put, Table
from chalicelib.channels.delivery import Undeliverable
from chalicelib.channels.recent import Recent
from chalicelib.clock import Clock, milliseconds

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from chalicelib.channels.slack.needs import Secrets

KEEP_SECONDS = 300
"""A container sends for this long with a token that was taken away elsewhere, unless Slack refuses it and the sender says `forget`."""
MOST_KEPT = 1_000

_PK = "slack-installations"


class Installation(NamedTuple):
    """What we know of a workspace's installation, but for its token."""

    team: str
    bot: str
    """The user id by which the bot is mentioned there."""
    scopes: tuple[str, ...]
    installed_at: int
    """Milliseconds since the epoch."""


class Installations:
    def __init__(self, table: Table, secrets: "Secrets", clock: Clock) -> None:
        self._table = table
        self._secrets = secrets
        self._clock = clock
        self._kept = Recent[str, tuple[float, str]](MOST_KEPT)
        """By team, when its token was read, and the token."""

    def token(self, team: str) -> str:
        """The bot's token in a workspace: `Undeliverable` where the app is not installed, `Unavailable` where an operator must act."""
        secret = self._secrets.get("slack")
        if not secret.get("client_id"):
            if not secret.get("bot_token"):
                raise errors.Unavailable(
                    "The secret slack has neither bot_token nor client_id: an operator must set one"
                )
            return str(secret["bot_token"])
        read_at, token = self._kept.get(team, (float("-inf"), ""))
        if self._clock() - read_at >= KEEP_SECONDS:
            token = self._read(team, secret)
            self._kept[team] = (self._clock(), token)
        return token

    def forget(self, team: str) -> None:
        """Slack refuses the token that we gave: read it anew next time."""
        self._kept.pop(team, None)

    def install(self, team: str, token: str, bot: str, scopes: tuple[str, ...]) -> None:
        """Keep a workspace's token, in the place of the one that it had."""
        encrypted = _cipher(self._secrets.get("slack")).encrypt(token.encode()).decode()
        item: Item = {"pk": _PK, "sk": team, "token": encrypted, "bot": bot, "scopes": list(scopes)}
        self._table.write(Put({**item, "installedAt": milliseconds(self._clock)}))
        self.forget(team)

    def revoke(self, team: str, at: int) -> None:
        """The workspace took the token away at this time (milliseconds): one that was installed later stays, however late we hear of it."""
        self.forget(team)
        item = self._table.get(_PK, team)
        if item is None or item["installedAt"] > at:
            return
        try:
            self._table.write(Delete(_PK, team, {"installedAt": item["installedAt"]}))
        except ConditionFailed:
            return  # installed anew while we looked

    def remove(self, team: str) -> bool:
        """Forget a workspace, whenever it was installed; whether we knew it."""
        self.forget(team)
        known = self._table.get(_PK, team) is not None
        self._table.write(Delete(_PK, team))
        return known

    def all(self) -> list[Installation]:
        """By team."""
        found = self._table.query(_PK)
        return [Installation(each["sk"], each["bot"], tuple(each["scopes"]), each["installedAt"]) for each in found]

    def encrypt_anew(self) -> None:
        """Leave no token under any but the newest key, so that the others can go. What no key opens stays as it is."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  # as in `_cipher`

        secret = self._secrets.get("slack")
        for item in list(self._table.query(_PK)):
            try:
                token = _cipher(secret).rotate(item["token"]).decode()
                self._table.write(Change(_PK, item["sk"], put={"token": token}, expect={"token": item["token"]}))
            except (InvalidToken, ConditionFailed):
                continue  # the app must be installed anew there, or just was

    def _read(self, team: str, secret: Mapping[str, Any]) -> str:
        item = self._table.get(_PK, team)
        if item is None:
            if not secret.get("bot_token"):
                raise Undeliverable("not_installed", ours=False)
            return str(secret["bot_token"])
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  # as in `_cipher`

        try:
            return _cipher(secret).decrypt(item["token"]).decode()
        except InvalidToken:
            raise errors.Unavailable(
                "No key of the secret slack opens the token of a workspace: install the app there again"
            ) from None


def _cipher(secret: Mapping[str, Any]) -> "MultiFernet":
    """Encrypts with the newest key, decrypts with any. `Unavailable` when the secret has no usable key."""
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415  # webhooks, and one workspace, do without

    found = secret.get("token_keys") or []
    keys = [found] if isinstance(found, str) else found
    try:
        return MultiFernet([Fernet(key + "=") for key in reversed(keys)])
    except (TypeError, ValueError) as error:
        raise errors.Unavailable(
            "The secret slack has no usable token_keys: python -m ops secrets set slack token_keys --generate"
        ) from error
