"""A table in memory that keeps the promises of `chalicelib.aws.tables.Table`; both pass tests/contract/test_tables.py."""

import copy
import math
import threading
from collections import defaultdict

from chalicelib.aws.tables import Add, Change, ConditionFailed, Create, Delete, Put


class MemoryTable:
    def __init__(self):
        self._items = {}
        self._keys = defaultdict(set)
        """The `sk` of the items of each partition."""
        self._lock = threading.Lock()
        self.reads = 0
        self.writes = []
        """Every step that was written, in order: tests count them."""

    def get(self, pk, sk):
        with self._lock:
            self.reads += 1
            return copy.deepcopy(self._items.get((pk, sk)))

    def query(self, pk, *, begins="", between=None, newest_first=False, limit=0, only=()):
        with self._lock:
            self.reads += 1
            first, last = between or (begins, begins + "\U0010ffff")
            keys = sorted(
                (key for key in self._items if key[0] == pk and first <= key[1] <= last), reverse=newest_first
            )
            found = [copy.deepcopy(self._items[key]) for key in keys[: limit or None]]
        yield from ({name: item[name] for name in only or item if name in item} for item in found)

    def page(self, pk, *, begins="", after="", limit):
        with self._lock:
            self.reads += 1
            keys = sorted(
                key for key in self._items if key[0] == pk and key[1].startswith(begins) and key[1] > begins + after
            )
            found = [copy.deepcopy(self._items[key]) for key in keys[:limit]]
        return found, keys[limit - 1][1].removeprefix(begins) if len(keys) > limit else ""

    def write(self, *steps):
        with self._lock:
            failed = frozenset(position for position, step in enumerate(steps) if not self._holds(step))
            if failed:
                raise ConditionFailed(failed)
            for step in steps:
                self._do(step)
                self.writes.append(step)

    def __iter__(self):
        """The (pk, sk) of all items."""
        with self._lock:
            return iter(list(self._items))

    def _holds(self, step):
        match step:
            case Create(item):
                return (item["pk"], item["sk"]) not in self._items
            case Delete():
                return not step.expect or _has(self._items.get((step.pk, step.sk)), step.expect)
            case Change():
                item = self._items.get((step.pk, step.sk))
                return _has(item, step.expect) and all(
                    item.get(name, float("-inf")) >= value for name, value in step.at_least.items()
                )
        return True

    def _do(self, step):
        match step:
            case Create(item) | Put(item):
                self._items[item["pk"], item["sk"]] = _stored(item)
                self._keys[item["pk"]].add(item["sk"])
            case Delete(pk, sk):
                self._items.pop((pk, sk), None)
                self._keys[pk].discard(sk)
            case Add(pk, sk, amounts):
                item = self._items.setdefault((pk, sk), {"pk": pk, "sk": sk})
                self._keys[pk].add(sk)
                item.update({name: item.get(name, 0) + amount for name, amount in amounts.items()})
            case Change():
                item = self._items[step.pk, step.sk]
                item.update(_stored(step.put))
                for name, amount in step.add.items():
                    item[name] = item.get(name, 0) + amount


class Killed(BaseException):
    """The function is no more."""


class MortalTable(MemoryTable):
    """Dies at the write of this number, before or after it is done."""

    dies_at = math.inf

    def write(self, *steps):
        self.dies_at -= 1
        if self.dies_at == -0.5:
            raise Killed
        super().write(*steps)
        if self.dies_at == 0:
            raise Killed


def _has(item, expected):
    """Whether there is an item, with these attributes."""
    return item is not None and all(name in item and item[name] == value for name, value in expected.items())


def _stored(value):
    """As a table gives it back: tuples become lists, and nothing is shared with the caller."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {name: _stored(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(element) for element in value]
    return value
