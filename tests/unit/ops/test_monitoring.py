"""infra/monitoring.yaml: nothing without its alarms, no alarm without its page, and no metric that nobody emits."""

import json
import re
import time

import click
import pytest
from chalice import Chalice, Rate
from chalice.config import Config
from chalice.deploy import models
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder
from click.testing import CliRunner

import app
from chalicelib import errors
from chalicelib.aws.client import AwsError
from chalicelib.aws.mails import Mail, SesMailer
from chalicelib.batch import Later
from chalicelib.campaigns.service import Campaigns
from chalicelib.campaigns.store import CampaignStore
from chalicelib.logs import log
from chalicelib.mailing.sending import PacedMailer
from chalicelib.metrics import METRICS, NAMESPACE
from chalicelib.payments.api import StripeWebhook
from chalicelib.reports.rounds import Rounds
from ops.deploy import template as cloudformation
from ops.local.launch import PROJECT
from ops.monitoring import command, watched
from ops.monitoring.template import document
from ops.templates import load
from tests import emf, job
from tests.contract.messenger.graph import error
from tests.fakes import stripe
from tests.fakes.client import Client
from tests.fakes.clock import Clock
from tests.fakes.table import MemoryTable
from tests.unit.messenger import meta
from tests.unit.test_http import raising

RESOURCES = load(cloudformation.RESOURCES.read_text())
FILE = load(cloudformation.MONITORING.read_text())
RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()


def filled(value):
    """As CloudFormation fills in the stage prod."""
    text = json.dumps(value)
    for name, known in {"Stage": "prod", "AWS::Partition": "aws", "AWS::AccountId": "1", "AWS::Region": "r"}.items():
        text = text.replace(f"${{{name}}}", known)
    return json.loads(text, object_hook=lambda part: part.get("Fn::Sub", part.get("Ref", part)))


def alarms(template=FILE):
    """The properties of every alarm of the stage prod."""
    parts = template["Resources"].values()
    return [filled(part["Properties"]) for part in parts if part["Type"] == "AWS::CloudWatch::Alarm"]


def series(alarm):
    dimensions = tuple((dimension["Name"], dimension["Value"]) for dimension in alarm["Dimensions"])
    return alarm["Namespace"], alarm["MetricName"], dimensions


def dashboard():
    return json.loads(filled(FILE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]))["widgets"]


def test_the_file_is_up_to_date():
    result = CliRunner().invoke(command.monitoring, ["--check"])
    assert (result.exit_code, result.output) == (0, "")


def test_a_check_says_what_to_do_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(cloudformation, "MONITORING", tmp_path / "monitoring.yaml")
    result = CliRunner().invoke(command.monitoring, ["--check"])
    assert (result.exit_code, result.output) == (
        1,
        "Error: infra/monitoring.yaml is not up to date: python -m ops monitoring\n",
    )
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(command.monitoring, []).exit_code == 0
    assert CliRunner().invoke(command.monitoring, ["--check"]).exit_code == 0
    assert (tmp_path / "monitoring.yaml").read_text() == (PROJECT / "infra" / "monitoring.yaml").read_text()


# ─── everything is watched ─────────────────────────────────────────────────────────────────────────────────────────

FUNCTION_ALARMS = {
    "Errors": ("Sum", "GreaterThanThreshold", 10, 300, 2),
    "Duration": ("Average", "GreaterThanThreshold", 3000, 300, 2),
    "Throttles": ("Sum", "GreaterThanOrEqualToThreshold", 1, 300, 1),
}
QUEUE_ALARMS = {"ApproximateAgeOfOldestMessage": ("Maximum", "GreaterThanThreshold", 300, 60, 1)}
DEAD_LETTER_ALARMS = {"ApproximateNumberOfMessagesVisible": ("Maximum", "GreaterThanOrEqualToThreshold", 1, 60, 1)}

WORKFLOW_ALARMS = dict.fromkeys(
    ("ExecutionsFailed", "ExecutionsTimedOut"), ("Sum", "GreaterThanOrEqualToThreshold", 1, 300, 1)
)


