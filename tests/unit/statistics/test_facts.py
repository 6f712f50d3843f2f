"""What a change tells, is counted; what it cannot tell, is refused by the name of the field."""

import pytest

from chalicelib.aws.tables import _attributes
from chalicelib.events.stream import Unreadable
from chalicelib.statistics.facts import Fact, fact_of
from tests.unit.events.rows import an_order

AT = 1_796_000_000
ENTRY = {"attempts": [], "ticket": "", "kid": ""}
CAME = {"source": "poster", "channel": "web", "language": "nl"}
TURN = {"state": {"campaign": "bash", "language": "en"}, "replies": [{"text": "Hi"}, {"text": "A?"}]}


def changed(pk, sk, new, old=None):
    images = {name: _attributes(row) for name, row in (("NewImage", new), ("OldImage", old)) if row is not None}
    kind = "REMOVE" if new is None else "INSERT" if old is None else "MODIFY"
    change = {"Keys": _attributes({"pk": pk, "sk": sk}), "ApproximateCreationDateTime": AT, **images}
    return {"eventID": "e1", "eventName": kind, "dynamodb": change}


def entry(new, old=None):
    return changed("campaign#bash#7", "entry#FAN", new and ENTRY | new, old and ENTRY | old)


def ticket(new, old=None):
    return changed("campaign#bash#7", "ticket#ABC", new, old)


def turn(conversation="messenger:1000:2000", **fields):
    return changed(conversation, "turn#0000001", TURN | fields)


def order(new, old=None):
    return changed("order#o-1", "order", new, old)


def amounts(record):
    fact = fact_of(record)
    return fact and fact.amounts


def test_a_fact_has_its_record_s_name_its_campaign_and_its_time():
    assert fact_of(ticket({"status": "issued"})) == Fact("e1", "bash", AT, {"t": 1, "c//t": 1, "s//t": 1, "l//t": 1})


def test_a_fan_who_comes_is_counted_by_channel_source_and_language():
    assert amounts(entry(CAME)) == {"s": 1, "c/web/s": 1, "s/poster/s": 1, "l/nl/s": 1}


def test_a_fan_who_begins_at_once_has_come_too():
    assert amounts(entry({"attempts": ["m"], **CAME, "source": ""}))["s//b"] == 1
    assert amounts(entry({"attempts": ["m"], **CAME}))["s"] == 1


@pytest.mark.parametrize(
    ("new", "old", "told"),
    [
        ({"attempts": ["m"]}, {"attempts": []}, "b"),
        ({"attempts": ["m"], "finishedAt": AT}, {"attempts": ["m"]}, "f"),
        ({"attempts": ["m"], "finishedAt": AT, "ticket": "ABC"}, {"attempts": ["m"]}, "fw"),
        ({"attempts": ["m", "n"], "finishedAt": AT, "ticket": "ABC"}, {"attempts": ["m", "n"], "finishedAt": 1}, "w"),
        ({"attempts": ["m", "n"]}, {"attempts": ["m"]}, ""),
        ({"attempts": ["m"], "finishedAt": 2}, {"attempts": ["m"], "finishedAt": 1}, ""),
    ],
)
def test_a_fan_counts_once_however_often_they_play(new, old, told):
    found = amounts(entry(new | CAME, old | CAME)) or {}
    assert found == {prefix + letter: 1 for prefix in ("", "c/web/", "s/poster/", "l/nl/") for letter in told}


def test_a_ticket_counts_when_it_is_issued_and_when_its_holder_is_let_in_by_how_its_fan_came():
    parts = ("", "c/web/", "s/poster/", "l/nl/")
    assert amounts(ticket({"status": "issued"} | CAME)) == {f"{part}t": 1 for part in parts}
    assert amounts(ticket({"status": "redeemed"} | CAME, {"status": "issued"} | CAME)) == {f"{p}r": 1 for p in parts}
    assert amounts(ticket({"status": "revoked"}, {"status": "redeemed"})) is None


def test_a_turn_is_one_message_in_and_its_replies_out():
    parts = ("", "c/messenger/", "s//", "l/en/")
    assert amounts(turn()) == {f"{part}i": 1 for part in parts} | {f"{part}o": 2 for part in parts}


