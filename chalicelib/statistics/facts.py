"""A change in the stream of a table becomes a fact, or nothing.

Facts are made of entries and tickets in the table `campaigns`, of turns and lost fans in `conversations`, of orders in `orders`. Each
is a change that a row makes once: a fan's entry is made once and wins once, a turn is written once.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from chalicelib.aws.tables import Item, as_item
from chalicelib.events.stream import Unreadable
from chalicelib.statistics.model import CHANNEL, LANGUAGE, SOURCE, Amounts, Tally, amounts, answered

Value = Annotated[str, Meta(pattern="^[^/]{0,100}$")]
"""In a dimension: part of an amount's name."""


class Fact(NamedTuple):
    """What a record tells of a campaign."""

    id: str
    """Of its record: no other record's, and the same however often it comes."""
    campaign_id: str
    """Empty for an order of no campaign."""
    at: int
    """When its row was written, in seconds since the epoch."""
    amounts: Amounts


class _Came(Struct, frozen=True):
    """How a fan came."""

    source: Value = ""
    channel: Value = ""
    language: Value = ""

    def values(self) -> Mapping[str, str]:
        return {CHANNEL: self.channel, SOURCE: self.source, LANGUAGE: self.language}


class _Entry(_Came, frozen=True, kw_only=True):
    attempts: list[str]
    ticket: str
    finished_at: int | None = msgspec.field(default=None, name="finishedAt")


class _Ticket(_Came, frozen=True, kw_only=True):
    status: str


class _State(Struct, frozen=True):
    campaign: Value = ""
    source: Value = ""
    language: Value = ""


class _Turn(Struct, frozen=True):
    state: _State
    replies: list[Any]
    answered: tuple[Value, bool] | None = None
    unasked: bool = False
    """No fan has said anything: we have."""


class _Order(_Came, frozen=True, kw_only=True, rename="camel"):
    status: str
    total_cents: int = 0
    campaign_id: Value = ""


class _Told(NamedTuple):
    campaign_id: str
    amounts: Amounts


def fact_of(record: Mapping[str, Any]) -> Fact | None:
    """The fact that a record tells, if any; `Unreadable` where it ought to tell one and cannot.

    A record: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html .
    """
    try:
        change = record["dynamodb"]
        keys, old, new = (as_item(change.get(image) or {}) for image in ("Keys", "OldImage", "NewImage"))
        told = _told(keys["pk"], keys["sk"], old, new) if record["eventName"] != "REMOVE" else None
        if told is None or not told.amounts:
            return None
        return Fact(record["eventID"], told.campaign_id, int(change["ApproximateCreationDateTime"]), told.amounts)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(type(error).__name__) from error


def _told(pk: str, sk: str, old: Item, new: Item) -> _Told | None:
    of, _, rest = pk.partition("#")
    kind, mark, _ = sk.partition("#")
    match of, kind + mark:
        case "campaign", "entry#":
            reached = _of_entry(msgspec.convert(old or None, _Entry | None), msgspec.convert(new, _Entry))
            return _Told(rest.partition("#")[0], reached)
        case "campaign", "ticket#":
            done = _of_ticket(msgspec.convert(old or None, _Ticket | None), msgspec.convert(new, _Ticket))
            return _Told(rest.partition("#")[0], done)
        case "order", "order":
            return _of_order(old.get("status"), msgspec.convert(new, _Order))
        case conversation, "turn#" if ":" in conversation:
            return _of_turn(pk, msgspec.convert(new, _Turn))
        case conversation, "unreachable#" if ":" in conversation:
            lost = msgspec.convert(new, _Came)
            return _Told(sk.partition("#")[2], amounts(Tally(unreachable=1), lost.values()))
    return None


def _of_entry(old: _Entry | None, new: _Entry) -> Amounts:
    """How far a fan has come, for the first time."""
    before, after = _reached(old) if old else (0, 0, 0, 0), _reached(new)
    tally = Tally(*(max(0, now - then) for now, then in zip(after, before, strict=True)))
    return amounts(tally, new.values())


def _reached(entry: _Entry) -> tuple[int, int, int, int]:
    """Whether the fan has come, started, finished and won."""
    return 1, int(bool(entry.attempts)), int(entry.finished_at is not None), int(bool(entry.ticket))


def _of_ticket(old: _Ticket | None, new: _Ticket) -> Amounts:
    redeemed = new.status == "redeemed" and (old is None or old.status != "redeemed")
    return amounts(Tally(tickets=int(old is None), redemptions=int(redeemed)), new.values())


def _of_turn(conversation: str, turn: _Turn) -> _Told | None:
    """A turn that plays a campaign. A preview counts nobody."""
    channel, *room = conversation.split(":")
    if not turn.state.campaign or (channel == "web" and room[1] == "preview"):
        return None
    tally = Tally(messages_in=int(not turn.unasked), messages_out=len(turn.replies))
    values = {CHANNEL: channel, SOURCE: turn.state.source, LANGUAGE: turn.state.language}
    verdict = answered(turn.answered[0], values, right=turn.answered[1]) if turn.answered else {}
    return _Told(turn.state.campaign, amounts(tally, values) | verdict)


def _of_order(before: str | None, order: _Order) -> _Told | None:
    if order.status != "PLACED" or before == "PLACED":
        return None
    values = order.values() if order.channel else {}
    return _Told(order.campaign_id, amounts(Tally(orders=1, revenue_cents=order.total_cents), values))
