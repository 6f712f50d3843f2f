"""A DynamoDB table of items with the key `pk`, `sk`, in the few words that the stores need.

A write is one of the steps below; one step is one request, several are one transaction: all of them happen, or none. What must
never happen is said in the step as a condition, so that it holds whoever else is writing.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from chalicelib.aws.client import AwsError, Client
from chalicelib.errors import Unavailable
from chalicelib.ids import unguessable

Item = dict[str, Any]
"""Strings, whole numbers, booleans, None, lists and dictionaries of these."""

TRANSACTION_ATTEMPTS = 8

_LONGEST_PK, _LONGEST_SK = 2048, 1024
"""Bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html ."""


class Create(NamedTuple):
    """Write a new item; there must be none with its key."""

    item: Item


class Put(NamedTuple):
    """Write an item, whatever was there."""

    item: Item


class Change(NamedTuple):
    """Change attributes of one item. Where `expect` or `at_least` does not hold (or the item is missing), nothing is written.

    `add` belongs into a transaction, which has a token of its own: alone, it could count twice when an answer is lost.
    """

    pk: str
    sk: str
    put: Mapping[str, Any] = {}  # NamedTuple never changes its defaults
    add: Mapping[str, int] = {}
    expect: Mapping[str, Any] = {}
    at_least: Mapping[str, int] = {}


class Add(NamedTuple):
    """Add to numbers of an item, which is made where there is none. As with `Change.add`: in a transaction."""

    pk: str
    sk: str
    amounts: Mapping[str, int]


class Delete(NamedTuple):
    """Take an item away, if it is there. With `expect`, it must be, and be so: nothing is deleted where that does not hold."""

    pk: str
    sk: str
    expect: Mapping[str, Any] = {}


Step = Create | Put | Change | Add | Delete


class ConditionFailed(Exception):
    """A step's condition did not hold; `steps` holds the positions of those steps."""

    def __init__(self, steps: frozenset[int]) -> None:
        super().__init__(f"the condition of step {sorted(steps)} did not hold")
        self.steps = steps


class Table(Protocol):
    def get(self, pk: str, sk: str) -> Item | None:
        """The item as it is now, or None; also where the key is too long for any item, as callers may have made it up."""

    def query(
        self,
        pk: str,
        *,
        begins: str = "",
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int = 0,
        only: Sequence[str] = (),
    ) -> Iterator[Item]:
        """The items of a partition whose `sk` begins so, in the order of `sk`; all of them, or the first `limit`.

        Instead, `between` names the first and the last `sk` of which there may be any.
        With all their attributes, or with `only` these: no less is read, but less is sent.
        """

    def page(self, pk: str, *, begins: str = "", after: str = "", limit: int) -> tuple[list[Item], str]:
        """The first `limit` items whose `sk` begins so, or fewer if they are large; and what is `after` for the next page.

        That is empty at the end of the list. Any text may be `after`: the items that it lies between need not be there any more.
        """

    def write(self, *steps: Step) -> None:
        """Do all steps or none: `ConditionFailed`, or `Unavailable` when too many others write the same items."""


