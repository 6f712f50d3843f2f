"""DynamoDB in memory, asked as `chalicelib.aws.client.Client` asks it: as much of it as `chalicelib.aws.tables` uses, and its streams."""

import itertools
import re
import sys
from collections import defaultdict
from typing import NamedTuple


class Refused(Exception):
    """An error of AWS: its code, and the rest of its answer."""

    def __init__(self, code, **details):
        super().__init__(code)
        self.code, self.details = code, details


class Step(NamedTuple):
    """An item of a transaction, or a write of its own."""

    kind: str
    asked: dict

    @property
    def table(self):
        return self.asked["TableName"]

    @property
    def key(self):
        return _key(self.asked["Item"] if self.kind == "Put" else self.asked["Key"])


class MemoryDynamo:
    def __init__(self):
        self.tables = defaultdict(dict)
        """Items in DynamoDB's own notation, by table and key. None is ever changed: a new one takes its place."""
        self.streams = defaultdict(list)
        """Every change of each table, in order, as Lambda hands it over."""
        self._tokens = set()
        self._numbers = itertools.count(1)

    def call(self, operation, asked):
        if operation == "GetItem":
            found = self.tables[asked["TableName"]].get(_key(asked["Key"]))
            return {"Item": found} if found else {}
        if operation == "Query":
            return self._query(asked)
        if operation == "TransactWriteItems":
            return self._transact(asked)
        self._write([Step(operation.removesuffix("Item"), asked)], "ConditionalCheckFailedException")
        return {}

    def _query(self, asked):
        values = asked["ExpressionAttributeValues"]
        pk, begins, first, last = (
            values.get(name, {"S": default})["S"]
            for name, default in ((":pk", ""), (":sk", ""), (":first", ""), (":last", chr(sys.maxunicode)))
        )
        after = asked.get("ExclusiveStartKey", {}).get("sk", {"S": ""})["S"]
        table = self.tables[asked["TableName"]]
        of_partition = (key for key in table if key[0] == pk and key[1].startswith(begins))
        keys = sorted(key for key in of_partition if key[1] > after and first <= key[1] <= last)
        if not asked.get("ScanIndexForward", True):
            keys.reverse()
        found = [table[key] for key in keys[: asked.get("Limit")]]
        if "ProjectionExpression" in asked:
            only = asked["ExpressionAttributeNames"].values()
            found = [{name: item[name] for name in only if name in item} for item in found]
        return {"Items": found}

    def _transact(self, asked):
        """Once for each token: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html ."""
        if asked["ClientRequestToken"] not in self._tokens:
            steps = [Step(*pair) for item in asked["TransactItems"] for pair in item.items()]
            self._write(steps, "TransactionCanceledException")
            self._tokens.add(asked["ClientRequestToken"])
        return {}

    def _write(self, steps, refusal):
        holds = [_holds(step.asked, self.tables[step.table].get(step.key)) for step in steps]
        if not all(holds):
            reasons = [{"Code": "None" if held else "ConditionalCheckFailed"} for held in holds]
            raise Refused(refusal, CancellationReasons=reasons)
        for step in steps:
            self._do(step)

    def _do(self, step):
        table, key = self.tables[step.table], step.key
        old, new = table.get(key), _after(step, table.get(key))
        if new is None:
            table.pop(key, None)
        else:
            table[key] = new
        if old == new:
            return
        images = {"OldImage": old, "NewImage": new}
        change = {
            "Keys": {"pk": {"S": key[0]}, "sk": {"S": key[1]}},
            "SequenceNumber": f"{next(self._numbers):021}",
            **{name: image for name, image in images.items() if image is not None},
        }
        kind = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
        self.streams[step.table].append({"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": change})


def _key(attributes):
    return attributes["pk"]["S"], attributes["sk"]["S"]


def _holds(asked, item):
    """Whether a ConditionExpression holds, of those that `chalicelib.aws.tables` writes."""
    names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
    for term in filter(None, asked.get("ConditionExpression", "").split(" AND ")):
        if term == "attribute_not_exists(pk)":
            held = item is None
        elif term == "attribute_exists(pk)":
            held = item is not None
        else:
            name, sign, value = term.split(" ")
            found, wanted = (item or {}).get(names[name]), values[value]
            held = found is not None and (found == wanted if sign == "=" else int(found["N"]) >= int(wanted["N"]))
        if not held:
            return False
    return True


def _after(step, item):
    """What a write makes of an item; None: there is none afterwards."""
    if step.kind == "Put":
        return step.asked["Item"]
    if step.kind == "Delete":
        return None
    names, values = step.asked["ExpressionAttributeNames"], step.asked["ExpressionAttributeValues"]
    clauses = dict(re.findall(r"(SET|ADD) (.*?)(?= ADD |$)", step.asked["UpdateExpression"]))
    puts = (term.split(" = ") for term in clauses.get("SET", "").split(", ") if term)
    new = (item or step.asked["Key"]) | {names[name]: values[value] for name, value in puts}
    for term in filter(None, clauses.get("ADD", "").split(", ")):
        name, value = term.split(" ")
        before = new.get(names[name], {"N": "0"})["N"]
        new[names[name]] = {"N": str(int(before) + int(values[value]["N"]))}
    return new
