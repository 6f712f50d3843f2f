"""One command at a time changes a stage: its lock is an object in its bucket, written on the condition that nobody else has.

The lock is a lease, which its holder renews. One that a killed command has left is in nobody's way: on the same machine the next command
sees that the process is gone, elsewhere it takes over as soon as the lease has run out. A first deploy makes the bucket, and has the lock
from then on; before, it changes nothing but a stack, which CloudFormation lets only one of two change.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import contextlib
import json
import os
import socket
import threading
import uuid
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Self

import click
from botocore.exceptions import BotoCoreError, ClientError

from ops.deploy.account import Account, Json

KEY = "lock"
LEASE = 120.0
"""Seconds without a sign of life after which others may take the lock over."""

HERE = f"{socket.gethostname()} ({uuid.getnode():012x})"
"""Names of machines are not unique: they go with the address of the network card."""


class Lock:
    """`with Lock(account, "deploy") as lock:` has the stage to itself; `lock.hold()` before each step makes sure that it still has."""

    def __init__(self, account: Account, command: str, lease: float = LEASE) -> None:
        self._account = account
        self._lease = lease
        self._me: Json = {"id": uuid.uuid4().hex, "command": command, "who": account.who}
        self._me |= {"machine": HERE, "process": os.getpid()}
        self._is_held = False
        self._ended = threading.Event()
        self._mutex = threading.Lock()

    def __enter__(self) -> Self:
        self.hold()
        threading.Thread(target=self._renew, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._mutex:
            self._ended.set()
            if self._is_held:
                self._release()

    def hold(self) -> None:
        """Take the lock or renew it. Says who has it instead, if somebody has."""
        with self._mutex:
            if self._ended.is_set():
                return
            found = self._read()
            is_mine = found is not None and found.holder["id"] == self._me["id"]
            if self._is_held and not is_mine:
                raise click.ClickException(f"{self._account.stage} was taken over: this command was silent too long")
            if found and not is_mine and not self._is_given_up(found):
                raise click.ClickException(self._refusal(found))
            self._is_held = self._write(found)

    def _renew(self) -> None:
        while not self._ended.wait(self._lease / 4):
            with contextlib.suppress(click.ClickException, ClientError, BotoCoreError):  # the next step will meet it
                self.hold()

    def _read(self) -> "_Found | None":
        try:
            answer = self._account.client("s3").get_object(Bucket=self._account.bucket, Key=KEY)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "NoSuchBucket"}:
                return None
            raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])  # S3's clock, for both times
        silence = (now - answer["LastModified"]).total_seconds()
        return _Found(answer["ETag"], json.load(answer["Body"]), silence)

    def _write(self, found: "_Found | None") -> bool:
        """False when there is no bucket to write into."""
        condition = {"IfMatch": found.etag} if found else {"IfNoneMatch": "*"}
        # A renewal must not look like the one before: who takes over does it on the condition that none came in between.
        body = json.dumps(self._me | {"renewal": uuid.uuid4().hex}).encode()
        try:
            self._account.client("s3").put_object(Bucket=self._account.bucket, Key=KEY, Body=body, **condition)
        except ClientError as error:
            match error.response["Error"]["Code"]:
                case "NoSuchBucket":
                    return False
                case "PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey":
                    raise click.ClickException(f"Somebody else was faster to change {self._account.stage}") from None
            raise
        return True

    def _release(self) -> None:
        with contextlib.suppress(ClientError, BotoCoreError):  # then it is taken over, as this process is about to end
            found = self._read()
            if found and found.holder["id"] == self._me["id"]:
                self._account.client("s3").delete_object(Bucket=self._account.bucket, Key=KEY, IfMatch=found.etag)

    def _is_given_up(self, found: "_Found") -> bool:
        is_gone = found.holder["machine"] == HERE and not _runs(found.holder["process"])
        return is_gone or found.silence > self._lease

    def _refusal(self, found: "_Found") -> str:
        who = "{who}: {command}, process {process} on {machine}".format(**found.holder)
        return (
            f"{self._account.stage} is being changed by {who}. Wait until that has ended. "
            f"If it was killed, the same command goes on in {max(0.0, self._lease - found.silence):.0f} s"
        )


class _Found(NamedTuple):
    etag: str
    holder: Json
    silence: float
    """Seconds since it was taken or renewed."""


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
