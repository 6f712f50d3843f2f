"""The policy files: read from the code, exact, and one for each function that Chalice makes."""

import json
import re
import shutil

import pytest
from chalice.config import Config
from click.testing import CliRunner

import app
from ops.local.launch import PROJECT
from ops.policies import command, rights
from ops.policies.source import Source

CONFIG = json.loads((PROJECT / ".chalice" / "config.json").read_text())
SOURCES = (*app.app.event_sources, *app.app.pure_lambda_functions, *app.app.builtin_auth_handlers)
FUNCTIONS = sorted({"api_handler", *(source.name for source in SOURCES)})
DOCUMENTS = command.documents(PROJECT)
EVERY_POLICY = [(stage, function) for stage in command.STAGES for function in FUNCTIONS]


def test_every_function_of_the_application_has_its_policy():
    assert set(command.STAGES) == DOCUMENTS.keys() == CONFIG["stages"].keys() - {"local"}
    for documents in DOCUMENTS.values():
        assert documents.keys() == {*FUNCTIONS}


@pytest.mark.parametrize(("stage", "function"), EVERY_POLICY)
def test_a_function_has_its_own_policy_memory_and_timeout(stage, function):
    config = Config(stage, function, config_from_disk=CONFIG)
    assert config.autogen_policy is False
    assert config.iam_policy_file == f"policy-{stage}-{function}.json"
    assert {function} <= CONFIG["lambda_functions"].keys()
    assert config.lambda_memory_size >= 256
    assert 10 <= config.lambda_timeout <= 30


@pytest.mark.parametrize(("stage", "function"), EVERY_POLICY)
def test_every_right_names_its_action_and_a_resource_of_its_stage(stage, function):
    for statement in DOCUMENTS[stage][function]["Statement"]:
        assert not [action for action in statement["Action"] if "*" in action]
        [resource] = statement["Resource"]
        _, _, service, region, account, name = resource.split(":", 5)
        assert {(action.split(":")[0], "*", "*") for action in statement["Action"]} == {(service, region, account)}
        of_all_stages = name == "identity/guestlist.example"  # a domain is verified once
        assert of_all_stages or re.search(rf"guestlist[-/]{stage}\b", name)
        assert "*" not in name.removesuffix(":*").removesuffix("/stream/*")  # a stream's own name is a date


def test_stages_differ_in_their_names_only():
    staging, prod = (json.dumps(DOCUMENTS[stage]) for stage in command.STAGES)
    assert staging.replace("staging", "prod") == prod
    for stage in ("local", *command.STAGES):
        variables = CONFIG["stages"][stage]["environment_variables"]
        assert {"STAGE", "BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL"} <= set(variables)
        assert variables["STAGE"] == stage


# The files


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The application's tree with its policy files, in a folder of its own."""
    folder = tmp_path_factory.mktemp("original")
    for name in ("app.py", "chalicelib", ".chalice"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, folder / name)
    return folder


@pytest.fixture
def project(original, tmp_path):
    """A tree to be changed."""
    shutil.copytree(original, tmp_path / "project")
    return tmp_path / "project"


def run(project, *arguments):
    return CliRunner().invoke(command.policies, ["--project", str(project), *arguments])


def edit(project, name, old, new):
    path = project / name
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    path.write_text(text.replace(old, new))


def granted(project, stage="prod"):
    """Every function's rights."""
    return rights_in(command.documents(project)[stage])


def rights_in(documents):
    return {
        function: {(action, each["Resource"][0]) for each in document["Statement"] for action in each["Action"]}
        for function, document in documents.items()
    }


BEFORE = rights_in(DOCUMENTS["prod"])


def test_the_files_are_up_to_date():
    result = run(PROJECT, "--check")
    assert (result.exit_code, result.output) == (0, "")


def test_a_check_names_what_is_missing_and_writes_nothing(project):
    for path in (project / ".chalice").glob("policy-*"):
        path.unlink()
    result = run(project, "--check")
    assert result.exit_code == 1
    assert "policy-prod-bot.json is not up to date: python -m ops policies" in result.output
    assert not list((project / ".chalice").glob("policy-*"))


def test_writing_corrects_changed_files_and_removes_those_of_no_function(project):
    (project / ".chalice" / "policy-prod-bot.json").write_text("{}")
    (project / ".chalice" / "policy-prod-gone.json").write_text("{}")
    result = run(project)
    assert result.exit_code == 0
    assert result.output == "policy-prod-bot.json written\npolicy-prod-gone.json removed\n"
    assert run(project, "--check").exit_code == 0


# Changes of the code


