# ruff: noqa: SLF001, ANN401  # mending the inside of another, untyped program is this file's one purpose
# mypy: disable-error-code="import-not-found"
"""The AWS emulator (ministack 1.5.33) with what it lacks for this application.

Run by the Python of the emulator's own virtual environment, never by the application's; nothing of it ships. Each
function below mends one thing, says what was wrong, and is named in `serve`; no file of the package is changed.
Settings are the emulator's own environment variables (GATEWAY_PORT, BIND_HOST, MINISTACK_REGION, PERSIST_STATE,
STATE_DIR, ...), and FUNCTIONS_URL: where the functions of the local stage run (see `forward_to_the_functions_host`).
"""

import asyncio
import contextvars
import functools
import json
import os
import shutil
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import yaml
from ministack import app as gateway
from ministack.core import iam_actions, iam_evaluator, lambda_runtime, persistence, responses
from ministack.services import (
    apigateway_v1,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    lambda_svc,
    ses,
    ses_v2,
    sns,
    sqs,
    sts,
)
from ministack.services.cloudformation import engine, provisioners

Json = dict[str, Any]


def serve() -> None:
    import_rest_apis_whole()
    make_functions_active_at_once()
    report_errors_as_lambda_does()
    let_containers_finish()
    forward_to_the_functions_host()
    poll_queues_without_delay()
    lose_no_message_to_a_race()
    read_templates_quickly()
    bring_failed_changes_again()
    apply_table_settings_of_templates()
    authorise_batches_as_iam_does()
    authorise_mails_as_iam_does()
    tell_what_becomes_of_mails()
    count_this_machine_as_safe()
    if gateway.AUTH:
        let_lambda_ask_in_the_functions_role()
        keep_decisions()
    if persistence.PERSIST_STATE:
        save_soon_after_every_change()
    gateway.main()


def import_rest_apis_whole() -> None:
    """`chalice deploy` sends its API as an OpenAPI document; the emulator made an API without routes of it.

    ImportRestApi and PutRestApi ignored the document, and the document's loader (used by CloudFormation) forgot request
    templates, integration responses and binary types, without which CORS preflights and pictures are broken.
    """
    apigateway_v1._import_operation = _import_operation
    load_document = apigateway_v1._import_rest_api

    def import_rest_api(document: Json, base: Json | None = None) -> str:
        given = {key: value for key, value in (base or {}).items() if value not in (None, [], "")}
        api_id: str = load_document(document, {**_api_settings(document), **given})
        return api_id

    apigateway_v1._import_rest_api = import_rest_api
    answer_others = apigateway_v1.handle_request

    async def handle_request(method: str, path: str, headers: Json, body: bytes, query: Json) -> tuple[Any, ...]:
        parts = [part for part in path.strip("/").split("/") if part]
        mode = apigateway_v1._qp(query, "mode")
        response: tuple[Any, ...]
        if method == "POST" and parts == ["restapis"] and mode == "import":
            types = query.get("endpointConfigurationTypes")
            base = (
                {"endpointConfiguration": {"types": types if isinstance(types, list) else [types]}} if types else None
            )
            api_id = import_rest_api(json.loads(body), base)
            response = apigateway_v1._v1_response(_api_view(api_id), 201)
        elif method == "PUT" and parts[:1] == ["restapis"] and len(parts) == 2 and parts[1] in apigateway_v1._rest_apis:  # noqa: PLR2004
            _put_rest_api(parts[1], json.loads(body), overwrite=mode == "overwrite")
            response = apigateway_v1._v1_response(_api_view(parts[1]), 200)
        else:
            response = await answer_others(method, path, headers, body, query)
        return response

    apigateway_v1.handle_request = handle_request


def _api_view(api_id: str) -> Json:
    view: Json = apigateway_v1._rest_api_view(apigateway_v1._rest_apis[api_id])
    return view


def _put_rest_api(api_id: str, document: Json, *, overwrite: bool) -> None:
    if overwrite:
        root = next(resource for resource in apigateway_v1._resources[api_id].values() if resource["path"] == "/")
        root["resourceMethods"].clear()
        apigateway_v1._resources[api_id] = {root["id"]: root}
        apigateway_v1._authorizers_v1[api_id] = {}
    apigateway_v1._rest_apis[api_id].update(_api_settings(document))
    schemes = apigateway_v1._import_security_schemes(api_id, document)
    for path, item in document.get("paths", {}).items():
        apigateway_v1._import_path_item(api_id, path, item, schemes, document.get("security"))


