"""Who may call: a bearer token has a name, a role, and perhaps campaigns that it is limited to.

There are two kinds of tokens. Those of the secret `api`, one for each role, are there from the first deploy on. Any number more are made
by operators (`python -m ops token`), each for somebody or something, and can be limited, left to expire, and revoked alone.
"""

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib.access import model
from chalicelib.access.model import MOST_CAMPAIGNS, NAME, State, Token
from chalicelib.access.store import TokenStore
from chalicelib.clock import Clock
from chalicelib.errors import FieldError, Invalid, NotFound
from chalicelib.http import ORGANISER, SERVICE, STEWARD, Principal

ROLES = (ORGANISER, STEWARD, SERVICE)

_NAME_RULE = "must be 1 to 60 of A-Z a-z 0-9 . _ @ - and spaces, begin with a letter or digit, not end with a space, and be no role's name"
_NO_DIGEST = "0" * 64
_DAY = 24 * 3600


class Secrets(Protocol):
    def get(self, name: str) -> Mapping[str, Any]:
        """A secret's members, or `Unavailable`."""


class Tokens:
    """The tokens that operators make."""

    def __init__(self, store: TokenStore, clock: Clock, new_hex: Callable[[int], str] = secrets.token_hex) -> None:
        self._store = store
        self._clock = clock
        self._new_hex = new_hex

    def create(self, role: str, name: str, campaigns: tuple[str, ...] = (), days: int | None = None) -> str:
        """Make a token and answer its text, which nobody can ask for again. `Invalid` names what is wrong with it."""
        wrong = []
        if not NAME.fullmatch(name) or name in ROLES:
            wrong.append(FieldError("name", _NAME_RULE))
        if len(campaigns) > MOST_CAMPAIGNS:
            wrong.append(FieldError("campaigns", f"must be at most {MOST_CAMPAIGNS}: leave them out to allow all"))
        if wrong:
            raise Invalid("The token was not made", tuple(wrong))
        now = int(self._clock())
        token_id = self._new_hex(model.ID_BYTES)
        text = model.text(token_id, self._new_hex(model.SECRET_BYTES))
        expires = None if days is None else now + days * _DAY
        self._store.create(Token(token_id, model.digest(text), role, name, campaigns, now, expires))
        return text

    def find(self, text: str) -> Token | None:
        """The valid token with this text, or None, which takes as long, whatever is wrong with it."""
        token = self._store.get(model.id_in(text))
        right = hmac.compare_digest(token.digest if token else _NO_DIGEST, model.digest(text))
        return token if token and right and self.state(token) == "valid" else None

    def every(self) -> list[Token]:
        """All tokens, oldest first: revoked ones too, expired ones for a day or two."""
        return sorted(self._store.every(), key=lambda token: (token.created_at, token.token_id))

    def state(self, token: Token) -> State:
        return token.state(self._clock())

    def get(self, token_id: str) -> Token:
        """A token, valid or not, or `NotFound`."""
        token = self._store.get(token_id)
        if token is None:
            raise NotFound(f"There is no token {token_id}")
        return token

    def revoke(self, token_id: str) -> None:
        """From now on the token is nobody's; again is fine. `NotFound` where there is none."""
        if self.get(token_id).revoked_at is None:
            self._store.revoke(token_id, int(self._clock()))


class Access:
    """Knows both kinds.

    The secret `api` is `{"organiser": …, "steward": …, "service": …}`, each a token, or a list while one is being rotated.
    """

    def __init__(self, secrets: Secrets, tokens: Tokens) -> None:
        self._secrets = secrets
        self._tokens = tokens

    def principal(self, token: str) -> Principal | None:
        """Whose token this is, or None. Takes as long for a wrong token as for a right one of its kind."""
        if not model.id_in(token):
            role = self._role_of(token)
            return Principal(role, role) if role else None
        made = self._tokens.find(token)
        return Principal(made.name, made.role, made.campaigns) if made else None

    def _role_of(self, token: str) -> str | None:
        """The role under which the secret holds a token, which has no name but that."""
        found = None
        members = self._secrets.get("api")
        for role in ROLES:
            held = members.get(role) or []
            for known in [held] if isinstance(held, str) else held:
                if hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")) and known:
                    found = role
        return found
