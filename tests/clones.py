"""A fresh clone, an emulator, and the commands run as a person runs them: each in a process of its own."""

import json
import os
import platform
import shutil
import subprocess
import sys

import boto3
import pytest

from ops.local import launch
from ops.local.environment import REGION, isolated

ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
BUILT_BEFORE = launch.PROJECT / "tests" / "deploy" / "built_before.py"


NOWHERE = "http://127.0.0.1:1"


class Clone:
    """A clone of the project as it is now, committed and tested; its functions are for this machine's processor."""

    def __init__(self, folder, endpoint):
        self.folder = folder
        self.endpoint = endpoint
        self._environ = isolated(_kept(), endpoint)

    def fill(self):
        _copy_files(self.folder)
        self._git("init", "--quiet")
        self.send_to(NOWHERE)

    def copy(self, folder, endpoint):
        """The same, with all that was built in it, in another folder and with another account."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Clone(folder, endpoint)

    def send_to(self, messenger_url, slack_url=NOWHERE, stripe_url=NOWHERE, warehouse_url=""):
        """Let every stage take these for the platforms, the provider of payments, and the warehouse."""
        path = self.folder / ".chalice" / "config.json"
        config = json.loads(path.read_text()) | {"lambda_architecture": ARCHITECTURE}
        for stage in config["stages"].values():
            urls = {"MESSENGER_API_URL": messenger_url, "SLACK_API_URL": slack_url, "STRIPE_API_URL": stripe_url}
            urls |= {"WAREHOUSE_URL": warehouse_url}
            stage["environment_variables"] |= urls
        path.write_text(json.dumps(config, indent=2))
        self.commit()

    def commit(self, *, tested=True):
        self._git("add", "--all")
        self._git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "Change it.")
        if tested:
            (self.folder / ".local").mkdir(exist_ok=True)
            (self.folder / ".local" / "tested").write_text(self._python("-m", "ops.deploy.tree").stdout)

    def ops(self, *words, stdin="", exit_code=0):
        """Run `python -m ops …` to its end; all that it printed."""
        ended = self._python("-m", "ops", *words, stdin=stdin)
        printed = ended.stdout + ended.stderr
        assert ended.returncode == exit_code, printed
        return printed

    def quick(self, *words):
        """Start `ops` with the package that an earlier deploy, or the fixture `built`, has built."""
        return subprocess.Popen(  # noqa: S603  # ours
            [sys.executable, str(BUILT_BEFORE), *words],
            cwd=self.folder,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def quickly(self, *words, exit_code=0):
        running = self.quick(*words)
        printed, _ = running.communicate(timeout=600)
        assert running.returncode == exit_code, printed
        return printed

    def chalice(self, *words):
        """Run Chalice's own command; all that it printed."""
        ended = self._python("-c", "from chalice.cli import main; main()", *words)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION)

    def url(self):
        [api] = self.client("apigateway").get_rest_apis()["items"]
        return f"{self.endpoint}/restapis/{api['id']}/api/_user_request_"

    def left(self):
        """The kinds of things that are left in the account."""
        lambda_, iam, logs = (self.client(service) for service in ("lambda", "iam", "logs"))
        kinds = {
            "functions": lambda_.list_functions()["Functions"],
            "mappings": lambda_.list_event_source_mappings()["EventSourceMappings"],
            "layers": lambda_.list_layers()["Layers"],
            "roles": iam.list_roles()["Roles"],
            "logs": logs.describe_log_groups()["logGroups"],
            "APIs": self.client("apigateway").get_rest_apis()["items"],
            "queues": self.client("sqs").list_queues().get("QueueUrls"),
            "topics": self.client("sns").list_topics()["Topics"],
            "alarms": self.client("cloudwatch").describe_alarms()["MetricAlarms"],
            "dashboards": self.client("cloudwatch").list_dashboards()["DashboardEntries"],
            "firewalls": self.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"],
            "tables": self.client("dynamodb").list_tables()["TableNames"],
            "secrets": self.client("secretsmanager").list_secrets()["SecretList"],
            "buckets": self.client("s3").list_buckets()["Buckets"],
        }
        return {kind for kind, found in kinds.items() if found}

    def _python(self, *words, stdin=""):
        return subprocess.run(  # noqa: S603  # ours
            [sys.executable, *words],
            cwd=self.folder,
            env=self._environ,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def _git(self, *words):
        subprocess.run(["git", *words], cwd=self.folder, check=True, capture_output=True)  # noqa: S603, S607  # ours


def _kept():
    names = {"PATH", "HOME", "LANG", "TMPDIR"}
    return {name: value for name, value in os.environ.items() if name in names or name.startswith("PIP_")}


def _copy_files(folder):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=launch.PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (launch.PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(launch.PROJECT / name, folder / name)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A clone whose package is built, for `quick`. Give it an account with `copy`."""
    clone = Clone(tmp_path_factory.mktemp("built"), NOWHERE)
    clone.fill()
    clone.ops("package", "--stage", "staging")
    packages = clone.folder / "build" / "package"
    shutil.copytree(packages / "staging", packages / "prod")  # it is the same for each stage
    return clone
