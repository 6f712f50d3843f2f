"""The HTTP edge: who may call a route, what a body may be, and how an error is answered.

Every route goes through `Application.route`, so none can forget to say who may call it, to limit its body, or to answer an error
as `application/problem+json` (https://www.rfc-editor.org/rfc/rfc9457).
"""

import base64
import functools
import json
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from chalice.app import AuthRequest, AuthResponse, Chalice, Request, Response

from chalicelib import errors, ids
from chalicelib.logs import log

BODY_LIMIT = 256 * 1024
"""Bytes; more is answered 413."""
SIGNED_BODY_LIMIT = 5 * 1024 * 1024
"""Of a platform, whose batches are as large as it likes (docs/decisions/0006): Lambda itself takes no more than 6 MB."""

ANYONE = "anyone"
FAN = "fan"
"""Whoever holds the link: a session or a ticket's code is in it."""
PLATFORM = "platform"
"""A platform whose signature the handler verifies over the raw body."""
ORGANISER = "organiser"
STEWARD = "steward"
SERVICE = "service"

_WITHOUT_TOKEN = {ANYONE, FAN, PLATFORM}
"""Any other word for who may call, a misspelt one too, is a role that a token must have."""

PAGE_DEFAULT, PAGE_LIMIT = 50, 100
"""Things on a page of a list: unless the caller wants another number, and at most."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FORM_DATA = "multipart/form-data"
MERGE_PATCH = "application/merge-patch+json"
"""https://www.rfc-editor.org/rfc/rfc7396"""
PATCH = [JSON, MERGE_PATCH]
"""The content types of a patch, which is one by either name."""

