"""The package deployed as prod into an emulator that enforces policies: its functions answer fans, each in its own role.

Not the working tree but the package answers here, in the emulator's own Python, which has none of our libraries.
"""

import collections
import contextlib
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from chalicelib import settings
from chalicelib.aws.client import Client
from chalicelib.aws.signature import Credentials
from chalicelib.aws.tables import DynamoTable
from chalicelib.campaigns.store import CampaignStore
from chalicelib.campaigns.validation import decode
from chalicelib.dialogue.model import Message
from ops import policies
from ops.local import launch, stack
from ops.local.environment import isolated
from ops.local.secrets import new_ticket_keys
from tests.contract.messenger.graph import Graph, error
from tests.local_runtime import Stage, wait_until
from tests.unit.messenger import meta

SECRETS = {
    "messenger": {"app_secret": meta.SECRET, "verify_token": "v", "page_token": "p", "page_id": meta.PAGE},
    "api": {"organiser": "an organiser", "steward": "a steward", "service": "a service"},
    "tickets": new_ticket_keys(),
}
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
DEMO = (launch.PROJECT / "infra" / "demo" / "birthday-bash.json").read_text()
FUNCTIONS = {name: f"guestlist-prod-{name}" for name in policies.GRANTS} | {"api_handler": "guestlist-prod"}


class Deployed(NamedTuple):
    stage: Stage
    project: Path
    graph: Graph

    @property
    def url(self):
        [api] = self.stage.client("apigateway").get_rest_apis()["items"]
        return f"{self.stage.endpoint}/restapis/{api['id']}/api/_user_request_"


@pytest.fixture(scope="module")
def graph():
    graph = Graph()
    yield graph
    graph.close()


@pytest.fixture(scope="module")
def deployed(start_emulator, tmp_path_factory, graph):
    stage = Stage("prod", start_emulator(AUTH="true", CLOUDTRAIL_RECORDING="1"), {})
    stack.apply(stage.client("cloudformation"), stage.name)
    for name, value in SECRETS.items():
        stage.client("secretsmanager").put_secret_value(
            SecretId=f"guestlist/prod/{name}", SecretString=json.dumps(value)
        )
    save_the_demo_campaign(stage)
    project = copy_of_the_tracked_files(tmp_path_factory.mktemp("deploy"))
    path = project / ".chalice" / "config.json"
    config = json.loads(path.read_text()) | {"lambda_architecture": ARCHITECTURE}
    config["stages"]["prod"]["environment_variables"]["MESSENGER_API_URL"] = graph.url
    path.write_text(json.dumps(config))
    run(project, stage.endpoint, "ops", "package", "--stage", "prod", "--out", "package")
    run(project, stage.endpoint, "ops.package.deployer", "--stage", "prod", "--package", "package")
    lambda_ = stage.client("lambda")
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:  # what Chalice has no setting for
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=["ReportBatchItemFailures"])
    return Deployed(stage, project, graph)


def save_the_demo_campaign(stage):
    read = settings.read(stage.environ(BASE_URL="https://guestlist.example", MESSENGER_API_URL="http://127.0.0.1"))
    with contextlib.closing(Client("dynamodb", read, Credentials("test", "test"))) as client:
        CampaignStore(DynamoTable(client, read.name("campaigns"))).save(decode(DEMO))


def copy_of_the_tracked_files(folder):
    """What a fresh clone has."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=launch.PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (launch.PROJECT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(launch.PROJECT / name, folder / name)
    return folder


def run(project, endpoint, *module):
    """Run a module of the project. Wheels come from pip's cache, once they are in it."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    ended = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-m", *module],
        cwd=project,
        env=isolated(kept | pip, endpoint),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


class Fan:
    """Sends signed webhooks to the deployed API, and reads what the deployed sender sends to the platform."""

    numbers = itertools.count(1)

    def __init__(self, deployed, psid):
        self._deployed = deployed
        self._psid = psid

    def sends(self, **event):
        """Send an event and wait for the reply: the message that the platform got."""
        if "message" in event:
            event["message"] = {"mid": f"m_{next(self.numbers)}", **event["message"]}
        with self.replied():
            response = self.post(**event)
            assert (response.status_code, response.text) == (200, "EVENT_RECEIVED")
        return self.got()[-1]

    @contextlib.contextmanager
    def replied(self):
        """Waits for one more message at the platform."""
        before = len(self.got())
        yield
        wait_until(lambda: len(self.got()) > before, 20, lambda: f"no reply, only {self.got()}")

    def post(self, **event):
        raw = meta.raw(meta.body(meta.event(at=int(time.time() * 1000), fan=self._psid, **event)))
        headers = {"X-Hub-Signature-256": meta.sign(raw), "Content-Type": "application/json"}
        return requests.post(f"{self._deployed.url}/webhooks/messenger", data=raw, headers=headers, timeout=20)

    def says(self, text):
        return self.sends(message={"text": text})

    def presses(self, title):
        [button] = [b for b in self.got()[-1].get("quick_replies", ()) if b["title"] == title]
        return self.sends(message={"text": title, "quick_reply": {"payload": button["payload"]}})

    def got(self):
        return [send["message"] for send in self._deployed.graph.sends if send["recipient"]["id"] == self._psid]


