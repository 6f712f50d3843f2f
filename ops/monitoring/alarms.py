"""When to call a person. The contract's list, for what there is now; docs/runbook.md has a page for each."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalicelib import metrics
from chalicelib.channels import outcomes
from chalicelib.mailing import sending
from ops.monitoring.watched import Function, Queue

LAMBDA, SES, SQS, STATES = "AWS/Lambda", "AWS/SES", "AWS/SQS", "AWS/States"
MINUTE = 60


class Series(NamedTuple):
    """One series of a metric."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    """A name and a value each."""


class Alarm(NamedTuple):
    name: str
    """What follows `guestlist-<stage>-`."""
    page: str
    """The heading's anchor in docs/runbook.md."""
    says: str
    series: Series
    when: str
    """A statistic over a period, compared: `Sum > 10`."""
    period: int
    """Seconds."""
    periods: int = 1
    missing: str = "notBreaching"
    """What no data means; `ignore`: the alarm stays as it is."""


def of_function(function: Function, metric: str) -> Series:
    return Series(LAMBDA, metric, (("FunctionName", function.full_name),))


def of_queue(queue: Queue, metric: str) -> Series:
    return Series(SQS, metric, (("QueueName", queue.full_name),))


def own(metric: str, **values: str) -> Series:
    """One of our own metrics in this stage; `values` are those of its other dimensions."""
    known = {metrics.STAGE: "${Stage}", **values}
    return Series(metrics.NAMESPACE, metric, tuple((name, known[name]) for name in metrics.METRICS[metric]))


def alarms(functions: Sequence[Function], queues: Sequence[Queue]) -> list[Alarm]:
    return [
        *(alarm for function in functions for alarm in _function(function)),
        *(_dead_letters(queue) if queue.dead_letters else _queue(queue) for queue in queues),
        *_workflow(),
        *_work(),
        *_platform(),
    ]


def _function(function: Function) -> Iterator[Alarm]:
    name, five = function.name.replace("_", "-"), 5 * MINUTE
    errors, duration, throttles, dropped = (
        of_function(function, metric) for metric in ("Errors", "Duration", "Throttles", "AsyncEventsDropped")
    )
    yield Alarm(f"{name}-errors", "errors", f"{name} died or ran out of time", errors, "Sum > 10", five, 2)
    yield Alarm(f"{name}-duration", "duration", f"{name} is slow", duration, "Average > 3000", five, 2)
    yield Alarm(f"{name}-throttles", "throttles", f"{name} was not let run", throttles, "Sum >= 1", five)
    if function.follows:
        age = of_function(function, "IteratorAge")  # milliseconds
        yield Alarm(f"{name}-age", f"{name}-age", "A change waits for over 5 minutes", age, "Maximum > 300000", MINUTE)
    if function.scheduled:
        yield Alarm(f"{name}-dropped", "dropped", f"A run of {name} was given up", dropped, "Sum >= 1", five)


def _queue(queue: Queue) -> Alarm:
    name = queue.name.removesuffix(".fifo") + "-age"
    oldest = of_queue(queue, "ApproximateAgeOfOldestMessage")
    return Alarm(name, name, "A message waits for over 5 minutes", oldest, "Maximum > 300", MINUTE)


def _dead_letters(queue: Queue) -> Alarm:
    """SQS stops reporting on a queue that nobody has touched for six hours; what is in it is still there."""
    name, waiting = queue.name.removesuffix(".fifo"), of_queue(queue, "ApproximateNumberOfMessagesVisible")
    return Alarm(name, name, "A message was given up", waiting, "Maximum >= 1", MINUTE, missing="ignore")


def _workflow() -> Iterator[Alarm]:
    """As https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html has them."""
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:guestlist-${Stage}-orders"
    for metric, name, says in (
        ("ExecutionsFailed", "failed-orders", "An order could not be undone"),
        ("ExecutionsTimedOut", "timed-out-orders", "An order took over 5 minutes"),
    ):
        series = Series(STATES, metric, (("StateMachineArn", arn),))
        yield Alarm(name, "orders", says, series, "Sum >= 1", 5 * MINUTE)


def _work() -> Iterator[Alarm]:
    """What the functions measure themselves. An error that they handle is none to Lambda, so it counts here."""
    five = 5 * MINUTE
    failed = "Requests or messages failed, and come again"
    yield Alarm("failures", "failures", failed, own("failures"), "Sum > 10", five, 2)
    refused = "Webhooks come without our platform's signature"
    yield Alarm("refusals", "refusals", refused, own("refusals"), "Sum >= 5", five)
    kept = "A payer's bank did not take a refund: the money is with us again"
    yield Alarm("refund-failed", "refund-failed", kept, own("refunds_failed"), "Sum >= 1", five)
    quota = "Mails wait: the account may send no more in these 24 hours"
    yield Alarm("mail-quota", "mail-quota", quota, own("mails", outcome=sending.OVER), "Sum >= 1", five)
    for metric, name, when, says in (
        ("BounceRate", "mail-bounces", "Maximum >= 0.05", "Of 20 mails one came back: SES may stop the account"),
        (
            "ComplaintRate",
            "mail-complaints",
            "Maximum >= 0.001",
            "Of 1,000 mails one was unwanted: SES may stop the account",
        ),
    ):
        reputation = Series(SES, f"Reputation.{metric}", ())  # of the whole account
        yield Alarm(name, name, says, reputation, when, 60 * MINUTE, missing="ignore")
    unsent = "The daily report was not asked for, or nobody looks whether one is due"
    late = own("reports_unsent")
    yield Alarm("report-not-sent", "report-not-sent", unsent, late, "Maximum >= 1", 30 * MINUTE, missing="breaching")
    few = "A campaign has a tenth of its tickets left, or a product of its pieces, or less"
    left = own("stock_left_percent")
    yield Alarm("stock-low", "stock-low", few, left, "Minimum <= 10", five, missing="ignore")


def _platform() -> Iterator[Alarm]:
    """What only a person can mend. A page or workspace that may not send is tried every five minutes, so three times in a period."""
    for outcome, name, says in (
        (outcomes.TOKEN_DEAD, "token-dead", "A page's or workspace's token is refused: nothing is sent there"),
        (outcomes.PAGE_RESTRICTED, "page-restricted", "Messenger restricts the page: nothing is sent"),
        (outcomes.NOT_PERMITTED, "not-permitted", "The Messenger or Slack app lacks a permission for sending"),
        (outcomes.PERMANENT, "undeliverable", "A platform cannot take a reply as we made it: it is parked"),
    ):
        yield Alarm(name, name, says, own("sends", outcome=outcome), "Sum >= 1", 15 * MINUTE)
    unheard = "A channel is silent or unsubscribed, or its token refused"
    problems = own("channel_problems")  # told once a day
    yield Alarm("webhook-silent", "webhook-silent", unheard, problems, "Maximum >= 1", 60 * MINUTE, missing="ignore")
    lost = "Slack holds back a workspace's events: fans there wait in vain"
    yield Alarm("held-back", "held-back", lost, own("held_back"), "Sum >= 1", 5 * MINUTE)