_STATUS: dict[type[errors.GuestlistError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Unprocessable: 422,
    errors.Unavailable: 503,
}
_CHALICES_OWN = {405, 415}
_TITLE = {
    400: "The request is not valid",
    401: "Who are you?",
    403: "You may not do this",
    404: "There is no such thing",
    409: "Not in its present state",
    405: "This method is not for this path",
    412: "It was changed in the meantime",
    413: "The body is too large",
    415: "This content type is not for this path",
    422: "This cannot be done",
    429: "Too many requests at once",
    500: "Something went wrong on our side",
    503: "Please try again in a moment",
}

_VERSION_TAG = re.compile('"(0|[1-9][0-9]{0,17})"')
_DIGEST_LENGTH = len(ids.digest())

View = Callable[..., Any]


class Principal(NamedTuple):
    """Who calls, by their token; without one, nobody: no role."""

    name: str = ""
    """For the record of who did what: the name that the token was given, never the token."""
    role: str = ""
    campaigns: tuple[str, ...] = ()
    """The campaigns that the token is limited to; none when it is not limited."""

    def may_use(self, campaign_id: str) -> bool:
        return not self.campaigns or campaign_id in self.campaigns

    def require(self, campaign_id: str) -> None:
        """`Forbidden` where the token is limited to other campaigns, whether there is such a campaign or not."""
        if not self.may_use(campaign_id):
            raise errors.Forbidden(f"The token is limited to: {', '.join(self.campaigns)}. This is of another campaign")


class Application(Chalice):
    """A Chalice application whose routes say who may call them.

    `who` is ANYONE, FAN or PLATFORM for a route without a token, or the roles that may call it with `Authorization: Bearer …`:
    a missing or unknown token is answered 401, a wrong role 403. A token that is limited to campaigns is answered 403, too, but where
    the path has one of them as its `{campaign}`, or the route is `scoped`: then what is behind it looks at `principal(request)` itself.

    Its `api.binary_types` are `*/*`: API Gateway looks only at the first type that a caller accepts, so nothing less hands a picture to
    every browser (https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html).

    Pages of the `allowed_origins` may read what a token, or no proof at all, is needed for (https://fetch.spec.whatwg.org/#http-cors-protocol).
    Chalice's own `cors` knows one origin only. `callers` has who may call, by method and path.
    """

    def __init__(self, app_name: str, *, allowed_origins: Callable[[], tuple[str, ...]] = tuple) -> None:
        super().__init__(app_name)
        self.callers: dict[tuple[str, str], tuple[str, ...]] = {}
        self._allowed_origins = allowed_origins

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401  # Lambda's own
        """Answer a request; one without an Accept header, which Chalice would refuse once anything may be binary, accepts anything."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        answer: dict[str, Any] = super().__call__({**event, "headers": {"accept": "*/*", **headers}}, context)
        status = answer["statusCode"]
        if status in _CHALICES_OWN:  # said by Chalice itself, before any route of ours
            refusal = problem(status, json.loads(base64.b64decode(answer["body"]))["Message"]).to_dict()
            answer = refusal | {"headers": answer["headers"] | refusal["headers"]}
        return answer | {"headers": answer["headers"] | self._sharing(event, headers.get("origin"))}

    def route(  # type: ignore[override]
        self,
        path: str,
        *,
        who: str | tuple[str, ...],
        scoped: bool = False,
        **options: Any,  # noqa: ANN401  # Chalice's own
    ) -> Callable[[View], View]:
        roles = (who,) if isinstance(who, str) else who
        declare = super().route(path, **options)

        def decorate(view: View) -> View:
            @functools.wraps(view)
            def answer(**parameters: str) -> Response:
                assert self.current_request is not None  # noqa: S101  # Chalice sets it before it calls a route
                call = _Call(self.current_request, roles, scoped, _decoded(parameters))
                return _answer(call, lambda: view(**call.parameters))

            declare(answer)
            self.callers.update({(method, path): roles for method in options.get("methods", ["GET"])})
            if not _WITHOUT_TOKEN.issuperset(roles) and "OPTIONS" not in self.routes[path]:
                super(Application, self).route(path, methods=["OPTIONS"])(self._answer_preflight)
            return view

        return decorate

    def by_token(self, authorizer: object, wiring: object) -> Callable[..., None]:
        """What declares routes, one a line; those for holders of tokens ask the authorizer.

            api("GET", "/users/{user}", (ORGANISER, SERVICE), "users_api.show")

        `wiring.users_api().show(user, request)` answers it: a view gets the path's parameters in their order, then the request.
        """

        def declare(
            method: str, path: str, who: str | tuple[str, ...], answered_by: str, *, scoped: bool = False
        ) -> None:
            build, _, view = answered_by.partition(".")

            def answer(**parameters: str) -> Any:  # noqa: ANN401  # whatever a view answers
                return getattr(getattr(wiring, build)(), view)(*parameters.values(), self.current_request)

            asked = None if _WITHOUT_TOKEN.issuperset([who] if isinstance(who, str) else who) else authorizer
            options = {"authorizer": asked, "content_types": PATCH if method == "PATCH" else [JSON]}
            self.route(path, methods=[method], who=who, scoped=scoped, **options)(answer)

        return declare

    def _answer_preflight(self, **_: str) -> Response:
        """What a page of an allowed origin may ask for: a browser wants to know before it sends a token."""
        assert self.current_request is not None  # noqa: S101  # as above
        methods = ", ".join(self.routes[self.current_request.context["resourcePath"]])
        allowed = {"Methods": methods, "Headers": "Authorization, Content-Type, Idempotency-Key, If-Match"}
        headers = {f"Access-Control-Allow-{name}": value for name, value in allowed.items()}
        return Text("", {**headers, "Access-Control-Max-Age": "600"}, 204)

    def _sharing(self, event: Mapping[str, Any], origin: str | None) -> dict[str, str]:
        """The headers that let a page of this origin read an answer; none, where fans or platforms are answered."""
        context = event["requestContext"]
        roles = self.callers.get((context["httpMethod"], context["resourcePath"]), ())
        origins = self._allowed_origins()
        if FAN in roles or PLATFORM in roles or not origins:
            return {}
        if origin not in origins:
            return {"Vary": "Origin"}  # caches keep it for nobody else
        exposed = {"Access-Control-Expose-Headers": "ETag, Location, Retry-After"}
        return {"Vary": "Origin", "Access-Control-Allow-Origin": origin, **exposed}


def authorise(request: AuthRequest, principal_of: Callable[[str], Principal | None]) -> AuthResponse:
    """Answer API Gateway's question about a bearer token with whose it is, for `principal` to read.

    The route decides what they may do, so that 401 and 403 look alike everywhere; a token that is nobody's gets no role, which
    every route refuses with 401 (API Gateway itself could only say 403).
    """
    scheme, _, token = request.token.partition(" ")
    found = (principal_of(token.strip()) if scheme.lower() == "bearer" else None) or Principal()
    context = {"name": found.name, "role": found.role, "campaigns": " ".join(found.campaigns)}
    return AuthResponse(routes=["*"], principal_id=found.name or "nobody", context=context)


def principal(request: Request) -> Principal:
    """Who calls, as `authorise` found out."""
    found = request.context.get("authorizer") or {}
    return Principal(found.get("name", ""), found.get("role", ""), tuple(found.get("campaigns", "").split()))


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return response(json.dumps(body), JSON, {"Cache-Control": "no-store", **(headers or {})}, status)


def response(body: str, content_type: str, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    return Text(body, {"Content-Type": content_type, **(headers or {})}, status)


class Text(Response):
    """Goes to API Gateway as it is, where Chalice would encode it, as anything may be binary."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002  # Chalice's signature
        return super().to_dict([])


def raw_body(request: Request) -> bytes:
    """The body as it was sent: Chalice's type says `str | bytes`, and it always gives bytes."""
    return cast("bytes", request.raw_body)


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object, or `Invalid`."""
    try:
        body = json.loads(request.raw_body)
    except (ValueError, RecursionError) as error:
        raise errors.Invalid("The body is not JSON") from error
    if not isinstance(body, dict):
        raise errors.Invalid("The body must be a JSON object")
    return body


def query(request: Request) -> Mapping[str, str]:
    """The query's parameters, the last of each name; empty when there are none."""
    return request.query_params or {}


def etag(version: int) -> str:
    """The value of the header ETag for a thing in this version (https://www.rfc-editor.org/rfc/rfc9110#field.etag)."""
    return f'"{version}"'


def if_match(request: Request) -> int | None:
    """The version that the caller has seen and means to change; None: whichever it is.

    `PreconditionFailed` for a tag that is none of ours, and for a weak one, which RFC 9110 compares as unlike any other.
    """
    header = request.headers.get("if-match", "*").strip()
    if header == "*":
        return None
    if not re.fullmatch(r'(W/)?"[!#-~\x80-\xff]*"', header):
        raise errors.Invalid("If-Match must be the one ETag that you read, in its quotation marks, or *")
    if not _VERSION_TAG.fullmatch(header):
        raise errors.PreconditionFailed(
            "If-Match is no ETag that this has had: read it again, and send the one you get"
        )
    return int(header.strip('"'))


class Page(NamedTuple):
    """What a caller wants of a list."""

    limit: int
    after: str
    """For `tables.page`: empty at the beginning."""


def page(request: Request, of: str) -> Page:
    """The query's `limit` and `cursor`, for the list `of` this name; `Invalid` names what is wrong with them."""
    asked = query(request)
    limit, given = asked.get("limit", str(PAGE_DEFAULT)), asked.get("cursor", "")
    wrong = []
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= PAGE_LIMIT:
        wrong.append(errors.FieldError("limit", f"must be a whole number from 1 to {PAGE_LIMIT}"))
    after = _after(given, of)
    if after is None:
        wrong.append(errors.FieldError("cursor", "must be the nextCursor of this list's last page, as it was given"))
    if wrong:
        raise errors.Invalid("The page cannot be shown", tuple(wrong))
    return Page(int(limit), after or "")


def cursor(of: str, after: str) -> str:
    """Where the next page of a list begins, in a form that callers need not understand; empty at the list's end.

    It begins with a digest, which tells a cut or mixed up cursor. That is no proof, and none is needed: a cursor names a place in the
    list that the caller may read from end to end.
    """
    if not after:
        return ""
    place = base64.urlsafe_b64encode(after.encode()).decode().rstrip("=")
    return ids.digest(of, after) + place


def _after(given: str, of: str) -> str | None:
    """What `cursor` was given; None when it did not make this."""
    place = given[_DIGEST_LENGTH:]
    try:
        after = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
    except ValueError:  # bytes that are no text too
        return None
    return after if cursor(of, after) == given else None


def problem(status: int, detail: str, **members: object) -> Response:
    """An error's answer; `members` are added to RFC 9457's own."""
    body = {"type": "about:blank", "title": _TITLE[status], "status": status, "detail": detail, **members}
    return response(json.dumps(body), "application/problem+json", {"Cache-Control": "no-store"}, status)


class _Call(NamedTuple):
    """A request for a route, and what the route says about its callers."""

    request: Request
    roles: tuple[str, ...]
    scoped: bool
    parameters: Mapping[str, str]


def _answer(call: _Call, view: Callable[[], Any]) -> Response:
    try:
        _check_caller(call)
        _check_size(call.request, SIGNED_BODY_LIMIT if PLATFORM in call.roles else BODY_LIMIT)
        answer = view()
    except tuple(_STATUS) as error:
        return refusal(error)
    except Exception as error:  # noqa: BLE001  # the edge: the caller gets an answer, the log gets the place
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        log("failed", error=type(error).__name__, at=place, failures=1)
        return problem(500, "The error is in our log. Nothing that we answered 2xx before is lost.")
    return answer if isinstance(answer, Response) else json_response(answer)


def _check_caller(call: _Call) -> None:
    if call.roles and _WITHOUT_TOKEN.issuperset(call.roles):
        return
    caller = principal(call.request)
    if not caller.role:
        raise errors.Unauthenticated("The token is not known. Send Authorization: Bearer … with a token of this stage")
    if caller.role not in call.roles:
        raise errors.Forbidden(f"This is for the role {' or '.join(call.roles)}; the token's role is {caller.role}")
    if "campaign" in call.parameters:
        caller.require(call.parameters["campaign"])
    elif caller.campaigns and not call.scoped:
        raise errors.Forbidden(f"The token is limited to: {', '.join(caller.campaigns)}. This is for all campaigns")


def _check_size(request: Request, limit: int) -> None:
    if len(request.raw_body) > limit:
        raise errors.TooLarge(f"The body has {len(request.raw_body)} bytes; the limit is {limit}")


def refusal(error: errors.GuestlistError) -> Response:
    """An error in HTTP."""
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    if isinstance(error, errors.Unavailable):
        log("unavailable", reason=str(error), failures=1)
    members: dict[str, object] = {}
    if isinstance(error, errors.Invalid | errors.Conflict) and error.errors:
        members["errors"] = [wrong._asdict() for wrong in error.errors]
    if isinstance(error, errors.Conflict):
        members.update(error.facts)
    answer = problem(status, str(error), **members)
    if isinstance(error, errors.Busy):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def _decoded(parameters: Mapping[str, str]) -> dict[str, str]:
    """Path parameters arrive URL-encoded (https://github.com/aws/chalice/issues/511)."""
    return {name: unquote(value) for name, value in parameters.items()}
