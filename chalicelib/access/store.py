"""Tokens in the table `users`.

| pk | sk | item |
| --- | --- | --- |
| `token#<id>` | `token` | the token, but for its text; in a partition of its own, so that no flood of made-up tokens slows others down |
| `tokens` | `<id>` | names the token, for a list without a scan |

Both are forgotten a day or two after `expiresAt`, where there is one.
"""

from collections.abc import Iterator

from chalicelib.access.model import Token
from chalicelib.aws.tables import Change, Create, Table

_TOKENS = "tokens"
_SK = "token"


class TokenStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, token_id: str) -> Token | None:
        item = self._table.get(_pk(token_id), _SK)
        if item is None:
            return None
        return Token(
            token_id=token_id,
            digest=item["hash"],
            role=item["role"],
            name=item["name"],
            campaigns=tuple(item["campaigns"]),
            created_at=item["createdAt"],
            expires_at=item.get("expiresAt"),
            revoked_at=item.get("revokedAt"),
        )

    def every(self) -> Iterator[Token]:
        for listed in self._table.query(_TOKENS):
            if token := self.get(listed["sk"]):  # the table forgets one item before the other
                yield token

    def create(self, token: Token) -> None:
        """Write a token that was never used: `ConditionFailed` where there is one with its id."""
        expires = {} if token.expires_at is None else {"expiresAt": token.expires_at}
        item = {
            "hash": token.digest,
            "role": token.role,
            "name": token.name,
            "campaigns": token.campaigns,
            "createdAt": token.created_at,
        }
        self._table.write(
            Create({"pk": _pk(token.token_id), "sk": _SK, **item, **expires}),
            Create({"pk": _TOKENS, "sk": token.token_id, **expires}),
        )

    def revoke(self, token_id: str, at: int) -> None:
        """`ConditionFailed` where there is no such token."""
        self._table.write(Change(_pk(token_id), _SK, put={"revokedAt": at}))


def _pk(token_id: str) -> str:
    return f"token#{token_id}"
