"""The HTTP edge: who may call, what is read, and how an error is said. One small application shows it all."""

import base64
import json
import re
import types

import pytest
from chalice.app import AuthResponse, Response
from hypothesis import given
from hypothesis import strategies as st
from pytest_chalice.handlers import RequestHandler

from chalicelib import errors, http
from chalicelib.errors import FieldError
from tests import emf

JSON = {"Content-Type": "application/json"}


class Missing(errors.NotFound):
    """A feature's own kind."""


class SomethingElse(errors.GuestlistError):
    """Of no kind that the edge knows."""


def applied(view, who=http.ANYONE, **options):
    """A client of an application with this one view, which gets the request."""
    app = http.Application("sample")
    app.api.binary_types = ["*/*"]

    @app.authorizer()
    def authorise(request):
        return AuthResponse(["*"], "x", {"role": request.token})

    options = {"methods": ["GET", "POST"], "name": "shown"} | options
    roles = {who} if isinstance(who, str) else {*who}
    if not roles & {http.ANYONE, http.FAN, http.PLATFORM}:
        options["authorizer"] = authorise
    app.route("/things/{name}", who=who, **options)(lambda name: view(app.current_request, name))
    return RequestHandler(app)


def raising(error):
    def view(_request, _name):
        raise error

    return applied(view)


def is_a_problem(answer, status):
    problem = json.loads(answer.body)
    assert answer.status_code == problem["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert problem["type"] == "about:blank"
    assert problem["title"]
    return problem


# ─── errors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Invalid("why"), 400),
        (errors.Unauthenticated("why"), 401),
        (errors.Forbidden("why"), 403),
        (errors.NotFound("why"), 404),
        (Missing("why"), 404),
        (errors.Conflict("why"), 409),
        (errors.PreconditionFailed("why"), 412),
        (errors.TooLarge("why"), 413),
        (errors.Unprocessable("why"), 422),
        (errors.Unavailable("why"), 503),
    ],
)
def test_every_kind_of_error_is_a_problem_that_says_why(error, status):
    problem = is_a_problem(raising(error).get("/things/a", headers={}), status)
    assert problem["detail"] == "why"
    assert set(problem) == {"type", "title", "status", "detail"}


def test_every_kind_that_can_be_raised_has_an_answer():
    assert set(errors.GuestlistError.__subclasses__()) - {SomethingElse} <= set(http._STATUS)  # noqa: SLF001  # its table
    assert set(http._STATUS.values()) <= set(http._TITLE)  # noqa: SLF001  # the same


def test_a_bad_body_is_answered_with_every_field():
    wrong = (FieldError("name", "is missing"), FieldError("questions[2].text.nl", "is empty"))
    problem = is_a_problem(raising(errors.Invalid("why", wrong)).get("/things/a", headers={}), 400)
    assert problem["errors"] == [
        {"field": "name", "message": "is missing"},
        {"field": "questions[2].text.nl", "message": "is empty"},
    ]


def test_a_conflict_is_answered_with_its_facts():
    error = errors.Conflict("why", reason="already_redeemed", redeemedAt="2026-12-05T19:00:00.000Z")
    problem = is_a_problem(raising(error).get("/things/a", headers={}), 409)
    assert (problem["reason"], problem["redeemedAt"]) == ("already_redeemed", "2026-12-05T19:00:00.000Z")


def test_who_comes_while_the_same_is_being_done_is_told_when_to_come_again():
    answer = raising(errors.Busy("why", 7)).get("/things/a", headers={})
    is_a_problem(answer, 409)
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    "error", [KeyError("secret"), SystemError("secret"), SomethingElse("secret"), AssertionError()]
)
def test_an_error_of_ours_tells_the_caller_nothing_and_the_log_where(error, capsys):
    answer = raising(error).get("/things/a", headers={})
    is_a_problem(answer, 500)
    printed = capsys.readouterr().out
    assert "secret" not in answer.body + printed
    line = json.loads(printed)
    assert (line["event"], line["error"]) == ("failed", type(error).__name__)
    assert line["at"].startswith(("test_http.py:", "http.py:"))


