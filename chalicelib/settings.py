"""The one reader of the environment. `.chalice/config.json` sets these variables for each stage."""

import os
import re
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from typing import NamedTuple
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_STAGE = re.compile("[a-z][a-z0-9-]{0,19}")
"""As in infra/resources.yaml. `Local` must not pass for a stage that has an account."""

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
"""As browsers send it in the header Origin: no path, no slash at the end, and no `*`."""


class MissingSettings(RuntimeError):
    """Every missing or wrong setting at once, so that one look at the log is enough."""


class Settings(NamedTuple):
    stage: str
    """local, staging or prod: part of every resource's name."""
    region: str
    base_url: str
    """Where fans reach us, without a slash at the end: links and pictures in messages start with it."""
    messenger_api_url: str
    """Meta's Graph API, or the simulator."""
    messenger_sends_per_second: float
    """What one sender function may send for one page: Meta's 300 a second, shared by the most senders that run at once."""
    messenger_mark_seen: bool
    """Whether fans see that their message was read before it is answered: each time one call more of the page's 300 a second."""
    slack_api_url: str
    """https://slack.com, or the simulator."""
    aws_endpoint_url: str
    """An emulator's address, or empty for AWS itself."""
    cors_origins: tuple[str, ...] = ()
    """The origins of pages, besides our own, that may use the API from a browser."""
    payments: str = "stripe"
    """Who moves the money of orders: `stripe`; or `local`, where none moves, and goods are given away."""
    stripe_api_url: str = "https://api.stripe.com"

    mail_from: str = "Guestlist <tickets@guestlist.example>"
    """Whom mails are from, in ASCII: an address, or a name and <an address>, of a domain that SES has verified."""
    mails_per_second: float = 0.25
    """What one function may send: SES's rate, shared by the most functions that send mails at once (docs/mail.md)."""
    warehouse_url: str = ""
    """Where the organiser's warehouse hears of orders; empty where nobody wants to."""

    def name(self, resource: str) -> str:
        """The full name of a table or queue: `guestlist-prod-conversations`."""
        return _name(self.stage, resource)


def stage(environ: Mapping[str, str] = os.environ) -> str:
    """The stage's name, for what needs no other setting: Chalice sets STAGE when it deploys, and Lambda when it runs."""
    return environ.get("STAGE", "local")


def queue(resource: str, environ: Mapping[str, str] = os.environ) -> str:
    """The full name of a queue, for the declarations in `app.py`."""
    return _name(stage(environ), resource)


def stream(table: str, environ: Mapping[str, str] = os.environ) -> str:
    """The ARN of a table's stream, for the declarations in `app.py`.

    Its end is a date that only the account knows: `make deploy` tells it to Chalice (`STREAM_ARN_orders`), which asks for it when it first
    joins the stream to its function, and never again. Until then, plain `chalice deploy` breaks off with an error that shows this ARN.
    """
    nowhere = f"arn:aws:dynamodb:::table/{_name(stage(environ), table)}/stream/make-deploy-first"
    return environ.get(f"STREAM_ARN_{table}", nowhere)


def read(environ: Mapping[str, str]) -> Settings:
    """Read all settings, or raise `MissingSettings` that names every one that is missing."""
    required = ("STAGE", "AWS_REGION", "BASE_URL", "MESSENGER_API_URL", "SLACK_API_URL")
    found = {name: environ.get(name, "").rstrip("/") for name in required}
    found["AWS_REGION"] = found["AWS_REGION"] or environ.get("AWS_DEFAULT_REGION", "")
    complaints = [f"{name} is not set" for name, value in found.items() if not value]
    if found["STAGE"] and not _STAGE.fullmatch(found["STAGE"]):
        complaints.append(f"STAGE must be a name such as local or prod, not {found['STAGE']!r}")
    endpoint = environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
    if found["STAGE"] == "local" and _host(endpoint) not in LOOPBACK:
        complaints.append("AWS_ENDPOINT_URL must be an emulator on this machine, as the stage is local")
    rates = {"MESSENGER_SENDS_PER_SECOND": "10", "MAILS_PER_SECOND": "0.25"}
    rates = {name: environ.get(name, usual) for name, usual in rates.items()}
    complaints += [
        f"{name} must be a number above 0, not {rate!r}" for name, rate in rates.items() if not _is_positive(rate)
    ]
    payments = environ.get("PAYMENTS", "local" if found["STAGE"] == "local" else "stripe")
    if payments not in {"local", "stripe"}:
        complaints.append(f"PAYMENTS must be local or stripe, not {payments!r}")
    warehouse_url = environ.get("WAREHOUSE_URL", "")
    if warehouse_url and not warehouse_url.startswith("https://") and _host(warehouse_url) not in LOOPBACK:
        complaints.append(f"WAREHOUSE_URL must begin with https://, not {warehouse_url!r}")
    origins = tuple(environ.get("CORS_ORIGINS", "").split())
    if wrong := [origin for origin in origins if not _ORIGIN.fullmatch(origin)]:
        complaints.append(
            f"CORS_ORIGINS must be origins such as https://app.example, with spaces between, not {wrong[0]!r}"
        )
    if complaints:
        raise MissingSettings("; ".join(complaints) + ": see .chalice/config.json")
    return Settings(
        stage=found["STAGE"],
        region=found["AWS_REGION"],
        base_url=found["BASE_URL"],
        messenger_api_url=found["MESSENGER_API_URL"],
        messenger_sends_per_second=float(rates["MESSENGER_SENDS_PER_SECOND"]),
        messenger_mark_seen=environ.get("MESSENGER_MARK_SEEN") == "on",
        slack_api_url=found["SLACK_API_URL"],
        aws_endpoint_url=endpoint,
        cors_origins=origins,
        payments=payments,
        mail_from=formataddr(parseaddr(environ.get("MAIL_FROM", Settings._field_defaults["mail_from"]))),
        mails_per_second=float(rates["MAILS_PER_SECOND"]),
        warehouse_url=warehouse_url,
        stripe_api_url=environ.get("STRIPE_API_URL", "https://api.stripe.com").rstrip("/"),
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # brackets that do not close, and the like
        return None


def _is_positive(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False


def _name(stage: str, resource: str) -> str:
    return f"guestlist-{stage}-{resource}"
