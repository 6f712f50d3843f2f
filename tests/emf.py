"""Reads log lines as CloudWatch does: which metrics it would make of them, by the specification of the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from typing import NamedTuple


class Point(NamedTuple):
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    value: float
    at: int

    @property
    def series(self):
        return self.namespace, self.name, self.dimensions


def points(lines):
    """Every metric's value in these lines; fails where a line claims the format and breaks it."""
    return [point for line in lines for point in _points(json.loads(line) if isinstance(line, str) else line)]


def _points(root):
    metadata = root.get("_aws")
    if metadata is None:
        return
    assert set(metadata) == {"Timestamp", "CloudWatchMetrics"}
    assert isinstance(metadata["Timestamp"], int)
    assert metadata["CloudWatchMetrics"]
    for directive in metadata["CloudWatchMetrics"]:
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Metrics"]) <= 100
        for names in directive["Dimensions"]:
            assert 1 <= len(names) <= 30
            for name in names:  # "the value of a dimension must be a string"
                assert isinstance(root[name], str)
                assert 1 <= len(root[name]) <= 1024
            dimensions = tuple((name, root[name]) for name in names)
            for metric in directive["Metrics"]:
                value = root[metric["Name"]]
                assert isinstance(value, (int, float))
                assert not isinstance(value, bool)
                yield Point(directive["Namespace"], metric["Name"], dimensions, value, metadata["Timestamp"])