class DynamoTable:
    """`Table` on DynamoDB. Reads are strongly consistent."""

    def __init__(self, client: Client, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, pk: str, sk: str) -> Item | None:
        if len(pk.encode()) > _LONGEST_PK or len(sk.encode()) > _LONGEST_SK:
            return None
        answer = self._client.call("GetItem", TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        return as_item(answer["Item"]) if answer.get("Item") else None

    def query(
        self,
        pk: str,
        *,
        begins: str = "",
        between: tuple[str, str] | None = None,
        newest_first: bool = False,
        limit: int = 0,
        only: Sequence[str] = (),
    ) -> Iterator[Item]:
        request = self._query(pk, begins, between) | {"ScanIndexForward": not newest_first}
        if limit:
            request["Limit"] = limit
        if only:
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in only)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in only}
        found = 0
        while True:
            page = self._client.call("Query", **request)
            for row in page["Items"]:
                yield as_item(row)
                found += 1
                if found == limit:
                    return
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def page(self, pk: str, *, begins: str = "", after: str = "", limit: int) -> tuple[list[Item], str]:
        request = self._query(pk, begins) | {"Limit": limit + 1}  # one more tells whether this is the end
        if after:
            if len((begins + after).encode()) > _LONGEST_SK:
                return [], ""
            request["ExclusiveStartKey"] = _key(pk, begins + after)
        answer = self._client.call("Query", **request)
        items = [as_item(row) for row in answer["Items"]]
        last = (
            items[limit - 1]["sk"]
            if len(items) > limit
            else as_item(answer.get("LastEvaluatedKey") or {}).get("sk", "")
        )
        return items[:limit], last.removeprefix(begins)

    def write(self, *steps: Step) -> None:
        if len(steps) == 1:
            self._write_one(steps[0])
        else:
            self._write_all(steps)

    def _query(self, pk: str, begins: str, between: tuple[str, str] | None = None) -> dict[str, Any]:
        condition, values = "pk = :pk", {":pk": pk}
        if between:
            condition += " AND sk BETWEEN :first AND :last"
            values[":first"], values[":last"] = between
        elif begins:
            condition += " AND begins_with(sk, :sk)"
            values[":sk"] = begins
        return {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": _attributes(values),
            "ConsistentRead": True,
        }

    def _write_one(self, step: Step) -> None:
        operation, request = self._request(step)
        try:
            self._client.call(f"{operation}Item", **request)
        except AwsError as error:
            if error.code == "ConditionalCheckFailedException":
                raise ConditionFailed(frozenset({0})) from error
            raise

    def _write_all(self, steps: Sequence[Step]) -> None:
        """Others' transactions on the same item cancel ours without harm: try again, a little later each time.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
        """
        items = [dict([self._request(step)]) for step in steps]
        for attempt in range(TRANSACTION_ATTEMPTS):
            try:
                self._client.call("TransactWriteItems", TransactItems=items, ClientRequestToken=unguessable())
            except AwsError as error:
                if error.code != "TransactionCanceledException":
                    raise
                reasons = [reason.get("Code") for reason in error.details.get("CancellationReasons", ())]
                failed = frozenset(i for i, reason in enumerate(reasons) if reason == "ConditionalCheckFailed")
                if failed:
                    raise ConditionFailed(failed) from error
                self._sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  # jitter, not a secret
            else:
                return
        raise Unavailable("Too many are writing the same items at once: try again")

    def _request(self, step: Step) -> tuple[str, dict[str, Any]]:
        match step:
            case Create(item):
                condition = {"ConditionExpression": "attribute_not_exists(pk)"}
                return "Put", {"TableName": self._name, "Item": _attributes(item), **condition}
            case Put(item):
                return "Put", {"TableName": self._name, "Item": _attributes(item)}
            case Delete(pk, sk, expect):
                return "Delete", {"TableName": self._name, "Key": _key(pk, sk), **_condition(expect)}
            case Add(pk, sk, amounts):
                return "Update", {"TableName": self._name, "Key": _key(pk, sk), **_sums(amounts)}
            case Change():
                return "Update", {"TableName": self._name, "Key": _key(step.pk, step.sk), **_expressions(step)}


def _expressions(change: Change) -> dict[str, Any]:
    """A change in DynamoDB's expressions; every name and value gets an alias, as many names are reserved words."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}

    def alias(name: str, value: object) -> tuple[str, str]:
        names[f"#{name}"] = name
        place = f":{len(values)}"
        values[place] = value
        return f"#{name}", place

    puts = ["{} = {}".format(*alias(name, value)) for name, value in change.put.items()]
    adds = ["{} {}".format(*alias(name, value)) for name, value in change.add.items()]
    conditions = ["attribute_exists(pk)"]
    conditions += ["{} = {}".format(*alias(name, value)) for name, value in change.expect.items()]
    conditions += ["{} >= {}".format(*alias(name, value)) for name, value in change.at_least.items()]
    clauses = [f"SET {', '.join(puts)}" if puts else "", f"ADD {', '.join(adds)}" if adds else ""]
    return {
        "UpdateExpression": " ".join(filter(None, clauses)),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": _attributes(values),
    }


def _sums(amounts: Mapping[str, int]) -> dict[str, Any]:
    """Numbered aliases, as a name may hold what an alias must not."""
    names, values = zip(*amounts.items(), strict=True)
    return {
        "UpdateExpression": "ADD " + ", ".join(f"#{place} :{place}" for place in range(len(amounts))),
        "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(names)},
        "ExpressionAttributeValues": {f":{place}": _attribute(value) for place, value in enumerate(values)},
    }


def _condition(expect: Mapping[str, Any]) -> dict[str, Any]:
    """That each of these attributes has its value; no condition where there are none."""
    if not expect:
        return {}
    return {
        "ConditionExpression": " AND ".join(f"#{name} = :{name}" for name in expect),
        "ExpressionAttributeNames": {f"#{name}": name for name in expect},
        "ExpressionAttributeValues": {f":{name}": _attribute(value) for name, value in expect.items()},
    }


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in item.items()}


def as_item(attributes: Mapping[str, Any]) -> Item:
    """An item from DynamoDB's attributes, as they stand in its answers and in its streams."""
    return {name: _value(attribute) for name, attribute in attributes.items()}


def _attribute(value: object) -> dict[str, Any]:
    """A value as DynamoDB writes it: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html ."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list() | tuple():
            return {"L": [_attribute(element) for element in value]}
        case dict():
            return {"M": _attributes(value)}
    raise TypeError(f"{type(value).__name__} is not stored")


def _value(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever the item holds
    [(kind, value)] = attribute.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(value)
        case "L":
            return [_value(element) for element in value]
        case "M":
            return as_item(value)
    return value