def test_what_we_could_not_do_counts_as_a_failure(capsys):
    raising(KeyError()).get("/things/a", headers={})
    raising(errors.Unavailable("the queue refuses")).get("/things/a", headers={})
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["failed", "unavailable"]
    assert [(point.name, point.value) for point in emf.points(lines)] == [("failures", 1), ("failures", 1)]


def test_an_error_that_callers_were_told_of_is_not_logged(capsys):
    raising(errors.NotFound("why")).get("/things/a", headers={})
    assert capsys.readouterr().out == ""


# ─── answers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_may_answer_a_response_or_what_becomes_json():
    whole = applied(lambda *_: http.json_response({"a": "é"}, 201, {"Location": "/things/a"})).get(
        "/things/a", headers={}
    )
    assert (whole.status_code, whole.json, whole.headers["Location"]) == (201, {"a": "é"}, "/things/a")
    plain = applied(lambda *_: {"a": "é"}).get("/things/a", headers={})
    assert (plain.status_code, plain.json) == (200, {"a": "é"})
    for answer in (whole, plain):
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"


def test_text_goes_out_as_it_is_and_pictures_encoded():
    text = applied(lambda *_: http.response("één", "text/plain; charset=utf-8")).get("/things/a", headers={})
    assert text.body == "één"
    assert "is_base64_encoded" not in text.values
    picture = applied(lambda *_: Response(b"\x89PNG", {"Content-Type": "image/png"})).get("/things/a", headers={})
    assert base64.b64decode(picture.body) == b"\x89PNG"


# ─── what is read ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a", "a"),
        ("a%20b", "a b"),
        ("caf%C3%A9", "café"),
        ("100%25", "100%"),
        ("a+b", "a+b"),
        ("%FF", "�"),
        ("%zz", "%zz"),
    ],
)
def test_path_parameters_are_decoded_once(path, name):
    assert applied(lambda _, name: {"name": name}).get(f"/things/{path}", headers={}).json == {"name": name}


@pytest.mark.parametrize(
    ("query", "found"),
    [("", {}), ("?", {}), ("?a=1&b=%C3%A9", {"a": "1", "b": "é"}), ("?a=1&a=2", {"a": "2"})],
)
def test_a_query_is_a_mapping_whether_there_is_one_or_not(query, found):
    client = applied(lambda request, _: dict(http.query(request)))
    assert client.get(f"/things/a{query}", headers={}).json == found


@pytest.mark.parametrize("body", [b'{"a": "\xc3\xa9"}', b'\xef\xbb\xbf{"a": "\xc3\xa9"}', b' {"a": "\\u00e9"}\n'])
def test_a_json_object_is_read(body):
    client = applied(lambda request, _: http.json_object(request))
    assert client.post("/things/a", headers=JSON, body=body).json == {"a": "é"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"{}"', b"1", b"\xff\xfe", b"{}{}", b"[" * 5_000, b"1" * 5_000]
)
def test_what_is_no_json_object_is_refused(body):
    client = applied(lambda request, _: http.json_object(request))
    problem = is_a_problem(client.post("/things/a", headers=JSON, body=body), 400)
    assert "JSON" in problem["detail"]


@pytest.mark.parametrize(
    ("who", "limit"),
    [(http.ANYONE, 256 * 1024), (http.FAN, 256 * 1024), (http.PLATFORM, 5 * 1024 * 1024), ("steward", 256 * 1024)],
)
def test_a_body_has_a_limit_and_a_platforms_a_larger_one(who, limit):
    client = applied(lambda request, _: {"length": len(request.raw_body)}, who)
    headers = JSON | {"Authorization": "steward"}
    assert client.post("/things/a", headers=headers, body=b"x" * limit).json == {"length": limit}
    refused = client.post("/things/a", headers=headers, body=b"x" * (limit + 1))
    assert str(limit) in is_a_problem(refused, 413)["detail"]


# ─── versions and pages ────────────────────────────────────────────────────────────────────────────────────────────


def matching(header):
    """What If-Match with this header wants, or the problem's status."""
    answer = applied(lambda request, _: {"wanted": http.if_match(request)}).get(
        "/things/a", headers={} if header is None else {"If-Match": header}
    )
    return answer.json["wanted"] if answer.status_code == 200 else is_a_problem(answer, answer.status_code)["status"]


