"""What each function needs to be allowed, by what its code calls, what triggers it, and what Lambda does in its name."""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ops.policies.following import STAGE, Call, Follower
from ops.policies.source import Source
from ops.policies.values import ANY, UNKNOWN, Arguments, Frame, Function, Seen, Value, texts


class Right(NamedTuple):
    """An action on one resource, whose ARN has `{stage}` in it."""

    action: str
    resource: str


class Unclear(Exception):
    """Nobody can tell from the code what it may do; the text says where."""


API = "api_handler"
"""Chalice's name for the function of all routes."""


def functions(source: Source) -> dict[str, ast.Module]:
    """Every function that Chalice makes of `app.py`, and what of `app.py` it runs."""
    tree = source.tree("app")
    found: dict[str, list[ast.FunctionDef]] = {}
    shared: list[ast.stmt] = []
    for node in map(_spelt_out, tree.body):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(API if _trigger(node).attr == "route" else node.name, []).append(node)
        else:
            shared.append(node)
    return {name: ast.Module([*shared, *handlers], []) for name, handlers in sorted(found.items())}


def _spelt_out(node: ast.stmt) -> ast.stmt:
    """What `Application.by_token` makes of a line `api("GET", "/users", ORGANISER, "users_api.page")`: a route like others."""
    match node:
        case ast.Expr(ast.Call(ast.Name("api"), [_, path, _, ast.Constant(str(answered_by))])):
            build, _, view = answered_by.partition(".")
            declared = (
                f"@app.route({ast.unparse(path)})\ndef {view}(*given):\n    return wiring.{build}().{view}(*given)"
            )
            [route] = ast.parse(declared).body
            return route
    return node


def needed(source: Source, function: str) -> set[Right]:
    """All that a function needs."""
    return {*needed_by(source, functions(source)[function]), *_of_log(function)}


def needed_by(source: Source, code: ast.Module) -> set[Right]:
    """What of AWS is needed by a part of `app.py`: a function that `functions` tells of, or some of the API's routes."""
    handlers = [node for node in code.body if isinstance(node, ast.FunctionDef)]
    follower = Follower(source)
    frame = follower.heap.frame("app")
    while follower.learns():
        follower.run(frame, code.body)
        for handler in handlers:
            follower.call(frozenset({Function("app", handler)}), Arguments(more=UNKNOWN), handler, frame)
        follower.call(
            follower.attribute(follower.value(frame, ast.Name("app")), "__call__"), Arguments(more=UNKNOWN), code, frame
        )
    called = [right for call in follower.calls() for right in _of_call(call)]
    triggers = [right for handler in handlers for right in _of_trigger(handler, follower, frame)]
    return {*called, *triggers}


def _of_call(call: Call) -> Iterator[Right]:
    if call.operation.unknown:
        raise Unclear(f"{call.place}: the operation must be written so that it can be read")
    for operation in sorted(call.operation.texts):
        for service in call.service.texts:
            if service not in _RIGHTS:
                raise Unclear(f"{call.place}: ops/policies/rights.py does not know which rights {service} needs")
            of_service = list(_RIGHTS[service](operation, call.parameters))
            if not of_service or any(UNCLEAR in right.resource for right in of_service):
                raise Unclear(f"{call.place}: {operation} must be called for a resource whose name can be read")
            yield from of_service


UNCLEAR = "<unclear>"
"""Stands where a name should."""


def _names(*values: Seen) -> Iterable[str]:
    names = {text for value in values for text in value.texts if text}
    return sorted(names | ({UNCLEAR} if any(value.unknown for value in values) else set()))


