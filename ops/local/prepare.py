"""Runs at every start and reload, and ends: resources, secrets, functions and demo data, then waits until all answer.

A program of its own, so that the SDK's memory is given back.
"""

import os
import sys
import time
from functools import cache

import boto3
import requests

from ops.local import secrets, stack
from ops.local.functions import Function
from ops.local.register import register
from ops.local.seed import seed

PATIENCE = 30.0


def main() -> None:
    client = cache(boto3.session.Session().client)
    wait_for(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/health")
    stack.apply(client("cloudformation"), "local")
    secrets.put(client("secretsmanager"), "local")
    declared = wait_for(os.environ["FUNCTIONS_URL"]).json()
    register(client, [Function(**function) for function in declared])
    seed()
    wait_for(os.environ["APP_URL"] + "/health")
    wait_for(os.environ["SIMULATOR_URL"])


def wait_for(url: str) -> requests.Response:
    """Whatever `url` answers, once it does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return requests.get(url, timeout=PATIENCE)
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                sys.exit(f"{url} did not answer within {PATIENCE:.0f} s")
            time.sleep(0.02)


if __name__ == "__main__":
    main()
