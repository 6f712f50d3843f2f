"""A stage's alarms and dashboard: infra/monitoring.yaml, made from what there is to watch.

That is app.py's functions, the queues of infra/resources.yaml, and what the functions measure (`chalicelib/metrics.py`). So none of them
can be without its alarms; and every alarm names the page of docs/runbook.md that helps.
"""