@pytest.mark.parametrize("version", [0, 1, 42, 10**17])
def test_the_tag_of_a_version_is_a_strong_one_and_comes_back_as_that_version(version):
    assert http.etag(version).startswith('"')
    assert matching(http.etag(version)) == version
    assert matching(f" {http.etag(version)} ") == version


@pytest.mark.parametrize("header", [None, "*", " * "])
def test_who_names_no_version_means_whichever_it_is(header):
    assert matching(header) is None


@pytest.mark.parametrize("header", ['W/"3"', '"x"', '"03"', '"-1"', '""', '"1.0"', f'"{"9" * 30}"', '"٣"'])
def test_a_tag_that_is_none_of_ours_matches_nothing(header):
    assert matching(header) == (400 if "٣" in header else 412)


@pytest.mark.parametrize("header", ["3", '"3', "'3'", '"3" "4"', '"3", "4"', "**", "", "\u201c3\u201d"])
def test_what_is_no_tag_is_refused(header):
    assert matching(header) == 400


PLACES = st.text(st.characters(codec="utf-8"), min_size=1)


@given(of=st.text(), after=PLACES, limit=st.integers(1, 100))
def test_a_cursor_goes_on_where_the_last_page_ended(of, after, limit):
    cursor = http.cursor(of, after)
    assert re.fullmatch("[A-Za-z0-9_-]+", cursor)
    assert http.page(asking(cursor=cursor, limit=str(limit)), of) == (limit, after)


@given(after=PLACES, data=st.data())
def test_a_cursor_that_was_changed_or_is_of_another_list_is_refused(after, data):
    cursor = http.cursor("users", after)
    where = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("Aa0_-é=.").filter(lambda character: character != cursor[where]))
    for spoilt in (cursor[:where] + other + cursor[where + 1 :], cursor[:-1], cursor + "A", cursor + "="):
        with pytest.raises(errors.Invalid) as refused:
            http.page(asking(cursor=spoilt), "users")
        assert [wrong.field for wrong in refused.value.errors] == ["cursor"]
    with pytest.raises(errors.Invalid):
        http.page(asking(cursor=cursor), "products")


def test_a_list_begins_at_its_beginning_with_fifty_and_ends_without_a_cursor():
    assert http.page(asking(), "users") == (50, "")
    assert http.page(asking(cursor="", limit="100"), "users") == (100, "")
    assert http.cursor("users", "") == ""


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "1e1", "ten", "", " 5", "٣", "9" * 5_000])
def test_a_page_of_another_size_is_refused_and_both_mistakes_are_told_at_once(limit):
    with pytest.raises(errors.Invalid) as refused:
        http.page(asking(limit=limit, cursor="\ud800"), "users")
    assert [wrong.field for wrong in refused.value.errors] == ["limit", "cursor"]
    assert "1 to 100" in refused.value.errors[0].message


def asking(**query):
    """A request with this query."""
    return types.SimpleNamespace(query_params=query or None)


# ─── who may call ──────────────────────────────────────────────────────────────────────────────────────────────────

ROLES = ("organiser", "steward", "service")


@pytest.mark.parametrize("allowed", [("organiser",), ("steward",), ("service",), ("organiser", "service"), ROLES])
@pytest.mark.parametrize("role", [*ROLES, "", "admin"])
def test_the_roles_of_a_route_may_call_it_and_no_others(allowed, role):
    answer = applied(lambda *_: {}, allowed).get("/things/a", headers={"Authorization": role})
    if role in allowed:
        assert answer.status_code == 200
    elif role:
        detail = is_a_problem(answer, 403)["detail"]
        assert all(name in detail for name in allowed)
    else:
        is_a_problem(answer, 401)


def test_a_caller_who_may_not_call_learns_nothing_of_the_body():
    client = applied(lambda *_: {}, ("organiser",))
    is_a_problem(client.post("/things/a", headers=JSON | {"Authorization": "steward"}, body=b"x" * 300_000), 403)


@pytest.mark.parametrize("who", [http.ANYONE, http.FAN, http.PLATFORM])
def test_a_route_without_a_token_is_open(who):
    assert applied(lambda *_: {}, who).get("/things/a", headers={}).status_code == 200


@pytest.mark.parametrize("who", [(), "organizer", ("organiser", http.FAN), ("organiser", "stewart")])
def test_a_slip_in_who_may_call_opens_no_route(who):
    app = http.Application("sample")
    app.api.binary_types = ["*/*"]
    app.route("/things", who=who)(dict)
    is_a_problem(RequestHandler(app).get("/things", headers={}), 401)


