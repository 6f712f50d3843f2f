"""One page that shows how a stage is doing.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib import metrics
from ops.monitoring.alarms import Alarm, Series, of_function, of_queue, own
from ops.monitoring.watched import PREFIX, Function, Queue

PERIOD = 300
_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 6
_ALARM = f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{PREFIX}"

Line = list[Any]


def body(functions: Sequence[Function], queues: Sequence[Queue], alarms: Sequence[Alarm]) -> str:
    """The dashboard as JSON, a widget a line, with the stage and the account still to be filled in."""
    widgets = [
        *_of_alarms([_ALARM + alarm.name for alarm in alarms]),
        *_of_functions(functions),
        *_of_queues(queues),
        *_of_the_work(),
    ]
    placed = (
        {"x": n % _COLUMNS * _WIDTH, "y": n // _COLUMNS * _HEIGHT, "width": _WIDTH, "height": _HEIGHT, **widget}
        for n, widget in enumerate(widgets)
    )
    return '{"widgets": [\n' + ",\n".join(map(json.dumps, placed)) + "\n]}\n"


def _of_alarms(arns: Sequence[str]) -> list[dict[str, Any]]:
    """A widget takes 100: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_remove_alarm_dashboard.html ."""
    parts = [arns[start : start + 100] for start in range(0, len(arns), 100)]
    return [{"type": "alarm", "properties": {"title": "Alarms", "alarms": part}} for part in parts]


def _of_functions(functions: Sequence[Function]) -> list[dict[str, Any]]:
    def each(metric: str) -> list[Line]:
        return [_line(of_function(function, metric), function.name) for function in functions]

    words = {
        "failures": "failed, and tried again",
        "refunds_failed": "refunds failed",
        "channel_problems": "channels that do not reach us",
        "reports_unsent": "reports not asked for",
    }
    troubles = [_line(own(metric), label) for metric, label in words.items()]
    return [
        _graph("Invocations", "Sum", each("Invocations")),
        _graph("Errors", "Sum", [*each("Errors"), *troubles]),
        _graph("Duration (ms)", "Average", each("Duration")),
        _graph("Throttles", "Sum", each("Throttles")),
    ]


def _of_queues(queues: Sequence[Queue]) -> list[dict[str, Any]]:
    def each(metric: str, *, dead_letters: bool = False) -> list[Line]:
        of_kind = [queue for queue in queues if queue.dead_letters == dead_letters]
        return [_line(of_queue(queue, metric), queue.name) for queue in of_kind]

    return [
        _graph("Oldest message in a queue (s)", "Maximum", each("ApproximateAgeOfOldestMessage")),
        _graph("Put into the queues", "Sum", each("NumberOfMessagesSent")),
        _graph("Given up", "Maximum", each("ApproximateNumberOfMessagesVisible", dead_letters=True)),
    ]


def _of_the_work() -> list[dict[str, Any]]:
    waited = own("reply_ms", outcome="ok")
    left = _line(own("stock_left_percent"), "% left", stat="Minimum", yAxis="right")
    words = {"turns": "in", "replies": "out", "refusals": "refused", "held_back": "held back"}
    went = [_line(own(metric), label) for metric, label in words.items()]
    return [
        _graph("Messages in and out", "Sum", went),
        _by_outcome("Sends by outcome", "sends"),
        _by_outcome("Mails by outcome", "mails"),
        _by_outcome("Fans who waited, by outcome", "notices"),
        _graph("From webhook to reply (ms)", "p50", [_line(waited, p, stat=p) for p in ("p50", "p95", "p99")]),
        _graph("Tickets", "Sum", [_line(own("tickets"), "issued"), left]),
    ]


def _by_outcome(title: str, metric: str) -> dict[str, Any]:
    """Found by a search, so that a new outcome has its line: CloudWatch's search expressions."""
    stage_and_outcome = ",".join((metrics.NAMESPACE, *metrics.METRICS[metric]))
    found = f"""SEARCH('{{{stage_and_outcome}}} MetricName="{metric}" {metrics.STAGE}="${{Stage}}"', 'Sum', {PERIOD})"""
    return _graph(title, "Sum", [[{"expression": found, "id": metric}]])


def _line(series: Series, label: str, **options: str) -> Line:
    dimensions = [part for dimension in series.dimensions for part in dimension]
    return [series.namespace, series.metric, *dimensions, {"label": label, **options}]


def _graph(title: str, statistic: str, lines: list[Line]) -> dict[str, Any]:
    shown = {"view": "timeSeries", "region": "${AWS::Region}", "period": PERIOD}
    return {"type": "metric", "properties": {"title": title, "stat": statistic, **shown, "metrics": lines}}