def plays(fan):
    """From the scan to the ticket: its code."""
    fan.sends(referral={"ref": "bash", "source": "SHORTLINK", "type": "OPEN_THREAD"})
    fan.presses("On a canal boat")
    fan.presses("House")
    fan.says("Creme brulee")
    link = re.compile(r"https://guestlist\.example/t/([^\"]+?)(?:\.png)?\"")
    return wait_until(lambda: link.search(json.dumps(fan.got())), 20)[1]


def test_each_function_has_a_role_of_its_own_with_its_own_policy_and_nothing_else(deployed):
    iam, lambda_ = (deployed.stage.client(service) for service in ("iam", "lambda"))
    roles = {f["FunctionName"]: f["Role"].rpartition("/")[2] for f in lambda_.list_functions()["Functions"]}
    assert roles == {FUNCTIONS[name]: f"guestlist-prod-{name}" for name in FUNCTIONS}
    for name, function in FUNCTIONS.items():
        role = roles[function]
        [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
        granted = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        assert granted == policies.document("prod", name)
        assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def test_the_packaged_bot_answers_a_message_that_is_put_on_the_inbound_queue(deployed):
    fan = Fan(deployed, "31")
    with fan.replied():
        put_on_the_inbound_queue(deployed.stage, "31", "m_neutral", kind="start", ref="bash")
    assert "borrowed pair of turntables" in fan.got()[0]["text"]


def test_every_function_can_do_its_work_in_its_role_and_has_no_right_that_it_does_not_use(deployed):
    fan = Fan(deployed, "32")
    code = plays(fan)
    assert requests.get(f"{deployed.url}/t/{code}", timeout=20).status_code == 200
    assert requests.get(f"{deployed.url}/t/{code}.png", timeout=20).content.startswith(b"\x89PNG")
    steward = {"Authorization": f"Bearer {SECRETS['api']['steward']}"}
    redeemed = requests.post(
        f"{deployed.url}/tickets/redeem", json={"code": code, "nonce": "scan-0001"}, headers=steward, timeout=20
    )
    assert redeemed.json()["status"] == "redeemed"
    assert requests.get(f"{deployed.url}/tickets/keys", timeout=20).json()["revoked"]["tickets"] == []
    with fan.replied():
        put_on_the_inbound_queue(deployed.stage, "32", "m_old", kind="text", text="help")
    fan.says("help")
    put_on_the_inbound_queue(deployed.stage, "32", "m_old", kind="text", text="help")
    fan.says("delete my data")
    fan.presses("Delete my data")
    visit_the_web_chat(deployed.url)
    ask_for_deletion(deployed.url, "32")
    let_sends_fail(deployed, fan)
    send(deployed.stage, "not ours", group="broken")
    wait_until(
        lambda: RIGHTS - rights_used(deployed.stage) <= OF_THE_TRIGGERS,
        20,
        lambda: f"granted and not used: {RIGHTS - OF_THE_TRIGGERS - rights_used(deployed.stage)}",
    )
    assert rights_used(deployed.stage) <= RIGHTS


def test_what_a_policy_lacks_is_refused(deployed):
    """The negative control: the emulator does enforce policies."""
    iam = deployed.stage.client("iam")
    policy = policies.document("prod", "api_handler")
    policy["Statement"] = [s for s in policy["Statement"] if "sqs:SendMessage" not in s["Action"]]
    [name] = iam.list_role_policies(RoleName="guestlist-prod-api_handler")["PolicyNames"]
    iam.put_role_policy(RoleName="guestlist-prod-api_handler", PolicyName=name, PolicyDocument=json.dumps(policy))
    assert Fan(deployed, "33").post(message={"mid": "m_refused", "text": "hi"}).status_code == 503


def put_on_the_inbound_queue(stage, psid, message_id, **what):
    """A neutral message, which the queue never takes for one that it has seen."""
    message = Message(f"messenger:{meta.PAGE}:{psid}", message_id, int(time.time() * 1000), **what)
    send(stage, json.dumps(message._asdict()), psid)


def send(stage, body, group):
    sqs = stage.client("sqs")
    url = sqs.get_queue_url(QueueName="guestlist-prod-inbound.fifo")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=uuid.uuid4().hex)


