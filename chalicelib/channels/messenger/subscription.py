"""Whether Messenger sends us what fans say: the page's token, what the page sends the app, and what the app sends us.

Meta takes an app off its page after an hour of failures, and says so nowhere
(https://developers.facebook.com/docs/messenger-platform/webhooks). Both subscriptions can be made anew by the page's token and the app's.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import requests

from chalicelib.channels import outcomes
from chalicelib.channels.checks import Problem
from chalicelib.channels.messenger import faults
from chalicelib.channels.messenger.needs import Secrets
from chalicelib.channels.messenger.sender import API_VERSION
from chalicelib.channels.received import json_object
from chalicelib.clock import Clock
from chalicelib.errors import Invalid, Unavailable
from chalicelib.logs import Log
from chalicelib.settings import Settings

FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_optins",
    "messaging_policy_enforcement",
)
"""The webhook fields that we act on. What we would ignore (deliveries, reads, echoes) is not asked for: each webhook costs."""
SCOPES = ("pages_messaging", "pages_manage_metadata")

SOON = 14 * 24 * 60 * 60
"""Seconds before a token's end in which to make a new one."""
TIMEOUT = (3, 5)
"""Seconds for connecting, and for the answer."""

Json = dict[str, Any]


def wanted() -> Json:
    """What to ask of `/me/subscribed_apps`: https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps ."""
    return {"subscribed_fields": ",".join(FIELDS)}


def missing(apps: Iterable[Mapping[str, Any]]) -> set[str]:
    """The fields that the page does not send, by its answer to `/me/subscribed_apps`: of the app that it sends most."""
    lacking = (set(FIELDS) - set(app.get("subscribed_fields", ())) for app in apps)
    return min(lacking, key=len, default=set(FIELDS))


class Refused(Exception):
    """Meta refuses for good; the text is one of `outcomes`."""


class MessengerCheck:
    """Checks one page. It mends what the page sends the app, and what the app sends us where it sends it nobody else."""

    def __init__(self, session: requests.Session, settings: Settings, secrets: Secrets, clock: Clock, log: Log) -> None:
        self._session = session
        self._settings = settings
        self._secrets = secrets
        self._clock = clock
        self._log = log

    def problems(self) -> Iterator[Problem]:
        """`Unavailable` when Meta does not say. A stage without a page has none."""
        try:
            secret = self._secrets.get("messenger")
        except Unavailable:
            secret = {}
        if not secret.get("page_token"):
            self._log("not_set_up", channel="messenger")
            return
        try:
            yield from map(Problem, self._wrong(secret))
        except Refused as refused:
            yield Problem(str(refused))

    def _wrong(self, secret: Mapping[str, Any]) -> Iterator[str]:
        token = secret["page_token"]
        # Meta takes the token that it is asked about in the address alone: https://developers.facebook.com/docs/graph-api/reference/debug_token
        told = _object(self._call("GET", "debug_token", token, {"input_token": token}).get("data"))
        if not told.get("is_valid"):
            yield outcomes.TOKEN_DEAD
            return
        if 0 < told.get("expires_at", 0) < self._clock() + SOON:
            yield "token_expires"
        if set(SCOPES) - set(told.get("scopes", ())):
            yield outcomes.NOT_PERMITTED
        if told.get("profile_id") not in (None, secret.get("page_id")):
            yield "other_page"
        if self._page_lacks(token):
            self._call("POST", "me/subscribed_apps", token, wanted())
            self._log("mended", channel="messenger", what="subscribed_apps")
            if self._page_lacks(token):
                yield "unsubscribed"
        yield from self._app(f"{told.get('app_id')}/subscriptions", secret)

    def _page_lacks(self, token: str) -> set[str]:
        return missing(self._call("GET", "me/subscribed_apps", token).get("data", ()))

    def _app(self, path: str, secret: Mapping[str, Any]) -> Iterator[str]:
        """An app calls one address only, so it is never taken from another stage or program.

        https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
        """
        ours = f"{self._settings.base_url}/webhooks/messenger"
        token = f"{path.partition('/')[0]}|{secret.get('app_secret')}"
        found = self._subscription(path, token)
        if found.get("callback_url") not in (None, ours):
            yield "other_address"
        elif not _is_whole(found):
            asked = {"object": "page", "callback_url": ours, "verify_token": secret.get("verify_token")}
            self._call("POST", path, token, {**asked, "fields": ",".join(FIELDS)})
            self._log("mended", channel="messenger", what="subscriptions")
            if not _is_whole(self._subscription(path, token)):
                yield "unsubscribed"

    def _subscription(self, path: str, token: str) -> Json:
        answer = self._call("GET", path, token).get("data", ())
        return next((found for found in answer if found.get("object") == "page"), {})

    def _call(self, method: str, path: str, token: str, parameters: Mapping[str, Any] | None = None) -> Json:
        """Meta's answer; the texts of the libraries' errors name the address, so they go nowhere."""
        address = f"{self._settings.messenger_api_url}/{API_VERSION}/{path}"
        try:
            response = self._session.request(
                method,
                address,
                params=parameters if method == "GET" else None,
                json=parameters if method == "POST" else None,
                headers={"Authorization": f"Bearer {token}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unavailable(f"Meta does not answer: {type(error).__name__}") from None
        fault = faults.fault(response.status_code, response.content)
        if fault is None:
            return _parsed(response.content)
        self._log("refused_check", channel="messenger", outcome=fault.kind, code=fault.code, reference=fault.reference)
        if fault.kind in (outcomes.RATE_LIMITED, outcomes.TRY_AGAIN):
            raise Unavailable(f"Meta does not say: {fault.kind}")
        raise Refused(fault.kind)


def _is_whole(subscription: Json) -> bool:
    """Fields are named alone, or with the version in which they are sent."""
    fields = {field["name"] if isinstance(field, dict) else field for field in subscription.get("fields", ())}
    return bool(subscription.get("active")) and fields >= set(FIELDS)


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _parsed(raw: bytes) -> Json:
    try:
        return json_object(raw)
    except Invalid as error:
        raise Unavailable("What answers is not the Graph API") from error
