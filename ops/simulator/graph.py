"""The part of the Graph API that a Messenger page uses, under any version.

Anybody may be written to who was never met here (they wrote to the application directly), and webhooks flow whether or not
the app is subscribed: both so that a program needs no preparation. In everything else Meta's rules hold.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ops.simulator import limits, phone
from ops.simulator.fans import Fan
from ops.simulator.graph_error import GraphError, invalid, no_token, ordered, unavailable, window_closed, wrong_token
from ops.simulator.memory import Memory
from ops.simulator.sends import Send
from ops.simulator.settings import Settings
from ops.simulator.webhooks import OK, Webhooks

APP_ID = "2000"
APP_NAME = "Guestlist"
HOUR_MS = 3_600_000
WINDOW_MS = 24 * HOUR_MS
HUMAN_AGENT_WINDOW_MS = 7 * WINDOW_MS
# fmt: off
WEBHOOK_FIELDS = frozenset((
    "messages", "messaging_postbacks", "messaging_referrals", "messaging_optins", "messaging_handovers", "standby", "feed",
    "messaging_policy_enforcement", "messaging_account_linking", "message_deliveries", "message_reads", "message_echoes",
    "message_edits", "message_reactions", "message_template_status_update",
))
# fmt: on
SCOPES = ("pages_show_list", "pages_messaging", "pages_manage_metadata", "public_profile")

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]


class Version(Convertor[str]):
    regex = r"v[0-9]+\.[0-9]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("graph_version", Version())


class Graph:
    def __init__(
        self,
        settings: Settings,
        memory: Memory,
        webhooks: Webhooks,
        now: Callable[[], int],
        new_mid: Callable[[], str],
    ) -> None:
        self._settings = settings
        self._fans, self._sends, self._faults, self._profile, _ = memory
        self._webhooks = webhooks
        self._now = now
        self._new_mid = new_mid
        self._page_fields: list[str] = []
        self._subscriptions: list[Json] = []

    def routes(self) -> list[Route]:
        graph = "/{version:graph_version}"
        page_token, app_token = self._with_page_token, self._with_app_token
        return [
            Route(f"{graph}/{{page}}/messages", _answering(self._send), methods=["POST"]),
            Route(f"{graph}/me/messenger_profile", page_token(self._show_profile), methods=["GET"]),
            Route(f"{graph}/me/messenger_profile", page_token(self._set_profile), methods=["POST"]),
            Route(f"{graph}/me/messenger_profile", page_token(self._delete_profile), methods=["DELETE"]),
            Route(f"{graph}/{{page}}/subscribed_apps", page_token(self._show_subscribed), methods=["GET"]),
            Route(f"{graph}/{{page}}/subscribed_apps", page_token(self._subscribe), methods=["POST"]),
            Route(f"{graph}/{{page}}/subscribed_apps", page_token(self._unsubscribe), methods=["DELETE"]),
            Route(f"{graph}/{{app}}/subscriptions", app_token(self._show_app_subscriptions), methods=["GET"]),
            Route(f"{graph}/{{app}}/subscriptions", app_token(self._subscribe_app), methods=["POST"]),
            Route(f"{graph}/debug_token", _answering(self._faulty(self._debug_token)), methods=["GET"]),
            Route(f"{graph}/{{node}}", page_token(self._node), methods=["GET"]),
        ]

    async def _send(self, request: Request) -> Response:
        """POST /me/messages: https://developers.facebook.com/docs/messenger-platform/reference/send-api."""
        body = await request.body()
        call = _json(body)
        is_message = "sender_action" not in call
        if fault := self._faults.met("messenger", spend=is_message):
            await fault.suffer()
            if fault.status != OK:
                return JSONResponse(
                    ordered(fault.status, fault.code, fault.subcode).body(), fault.status, fault.headers
                )
        self._check_page_token(request)
        self._check_page(request.path_params["page"])
        limits.check(call)
        fan = self._fans.fan(call["recipient"]["id"])
        if fan.blocked:
            raise unavailable()
        if not is_message:
            phone.act(fan, call["sender_action"], self._now())
            return JSONResponse({"recipient_id": fan.psid})
        self._check_window(fan, call)
        send = Send("messenger", fan.psid, self._new_mid(), self._now(), body)
        self._sends.take(send)
        phone.receive(fan, send)
        return JSONResponse({"recipient_id": fan.psid, "message_id": send.mid})

    def _check_window(self, fan: Fan, call: Json) -> None:
        """https://developers.facebook.com/docs/messenger-platform/policy/policy-overview: 24 hours; 7 days for people."""
        window = HUMAN_AGENT_WINDOW_MS if call.get("tag") == "HUMAN_AGENT" else WINDOW_MS
        if call["messaging_type"] != "UTILITY" and fan.wrote_at is not None and self._now() - fan.wrote_at > window:
            raise window_closed()

    async def _node(self, request: Request) -> Response:
        """GET /me, /<page> or /<PSID>: a page's name, or a fan's profile; only the fields asked for."""
        node = request.path_params["node"]
        if node in ("me", self._settings.page_id):
            known = {"id": self._settings.page_id, "name": APP_NAME}
        else:
            fan = self._fans.fan(node)
            known = {
                "id": fan.psid,
                "first_name": fan.name.first,
                "last_name": fan.name.last,
                "name": " ".join(fan.name),
                "profile_pic": f"{request.base_url}fans/{fan.psid}/picture.svg",
                "locale": fan.locale,
            }
        fields = request.query_params.get("fields")
        asked = {*fields.split(","), "id"} if fields else known.keys()
        return JSONResponse({name: value for name, value in known.items() if name in asked})

    async def _show_profile(self, request: Request) -> Response:
        shown = self._profile.show(request.query_params.get("fields", "").split(","))
        return JSONResponse({"data": [shown] if shown else []})

    async def _set_profile(self, request: Request) -> Response:
        self._profile.set(_json(await request.body()))
        return JSONResponse({"result": "success"})

    async def _delete_profile(self, request: Request) -> Response:
        self._profile.delete(_list((await _parameters(request)).get("fields")))
        return JSONResponse({"result": "success"})

    async def _show_subscribed(self, request: Request) -> Response:
        self._check_page(request.path_params["page"])
        app = {"id": APP_ID, "name": APP_NAME, "subscribed_fields": self._page_fields}
        return JSONResponse({"data": [app] if self._page_fields else []})

    async def _subscribe(self, request: Request) -> Response:
        self._check_page(request.path_params["page"])
        self._page_fields = _webhook_fields("subscribed_fields", (await _parameters(request)).get("subscribed_fields"))
        return JSONResponse({"success": True})

    async def _unsubscribe(self, request: Request) -> Response:
        self._check_page(request.path_params["page"])
        self._page_fields = []
        return JSONResponse({"success": True})

    async def _show_app_subscriptions(self, _: Request) -> Response:
        return JSONResponse({"data": self._subscriptions})

    async def _subscribe_app(self, request: Request) -> Response:
        """POST /<app>/subscriptions: Meta asks the callback for its challenge before it agrees."""
        wanted = await _parameters(request)
        for name in ("object", "callback_url", "fields", "verify_token"):
            if not wanted.get(name):
                raise invalid(f"The parameter {name} is required.")
        fields = _webhook_fields("fields", wanted["fields"])
        answer = await self._webhooks.verify(wanted["callback_url"], wanted["verify_token"])
        if answer.status != OK:
            raise GraphError(
                2200,
                f"(#2200) Callback verification failed with the following errors: HTTP Status Code = {answer.status}",
            )
        version = request.path_params["version"]
        self._subscriptions = [
            {
                "object": wanted["object"],
                "callback_url": wanted["callback_url"],
                "active": True,
                "fields": [{"name": name, "version": version} for name in fields],
            }
        ]
        return JSONResponse({"success": True})

    async def _debug_token(self, request: Request) -> Response:
        """GET /debug_token: https://developers.facebook.com/docs/graph-api/reference/debug_token."""
        if _token(request) != self._settings.page_token:
            self._check_app_token(request)
        if request.query_params.get("input_token") != self._settings.page_token:
            error = {"code": 190, "message": "Invalid OAuth access token."}
            return JSONResponse({"data": {"error": error, "is_valid": False, "scopes": []}})
        known = {
            "app_id": APP_ID,
            "type": "PAGE",
            "application": APP_NAME,
            "expires_at": 0,
            "data_access_expires_at": 0,
            "is_valid": True,
            "profile_id": self._settings.page_id,
            "scopes": SCOPES,
        }
        return JSONResponse({"data": known})

    def _with_page_token(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            self._check_page_token(request)
            return await self._faulty(endpoint)(request)

        return _answering(checked)

    def _with_app_token(self, endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            self._check_app_token(request)
            return await self._faulty(endpoint)(request)

        return _answering(checked)

    def _faulty(self, endpoint: Endpoint) -> Endpoint:
        """What sends nothing fails where a fault names the end of its address."""

        async def met(request: Request) -> Response:
            fault = self._faults.met("messenger", request.url.path.rpartition("/")[2], sends=False)
            if fault:
                await fault.suffer()
            if fault and fault.status != OK:
                return JSONResponse(
                    ordered(fault.status, fault.code, fault.subcode).body(), fault.status, fault.headers
                )
            return await endpoint(request)

        return met

    def _check_page_token(self, request: Request) -> None:
        if _token(request) != self._settings.page_token:
            raise wrong_token()

    def _check_app_token(self, request: Request) -> None:
        """An app's own token is `<app id>|<app secret>`; the id may be any, because a developer has none locally."""
        if _token(request).partition("|")[2] != self._settings.app_secret:
            raise wrong_token()

    def _check_page(self, page: str) -> None:
        if page not in ("me", self._settings.page_id):
            raise invalid(
                f"Unsupported post request. Object with ID '{page}' does not exist, cannot be loaded due to missing "
                "permissions, or does not support this operation",
                33,
            )


def _answering(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GraphError as error:
            return JSONResponse(error.body(), error.status)

    return answer


def _token(request: Request) -> str:
    token = request.query_params.get("access_token")
    if token is None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not token:
        raise no_token()
    return token


async def _parameters(request: Request) -> dict[str, Any]:
    """Parameters in Graph's three ways: in the query, as a form, as JSON."""
    body = await request.body()
    if not body:
        return dict(request.query_params)
    if body.lstrip().startswith(b"{"):
        return {**request.query_params, **_json(body)}
    return {**request.query_params, **dict(parse_qsl(body.decode()))}


def _json(body: bytes) -> Json:
    try:
        call = json.loads(body)
    except ValueError:  # malformed JSON, or bytes that are no UTF-8
        raise invalid("The body is not valid JSON") from None
    if not isinstance(call, dict):
        raise invalid("The body must be a JSON object")
    return call


def _list(value: object) -> list[str]:
    """A list in Graph's ways: JSON, or words with commas between."""
    if isinstance(value, str):
        value = json.loads(value) if value.startswith("[") else value.split(",")
    if not isinstance(value, list) or not value:
        raise invalid("Param fields must be a non-empty array")
    return [str(item) for item in value]


def _webhook_fields(parameter: str, value: object) -> list[str]:
    fields = _list(value)
    if unknown := sorted(set(fields) - WEBHOOK_FIELDS):
        raise invalid(f"Param {parameter} has an unknown field: {', '.join(unknown)}")
    return fields