def wanted(application, resources):
    """Every alarm that the contract has for Chalice's own list of functions and the template's queues."""
    found = {}
    for model in graph(application):
        if isinstance(model, models.LambdaFunction):
            found |= alarms_of("FunctionName", model.function_name, FUNCTION_ALARMS)
        if isinstance(model, models.ScheduledEvent):
            once = {"AsyncEventsDropped": ("Sum", "GreaterThanOrEqualToThreshold", 1, 300, 1)}
            found |= alarms_of("FunctionName", model.lambda_function.function_name, once)
        if isinstance(model, models.DynamoDBEventSource):
            behind = {"IteratorAge": ("Maximum", "GreaterThanThreshold", 300_000, 60, 1)}
            found |= alarms_of("FunctionName", model.lambda_function.function_name, behind)
    for part in resources["Resources"].values():
        if part["Type"] == "AWS::SQS::Queue":
            name = filled(part["Properties"]["QueueName"])
            of_kind = DEAD_LETTER_ALARMS if "-dlq" in name else QUEUE_ALARMS
            assert ("RedrivePolicy" in part["Properties"]) == ("-dlq" not in name)
            found |= alarms_of("QueueName", name, of_kind)
        if part["Type"] == "AWS::StepFunctions::StateMachine":
            arn = f"arn:aws:states:r:1:stateMachine:{filled(part['Properties']['StateMachineName'])}"
            found |= alarms_of("StateMachineArn", arn, WORKFLOW_ALARMS)
    return found


def graph(application):
    config = Config.create(
        chalice_app=application,
        chalice_stage="prod",
        app_name="guestlist",
        api_gateway_stage="api",
        project_dir=str(PROJECT),
    )
    return DependencyBuilder().build_dependencies(ApplicationGraphBuilder().build(config, "prod"))


def alarms_of(dimension, name, kinds):
    return {(metric, ((dimension, name),)): settings for metric, settings in kinds.items()}


def settings(alarm):
    return tuple(
        alarm[name] for name in ("Statistic", "ComparisonOperator", "Threshold", "Period", "EvaluationPeriods")
    )


def watched_by(template):
    of_aws = [alarm for alarm in alarms(template) if alarm["Namespace"].startswith("AWS/")]
    of_aws = [alarm for alarm in of_aws if alarm["Namespace"] != "AWS/SES"]  # of the account, whatever it is asked by
    return {series(alarm)[1:]: settings(alarm) for alarm in of_aws}


def test_every_function_queue_and_dead_letter_queue_has_the_contracts_alarms_and_no_other_has():
    assert watched_by(FILE) == wanted(app.app, RESOURCES)


def more_of_the_application(declare):
    """The application's own handlers, and one more."""
    more = Chalice("guestlist")
    more.builtin_auth_handlers.extend(app.app.builtin_auth_handlers)
    more.event_sources.extend(app.app.event_sources)
    more.routes.update(app.app.routes)
    declare(more)
    return more


def a_schedule(application):
    @application.schedule(Rate(1, Rate.HOURS))
    def tidy(_event):
        pass


def a_queues_handler(application):
    application.on_sqs_message(queue="guestlist-prod-orders")(lambda _event: None)


def a_streams_handler(application):
    application.on_dynamodb_record(stream_arn="arn:aws:dynamodb:r:1:table/x/stream/y")(lambda _event: None)


def a_function(application):
    @application.lambda_function()
    def workflow_step(_event, _context):
        pass


@pytest.mark.parametrize("declare", [a_schedule, a_queues_handler, a_streams_handler, a_function])
def test_one_function_more_is_missed_in_the_file_and_watched_once_it_is_written_again(declare):
    application = more_of_the_application(declare)
    assert watched_by(FILE) != wanted(application, RESOURCES)
    text = document(watched.functions(application), watched.queues(RESOURCES))
    assert text != cloudformation.MONITORING.read_text()
    assert watched_by(load(text)) == wanted(application, RESOURCES)


def test_one_queue_more_is_missed_in_the_file_and_watched_once_it_is_written_again():
    name = {"Fn::Sub": "guestlist-${Stage}-orders"}
    dead = {"Fn::Sub": "guestlist-${Stage}-orders-dlq"}
    redrive = {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["OrdersDead", "Arn"]}}}
    more = {
        "Orders": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **redrive}},
        "OrdersDead": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": dead}},
    }
    resources = {"Resources": RESOURCES["Resources"] | more}
    assert len(wanted(app.app, resources)) - len(watched_by(FILE)) == 2
    text = document(watched.functions(app.app), watched.queues(resources))
    assert watched_by(load(text)) == wanted(app.app, resources)


