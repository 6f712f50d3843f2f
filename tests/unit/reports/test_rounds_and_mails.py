"""Every organiser gets the report of every day once, whatever fails or runs twice."""

import contextlib
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws.tables import Put
from chalicelib.errors import Unavailable
from chalicelib.reactions.once import AT_IT
from chalicelib.reports import days
from chalicelib.reports.model import task
from tests.unit.reports.office import KilledError, Office, moment

ANNA, BRAM = (
    {"email": "anna@example.org"},
    {"email": "bram@example.org", "timezone": "Asia/Kathmandu", "language": "nl"},
)
NOV_29 = "Birthday Bash: 0 fans on Sunday 29 November"


def test_each_reader_gets_the_report_at_eight_where_they_are(office):
    office.announce(reports=[ANNA, BRAM])
    office.day("2026-11-29T12:00")  # they are readers from now on
    office.day("2026-11-30T02:00")
    assert office.mailer.sent == []
    office.day("2026-11-30T02:15")
    assert office.mailer.boxes() == {"bram@example.org": ["Birthday Bash: 0 fans op zondag 29 november"]}
    office.day("2026-11-30T06:45")
    assert len(office.mailer.sent) == 1
    office.day("2026-11-30T07:00")
    assert office.mailer.boxes()["anna@example.org"] == [NOV_29]
    for quarter in range(1, 96):
        office.day(moment("2026-11-30T07:00") + quarter * 900)
    assert len(office.mailer.sent) == 3  # Kathmandu's next morning


def test_whoever_becomes_a_reader_gets_the_report_of_that_day_first(office):
    office.announce()
    office.day("2026-11-29T22:00")
    office.day("2026-11-30T06:45")
    office.announce(reports=[ANNA, {"email": "new@example.org"}])
    office.day("2026-11-30T07:00")
    assert office.mailer.boxes() == {"anna@example.org": [NOV_29]}
    office.day("2026-12-01T07:00")
    assert office.mailer.boxes()["new@example.org"] == ["Birthday Bash: 0 fans on Monday 30 November"]


def test_after_an_outage_each_missed_day_comes_late_and_in_order(office):
    office.announce()
    office.day("2026-11-27T12:00")
    office.day("2026-11-30T09:30")
    told = [subject.rpartition(" on ")[2] for subject in office.mailer.boxes()["anna@example.org"]]
    assert told == ["Friday 27 November", "Saturday 28 November", "Sunday 29 November"]


@pytest.mark.parametrize(("state", "opens"), [("draft", None), ("live", "2026-12-24T20:00")])
def test_a_campaign_that_has_not_begun_is_not_reported(office, state, opens):
    office.announce(state=state, opensAt=opens)
    for day in (28, 29, 30):
        office.day(f"2026-11-{day}T07:00")
    assert office.mailer.sent == []


def test_the_last_report_is_of_the_day_on_which_the_campaign_closed(office):
    office.announce(closesAt="2026-11-29T22:00")
    for day in ("2026-11-29T12:00", "2026-11-30T07:00", "2026-12-01T07:00", "2026-12-02T07:00"):
        office.day(day)
    [mail] = office.mailer.sent
    assert mail.subject == NOV_29
    assert "The campaign is over: this is its last report." in mail.text


def test_a_campaign_that_closes_at_midnight_ends_the_day_before(office):
    office.announce(closesAt="2026-11-30T00:00")
    for day in ("2026-11-29T12:00", "2026-11-30T07:00", "2026-12-01T07:00"):
        office.day(day)
    assert [mail.subject for mail in office.mailer.sent] == [NOV_29]


def test_a_campaign_that_was_ended_by_hand_is_reported_for_that_day_and_no_other(office):
    office.announce()
    office.day("2026-11-28T12:00")
    office.clock.now = moment("2026-11-29T15:00")
    office.announce(state="ended")
    for day in ("2026-11-29T16:00", "2026-11-30T07:00", "2026-12-01T07:00"):
        office.day(day)
    assert [mail.subject.rpartition(" on ")[2] for mail in office.mailer.sent] == [
        "Saturday 28 November",
        "Sunday 29 November",
    ]


def test_a_campaign_that_was_over_before_anybody_read_its_report_is_not_reported(office):
    office.announce(state="ended")
    for day in (28, 29, 30):
        office.day(f"2026-11-{day}T07:00")
    assert office.mailer.sent == []


def test_one_campaigns_failure_costs_no_other_and_is_measured(office):
    office.announce(campaignId="broken", ref="broken")
    office.announce()
    office.day("2026-11-29T12:00")
    office.kept.write(Put({"pk": "report#broken", "sk": "asked", "days": {"x": "no day"}}))
    office.day("2026-11-30T07:00")
    assert [mail.subject for mail in office.mailer.sent] == [NOV_29]
    assert {"event": "report_not_asked", "campaign": "broken", "reason": "ValueError"} in office.lines
    assert office.rounds() == {"event": "report_round", "asked": 1, "reports_unsent": 1}


def test_one_readers_failure_costs_no_other(office):
    office.announce(reports=[ANNA, {"email": "carl@example.org"}])
    office.day("2026-11-29T12:00")
    office.mailer.plan = ["refused"]
    office.day("2026-11-30T07:00")
    assert list(office.mailer.boxes()) == ["carl@example.org"]
    assert office.post()
    assert list(office.mailer.boxes()) == ["carl@example.org", "anna@example.org"]