def test_a_call_more_in_the_code_is_a_right_more_for_those_functions_that_reach_it(project):
    edit(
        project,
        "chalicelib/channels/deletions.py",
        '        self._table.write(Put(self._item(code, "done")))',
        '        self._table.write(Put(self._item(code, "done")), Delete(_key(code), "pending"))',
    )
    edit(
        project,
        "chalicelib/channels/deletions.py",
        "import ConditionFailed, Create,",
        "import ConditionFailed, Create, Delete,",
    )
    edit(
        project,
        "chalicelib/tickets/store.py",
        '        return stock["left"] if stock else 0',
        '        self._table.write(Delete(campaign_id, "left"))\n        return stock["left"] if stock else 0',
    )
    edit(project, "chalicelib/tickets/store.py", "Create, Item, Put", "Create, Delete, Item, Put")
    more = {("dynamodb:DeleteItem", "arn:aws:dynamodb:*:*:table/guestlist-prod-campaigns")}
    assert not more & BEFORE["bot"]
    for function, after in granted(project).items():
        assert after == BEFORE[function] | (more if function in ("api_handler", "bot") else set())
    result = run(project, "--check")
    assert result.exit_code == 1
    assert "policy-prod-bot.json is not up to date" in result.output
    assert "policy-prod-sender.json" not in result.output


def test_a_call_less_in_the_code_is_a_right_less(project):
    edit(
        project,
        "chalicelib/channels/outbox.py",
        "self._parked.send([Outgoing(record.body, delivery.conversation, record.id)])",
        "pass",
    )
    parked = "arn:aws:sqs:*:*:guestlist-prod-outbound-dlq.fifo"
    assert BEFORE["sender"] - granted(project)["sender"] == {("sqs:GetQueueUrl", parked), ("sqs:SendMessage", parked)}
    assert run(project, "--check").exit_code == 1