def test_a_kind_of_trigger_that_nobody_has_thought_about_is_refused():
    application = more_of_the_application(lambda more: more.on_kinesis_record(stream="clicks")(lambda _event: None))
    with pytest.raises(click.ClickException, match="which a KinesisEventConfig needs"):
        watched.functions(application)


def test_every_queue_that_a_function_reads_is_one_of_the_resources():
    declared = {queue.full_name.replace("${Stage}", "local") for queue in watched.queues(RESOURCES)}
    assert {source.queue for source in app.app.event_sources if hasattr(source, "queue")} <= declared


# ─── what the functions measure is what is watched ─────────────────────────────────────────────────────────────────


@pytest.fixture
def emitted(capsys, monkeypatch):
    """Every series that the real handlers have emitted, as the stage prod, in a job with every kind of trouble."""
    monkeypatch.setenv("STAGE", "prod")
    with job.started(lambda: None) as fan:
        fan.waits()
        fan.is_checked()
        fan.wins()
        for fault in (error(613), error(190), error(10, 1893063), error(200), error(100)):
            fan.world.clock.now += 400  # a page that was paused goes on
            fan.graph.plan = [fault]
            fan.types("help")
            fan.world.outbound.clear()
        with pytest.raises(errors.Unauthenticated):
            fan.api.receive(meta.webhook(meta.body(meta.text("Hi")), secret="wrong"))
        fan.is_held_back()
    a_refund_fails()
    mails_are_too_many()
    Rounds(Campaigns(CampaignStore(MemoryTable()), time.time), None, None, time.time, log).make(lambda: 10_000)
    raising(KeyError()).get("/things/a", headers={})
    return {point.series for point in emf.points(capsys.readouterr().out.splitlines())}


def a_refund_fails():
    webhook = StripeWebhook(
        {"stripe": {"webhook_secret": stripe.WEBHOOK_SECRET}}, None, clock=lambda: 1_796_000_000, log=log
    )
    webhook.receive(stripe.delivery(stripe.event("refund.failed", {"id": "re_1"}), 1_796_000_000))


def mails_are_too_many():
    refused = AwsError("SendEmail", "ThrottlingException", {"message": "Daily message quota exceeded."})
    mailer = SesMailer(Client(refused), "a@example.org", "mails")
    with pytest.raises(Later):
        PacedMailer(mailer, 1, Clock(1_796_000_000.0), log).send(Mail("b@example.org", "s", "t", "h"))


def test_every_alarm_on_a_metric_of_ours_is_on_one_that_is_really_emitted(emitted):
    ours = {series(alarm) for alarm in alarms() if alarm["Namespace"] == NAMESPACE}
    assert len(ours) == 12
    assert ours <= emitted


def test_every_metric_is_emitted_and_shown(emitted):
    assert {name for _, name, _ in emitted} == set(METRICS)
    shown = {line[1] for line in lines_shown() if line[0] == NAMESPACE}
    searched = set(re.findall(r'MetricName=\\"(\w+)\\"', json.dumps(dashboard())))
    assert shown | searched == set(METRICS)


def test_what_the_dashboard_shows_of_ours_is_really_emitted(emitted):
    for namespace, name, *dimensions, _ in lines_shown():
        if namespace == NAMESPACE:
            assert (namespace, name, tuple(zip(dimensions[::2], dimensions[1::2], strict=True))) in emitted


def lines_shown():
    widgets = [widget["properties"] for widget in dashboard() if widget["type"] == "metric"]
    return [line for widget in widgets for line in widget["metrics"] if "expression" not in line[0]]


OF_AWS = {
    "AWS/Lambda": {"Invocations", "Errors", "Duration", "Throttles", "AsyncEventsDropped", "IteratorAge"},
    "AWS/SES": {"Reputation.BounceRate", "Reputation.ComplaintRate"},
    "AWS/States": {"ExecutionsFailed", "ExecutionsTimedOut"},
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"},
}
"""https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""


def test_metrics_of_aws_bear_the_names_that_aws_gives_them():
    found = {series(alarm)[:2] for alarm in alarms()} | {(line[0], line[1]) for line in lines_shown()}
    for namespace, metric in found:
        assert namespace == NAMESPACE or metric in OF_AWS[namespace]


# ─── alarms and pages ──────────────────────────────────────────────────────────────────────────────────────────────


def pages():
    """The runbook's pages for alarms: anchor and text."""
    text = RUNBOOK[RUNBOOK.index("\n# Alarms") : RUNBOOK.index("\n# Without an alarm")]
    return dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))


