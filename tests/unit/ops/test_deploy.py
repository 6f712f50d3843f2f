import io
import json
import os
import subprocess
from datetime import UTC, datetime

import pytest

from ops.deploy import mappings, releases, steps, template, tree, verify, wanted
from ops.deploy.account import Account
from ops.deploy.facts import Fact, compare, wrong
from ops.deploy.progress import Progress
from ops.deploy.releases import Release
from ops.deploy.stacks import LONGEST_BODY, wait_for
from ops.deploy.wanted import Mapping, Wanted
from ops.local.launch import PROJECT
from ops.refusals import REFUSALS
from ops.templates import load, whole

ACCOUNT = Account("prod", "123456789012", "eu-west-1", "arn:aws:iam::123456789012:user/ada", lambda _: None)


def test_what_is_as_it_ought_to_be_is_no_difference():
    assert wrong(compare("bot", {"timeout": 30, "memory": 512}, {"timeout": 30, "memory": 512, "more": 1})) == []


def test_a_setting_that_differs_and_a_thing_that_is_missing_are_told_apart():
    assert wrong(compare("bot", {"timeout": 30}, {"timeout": 7})) == [Fact("bot", "timeout", 30, 7)]
    assert wrong(compare("bot", {"timeout": 30}, None)) == [Fact("bot", "exists", wanted=True, found=False)]


def test_the_table_shows_each_subject_once_and_the_way_out_of_what_is_wrong():
    facts = [
        Fact("bot", "timeout", 30, 30),
        Fact("bot", "memory", 512, 512),
        Fact("queue", "delay", 0, 9, "put it back"),
    ]
    lines = list(verify.table(facts, "prod"))
    assert [line.replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "") for line in lines] == [
        "✓ bot",
        "✗ queue: delay is 9, not 0. put it back",
    ]


def test_a_queue_s_mapping_reports_single_failures_and_has_the_concurrency_of_app_py():
    mapping = Mapping("bot-sqs-event-source", "guestlist-prod-bot", "guestlist-prod-inbound.fifo", "", 10, 0, 300)
    assert mappings.settings(ACCOUNT, mapping) == {
        "State": "Enabled",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 300},
    }


def test_a_stream_s_mapping_gives_up_a_bad_record_to_a_queue_instead_of_blocking_its_shard():
    stream = "arn:aws:dynamodb:eu-west-1:123456789012:table/guestlist-prod-campaigns/stream/1"
    found = mappings.settings(ACCOUNT, Mapping("count", "guestlist-prod-count_changes", "", stream, 100, 1, None))
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert found["BisectBatchOnFunctionError"] is True
    assert 0 < found["MaximumRetryAttempts"] < 100
    failures = "arn:aws:sqs:eu-west-1:123456789012:guestlist-prod-count-changes-dlq"
    assert found["DestinationConfig"] == {"OnFailure": {"Destination": failures}}


def test_what_is_left_of_a_destroyed_stage_is_what_the_template_retains():
    document = template.read(template.RESOURCES)
    rest = template.retained_only(document)
    kinds = {part["Type"] for part in rest["Resources"].values()}
    assert {"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::S3::Bucket"} <= kinds
    assert "AWS::SQS::Queue" not in kinds
    assert "Outputs" not in rest
    references = json.dumps(rest["Resources"])
    gone = document["Resources"].keys() - rest["Resources"].keys()
    assert [name for name in gone if f'"{name}"' in references] == []  # nothing that stays asks for what goes


def test_the_template_that_makes_the_bucket_for_longer_ones_fits_into_a_request_with_its_workflow():
    sent = whole(template.RESOURCES.read_text())
    assert len(sent.encode()) <= LONGEST_BODY
    workflow = json.loads(sent)["Resources"]["OrderWorkflow"]["Properties"]
    definition = (PROJECT / "infra" / "order_workflow.asl.json").read_text()
    assert "DefinitionS3Location" not in workflow
    assert json.loads(workflow["DefinitionString"]) == json.loads(definition)


def test_a_template_that_names_no_file_is_sent_as_it_stands():
    text = template.MONITORING.read_text()
    assert json.loads(whole(text)) == load(text)


def test_short_forms_of_a_template_are_read_as_long_ones():
    text = "a: !Ref Stage\nb: !Sub x-${Stage}\nc: !GetAtt Queue.Arn\nd: !If [IsIt, !Ref A, [1]]\n"
    assert load(text) == {
        "a": {"Ref": "Stage"},
        "b": {"Fn::Sub": "x-${Stage}"},
        "c": {"Fn::GetAtt": ["Queue", "Arn"]},
        "d": {"Fn::If": ["IsIt", {"Ref": "A"}, [1]]},
    }