def test_what_a_fan_is_told_unasked_is_no_message_of_theirs():
    told = amounts(turn(unasked=True, replies=[{"text": "Hi"}]))
    assert told == {"o": 1, "c/messenger/o": 1, "s//o": 1, "l/en/o": 1}


def test_a_fan_who_cannot_be_reached_counts_for_the_campaign_that_they_played():
    lost = changed("slack:T1:U1", "unreachable#bash", CAME | {"expiresAt": AT})
    assert fact_of(lost) == Fact("e1", "bash", AT, {"u": 1, "c/web/u": 1, "s/poster/u": 1, "l/nl/u": 1})


@pytest.mark.parametrize(("right", "letter"), [(True, "r"), (False, "w")])
def test_an_answer_counts_for_its_question_by_channel_source_and_language(right, letter):
    told = amounts(turn(answered=["venue", right], state=TURN["state"] | {"source": "poster"}))
    answers = {name: n for name, n in told.items() if "q/" in name}
    assert answers == {f"{part}q/venue/{letter}": 1 for part in ("", "c/messenger/", "s/poster/", "l/en/")}


@pytest.mark.parametrize(
    "record",
    [
        turn("web:bash:preview:s1"),
        turn(state={"language": "en"}),
        changed("messenger:1000:2000", "turn#0000001", None, TURN),
        changed("refs", "turn", {"campaignId": "bash"}),
        changed("refs", "entry", {"campaignId": "bash"}),
        changed("campaign#bash", "stock", {"total": 25, "left": 24}, {"total": 25, "left": 25}),
        changed("deletion#c", "deletion", {"status": "done"}),
        changed("messenger:1000:2000", "unreachable#bash", None, {"expiresAt": AT}),
        changed("waiting#7", "turn#opening#messenger:1000:2000", {"since": AT}),
        changed("waiting#7", "unreachable#opening#messenger:1000:2000", {"since": AT}),
        changed("revocations", "turn#T1", {}),
        changed("open-orders", "1#o-1", {}),
        order(an_order(status="REFUNDED"), an_order(status="ACCEPTED")),
        order(an_order(version=4), an_order()),
    ],
    ids=[
        "preview",
        "no campaign",
        "expired",
        "ref",
        "ref",
        "stock",
        "deletion",
        "reached again",
        "waiting",
        "waiting",
        "revoked",
        "open",
        "refunded",
        "placed before",
    ],
)
def test_other_changes_tell_nothing(record):
    assert fact_of(record) is None


def test_an_order_counts_once_it_is_placed_with_what_it_brings():
    assert fact_of(order(an_order(), an_order(status="ACCEPTED"))) == Fact("e1", "", AT, {"n": 1, "c": 10_000})


def test_an_order_that_was_made_in_a_chat_counts_for_its_campaign_channel_source_and_language():
    told = {f"{part}n": 1 for part in ("", "c/web/", "s/poster/", "l/nl/")}
    told |= {f"{part}c": 10_000 for part in ("", "c/web/", "s/poster/", "l/nl/")}
    assert fact_of(order(an_order(campaignId="bash", **CAME))) == Fact("e1", "bash", AT, told)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (entry({"attempts": "m"}), "Expected `array`, got `str` - at `$.attempts`"),
        (entry({"source": "a/b"}), "Expected `str` matching regex '^[^/]{0,100}$' - at `$.source`"),
        (changed("campaign#bash#7", "ticket#A", {"at": 1}), "Object missing required field `status`"),
        (turn(state=1), "Expected `object`, got `int` - at `$.state`"),
        (turn(answered=["venue"]), "Expected `array` of length 2, got 1 - at `$.answered`"),
        (order(an_order(totalCents="many")), "Expected `int`, got `str` - at `$.totalCents`"),
        ({}, "KeyError"),
        ({"eventName": "INSERT", "dynamodb": None}, "AttributeError"),
        ({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "a"}}}}, "KeyError"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_without_a_word_of_its_values(record, reason):
    with pytest.raises(Unreadable, match=r".*") as refused:
        fact_of(record)
    assert str(refused.value) == reason