def test_a_handler_more_is_a_policy_more_with_the_rights_of_its_trigger(project):
    with (project / "app.py").open("a") as file:
        file.write(
            '\n\n@app.on_sqs_message(queue=settings.queue("late.fifo"))\ndef late(event):\n    return wiring.health()\n'
        )
    assert "policy-prod-late.json is not up to date" in run(project, "--check").output
    actions = {
        action for action, resource in granted(project)["late"] if resource.endswith(":guestlist-prod-late.fifo")
    }
    assert actions == {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


def test_a_stage_that_traces_or_is_in_a_network_of_its_own_has_the_rights_for_it(project):
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"]["prod"] |= {"xray": True, "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
    path.write_text(json.dumps(config))
    more = {action for action, resource in granted(project)["authorise"] if resource == "*"}
    assert {"xray:PutTraceSegments", "ec2:CreateNetworkInterface"} <= more
    assert not [right for right in granted(project, "staging")["authorise"] if right[1] == "*"]


# How code may reach AWS: each of these bodies of `Probe.run` asks the table `campaigns` for `Scan`

WAYS = {
    "a method": "self.scan()",
    "an alias": "scan = self.scan\n        scan()",
    "a lambda": "call(lambda: self.scan())",
    "a function inside": "def inner():\n            return self.scan()\n        call(inner)",
    "a library's callback": "sorted([1], key=self.scan)",
    "a partial": "functools.partial(self.scan)()",
    "a map": "list(map(self.scan, [1]))",
    "a dictionary": "{'it': self.scan}['it']()",
    "a dictionary's get": "{'it': self.scan}.get('it', str)()",
    "a dictionary that is filled": "found = {}\n        found['it'] = self.scan\n        [do() for do in found.values()]",
    "a list that is filled": "found = []\n        found.append(self.scan)\n        for do in found:\n            do()",
    "a list that is extended": "found = []\n        found += [self.scan]\n        found[0]()",
    "a tuple": "_, do = 1, self.scan\n        do()",
    "a star": "first, *rest = [1, self.scan]\n        rest[0]()",
    "arguments that are handed on": "call(*[self.scan])",
    "named arguments that are handed on": "call(**{'do': self.scan})",
    "an attribute": "self.later = self.scan\n        self.later()",
    "an attribute by a name": "getattr(self, 'scan')()",
    "an attribute by any name": "getattr(self, input())()",
    "a property": "self.scanned",
    "a base class": "Derived(self._client).scan()",
    "super": "Derived(self._client).up()",
    "a class method": "Probe.made(self._client).scan()",
    "an object that is called": "Derived(self._client)()",
    "a context manager": "with Derived(self._client):\n            pass",
    "a generator": "for do in self.each():\n            do()",
    "a condition": "(self.scan if input() else str)()",
    "an assignment inside": "(do := self.scan)()",
    "a match": "match [self.scan]:\n            case [do]:\n                do()",
    "a handler of errors": "try:\n            pass\n        except OSError:\n            self.scan()",
    "a decorator": "decorated(self)",
    "a name of others": (
        "do = None\n        def inner():\n            nonlocal do\n            do = self.scan\n        inner()\n        do()"
    ),
    "a library's pairs": "for _, do in enumerate([self.scan]):\n            do()",
    "a dictionary's items": "for _, do in {'it': self.scan}.items():\n            do()",
    "a dictionary of services": "for _, one in {'it': self}.items():\n            one.scan()",
    "a dictionary's last": "{'it': self.scan}.popitem()[1]()",
    "lists in a dictionary": "found = {}\n        found.setdefault('it', []).append(self.scan)\n        found['it'][0]()",
    "a list that another fills": "found = []\n        fill(found, self.scan)\n        found[0]()",
    "a library's answer": "next(iter([self.scan]))()",
    "a callback in a list": "functools.reduce(lambda a, b: b(), [1, self.scan])",
    "a loop over an object": "for _ in Container(self):\n            pass",
    "an index": "Container(self)[0]",
    "a comparison": "Container(self) == 1",
    "a class method of its base": "Derived.up(Derived(self._client))",
    "its own class": "type(self)(self._client).scan()",
    "a class inside": "class Inner:\n            def go(inner):\n                return self.scan()\n        Inner().go()",
    "super in a function inside": "Derived(self._client).up_inside()",
    "a field of data": "Data(self.scan).do()",
    "a default": "def go(do=self.scan):\n            return do()\n        go()",
    "what an error is compared with": "try:\n            pass\n        except self.scan():\n            pass",
    "a table of names": "self._client.call(OPERATIONS['all'], TableName=NAME)",
    "a written name": "self._client.call(f'{\"Sc\"}an', TableName=NAME)",
    "parameters that are handed on": "self._client.call('Scan', **{'TableName': NAME})",
    "parameters that are made": "asked = dict(TableName=NAME)\n        self._client.call('Scan', **asked)",
}

PROBE = """
import functools
from typing import NamedTuple
from chalicelib import wiring

OPERATIONS = {"all": "Scan"}
NAME = wiring.read_settings().name("campaigns")


def call(do):
    return do()


def fill(found, do):
    found.append(do)


def scanning(function):
    @functools.wraps(function)
    def scanned(probe):
        probe.scan()
        return function(probe)

    return scanned


@scanning
def decorated(probe):
    return 1


class Data(NamedTuple):
    do: object


class Probe:
    def __init__(self, client):
        self._client = client

    @classmethod
    def made(cls, client):
        return cls(client)

    @property
    def scanned(self):
        return self.scan()

    def scan(self, *_):
        return self._client.call("Scan", TableName=NAME)

    def each(self):
        yield self.scan

    def run(self):
        BODY


class Container:
    def __init__(self, probe):
        self._probe = probe

    def __iter__(self):
        self._probe.scan()
        return iter([])

    def __getitem__(self, position):
        return self._probe.scan()

    def __eq__(self, other):
        return self._probe.scan()


class Derived(Probe):
    def up(self):
        return super().scan()

    def up_inside(self):
        def inner():
            return super(Derived, self).scan()

        return inner()

    def __call__(self):
        return self.scan()

    def __enter__(self):
        return self.scan()
"""


@pytest.fixture
def small(project):
    """A tree with little more than what speaks to AWS, which is read faster."""
    for package in (project / "chalicelib").glob("*/__init__.py"):
        if package.parent.name != "aws":
            shutil.rmtree(package.parent)
    return project


def probe(project, body):
    (project / "chalicelib" / "probe.py").write_text(PROBE.replace("BODY", body))
    handler = "@app.authorizer()\ndef probing(event):\n    return Probe(wiring.client('dynamodb')).run()\n"
    imports = "from chalicelib import http, wiring\nfrom chalicelib.probe import Probe\n"
    (project / "app.py").write_text(f"{imports}\napp = http.Application('a')\n\n\n{handler}")
    return {right for right in rights.needed(Source(project), "probing") if not right.action.startswith("logs:")}


@pytest.mark.parametrize("body", WAYS.values(), ids=WAYS)
def test_a_call_is_found_however_the_code_reaches_it(small, body):
    assert probe(small, body) == {("dynamodb:Scan", "arn:aws:dynamodb:*:*:table/guestlist-{stage}-campaigns")}


def test_what_may_be_very_many_texts_is_read_to_its_end(small):
    some, others = (tuple(f"{letter}{number}" for number in range(20)) for letter in "ab")
    body = f"reasons = {{**dict.fromkeys({some}, 1), **dict.fromkeys({others}, 2)}}\n        reasons[input()]"
    assert probe(small, f"{body}\n        self.scan()")


def test_what_stands_there_and_is_never_reached_is_not_granted(small):
    assert probe(small, "pass") == set()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("self._client.call(input(), TableName=NAME)", r"probe.py:\d+: the operation must be written"),
        ("self._client.call('Scan', TableName=input())", r"probe.py:\d+: Scan must be called for a resource"),
        ("self._client.call('Scan', **input())", r"probe.py:\d+: Scan must be called for a resource"),
        ("wiring.client('s3').call('GetObject', Bucket='b')", r"probe.py:\d+: .* which rights s3 needs"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused_with_its_place(small, body, complaint):
    with pytest.raises(rights.Unclear, match=complaint):
        probe(small, body)


def test_a_trigger_that_nobody_knows_is_refused(project):
    with (project / "app.py").open("a") as file:
        file.write("\n\n@app.on_s3_event(bucket='b')\ndef kept(event):\n    return wiring.health()\n")
    result = run(project, "--check")
    assert result.exit_code == 1
    assert "does not know which rights app.on_s3_event needs" in result.output
