"""A stage that reserves more than its account has is told so before anything is made."""

import types

import click
import pytest

from ops.deploy import quota, wanted
from ops.deploy.account import Account


class Lambda:
    """Answers as GetAccountSettings does in an account with this limit."""

    def __init__(self, limit):
        self._limit = limit

    def get_account_settings(self):
        return {"AccountLimit": {"ConcurrentExecutions": self._limit}}


def check(limit, *reserved):
    account = Account("prod", "123456789012", "eu-west-1", "a test", lambda _: Lambda(limit))
    functions = [types.SimpleNamespace(concurrency=concurrency) for concurrency in reserved]
    quota.check(account, wanted.Wanted("1", functions, [], [], "api", tracing=False, throttle=wanted.Throttle(1, 1)))


def test_a_new_account_is_told_what_to_ask_for():
    with pytest.raises(click.ClickException, match=r"reserves 330 .* has 10\. Ask for more: aws service-quotas"):
        check(10, 300, 30, None)


@pytest.mark.parametrize("limit", [430, 1000])
def test_an_account_with_room_is_left_alone(limit):
    check(limit, 300, 30, None)


def test_a_stage_that_reserves_nothing_needs_no_room():
    check(10, None, None)
