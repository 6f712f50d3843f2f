"""The register of docs/orders.md: who asks whom for what on an order's way. Made of the names of what was seen."""

from collections import defaultdict
from itertools import groupby

from ops.local.launch import PROJECT

PAGE = PROJECT / "docs" / "orders.md"
HEAD = ("| who | is asked by | asks |", "| --- | --- | --- |")


def table(names):
    """The register's lines."""
    asked_by, asks = defaultdict(set), defaultdict(set)
    for name in names:
        who, is_call, what = name.partition(": ")
        if is_call:
            asks[who].add(_call(what))
        else:
            source, _, function = name.partition(" to ")
            asked_by[function or source].add(source if function else "HTTPS")
    return [
        *HEAD,
        *(f"| `{who}` | {_words(asked_by[who])} | {_calls(asks[who])} |" for who in sorted({*asked_by, *asks})),
    ]


def written():
    """The same lines, as the page has them."""
    lines = PAGE.read_text().splitlines()
    begins = lines.index(HEAD[0])
    return lines[begins : lines.index("", begins)]


def _call(what):
    """(whom, for what): `dynamodb GetItem orders` asks the table orders, `stripe GET payment_intents` Stripe."""
    service, act, *resource = what.split(" ")
    if service == "stripe":
        return service, f"{act} {resource[0]}"
    return " ".join((service, *resource)), act


def _calls(calls):
    grouped = groupby(sorted(calls), lambda call: call[0])
    return " · ".join(f"`{whom}` {', '.join(act for _, act in same)}" for whom, same in grouped)


def _words(words):
    return ", ".join(sorted(words))