def test_a_round_that_runs_short_of_time_leaves_the_rest_to_the_next_one(office):
    office.announce(campaignId="first", ref="first", name="First")
    office.announce()
    office.day("2026-11-29T12:00")
    left = iter([9_000, 4_000])
    office.round("2026-11-30T07:00", lambda: next(left))
    assert office.rounds() == {"event": "report_round", "asked": 1, "reports_unsent": 1}
    office.day("2026-11-30T07:15")
    assert office.rounds() == {"event": "report_round", "asked": 1, "reports_unsent": 0}
    assert len(office.mailer.sent) == 2


def test_nothing_is_kept_as_asked_for_that_the_queue_did_not_take(office):
    office.announce()
    office.day("2026-11-29T12:00")
    office.queue.refuses = True
    office.round("2026-11-30T07:00")
    assert office.rounds()["reports_unsent"] == 1
    office.queue.refuses = False
    office.day("2026-11-30T07:15")
    assert [mail.subject for mail in office.mailer.sent] == [NOV_29]


def test_nobody_is_mailed_who_stopped_reading_or_refused(office):
    office.announce(reports=[ANNA, BRAM, {"email": "carl@example.org"}])
    office.day("2026-11-29T12:00")
    office.round("2026-11-30T07:00")
    office.announce(reports=[BRAM, {"email": "carl@example.org"}])
    office.addresses.refused.add(("carl@example.org", "birthday-bash"))
    assert office.post()
    assert list(office.mailer.boxes()) == ["bram@example.org"]


def test_a_report_of_which_nobody_knows_whether_it_was_sent_is_parked_and_not_sent_again(office):
    office.announce()
    office.day("2026-11-29T12:00")
    office.mailer.plan = ["lost"]
    office.day("2026-11-30T07:00")
    office.day("2026-11-30T07:15")
    assert len(office.mailer.sent) == len(office.parked.messages) == 1


def test_a_process_that_dies_while_it_sends_leaves_the_doubt_to_a_person(office):
    office.announce()
    office.day("2026-11-29T12:00")
    office.mailer.plan = ["dies"]
    with pytest.raises(KilledError):
        office.day("2026-11-30T07:00")
    assert not office.post()  # it may be at it still
    office.clock.now += AT_IT
    assert office.post()
    assert len(office.mailer.sent) == len(office.parked.messages) == 1


def test_a_message_that_nobody_can_read_comes_again_and_harms_no_other(office):
    office.announce(reports=[ANNA, {"email": "carl@example.org"}])
    office.day("2026-11-29T12:00")
    office.round("2026-11-30T07:00")
    office.queue.spoil(0)
    assert not office.post()
    assert list(office.mailer.boxes()) == ["carl@example.org"]


class EveryTime:
    """A control: does what it is told, as often as it is told."""

    def __init__(self, *_):
        pass

    def at_most(self, of, act, do):
        do()


def weeks_of_faults(seed, office):
    """Weeks of rounds that are missed, doubled, cut short, or whose mark is lost; of mails refused, and queues that deliver again."""
    chance = random.Random(seed)
    zone, reader = ZoneInfo("America/New_York"), {"email": "anna@example.org", "timezone": "America/New_York"}
    office.announce(reports=[reader])
    at = datetime(2026, chance.choice([2, 10]), 20, 12, 10, tzinfo=UTC)  # with a change of the clock
    first, end = at.astimezone(zone).date(), at + timedelta(days=18)
    write = office.kept.write

    def loses_marks(*steps):
        if isinstance(steps[0], Put) and chance.random() < 0.3:
            raise Unavailable("the mark is lost")
        write(*steps)

    office.round(at.timestamp())
    office.kept.write = loses_marks
    is_short = False
    while at < end:
        at += timedelta(minutes=15 * chance.choice([1, 1, 2, 4, 30, 96, 200]))
        for _ in range(chance.choice([1, 1, 2])):
            is_short = not is_short and chance.random() < 0.5  # not for a week, after which days are given up
            office.round(at.timestamp(), lambda: 0 if is_short else 10_000)  # noqa: B023  # called at once
        office.mailer.plan = [chance.choice(["", "refused"]) for _ in range(3)]
        event = office.queue.event()
        office.post()
        if chance.random() < 0.3:  # SQS delivers what it gave out before
            for record in event["Records"]:
                with contextlib.suppress(Unavailable):
                    office.mails().send(task(record["body"]))
    office.kept.write = write
    office.mailer.plan = []
    at = datetime(at.year, at.month, at.day, 18, tzinfo=UTC) + timedelta(days=1)
    office.day(at.timestamp())
    while office.queue.messages:
        office.post()
    return [first + timedelta(days=n) for n in range((days.current(at.timestamp(), zone) - first).days)]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32))
def test_whatever_fails_and_is_repeated_each_day_is_mailed_once_and_none_is_missed(seed):
    office = Office()
    expected = weeks_of_faults(seed, office)
    sent = sorted(mail.attachments[0].name for mail in office.mailer.sent)
    assert sent == [f"birthday-bash-{day}.csv" for day in expected]


def test_without_the_marks_of_what_was_sent_the_same_faults_send_a_day_twice():
    """A control."""
    office = Office(EveryTime)
    expected = weeks_of_faults(1, office)
    assert len(office.mailer.sent) > len(expected) == len({mail.attachments[0].name for mail in office.mailer.sent})
