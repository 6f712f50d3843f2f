"""A stage that is deployed, taken back or destroyed by commands that break off: killed, or refused a call."""

import contextlib
import itertools
import tempfile
from pathlib import Path

from tests.deploy.proxy import Proxy, no_fault

DEPLOY = ("deploy", "--stage", "staging")
ROLLBACK = ("rollback", "--stage", "staging")
DESTROY = ("destroy", "--stage", "staging", "--yes")

LAST = "s3 DELETE /*/lock"
"""All is done by then: a command that is refused this one has not failed, and its lock counts no more when it has ended."""


@contextlib.contextmanager
def faulty(built, endpoint):
    """A copy of a built clone, and an account that it reaches through a proxy."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Proxy(endpoint)) as proxy:
        yield Faulty(built.copy(Path(folder), proxy.url), proxy)


class Faulty:
    def __init__(self, clone, proxy):
        self.clone = clone
        self.proxy = proxy

    def dies_after_step(self, title):
        running = self.clone.quick(*DEPLOY)
        for line in running.stdout:
            if line[5:].startswith(title):
                running.kill()
        running.stdout.close()
        assert running.wait() == -9, f"the step {title} was never done"

    def dies_at(self, words, call):
        """Kill the command when such a call is done, and its answer on the way."""
        running = []
        self.proxy.fault = lambda name: running[0].kill if name == call else None
        running.append(self.clone.quick(*words))
        printed, _ = running[0].communicate(timeout=600)
        self.proxy.fault = no_fault
        assert running[0].returncode == -9, f"never came to {call}:\n{printed}"

    def is_refused(self, words, call):
        """Refuse the command the first such call."""
        once = itertools.count()
        self.proxy.fault = lambda name: "refuse" if name == call and next(once) == 0 else None
        printed = self.clone.quickly(*words, exit_code=0 if call == LAST else 1)
        self.proxy.fault = no_fault
        assert "Traceback" not in printed

    def calls_of(self, words):
        """Run a command to its end: each kind of call that it made."""
        self.proxy.calls.clear()
        self.clone.quickly(*words)
        return list(dict.fromkeys(self.proxy.calls))

    def is_mended(self):
        """The same command goes through, its last step, which verifies, included; and nothing is there twice."""
        self.clone.quickly(*DEPLOY)
        assert len(self.clone.client("apigateway").get_rest_apis()["items"]) == 1
        mappings = self.clone.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        mapped = [(mapping["FunctionArn"], mapping["EventSourceArn"]) for mapping in mappings]
        assert len(mapped) == len(set(mapped)) >= 2

    def two_releases(self):
        """Their names; they differ in how long the sender may run."""
        self.clone.quickly(*DEPLOY)
        config = self.clone.folder / ".chalice" / "config.json"
        config.write_text(config.read_text().replace('"lambda_timeout": 10', '"lambda_timeout": 11'))
        self.clone.quickly(*DEPLOY)
        [bucket] = self.clone.client("s3").list_buckets()["Buckets"]
        found = self.clone.client("s3").list_objects_v2(Bucket=bucket["Name"], Prefix="releases/")["Contents"]
        return sorted(one["Key"].removeprefix("releases/").removesuffix(".json") for one in found)
