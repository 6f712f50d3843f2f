"""Metrics, told to CloudWatch by the log lines themselves.

A log line's field that bears the name of a metric is one: `log("turn", replies=2)`. The line then says so in CloudWatch's embedded metric
format (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html), which
costs no call and no time. Alarms and dashboard are made from this table (`ops/monitoring.py`), and docs/monitoring.md says what each means.
"""

from collections.abc import Iterable
from typing import Any

NAMESPACE = "guestlist"
STAGE = "stage"
OUTCOME = "outcome"

METRICS: dict[str, tuple[str, ...]] = {
    "turns": (STAGE,),
    "replies": (STAGE,),
    "tickets": (STAGE,),
    "stock_left_percent": (STAGE,),
    "refusals": (STAGE,),
    "held_back": (STAGE,),
    "failures": (STAGE,),
    "refunds_failed": (STAGE,),
    "channel_problems": (STAGE,),
    "reports_unsent": (STAGE,),
    "sends": (STAGE, OUTCOME),
    "notices": (STAGE, OUTCOME),
    "reply_ms": (STAGE, OUTCOME),
    "mails": (STAGE, OUTCOME),
}
"""Every metric, and the fields of the line that tell its series apart. A series is $0.30 a month: never a campaign, still less a fan."""


def declared(names: Iterable[str], now: int) -> dict[str, Any]:
    """The member `_aws` that makes metrics of these fields; `now` in milliseconds."""
    series: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for name in names:
        series.setdefault(METRICS[name], []).append({"Name": name})
    directives = [
        {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics}
        for dimensions, metrics in series.items()
    ]
    return {"Timestamp": now, "CloudWatchMetrics": directives}
