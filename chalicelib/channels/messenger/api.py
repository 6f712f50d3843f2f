"""The HTTP edge of Messenger: Meta's webhook and its data deletion callback.

A webhook verifies, translates, enqueues and answers; what the queue refuses is answered 503, so that Meta sends it again.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from chalice.app import Request, Response

from chalicelib import errors, ids
from chalicelib.channels.messenger import deletion_page, inbound, signature
from chalicelib.clock import Clock, milliseconds
from chalicelib.http import json_response, query, raw_body, response
from chalicelib.logs import Log

if TYPE_CHECKING:
    from chalicelib.channels.messenger.needs import DeletionLog, Inbox, Secrets


class MessengerApi:
    def __init__(
        self, secrets: "Secrets", inbox: "Inbox", deletions: "DeletionLog", *, base_url: str, clock: Clock, log: Log
    ) -> None:
        self._secrets = secrets
        self._inbox = inbox
        self._deletions = deletions
        self._base_url = base_url
        self._clock = clock
        self._log = log

    def subscribe(self, request: Request) -> Response:
        """Meta asks whether this webhook is ours: the bare challenge, or `Forbidden`.

        https://developers.facebook.com/docs/messenger-platform/webhooks#verification-requests
        """
        asked = query(request)
        known = signature.same_token(asked.get("hub.verify_token"), self._secret().get("verify_token"))
        challenge = asked.get("hub.challenge")
        if asked.get("hub.mode") != "subscribe" or not known or not challenge:
            self._refused("subscribe", "not a subscription" if known else "verify token")
            raise errors.Forbidden("Not a subscription with this stage's verify token")
        return response(challenge, "text/plain", {"X-Content-Type-Options": "nosniff"})

    def receive(self, request: Request) -> Response:
        """Keep what the fans did. `Unauthenticated` unless Meta signed the raw body; `Unavailable` when the queue refuses."""
        raw = raw_body(request)
        self._verify(raw, request.headers.get("x-hub-signature-256"))
        translation = inbound.translate(raw, milliseconds(self._clock))
        if translation.messages:
            self._inbox.accept(translation.messages)
        if translation.ignored:
            self._log("ignored", channel="messenger", **translation.ignored)
        for notice in translation.notices:
            self._log(notice.kind, level="warning", action=notice.action, reason=notice.reason)
        return response("EVENT_RECEIVED", "text/plain")

    def delete_data(self, request: Request) -> Response:
        """Meta passes on a person's wish to be forgotten: it is done in order with their messages, and can be looked up.

        The same request again gets the same answer. https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
        """
        form = parse_qs(raw_body(request).decode("utf-8", "replace"))
        secret = self._secret()
        try:
            user_id, code = signature.deletion_request(
                form.get("signed_request", [""])[0], signature.app_secrets(secret)
            )
        except errors.Unauthenticated as error:
            self._refused("data-deletion", str(error))
            raise
        if not secret.get("page_id"):
            raise errors.Unavailable("The secret messenger has no page_id: an operator must set it")
        conversation = f"messenger:{secret['page_id']}:{user_id}"
        trace = ids.digest(conversation, code)
        self._deletions.pending(code)
        self._inbox.forget(conversation, code, milliseconds(self._clock))
        self._log("deletion_requested", channel="messenger", trace=trace)
        return json_response({"url": f"{self._base_url}/deletions/{code}", "confirmation_code": code})

    def deletion_status(self, code: str, request: Request) -> Response:
        """What became of a request: a page for the person who follows Meta's link, JSON for a program that asks for it."""
        status = self._deletions.status(code)
        headers = request.headers
        if "text/html" in headers.get("accept", ""):
            return deletion_page.answer(status, headers.get("accept-language", ""))
        if status is None:
            raise errors.NotFound("There is no such deletion request, or it was made over 90 days ago")
        return json_response({"confirmation_code": code, "status": status})

    def _secret(self) -> Mapping[str, Any]:
        return self._secrets.get("messenger")

    def _verify(self, raw: bytes, header: str | None) -> None:
        if signature.verified(raw, header, signature.app_secrets(self._secret())):
            return
        self._refused("webhook", "wrong signature" if header else "no X-Hub-Signature-256")
        raise errors.Unauthenticated("The body is not signed with this app's secret (X-Hub-Signature-256)")

    def _refused(self, route: str, reason: str) -> None:
        self._log("refused", route=route, reason=reason, refusals=1)
