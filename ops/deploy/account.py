"""One stage in one AWS account: how its things are called there, and the clients that reach them."""

import functools
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from ops import stages

Json = dict[str, Any]


class Account(NamedTuple):
    stage: str
    number: str
    region: str
    who: str
    """The ARN of the one who deploys."""
    client: Callable[[str], BaseClient]

    @property
    def resources_stack(self) -> str:
        return f"guestlist-{self.stage}"

    @property
    def monitoring_stack(self) -> str:
        return f"guestlist-{self.stage}-monitoring"

    @property
    def bucket(self) -> str:
        return f"guestlist-{self.stage}-releases-{self.number}"

    @property
    def access_log(self) -> str:
        return f"/guestlist/{self.stage}/api"

    @property
    def tags(self) -> dict[str, str]:
        """Of everything, so that a bill can be read by stage."""
        return {"app": "guestlist", "stage": self.stage}

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.number}:{resource}"

    def stream(self, table: str) -> str:
        """The ARN of a table's stream: it ends in the date it was made. Empty while there is no such table."""
        dynamodb = self.client("dynamodb")
        try:
            found: Json = dynamodb.describe_table(TableName=table)["Table"]
        except dynamodb.exceptions.ResourceNotFoundException:
            return ""
        arn: str = found.get("LatestStreamArn", "")
        return arn

    def pages(self, service: str, operation: str, key: str, **request: object) -> list[Json]:
        """All that a list operation has to say."""
        pages = self.client(service).get_paginator(operation).paginate(**request)
        found: list[Json] = pages.build_full_result().get(key, [])
        return found


def enter(stage: str) -> Account:
    """Give this process the stage's environment, and ask AWS who we are."""
    environ = stages.environment(stage)
    os.environ.clear()
    os.environ.update(environ)
    session = boto3.session.Session()
    retries = Config(retries={"mode": "standard", "max_attempts": 8})
    client = functools.cache(functools.partial(session.client, config=retries))
    identity = client("sts").get_caller_identity()
    return Account(stage, identity["Account"], session.region_name, identity["Arn"], client)
