"""No more mails than SES lets an account send, and nobody waits on the billed clock."""

import itertools

import pytest

from chalicelib import batch
from chalicelib.aws.client import AwsError
from chalicelib.aws.mails import Mail, SesMailer
from chalicelib.batch import Later
from chalicelib.errors import InDoubt, Unavailable
from chalicelib.mailing.sending import OVER_QUOTA, TOO_FAST, PacedMailer
from tests.fakes.client import Client
from tests.fakes.clock import Clock
from tests.fakes.queue import MemoryQueue

MAIL = Mail("anna@example.org", "subject", "text", "html")
TOO_MANY = AwsError("SendEmail", "ThrottlingException", {"message": "Maximum sending rate exceeded."})
TOO_MANY_TODAY = AwsError("SendEmail", "ThrottlingException", {"message": "Daily message quota exceeded."})


@pytest.fixture
def clock():
    return Clock(1_796_000_000.0)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def mailer(clock, lines):
    def mailer(client, per_second=1.0):
        ses = SesMailer(client, "a@example.org", "mails")
        return PacedMailer(ses, per_second, clock, lambda event, **fields: lines.append((event, fields)))

    return mailer


def played(mailer, clock, mails, arrive):
    """When each mail went out, in seconds, when it comes again as soon as it was told to."""
    waiting, sent, began = [(clock() + arrive(n), n) for n in range(mails)], [], clock()
    while waiting:
        waiting.sort()
        at, number = waiting.pop(0)
        clock.now = max(clock.now, at)
        try:
            mailer.send(MAIL)
        except Later as later:
            waiting.append((clock() + later.seconds, number))
        else:
            sent.append(clock() - began)
    return sent


@pytest.mark.parametrize("per_second", [0.25, 1.0, 14.0])
def test_a_storm_of_mails_goes_out_at_the_pace_and_every_one_does(mailer, clock, per_second):
    sent = played(mailer(Client(), per_second), clock, 100, arrive=lambda n: n / 100)
    assert len(sent) == 100
    for (before, first), (then, last) in itertools.combinations(enumerate(sent), 2):
        assert then - before <= max(1, per_second) + per_second * (last - first) + 1e-6
    assert sent[-1] <= 1.5 * 100 / per_second + batch.LONGEST_DELAY


def test_without_a_pace_the_storm_is_too_fast(mailer, clock):
    """The negative control."""
    sent = played(mailer(Client(), 1e9), clock, 100, arrive=lambda n: n / 100)
    assert sent[-1] <= 1


def test_where_ses_says_too_fast_this_function_pauses(mailer, clock):
    client = Client(TOO_MANY)
    paced = mailer(client, per_second=100)
    with pytest.raises(Later) as first:
        paced.send(MAIL)
    with pytest.raises(Later):
        paced.send(MAIL)
    assert first.value.seconds == TOO_FAST
    assert len(client.asked) == 1
    clock.now += TOO_FAST
    paced.send(MAIL)
    assert len(client.asked) == 2


def test_a_mail_over_the_days_quota_comes_again_for_days_and_is_measured(mailer, lines):
    with pytest.raises(Later) as later:
        mailer(Client(TOO_MANY_TODAY)).send(MAIL)
    assert later.value.seconds == OVER_QUOTA
    assert OVER_QUOTA * 100 > 7 * 24 * 3600  # a queue hands a message out 100 times, infra/resources.yaml
    assert lines == [("mail", {"mails": 1, "outcome": "over_quota"})]


def test_a_mail_goes_to_a_domain_in_any_letters(mailer):
    client = Client()
    mailer(client).send(MAIL._replace(to="anna@exämple.org"))
    [(_, asked)] = client.asked
    assert asked["Destination"] == {"ToAddresses": ["anna@xn--exmple-cua.org"]}


def test_a_mail_that_was_sent_is_measured(mailer, lines):
    mailer(Client()).send(MAIL)
    assert lines == [("mail", {"mails": 1, "outcome": "sent"})]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (AwsError("SendEmail", "MessageRejected", {}), Unavailable),
        (AwsError("SendEmail", "TimeoutError", {}, in_doubt=True), InDoubt),
    ],
)
def test_other_refusals_are_told_as_they_are(mailer, failure, kind):
    with pytest.raises(kind):
        mailer(Client(failure)).send(MAIL)


def test_a_batch_puts_back_what_must_wait_and_counts_no_failure(mailer, capsys):
    queue, paced = MemoryQueue(), mailer(Client(), per_second=0.3)
    records = [{"messageId": str(n), "receiptHandle": str(n), "body": "", "attributes": {}} for n in range(4)]
    failures = batch.process({"Records": records}, lambda: 30_000, queue, lambda _: paced.send(MAIL))
    assert [failure["itemIdentifier"] for failure in failures["batchItemFailures"]] == ["1", "2", "3"]
    assert sorted(queue.returned) == [(["1"], 4), (["2"], 7), (["3"], 10)]
    assert '"failures"' not in capsys.readouterr().out