def visit_the_web_chat(url):
    """A question, the same one again after another, the transcript, and away with all of it."""

    def say(message_id, **said):
        body = {**session, "messageId": message_id, **said}
        answer = requests.post(f"{url}/chat/birthday-bash/messages", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    session = {}
    first = say("w1", text="bash")
    session = {"session": first["session"]}
    say("w2", text="help")
    assert say("w1", text="bash")["replies"] == first["replies"]
    transcript = requests.get(f"{url}/chat/birthday-bash/messages", params=session, timeout=20).json()
    assert [message["from"] for message in transcript["messages"]] == ["fan", "bot", "fan", "bot"]
    [choice] = [c for c in say("w3", text="delete my data")["replies"][-1]["choices"] if c["title"] == "Delete my data"]
    say("w4", choice=choice["payload"])


def ask_for_deletion(url, psid):
    """Meta's callback, and the page where the fan can see what became of it."""
    form = {
        "signed_request": meta.signed_request(
            {"user_id": psid, "algorithm": "HMAC-SHA256", "issued_at": int(time.time())}
        )
    }
    asked = requests.post(f"{url}/webhooks/messenger/data-deletion", data=form, timeout=20).json()
    status = f"{url}/deletions/{asked['confirmation_code']}"
    wait_until(lambda: requests.get(status, timeout=20).json()["status"] == "done", 20)


def let_sends_fail(deployed, fan):
    """A limit, after which the reply comes again; and a mistake of ours, which is parked for an operator."""
    deployed.graph.plan.append(error(613))
    fan.says("help")
    wait_until(lambda: not deployed.graph.plan, 20)
    deployed.graph.plan.append(error(100))
    fan.says("help")
    sqs = deployed.stage.client("sqs")
    parked = sqs.get_queue_url(QueueName="guestlist-prod-outbound-dlq.fifo")["QueueUrl"]
    wait_until(lambda: "Messages" in sqs.receive_message(QueueUrl=parked), 20)


RIGHTS = {
    (function, action, statement["Resource"][0].rpartition(":")[2].rpartition("/")[2].removesuffix("-??????"))
    for function in policies.GRANTS
    for statement in policies.document("prod", function)["Statement"]
    for action in statement["Action"]
    if not action.startswith("logs:")  # the emulator writes logs by itself
}
"""What every function may do: (function, action, resource)."""

OF_THE_TRIGGERS = {
    (function, f"sqs:{action}", f"guestlist-prod-{queue}.fifo")
    for function, queue in (("bot", "inbound"), ("sender", "outbound"))
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
}
"""Needed by Lambda's poller, which is inside the emulator."""

EVENTS = {
    *(action.partition(":")[2] for _, action, _ in RIGHTS),
    *("SendMessageBatch", "ChangeMessageVisibilityBatch", "DeleteMessageBatch", "TransactWriteItems"),
}


def rights_used(stage):
    """What every function has done, by the emulator's CloudTrail."""
    by_key = collections.defaultdict(set)
    for name in EVENTS:
        for event in looked_up(stage, EventName=name):
            by_key[event["userIdentity"]["accessKeyId"]] |= set(rights_of(event))
    for key, name in itertools.product(by_key, EVENTS):  # a look-up shows the newest 50
        for event in looked_up(stage, EventName=name, AccessKeyId=key):
            by_key[key] |= set(rights_of(event))
    sessions = [rights for key, rights in by_key.items() if key.startswith("ASIA")]  # of roles; the rest is this test's
    return {(function_of(rights), *right) for rights in sessions for right in rights}


def looked_up(stage, **attributes):
    wanted = [{"AttributeKey": key, "AttributeValue": value} for key, value in attributes.items()]
    found = stage.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


def rights_of(event):
    """An event's rights: a transaction's are those of its steps."""
    service, asked = event["eventSource"].partition(".")[0], event["requestParameters"]
    action = event["eventName"].removesuffix("Batch")
    if action == "TransactWriteItems":
        for item in asked["TransactItems"]:
            [(step, write)] = item.items()
            yield f"dynamodb:{step}Item", write["TableName"]
        return
    resource = asked.get("TableName") or asked.get("QueueName") or asked.get("SecretId") or asked.get("QueueUrl")
    yield f"{service}:{action}", resource.rpartition("/")[2]


def function_of(rights):
    """Whose session has used these rights: its role's name is not in the events."""
    for function, telling in {
        "api_handler": ("sqs:SendMessage", "guestlist-prod-inbound.fifo"),
        "authorise": ("secretsmanager:GetSecretValue", "api"),
        "bot": ("sqs:SendMessage", "guestlist-prod-outbound.fifo"),
        "sender": ("sqs:SendMessage", "guestlist-prod-outbound-dlq.fifo"),
    }.items():
        if telling in rights:
            return function
    return "unknown"
