"""What is known of addresses, in the table `users`. No address is in it, only its name (`model.name_of`).

| pk | sk | item |
| --- | --- | --- |
| `mail#<name>` | `word` | `refused`, `why`, `at`: the last word on the address |
| `mail#<name>` | `unsubscribed#<list>` | `at` |
"""

from chalicelib.aws.tables import Change, ConditionFailed, Create, Delete, Put, Step, Table
from chalicelib.errors import Unavailable
from chalicelib.mailing.model import Subscription, Word

_WORD = "word"


class MailStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def word(self, name: str) -> Word | None:
        found = self._table.get(_pk(name), _WORD)
        return Word(found["refused"], found["why"], found["at"]) if found else None

    def say(self, name: str, word: Word) -> bool:
        """Let this be the last word on the address, unless a later one was said; `Unavailable` where another is saying one."""
        last = self.word(name)
        if last and last.at >= word.at:
            return False
        pk = _pk(name)
        step: Step = Create({"pk": pk, "sk": _WORD, **word._asdict()})
        if last:
            step = Change(pk, _WORD, put=word._asdict(), expect={"at": last.at})
        try:
            self._table.write(step)
        except ConditionFailed:
            raise Unavailable("Another word on this address is being written") from None
        return True

    def unsubscribed(self, subscription: Subscription) -> bool:
        return self._table.get(*_key(subscription)) is not None

    def unsubscribe(self, subscription: Subscription, at: int) -> None:
        pk, sk = _key(subscription)
        self._table.write(Put({"pk": pk, "sk": sk, "at": at}))

    def subscribe(self, subscription: Subscription) -> None:
        self._table.write(Delete(*_key(subscription)))


def _pk(name: str) -> str:
    return f"mail#{name}"


def _key(subscription: Subscription) -> tuple[str, str]:
    return _pk(subscription.name), f"unsubscribed#{subscription.list}"