def test_every_alarm_names_a_page_of_the_runbook_and_every_page_has_an_alarm():
    named = {alarm["AlarmName"]: alarm["AlarmDescription"].rpartition("docs/runbook.md#")[2] for alarm in alarms()}
    assert set(named.values()) == set(pages())
    assert all(name.endswith(page) for name, page in named.items())


@pytest.mark.parametrize("page", pages())
def test_a_page_has_a_command_that_helps(page):
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```", pages()[page], re.DOTALL | re.MULTILINE))
    assert re.search(r"^(python -m ops|aws|make) ", commands, re.MULTILINE)


def test_the_runbooks_links_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= anchors


def test_functions_and_fields_that_a_command_filters_by_are_real():
    commands = re.findall(r"aws logs tail (\S+) .*--filter-pattern '(.+)'$", RUNBOOK, re.MULTILINE)
    assert len(commands) > 8
    functions = {function.full_name.replace("${Stage}", "prod") for function in watched.functions(app.app)}
    code = "".join(path.read_text() for path in (PROJECT / "chalicelib").rglob("*.py"))
    for group, pattern in commands:
        assert group.removeprefix("/aws/lambda/") in functions
        for event in re.findall(r'\$\.event = "(\w+)"', pattern):
            assert f'"{event}"' in code
        for field in re.findall(r"\$\.(\w+)", pattern):
            assert field == "event" or f"{field}=" in code or f"    {field}: " in code


# ─── the template itself ───────────────────────────────────────────────────────────────────────────────────────────


def test_every_alarm_tells_the_topic_when_it_begins_and_when_it_is_over():
    for alarm in alarms():
        assert alarm["AlarmActions"] == alarm["OKActions"] == ["AlarmTopic"]
        silence = {"breaching"} if "report-not-sent" in alarm["AlarmName"] else {"notBreaching", "ignore"}
        assert alarm["TreatMissingData"] in silence
        assert alarm["Period"] * alarm["EvaluationPeriods"] <= 86_400
    names = [alarm["AlarmName"] for alarm in alarms()]
    assert len(names) == len(set(names))
    assert all(name.startswith("guestlist-prod-") for name in names)


def test_the_dashboard_shows_every_alarm_and_its_widgets_do_not_overlap():
    states = [widget["properties"]["alarms"] for widget in dashboard() if widget["type"] == "alarm"]
    shown = [arn.rpartition(":")[2] for part in states for arn in part]
    assert sorted(shown) == sorted(alarm["AlarmName"] for alarm in alarms())
    assert max(map(len, states)) <= 100
    corners = {(widget["x"], widget["y"]) for widget in dashboard()}
    assert len(corners) == len(dashboard())
    assert all(widget["x"] + widget["width"] <= 24 for widget in dashboard())


def test_the_dashboard_has_what_the_contract_lists():
    titles = {widget["properties"]["title"] for widget in dashboard()}
    assert {"Invocations", "Errors", "Duration (ms)", "Throttles", "Oldest message in a queue (s)"} <= titles
    assert {"Messages in and out", "Tickets", "Sends by outcome", "From webhook to reply (ms)"} <= titles


def test_the_template_can_be_sent():
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html ."""
    assert len(cloudformation.MONITORING.read_bytes()) < 1_000_000
    assert len(FILE["Resources"]) < 500


def test_parameters_are_those_that_the_deploy_fills_in():
    assert set(FILE["Parameters"]) == {"Stage", "AlarmEmail", "KeyArn", "Tracing"}
    assert "KeyArn" in RESOURCES["Outputs"]


def test_every_metric_is_explained():
    explained = (PROJECT / "docs" / "monitoring.md").read_text()
    assert set(METRICS) == set(re.findall(r"^\| `(\w+)` \|", explained, re.MULTILINE))


def test_a_line_of_log_keeps_its_price(capsys):
    with job.started(lambda: None) as fan:
        fan.wins()
    lines = [line for line in capsys.readouterr().out.splitlines() if json.loads(line)["event"] != "ticket"]
    billed = sum(len(line) + 26 for line in lines) / 4  # 26 bytes for each event
    assert billed < 900, "docs/monitoring.md counts 805 bytes a message: $0.040 for 100,000"