def release(identity, code="a", layer="l", version="0.1.0"):
    function = {"version": "1", "code": code, "layers": [{"arn": f"layer:{identity}", "code": layer}]}
    return Release(identity, {"guestlist-prod": function}, f"deployment of {identity}", {"version": version})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (release("2"), True),
        (release("2", code="b"), False),
        (release("2", layer="m"), False),
        (release("2", version="0.1.1"), False),
    ],
)
def test_a_release_is_the_same_when_code_libraries_and_settings_are(other, same):
    assert release("1").runs_the_same(other) is same


def test_a_package_is_kept_under_its_content_s_name():
    assert releases.package_key("qrs=") == "packages/aabb.zip"


def test_a_release_is_named_by_its_time_and_commit():
    name = steps.release_name(datetime(2026, 11, 22, 16, 15, tzinfo=UTC))
    assert name.startswith("20261122T161500Z-")


def test_what_the_files_want_survives_being_written_down(monkeypatch):
    monkeypatch.setenv("STAGE", "prod")
    files = wanted.Wanted(
        version="0.1.0",
        functions=[wanted.Function("f", "r", "app.f", 30, 512, {"A": "b"}, "role", {"Statement": []}, False, None, 30)],
        mappings=[Mapping("m", "f", "q", "", 10, 0, None)],
        routes=["GET /health"],
        api_stage="api",
        tracing=False,
        throttle=wanted.Throttle(2000, 1000),
    )
    assert Wanted.from_json(json.loads(json.dumps(files.to_json()))) == files


def test_every_refusal_of_the_gateway_can_be_said_as_a_problem():
    assert {refusal.status for refusal in REFUSALS.values()} == {400, 401, 403, 404, 413, 429, 503}


def test_looking_goes_on_until_it_is_enough():
    found = iter(["no", "no", "yes"])
    assert wait_for(lambda: next(found), lambda answer: answer == "yes") == "yes"


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    times = iter(range(100))
    return lambda: float(next(times))


def test_a_log_has_a_line_for_each_step_and_no_news_in_between(clock):
    out = io.StringIO()
    progress = Progress(2, out, clock)
    progress.begin("plan")
    progress.note("half way")
    progress.say("add a queue")
    progress.done("1 line above")
    progress.begin("package")
    progress.failed()
    assert out.getvalue() == "       add a queue\n 1/2 plan         1 line above (1.0 s)\n 2/2 package      failed\n"


def test_a_terminal_shows_how_far_a_step_is_and_then_what_it_did(clock):
    screen = Screen()
    progress = Progress(1, screen, clock)
    progress.begin("resources")
    progress.note("7 resources done")
    progress.done("18 made")
    assert "\r\x1b[K 1/1 resources    7 resources done\r\x1b[K 1/1 resources    18 made" in screen.getvalue()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A repository with one commit; `tree` looks at it."""
    monkeypatch.setattr(tree, "PROJECT", tmp_path)
    monkeypatch.setattr(tree, "TESTED", tmp_path / ".local" / "tested")
    (tmp_path / ".gitignore").write_text(".local/\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def test_a_tree_counts_as_tested_when_its_content_was_committed_or_not(project):
    (project / "app.py").write_text("1\n")
    pass_the_tests(project)
    assert tree.complaints() == ["unclean"]
    commit(project)
    assert tree.complaints() == []


def test_a_tree_that_was_changed_after_its_tests_is_untested(project):
    pass_the_tests(project)
    (project / "app.py").write_text("2\n")
    assert tree.complaints() == ["unclean", "untested"]
    commit(project)
    assert tree.complaints() == ["untested"]


def test_a_folder_without_git_is_neither_committed_nor_tested(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "PROJECT", tmp_path)
    monkeypatch.setattr(tree, "TESTED", tmp_path / "tested")
    (tmp_path / "tested").write_text("\n")
    assert tree.complaints() == ["unclean", "untested"]
    assert tree.commit() == "unknown"


def pass_the_tests(project):
    (project / ".local").mkdir(exist_ok=True)
    (project / ".local" / "tested").write_text(tree.content() + "\n")


def commit(project):
    git(project, "add", "--all")
    git(project, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "Change it.")


def git(project, *words):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *words], cwd=project, env=environ, check=True)  # noqa: S603, S607  # ours
