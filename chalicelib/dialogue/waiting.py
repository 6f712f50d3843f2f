"""Who waits for what: the fans that are to be told unasked when a campaign opens, or closes while they play. In the table `conversations`.

| pk | sk | item |
| --- | --- | --- |
| `waiting#<shard>` | `<campaign>#<act>#<conversation>` | `since`: when the message was sent that put the fan here; in milliseconds |

A fan is on a list until they were told, so a list is also how far the telling has come: nothing else remembers it. The sixteen shards, by a
hash of the conversation, take as many writes as a spike brings.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chalicelib.aws.tables import Delete, Put, Table

SHARDS = 16
PAGE = 500


class Waiting(NamedTuple):
    conversation: str
    campaign: str
    act: str
    """An `Act`."""
    since: int


class WaitingList:
    def __init__(self, table: Table) -> None:
        self._table = table

    def join(self, campaign_id: str, act: str, conversation: str, since: int, expires_at: int) -> None:
        """Put a fan on a list until `expires_at` (seconds since the epoch), for a message of `since`; again is fine."""
        item = {"pk": _shard_of(conversation), "sk": _sort_key(campaign_id, act, conversation), "since": since}
        self._table.write(Put({**item, "expiresAt": expires_at}))

    def leave(self, campaign_id: str, act: str, conversation: str) -> None:
        """Take a fan off a list, whether they are on it or not."""
        self._table.write(Delete(_shard_of(conversation), _sort_key(campaign_id, act, conversation)))

    def all(self, due: Callable[[str, str], bool]) -> Iterator[Waiting]:
        """Everybody who waits for an act of a campaign that is `due`. Another list costs one read in each shard, however long it is."""
        for shard in range(SHARDS):
            after, more = "", True
            while more:
                items, last = self._table.page(_pk(shard), after=after, limit=PAGE)
                after, more = last, bool(last)
                for item in items:
                    campaign_id, act, conversation = item["sk"].split("#", 2)
                    if not due(campaign_id, act):
                        after, more = f"{campaign_id}#{act}$", True  # `$` follows `#`: the next list
                        break
                    yield Waiting(conversation, campaign_id, act, item["since"])


def _shard_of(conversation: str) -> str:
    return _pk(hashlib.sha256(conversation.encode()).digest()[0] % SHARDS)


def _pk(shard: int) -> str:
    return f"waiting#{shard}"


def _sort_key(campaign_id: str, act: str, conversation: str) -> str:
    return f"{campaign_id}#{act}#{conversation}"