def _api_settings(document: Json) -> Json:
    settings = {
        "binaryMediaTypes": document.get("x-amazon-apigateway-binary-media-types"),
        "minimumCompressionSize": document.get("x-amazon-apigateway-minimum-compression-size"),
    }
    return {key: value for key, value in settings.items() if value is not None}


def _import_operation(  # the emulator's own signature
    api_id: str, resource_id: str, verb: str, operation: Json | None, schemes: Json | None = None, security: Any = None
) -> None:
    operation = operation or {}
    authorizer = apigateway_v1._method_security(operation.get("security", security), schemes or {})
    apigateway_v1._put_method(api_id, resource_id, verb, authorizer)
    integration = operation.get("x-amazon-apigateway-integration")
    if not integration:
        return
    copied = ("uri", "credentials", "requestTemplates", "requestParameters", "contentHandling", "timeoutInMillis")
    settings = {key: integration[key] for key in copied if key in integration}
    settings |= {key: integration[key].upper() for key in ("type", "passthroughBehavior") if key in integration}
    settings["httpMethod"] = integration.get("httpMethod", "POST")
    apigateway_v1._put_integration(api_id, resource_id, verb, settings)
    for pattern, answer in integration.get("responses", {}).items():
        settings = {key: answer[key] for key in ("responseParameters", "responseTemplates") if key in answer}
        settings["selectionPattern"] = "" if pattern == "default" else pattern
        status = str(answer.get("statusCode", "200"))
        apigateway_v1._put_integration_response(api_id, resource_id, verb, status, settings)
    for status, answer in operation.get("responses", {}).items():
        declared = {f"method.response.header.{header}": False for header in answer.get("headers", {})}
        apigateway_v1._put_method_response(api_id, resource_id, verb, str(status), {"responseParameters": declared})


def make_functions_active_at_once() -> None:
    """A new function stayed Pending for half a second, and botocore's waiter then sleeps five."""

    def activate(name: str, _delay: float) -> None:
        function = lambda_svc._functions.get(name) or {}
        for record in (function, *function.get("versions", {}).values()):
            if config := record.get("config"):
                config |= {"State": "Active", "LastUpdateStatus": "Successful"}
                config |= dict.fromkeys(("StateReason", "StateReasonCode"), "")
                config |= dict.fromkeys(("LastUpdateStatusReason", "LastUpdateStatusReasonCode"), "")

    lambda_svc._schedule_state_transition = activate


ERROR_MARK = "__guestlist_function_error__"


def report_errors_as_lambda_does() -> None:
    """The type of every function's error was Runtime.HandlerError, and a failing worker process was thrown away.

    AWS answers {errorType: <class>, errorMessage, stackTrace}, and keeps the environment warm. Worker processes and the
    functions host answer such a document marked with ERROR_MARK. Also: after an invocation without a line of log the
    emulator waited 50 ms for one.
    """
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    failing = (
        '_real_stdout.write(json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()}) + "\\n")'
    )
    if script.count(failing) != 1:
        raise RuntimeError("the emulator's worker script is not the one of ministack 1.5.33")
    answering = (
        'traceback.print_exc(); _real_stdout.write(json.dumps({"status": "ok", "result": {"%s": True, '  # noqa: UP031
        '"errorType": type(e).__name__, "errorMessage": str(e), '
        '"stackTrace": traceback.format_tb(e.__traceback__)}}) + "\\n")' % ERROR_MARK
    )
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(failing, answering)
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.002, 0.25)

    def marking(execute: Callable[..., Json]) -> Callable[..., Json]:
        @functools.wraps(execute)
        def executed(*args: Any) -> Json:
            result = execute(*args)
            if isinstance(result.get("body"), dict) and result["body"].pop(ERROR_MARK, None):
                result["error"] = True
            return result

        return executed

    lambda_svc._execute_function_warm = marking(lambda_svc._execute_function_warm)
    lambda_svc._execute_function_proxy = marking(lambda_svc._execute_function_proxy)


def let_containers_finish() -> None:
    """A change of a function's settings, or the failure of one of its containers, killed all others, those at work and starting, too.

    On AWS what has begun goes on, in a container that takes no further event. Here it failed, and a queue's batch was seen again when
    its visibility timeout had run out.
    """
    kill, release = lambda_runtime.kill_workers, lambda_svc.release_worker

    def kill_idle(workers: list[Any]) -> None:
        kill([worker for worker in workers if worker and not worker._lock.locked()])

    def release_or_kill(worker: Any) -> None:
        release(worker)
        with lambda_runtime._lock:
            is_kept = any(worker in pool for pool in lambda_runtime._workers.values())
        if not is_kept:
            kill([worker])  # which knows None, too

    lambda_runtime.kill_workers = kill_idle
    lambda_svc.release_worker = release_or_kill