# ─── pages of other origins ────────────────────────────────────────────────────────────────────────────────────────

FRIEND, STRANGER = "https://app.example", "https://evil.example"


def shared(view=dict, who=("organiser",), origins=(FRIEND,)):
    """A client of an application that pages of these origins may use."""
    app = http.Application("sample", allowed_origins=lambda: origins)
    app.api.binary_types = ["*/*"]

    @app.authorizer()
    def authorise(request):
        return AuthResponse(["*"], "x", {"role": request.token})

    token = {"authorizer": authorise} if isinstance(who, tuple) else {}
    app.route("/things", methods=["GET"], who=who, **token)(view)
    app.route("/things", methods=["POST"], who=who, **token)(view)
    return RequestHandler(app)


def of_cors(answer):
    return {
        name: value for name, value in answer.headers.items() if name.startswith("Access-Control-") or name == "Vary"
    }


def test_a_page_of_an_allowed_origin_learns_what_it_may_send_before_it_sends_a_token():
    asked = {"Origin": FRIEND, "Access-Control-Request-Method": "POST"}
    answer = shared().options("/things", headers=asked)
    assert (answer.status_code, answer.body) == (204, "")
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert {"GET", "POST"} <= {*answer.headers["Access-Control-Allow-Methods"].split(", ")}
    sent = {"Authorization", "Content-Type", "If-Match", "Idempotency-Key"}
    assert sent <= {*answer.headers["Access-Control-Allow-Headers"].split(", ")}


def test_a_page_of_an_allowed_origin_reads_answers_and_their_headers():
    answer = shared().get("/things", headers={"Origin": FRIEND, "Authorization": "organiser"})
    assert answer.status_code == 200
    assert of_cors(answer) == {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": FRIEND,
        "Access-Control-Expose-Headers": "ETag, Location, Retry-After",
    }


def refuse():
    raise errors.Invalid("why")


def fail():
    raise KeyError


@pytest.mark.parametrize(
    ("view", "sent", "status"),
    [
        (refuse, {"Authorization": "organiser"}, 400),
        (dict, {"Authorization": ""}, 401),
        (dict, {"Authorization": "steward"}, 403),
        (dict, {"Authorization": "organiser", "Content-Type": "text/xml"}, 415),
        (fail, {"Authorization": "organiser"}, 500),
    ],
)
def test_a_page_of_an_allowed_origin_reads_errors_too(view, sent, status):
    answer = shared(view).post("/things", headers=JSON | sent | {"Origin": FRIEND}, body=b"{}")
    is_a_problem(answer, status)
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND


@pytest.mark.parametrize("origin", [STRANGER, "null", FRIEND.upper(), f"{FRIEND}.evil.example", f"{FRIEND}:8443"])
def test_a_page_of_another_origin_is_told_nothing(origin):
    for method in ("get", "options"):
        answer = getattr(shared(), method)("/things", headers={"Origin": origin, "Authorization": "organiser"})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_where_no_origin_is_allowed_nothing_is_said_of_it():
    answer = shared(origins=()).get("/things", headers={"Origin": FRIEND, "Authorization": "organiser"})
    assert (answer.status_code, of_cors(answer)) == (200, {})


@pytest.mark.parametrize(("who", "found"), [(http.FAN, False), (http.PLATFORM, False), (http.ANYONE, True)])
def test_what_is_a_fans_or_a_platforms_is_read_by_no_other_page(who, found):
    answer = shared(who=who).get("/things", headers={"Origin": FRIEND})
    assert answer.status_code == 200
    assert ("Access-Control-Allow-Origin" in answer.headers) == found


# ─── what Chalice itself refuses ───────────────────────────────────────────────────────────────────────────────────


def test_a_method_and_a_content_type_that_a_route_does_not_take_are_problems_too():
    client = applied(lambda *_: {}, methods=["POST"])
    refused = client.get("/things/a", headers={})
    is_a_problem(refused, 405)
    assert refused.headers["Allow"] == "POST"
    is_a_problem(client.post("/things/a", headers={"Content-Type": "text/xml"}, body=b"<x/>"), 415)
