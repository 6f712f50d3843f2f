"""Event source mappings as they ought to be: what Chalice sets, and what it has no setting for.

Without ReportBatchItemFailures the answer of `chalicelib/batch.py` would do nothing: one bad message would bring its whole batch back.
A stream's defaults would retry a bad record for 24 hours while its shard waits.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

from collections.abc import Iterator

from ops.deploy.account import Account, Json
from ops.deploy.facts import Fact, compare, wrong
from ops.deploy.stacks import wait_for
from ops.deploy.wanted import Mapping, Wanted

STREAM_RETRIES = 10


def facts(account: Account, wanted: Wanted) -> Iterator[Fact]:
    for function in sorted({mapping.function for mapping in wanted.mappings}):
        sources = sorted(source(account, mapping) for mapping in wanted.mappings if mapping.function == function)
        found = sorted(one["EventSourceArn"] for one in of(account, function))
        yield Fact(f"function {function}", "event sources", sources, found)
    for mapping in wanted.mappings:
        subject = f"mapping {mapping.queue or mapping.stream} to {mapping.function}"
        yield from compare(subject, settings(account, mapping), next(_of_source(account, mapping), None))


def mend(account: Account, wanted: Wanted) -> str:
    lambda_, mended = account.client("lambda"), 0
    _delete_strays(account, wanted)
    for mapping in wanted.mappings:
        ought, found = settings(account, mapping), _settled(account, mapping)
        if wrong(compare("", ought, found)):
            change = {name: value for name, value in ought.items() if name != "State"} | {"Enabled": True}
            lambda_.update_event_source_mapping(UUID=found["UUID"], **change)
            mended += 1
        _settled(account, mapping)
    return f"{mended} of {len(wanted.mappings)} mended"


def of(account: Account, function: str) -> list[Json]:
    """All mappings of a function."""
    try:
        found = account.pages("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=function)
    except account.client("lambda").exceptions.ResourceNotFoundException:  # no such function
        return []
    return [_DEFAULTS | one for one in found if one["State"] != "Deleting"]


def settings(account: Account, mapping: Mapping) -> Json:
    """In the words of UpdateEventSourceMapping."""
    common = {
        "State": "Enabled",
        "BatchSize": mapping.batch,
        "MaximumBatchingWindowInSeconds": mapping.window,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    if mapping.queue:
        concurrency = {"MaximumConcurrency": mapping.concurrency} if mapping.concurrency else {}
        return common | {"ScalingConfig": concurrency}
    failures = mapping.function.replace("_", "-") + "-dlq"
    return common | {
        "MaximumRetryAttempts": STREAM_RETRIES,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Destination": account.arn("sqs", failures)}},
    }


_DEFAULTS: Json = {"ScalingConfig": {}, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0}


def source(account: Account, mapping: Mapping) -> str:
    """The ARN of its queue or stream."""
    return account.stream(mapping.stream) if mapping.stream else account.arn("sqs", mapping.queue)


def _of_source(account: Account, mapping: Mapping) -> Iterator[Json]:
    arn = source(account, mapping)
    return (one for one in of(account, mapping.function) if one["EventSourceArn"] == arn)


def _delete_strays(account: Account, wanted: Wanted) -> None:
    """Of a source that a function has no more, or a second one of the same: each takes records of its own."""
    missing = [(mapping.function, source(account, mapping)) for mapping in wanted.mappings]
    for function in sorted({mapping.function for mapping in wanted.mappings}):
        for one in of(account, function):
            if (key := (function, one["EventSourceArn"])) in missing:
                missing.remove(key)
            else:
                account.client("lambda").delete_event_source_mapping(UUID=one["UUID"])


def _settled(account: Account, mapping: Mapping) -> Json:
    """The mapping once it is neither being made nor being changed: until then AWS refuses every change."""
    return wait_for(
        lambda: next(_of_source(account, mapping)), lambda found: found["State"] in {"Enabled", "Disabled"}, 180
    )
