"""Whether the account has room for the concurrency that a stage reserves: a new account often has 10, and Lambda would refuse."""

import click

from ops.deploy.account import Account
from ops.deploy.wanted import Wanted

UNRESERVED = 100
"""What Lambda keeps for functions without a reservation: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


def check(account: Account, wanted: Wanted) -> None:
    limit = account.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    reserved = sum(function.concurrency or 0 for function in wanted.functions)
    if reserved and reserved + UNRESERVED > limit:
        raise click.ClickException(
            f"{account.stage} reserves {reserved} concurrent executions, and AWS wants {UNRESERVED} to stay free; the account has {limit}. "
            f"Ask for more: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
            "--desired-value 1000. Until then, take reserved_concurrency out of .chalice/config.json"
        )