def forward_to_the_functions_host() -> None:
    """Events for `guestlist-local-<name>` are posted to FUNCTIONS_URL/<name>: the developer's own process.

    The emulator can forward by itself, to a URL in the function's settings. But those last over a restart and the
    port does not, so a mapping that outlived a restart would spend messages' receives on a dead port. What such a
    function logs is on the developer's screen; the emulator kept a log stream in memory for every single invocation.
    """
    functions_url = os.environ.get("FUNCTIONS_URL")
    if not functions_url:
        return
    prefix = "guestlist-local-"
    proxy_url, keep_log = lambda_svc._proxy_url_for, lambda_svc._emit_lambda_logs

    def forwarding_url(config: Json) -> str | None:
        name = config.get("FunctionName", "")
        url: str | None = f"{functions_url}/{name[len(prefix) :]}" if name.startswith(prefix) else proxy_url(config)
        return url

    def keep_others_log(function: Json, *args: Any, **options: Any) -> None:
        if forwarding_url(function.get("config", function)) is None:
            keep_log(function, *args, **options)

    lambda_svc._proxy_url_for = forwarding_url
    lambda_svc._emit_lambda_logs = keep_others_log


def poll_queues_without_delay() -> None:
    """A queue's messages reach their function within milliseconds, and a FIFO queue's groups run side by side.

    The poller slept 50 ms after a wake that found nothing, and up to 1 s until a message became visible again. FIFO
    mappings ran one batch at a time, for all groups; but a group with a message in flight is never received from, so
    batches that run at once have no group in common, as on AWS:
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#fifo-queue-scaling
    """
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.002
    wake = lambda_svc._esm_wake

    class ImpatientWake:
        clear, set = wake.clear, wake.set

        @staticmethod
        def wait(seconds: float) -> bool:
            return bool(wake.wait(min(seconds, 0.02)))

    lambda_svc._esm_wake = ImpatientWake
    concurrency = lambda_svc._sqs_esm_concurrency
    lambda_svc._sqs_esm_concurrency = lambda mapping, function, config, _queue=None: concurrency(
        mapping, function, config
    )