def _of_dynamodb(operation: str, parameters: Seen) -> Iterator[Right]:
    """A transaction needs the rights of its steps, and none of its own.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    steps = {operation: parameters}
    if operation == "TransactWriteItems":
        items = parameters.at("TransactItems", "*").fields.items()
        steps = {f"{step}Item" if step != "ConditionCheck" else "ConditionCheckItem": asked for step, asked in items}
    for action, asked in steps.items():
        for table in _names(asked.at("TableName")):
            yield Right(f"dynamodb:{action}", f"arn:aws:dynamodb:*:*:table/{table}")


def _of_sqs(operation: str, parameters: Seen) -> Iterator[Right]:
    """A batch needs the right of its single operation.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    for queue in _names(parameters.at("QueueName"), parameters.at("QueueUrl")):
        yield Right(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:*:*:{queue}")


def _of_secrets(operation: str, parameters: Seen) -> Iterator[Right]:
    """Secrets Manager adds six random characters to a secret's name."""
    for secret in _names(parameters.at("SecretId")):
        yield Right(f"secretsmanager:{operation}", f"arn:aws:secretsmanager:*:*:secret:{secret}-??????")


def _of_events(operation: str, parameters: Seen) -> Iterator[Right]:
    for bus in _names(parameters.at("Entries", ANY, "EventBusName")):
        yield Right(f"events:{operation}", f"arn:aws:events:*:*:event-bus/{bus}")


def _of_sns(operation: str, parameters: Seen) -> Iterator[Right]:
    for topic in _names(parameters.at("TopicArn")):
        yield Right(f"sns:{operation}", topic)


def _of_ses(operation: str, parameters: Seen) -> Iterator[Right]:
    """Mails are from an address of a verified domain, under a configuration set.

    SendEmail asks for another right where the mail is written by ourselves: https://github.com/anymail/django-anymail/issues/384 .
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html
    """
    action = "SendRawEmail" if "Raw" in parameters.at("Content").fields else operation
    for sender in _names(parameters.at("FromEmailAddress")):
        yield Right(f"ses:{action}", f"arn:aws:ses:*:*:identity/{sender}")
    for name in _names(parameters.at("ConfigurationSetName")):
        yield Right(f"ses:{action}", f"arn:aws:ses:*:*:configuration-set/{name}")


def _of_states(operation: str, parameters: Seen) -> Iterator[Right]:
    for machine in _names(parameters.at("stateMachineArn")):
        yield Right(f"states:{operation}", machine)


_RIGHTS: dict[str, Callable[[str, Seen], Iterator[Right]]] = {
    "dynamodb": _of_dynamodb,
    "events": _of_events,
    "sqs": _of_sqs,
    "secretsmanager": _of_secrets,
    "ses": _of_ses,
    "sns": _of_sns,
    "states": _of_states,
}


def _trigger(handler: ast.FunctionDef) -> ast.Attribute:
    match handler.decorator_list:
        case [ast.Call(func=ast.Attribute() as trigger)]:
            return trigger
    raise Unclear(
        f"app.py:{handler.lineno}: {handler.name} must have one decorator, app.…(…), that says what triggers it"
    )


def _of_trigger(handler: ast.FunctionDef, follower: Follower, frame: Frame) -> Iterator[Right]:
    """Lambda's poller acts in the function's role.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    trigger = _trigger(handler).attr
    if trigger == "on_sqs_message":
        for queue in _names(follower.heap.seen(_option(handler, "queue", follower, frame))):
            for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
                yield Right(f"sqs:{action}", f"arn:aws:sqs:*:*:{queue}")
    elif trigger == "on_dynamodb_record":
        yield from _of_stream(handler, _option(handler, "stream_arn", follower, frame))
    elif trigger not in ("route", "authorizer", "lambda_function", "schedule"):
        raise Unclear(f"app.py:{handler.lineno}: ops/policies/rights.py does not know which rights app.{trigger} needs")


def _of_stream(handler: ast.FunctionDef, stream: Value) -> Iterator[Right]:
    """A stream's own name is the date it was made. What fails too often goes to the function's dead-letter queue.

    As SAM's DynamoDBStreamReadPolicy, whose right to list streams cannot name one, and is not asked for:
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html#dynamo-db-stream-read-policy
    """
    tables = {match[1] for text in texts(stream) if (match := re.search(r":table/([^/]+)/stream/", text))}
    if not tables:
        raise Unclear(f"app.py:{handler.lineno}: the stream must be one of a table whose name can be read")
    for table in sorted(tables):
        for action in ("DescribeStream", "GetRecords", "GetShardIterator"):
            yield Right(f"dynamodb:{action}", f"arn:aws:dynamodb:*:*:table/{table}/stream/*")
    failures = handler.name.replace("_", "-") + "-dlq"
    yield Right("sqs:SendMessage", f"arn:aws:sqs:*:*:guestlist-{STAGE}-{failures}")


def _option(handler: ast.FunctionDef, name: str, follower: Follower, frame: Frame) -> Value:
    [declared] = handler.decorator_list
    options = declared.keywords if isinstance(declared, ast.Call) else []
    return next((follower.value(frame, option.value) for option in options if option.arg == name), UNKNOWN)


def _of_log(function: str) -> Iterator[Right]:
    """The function's own log group, which the deploy makes. The function of the API has the stage's bare name."""
    name = f"guestlist-{STAGE}" if function == API else f"guestlist-{STAGE}-{function}"
    for action in ("CreateLogStream", "PutLogEvents"):
        yield Right(f"logs:{action}", f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}:*")