def lose_no_message_to_a_race() -> None:
    """Requests changed a queue's list of messages without the lock that the poller's threads hold.

    Both replace the list by a filtered copy, so a message sent between copying and replacing was lost.
    """
    lock = sqs._queues_lock = threading.RLock()

    def locked(act: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(act)
        def acting(*args: Any, **options: Any) -> Any:
            with lock:
                return act(*args, **options)

        return acting

    # ReceiveMessage waits between attempts, so it locks by the three steps of an attempt.
    for step in ("_collect_msgs", "_dlq_sweep", "_expire_retained"):
        setattr(sqs, step, locked(getattr(sqs, step)))
    eventbridge._dispatch_to_sqs = locked(eventbridge._dispatch_to_sqs)
    for action, act in sqs._HANDLERS.items():
        if not asyncio.iscoroutinefunction(act):
            sqs._HANDLERS[action] = locked(act)


def read_templates_quickly() -> None:
    """Reading ours took 0.1 s, a dozen times a deploy, while everything else waited. libyaml takes a tenth of it."""
    loader = engine.CfnLoader
    engine.CfnLoader = type("CfnLoader", (yaml.CSafeLoader,), {"yaml_constructors": loader.yaml_constructors})


def bring_failed_changes_again() -> None:
    """The records of a stream that their function answers as failed (`batchItemFailures`) were passed over.

    Here all of the batch comes again, those before the first failed one, too:
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    execute = lambda_svc._execute_function

    def executed(function: Json, event: Json, *args: Any, **options: Any) -> Json:
        result: Json = execute(function, event, *args, **options)
        body = result.get("body")
        failed = isinstance(body, dict) and body.get("batchItemFailures")  # so the event has records
        if failed and event["Records"][0].get("eventSource") == "aws:dynamodb":
            result["error"] = True
        return result

    lambda_svc._execute_function = executed


def apply_table_settings_of_templates() -> None:
    """CloudFormation's tables had neither time to live, nor point-in-time recovery, nor encryption with a key."""

    def table_actions() -> Iterator[Json]:
        for registry in vars(provisioners).values():
            if isinstance(registry, dict) and "create" in (registry.get("AWS::DynamoDB::Table") or ()):
                yield registry["AWS::DynamoDB::Table"]

    def settle(table: str, properties: Json) -> None:
        for setting, apply in (
            ("TimeToLiveSpecification", dynamodb._update_ttl),
            ("PointInTimeRecoverySpecification", dynamodb._update_continuous_backups),
            ("SSESpecification", dynamodb._update_table),
        ):
            if setting in properties:
                apply({"TableName": table, setting: _as_in_the_api(properties[setting])})

    def completed(act: Callable[..., Any], which: int) -> Callable[..., Any]:
        """`act` gets the table's properties as its argument number `which`, and answers the table's name first."""

        @functools.wraps(act)
        def acting(*args: Any, **options: Any) -> Any:
            made = act(*args, **options)
            settle(made[0], args[which])
            return made

        return acting

    for actions in table_actions():
        actions["create"] = completed(actions["create"], 1)
        actions["update"] = completed(actions["update"], 2)


def _as_in_the_api(setting: Json) -> Json:
    """CloudFormation hands over true and false as text, and calls one thing otherwise."""
    named = {"Enabled" if key == "SSEEnabled" else key: value for key, value in setting.items()}
    return {key: value.lower() == "true" if value in ("true", "false") else value for key, value in named.items()}


def authorise_batches_as_iam_does() -> None:
    """With AUTH, a batch of messages needed a right of its own, which IAM does not know: sqs:SendMessageBatch.

    On AWS, sending a batch needs sqs:SendMessage, and so for the other two:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    name = iam_actions.extract_iam_action

    def single(service: str, *request: Any) -> str | None:
        action: str | None = name(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = single


def authorise_mails_as_iam_does() -> None:
    """With AUTH, SendEmail of SES v2 was about any resource. On AWS it is about the mail's identity and its configuration set.

    And for a mail that its sender has written it needs the right to SendRawEmail:
    https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html, https://github.com/anymail/django-anymail/issues/384
    """
    resource, name, enforce = iam_actions._ses_v2_resource_arn, iam_actions.extract_iam_action, gateway._enforce_ses_v2

    def identity(method: str, path: str, body: bytes, region: str, account: str) -> str:
        if path.rstrip("/") != SEND_EMAIL:
            return str(resource(method, path, body, region, account))
        sender = parseaddr(json.loads(body)["FromEmailAddress"])[1]
        return f"arn:aws:ses:{region}:{account}:identity/{sender.rpartition('@')[2]}"

    def raw(service: str, method: str, path: str, headers: Json, body: bytes, query: Json) -> str | None:
        if path.rstrip("/") == SEND_EMAIL and "Raw" in json.loads(body)["Content"]:
            return "ses:SendRawEmail"
        action: str | None = name(service, method, path, headers, body, query)
        return action

    def enforce_both(method: str, path: str, headers: Json, body: bytes, query: Json, request_id: str) -> Any:
        refusal = enforce(method, path, headers, body, query, request_id)
        under = json.loads(body).get("ConfigurationSetName") if path.rstrip("/") == SEND_EMAIL else None
        if refusal or not under:
            return refusal
        action, region = raw("ses", method, path, headers, body, query), gateway.extract_region(headers, query)
        arn = f"arn:aws:ses:{region}:{responses.get_account_id()}:configuration-set/{under}"
        return gateway._enforce_data_plane("sesv2", action, headers, query, request_id, resource_arn=arn)

    iam_actions._ses_v2_resource_arn = identity
    iam_actions.extract_iam_action = raw
    gateway._enforce_ses_v2 = enforce_both


SEND_EMAIL = "/v2/email/outbound-emails"


def tell_what_becomes_of_mails() -> None:
    """No configuration set told anything. Now its topics hear of mails to SES's mailbox simulator that came back, as on AWS.

    And /_ministack/ses/messages has each mail whole (`Raw`), and its set.
    https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
    """
    handle, tell = ses_v2.handle_request, gateway._handle_ses_messages_request

    async def handling(method: str, path: str, headers: Json, body: bytes, query: Json) -> Any:
        answer = await handle(method, path, headers, body, query)
        if (method, path.rstrip("/"), answer[0]) == ("POST", SEND_EMAIL, 200):
            asked, sent = json.loads(body), ses._sent_emails_list()[-1]
            sent["Raw"] = asked["Content"].get("Raw", {}).get("Data")
            sent["ConfigurationSetName"] = asked.get("ConfigurationSetName")
            for recipient in sent["To"]:
                _publish_mail_event(sent, recipient)
        return answer

    async def telling(*request: Any) -> Any:
        answer = await tell(*request)
        if not answer:
            return answer
        status, headers, body = answer
        told = json.loads(body)
        kept = {mail["MessageId"]: mail for mails in ses._sent_emails.to_dict().values() for mail in mails}
        for mail in (mail for mails in told.get("messages", {}).values() for mail in mails):
            mail |= {name: kept[mail["MessageId"]].get(name) for name in ("Raw", "ConfigurationSetName")}
        return status, headers, json.dumps(told).encode()

    ses_v2.handle_request = handling
    gateway._handle_ses_messages_request = telling


def _publish_mail_event(mail: Json, recipient: str) -> None:
    local, _, domain = recipient.rpartition("@")
    if domain != ses._SIMULATOR_DOMAIN:
        return
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    destinations = ses_v2._config_sets.get(mail["ConfigurationSetName"], {}).get("EventDestinations", {}).values()
    for kind, why in ses._SIMULATOR_OUTCOMES.get(local.partition("+")[0], ()):
        event = {"eventType": kind, **ses._notification_detail(kind, recipient, at, why)}
        event["mail"] = {"timestamp": at, "source": mail["Source"], "destination": [recipient]}
        for destination in destinations:
            if kind.upper() in destination["MatchingEventTypes"]:
                sns.publish_internal(destination["SnsDestination"]["TopicArn"], event)


def count_this_machine_as_safe() -> None:
    """With AUTH, a policy that asks for TLS (aws:SecureTransport) refused all: the emulator speaks plain HTTP, on loopback only.

    IN_THE_CLEAR=1 takes plain HTTP for what it is, to prove that such policies refuse it.
    """
    if not os.environ.get("IN_THE_CLEAR"):
        pin = gateway.pin_request_origin
        gateway.pin_request_origin = lambda address, _: pin(address, secure_transport=True)


def let_lambda_ask_in_the_functions_role() -> None:
    """Lambda polled queues, followed streams and wrote logs whatever the function's role said; on AWS all of it needs its rights.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
    """
    receive, delete, write_log = (
        sqs._receive_messages_for_esm,
        sqs._delete_messages_for_esm,
        lambda_svc._emit_lambda_logs,
    )

    def receive_if_allowed(queue_url: str, number: int) -> list[Json]:
        if all(message["visible_at"] > time.time() for message in sqs._queues[queue_url]["messages"]):
            return []
        config, queue = _poller(queue_url.rpartition("/")[2])
        allowed = [_role_may(config, f"sqs:{action}", queue) for action in ("GetQueueAttributes", "ReceiveMessage")]
        messages: list[Json] = receive(queue_url, number) if all(allowed) else []
        return messages

    def delete_if_allowed(queue_url: str, receipts: set[str]) -> None:
        config, queue = _poller(queue_url.rpartition("/")[2])
        if _role_may(config, "sqs:DeleteMessage", queue):
            delete(queue_url, receipts)

    def write_log_if_allowed(function: Json, *args: Any, **options: Any) -> None:
        config = function.get("config", function)
        account, region = lambda_runtime._account_region_from_function_config(config)
        group = f"/aws/lambda/{config['FunctionName']}"
        actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
        if group not in cloudwatch_logs._log_groups:
            actions.insert(0, "logs:CreateLogGroup")
        if all(_role_may(config, action, f"arn:aws:logs:{region}:{account}:log-group:{group}:*") for action in actions):
            write_log(function, *args, **options)

    sqs._receive_messages_for_esm = receive_if_allowed
    sqs._delete_messages_for_esm = delete_if_allowed
    lambda_svc._emit_lambda_logs = write_log_if_allowed
    _follow_streams_if_allowed()


def _follow_streams_if_allowed() -> None:
    """A stream may have several functions: the one that its records are read for is that of the mapping that the poller is at."""
    every_mapping, records_since = lambda_svc._iter_all_esms, dynamodb.stream_records_since
    polled = threading.local()

    def mappings() -> Iterator[tuple[str, str, Json]]:
        for account, region, mapping in every_mapping():
            polled.mapping = mapping
            yield account, region, mapping

    def changes_if_allowed(*args: Any, **options: Any) -> list[Json]:
        changes: list[Json] = records_since(*args, **options)
        if not changes:
            return []
        config, stream = _mapped(polled.mapping)
        actions = ("DescribeStream", "GetRecords", "GetShardIterator")
        return changes if all(_role_may(config, f"dynamodb:{action}", stream) for action in actions) else []

    lambda_svc._iter_all_esms = mappings
    dynamodb.stream_records_since = changes_if_allowed


def _role_may(config: Json, action: str, resource: str) -> bool:
    def ask() -> bool:
        iam_evaluator.pin_request_origin("127.0.0.1", secure_transport=True)
        service, region = action.partition(":")[0], resource.split(":")[3]
        return iam_evaluator.enforce(key, action, service, region, resource_arn=resource) is None

    key = lambda_runtime.execution_credentials(config)["AWS_ACCESS_KEY_ID"]
    return contextvars.Context().run(ask)  # not as whoever called the function


def _poller(queue: str) -> tuple[Json, str]:
    """The function that a queue of this name is polled for, and the queue's ARN."""
    mappings = [mapping for _, _, mapping in lambda_svc._iter_all_esms()]
    [mapping] = [mapping for mapping in mappings if mapping["EventSourceArn"].split(":", 5)[5] == queue]
    return _mapped(mapping)


def _mapped(mapping: Json) -> tuple[Json, str]:
    """The function of a mapping, and the ARN of its source."""
    _, config = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    return config, mapping["EventSourceArn"]


def keep_decisions() -> None:
    """Tells what each role has asked for, when, and whether it got it, and when functions begin and end, in the file DECISIONS: JSON lines.

    The emulator's CloudTrail knew neither roles, nor refused calls, nor what Lambda does in a function's role.
    """
    path = os.environ.get("DECISIONS")
    if not path:
        return
    file = Path(path).open("a", buffering=1)  # noqa: SIM115  # for as long as we run
    decide, execute = iam_evaluator.enforce, lambda_svc._execute_function_warm

    def deciding(key: str, action: str, *args: Any, resource_arn: str = "*", **options: Any) -> Any:
        refusal = decide(key, action, *args, resource_arn=resource_arn, **options)
        who = (sts._sessions.get(key) or {}).get("Arn", "")
        if ":assumed-role/" in who:
            decision = {"role": who.split("/")[1], "action": action, "resource": resource_arn, "allowed": not refusal}
            file.write(json.dumps({**decision, "at": time.time()}) + "\n")
        return refusal

    def executing(*args: Any) -> Json:
        file.write('{"invocation": "begins"}\n')
        try:
            result: Json = execute(*args)
        finally:
            file.write('{"invocation": "ends"}\n')
        return result

    iam_evaluator.enforce = deciding
    lambda_svc._execute_function_warm = executing


def save_soon_after_every_change() -> None:
    """State was saved at a clean end only, file after file. Now 2 s after a request, and all services at once.

    A kill at any moment leaves the state as it was after some save, whole: a save is a new folder, which one rename
    makes the current one. Saving halts the emulator for as long as it takes, so it may take a twentieth of the time.
    """
    folder = Path(persistence.STATE_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    current = folder / "current"
    persistence.STATE_DIR = str(current)
    save_into_state_dir = persistence.save_all

    def save_all(services: Json) -> None:
        generation, last = folder / f"saved-{time.time_ns()}", current.resolve()
        if current.exists():  # what a service fails to save stays as it was
            shutil.copytree(last, generation, copy_function=os.link)
        persistence.STATE_DIR = str(generation)
        save_into_state_dir(services)
        link = folder / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(generation.name)
        link.replace(current)
        for older in set(folder.glob("saved-*")) - {generation}:
            shutil.rmtree(older)

    gateway.save_all = save_all
    answer = gateway.app
    pause, waiting = 2.0, False

    def save() -> None:
        nonlocal pause, waiting
        waiting = False
        began = time.monotonic()
        save_all(gateway._build_persistence_save_dict())
        pause = max(2.0, 20 * (time.monotonic() - began))

    async def saving_app(scope: Json, receive: Callable[[], Awaitable[Json]], send: Callable[..., Any]) -> None:
        nonlocal waiting
        if scope["type"] == "http" and not waiting:
            waiting = True
            asyncio.get_running_loop().call_later(pause, save)
        await answer(scope, receive, send)

    gateway.app = saving_app


if __name__ == "__main__":
    serve()
