"""Users over HTTP: what is answered, and that a refused request has changed nothing."""

import json

import pytest

from tests.user_site import UserSite, a_user

CHATS = ["messenger:1000:2000", "slack:T01:U01"]


@pytest.fixture
def site():
    return UserSite()


@pytest.fixture
def anna(site):
    """The path of a user."""
    return "/users/" + site.post().body["userId"]


def errors(answer):
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {error["field"]: error["message"] for error in answer.body["errors"]}


# ─── making and seeing ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_user_has_an_address_of_its_own_and_a_version(site):
    made = site.post()
    assert made.status == 201
    assert made.headers["Location"] == f"https://guestlist.example/users/{made.body['userId']}"
    assert made.body == {
        "userId": made.body["userId"],
        **a_user(),
        "conversations": [],
        "createdAt": made.body["createdAt"],
        "updatedAt": made.body["createdAt"],
    }
    seen = site.ask("GET", f"/users/{made.body['userId']}")
    assert (seen.status, seen.body, seen.etag) == (200, made.body, made.etag)
    assert seen.headers["Cache-Control"] == "no-store"


def test_age_and_chats_may_be_left_out(site):
    assert site.post(age=None).body["age"] is None
    assert site.post(email="ben@example.org", conversations=CHATS).body["conversations"] == CHATS


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "user_id", ["unknown", "x" * 2000, "%2e%2e%2f", "%00", "%F0%9F%8E%89", "made", "anna%40example.org"]
)
def test_a_user_that_is_not_there_is_404(site, anna, method, user_id):
    assert site.ask(method, f"/users/{user_id}", a_user(email="other@example.org")).status == 404
    assert len(site.ask("GET").body["users"]) == 1


def test_every_wrong_field_is_told_at_once_and_nothing_is_made(site):
    wrong = {"email": "anna", "name": "", "age": 151, "conversations": ["irc:1"] * 11, "nickname": "An"}
    told = errors(site.ask("POST", body=wrong))
    assert told.keys() >= {"email", "name", "age", "conversations", "nickname"}
    assert not list(site.table)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 1),
        ("name", "   "),
        ("name", "x" * 101),
        ("age", -1),
        ("age", 1.5),
        ("age", "41"),
        ("age", True),
        ("email", None),
        ("email", ["anna@example.org"]),
        ("conversations", "messenger:1000:2000"),
        ("conversations", [CHATS]),
        ("conversations", ["messenger:1000"]),
    ],
)
def test_what_breaks_a_rule_is_refused_by_the_fields_name(site, field, value):
    assert [name.partition("[")[0] for name in errors(site.ask("POST", body={**a_user(), field: value}))] == [field]


@pytest.mark.parametrize(("name", "age"), [("x", 0), ("x" * 100, 150), ("名", 41.0), (" Anna ", None)])
def test_the_limits_themselves_are_allowed(site, name, age):
    made = site.post(name=name, age=age)
    assert (made.status, made.body["name"], made.body["age"]) == (201, name, age)


@pytest.mark.parametrize(
    "raw", ["", "null", "[]", '{"age": NaN}', "{" * 2000, '{"name": "\\ud800"}', "{", '{"a":1,"a":2}']
)
def test_what_is_no_json_object_is_refused(site, anna, raw):
    for method, path in (("POST", "/users"), ("PUT", anna), ("PATCH", anna)):
        assert site.ask(method, path, raw=raw).status == 400


# ─── an e-mail address is one user's ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("email", ["anna@example.org", "ANNA@Example.ORG"])
def test_a_taken_address_is_409_and_makes_nothing(site, anna, email):
    before = set(site.table)
    refused = site.post(email=email)
    assert (refused.status, refused.body["reason"]) == (409, "email_taken")
    assert set(site.table) == before


def test_a_user_cannot_take_anothers_address(site, anna):
    ben = "/users/" + site.post(email="ben@example.org").body["userId"]
    before = site.ask("GET", ben)
    for method in ("PUT", "PATCH"):
        assert site.ask(method, ben, a_user(email="Anna@example.org")).status == 409
    assert site.ask("GET", ben) == before


def test_an_address_is_free_again_when_its_user_has_another_or_is_gone(site, anna):
    assert site.ask("PATCH", anna, {"email": "anna@example.com"}).status == 200
    second = site.post()
    assert second.status == 201
    assert site.ask("DELETE", f"/users/{second.body['userId']}").status == 204
    assert site.post().status == 201
    assert site.post(email="anna@example.com").status == 409


def test_a_user_may_write_its_own_address_differently(site, anna):
    assert site.ask("PATCH", anna, {"email": "Anna@Example.org"}).body["email"] == "Anna@Example.org"
    assert site.post().status == 409


# ─── changing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_put_replaces_all_fields_and_raises_the_version(site, anna):
    before = site.ask("GET", anna)
    site.world.clock.now += 60
    after = site.ask("PUT", anna, {"email": "anna@example.org", "name": "Anne"})
    assert after.status == 200
    assert (after.body["name"], after.body["age"]) == ("Anne", None)
    assert after.body["createdAt"] == before.body["createdAt"] < after.body["updatedAt"]
    assert after.etag != before.etag
    assert site.ask("GET", anna) == after


def test_what_get_answered_can_be_put_and_patched_as_it_is(site, anna):
    seen = site.ask("GET", anna).body
    for method in ("PUT", "PATCH"):
        assert site.ask(method, anna, seen | {"name": "Anne"}).body == seen | {"name": "Anne"}


def test_patch_changes_what_it_names_and_null_takes_away(site, anna):
    site.ask("PATCH", anna, {"conversations": CHATS})
    assert site.ask("PATCH", anna, {"age": None}).body["age"] is None
    assert site.ask("PATCH", anna, {"name": "Anne"}).body["conversations"] == CHATS
    assert site.ask("PATCH", anna, {"conversations": None}).body["conversations"] == []
    assert site.ask("PATCH", anna, {}).body["name"] == "Anne"


@pytest.mark.parametrize(("field", "value"), [("name", None), ("email", None), ("age", -1), ("nickname", None)])
def test_a_patch_that_breaks_a_rule_changes_nothing(site, anna, field, value):
    before = site.ask("GET", anna)
    assert errors(site.ask("PATCH", anna, {"name": "Anne", field: value})).keys() == {field}
    assert site.ask("GET", anna) == before


def test_a_merge_patch_may_say_that_it_is_one(site, anna):
    assert site.ask("PATCH", anna, {"age": 42}, **{"Content-Type": "application/merge-patch+json"}).body["age"] == 42
    assert site.ask("PUT", anna, a_user(), **{"Content-Type": "text/plain"}).status == 415


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_who_has_seen_an_older_version_changes_nothing(site, anna, method):
    old = site.ask("GET", anna).etag
    now = site.ask("PATCH", anna, {"name": "Anne"}, tag=old)
    assert now.status == 200
    for tag in (old, '"7"', 'W/"2"', '"other"'):
        assert site.ask(method, anna, a_user(name="Annie"), tag=tag).status == 412
    assert site.ask(method, anna, a_user(), tag="2").status == 400
    assert site.ask("GET", anna) == now
    assert site.ask(method, anna, a_user(), tag=now.etag).status in (200, 204)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_any_version_will_do_for_who_names_none(site, anna, method):
    assert site.ask(method, anna, a_user(), tag="*").status in (200, 204)


# ─── lists ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def listed(site, limit):
    pages, cursor = [], {}
    while True:
        page = site.ask("GET", query={"limit": str(limit)} | cursor).body
        pages.append([user["email"] for user in page["users"]])
        if "nextCursor" not in page:
            return pages
        cursor = {"cursor": page["nextCursor"]}


def test_pages_show_every_user_once(site):
    made = {site.post(email=f"fan{number}@example.org").body["email"] for number in range(7)}
    pages = listed(site, 3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert {email for page in pages for email in page} == made
    assert len(listed(site, 100)) == 1


def test_a_list_shows_users_as_they_are_alone_and_nothing_else_of_the_table(site, anna):
    site.ask("POST", body=a_user(email="ben@example.org", conversations=CHATS), key="key-1")
    for user in site.ask("GET").body["users"]:
        assert user == site.ask("GET", f"/users/{user['userId']}").body


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "many"}, {"cursor": "abc"}])
def test_a_page_that_cannot_be_is_refused(site, query):
    assert errors(site.ask("GET", query=query)).keys() == query.keys()


# ─── requests that are sent again ───────────────────────────────────────────────────────────────────────────────────


def test_a_request_that_is_sent_again_makes_one_user_and_gets_the_same_answer(site):
    first = site.ask("POST", body=a_user(), key="key-1")
    site.ask("PATCH", first.headers["Location"].removeprefix("https://guestlist.example"), {"name": "Anne"})
    assert site.ask("POST", body=a_user(), key="key-1") == first
    assert len(site.ask("GET").body["users"]) == 1
    assert site.ask("POST", body=a_user(name="Ben"), key="key-1").status == 422
    assert site.ask("POST", body=a_user(), key="key 1").status == 400


def test_a_body_that_is_wrong_uses_no_key_up(site):
    assert site.ask("POST", body=a_user(age=-1), key="key-1").status == 400
    assert site.ask("POST", body=a_user(), key="key-1").status == 201


def test_a_deleted_user_is_in_no_stored_answer_and_is_not_made_again(site):
    made = site.ask("POST", body=a_user(), key="key-1")
    assert site.ask("DELETE", f"/users/{made.body['userId']}").status == 204
    assert "anna" not in json.dumps([site.table.get(*key) for key in site.table]).casefold()
    again = site.ask("POST", body=a_user(), key="key-1")
    assert (again.status, again.body["reason"]) == (409, "deleted")
    assert site.ask("GET").body["users"] == []


# ─── deleting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def deletions(site):
    return [
        (kept["conversation"], kept["kind"]) for kept in (json.loads(each.body) for each in site.world.inbound.messages)
    ]


def test_deleting_a_user_deletes_their_chats_after_the_messages_in_them(site):
    path = "/users/" + site.post(conversations=CHATS).body["userId"]
    gone = site.ask("DELETE", path)
    assert (gone.status, gone.body) == (204, None)
    assert "Content-Type" not in gone.headers
    assert deletions(site) == [(chat, "deletion") for chat in CHATS]
    assert not list(site.table)
    assert site.ask("DELETE", path).status == 404
    assert len(deletions(site)) == 2


def test_when_the_chats_cannot_be_deleted_yet_the_same_request_does_it_later(site):
    path = "/users/" + site.post(conversations=CHATS).body["userId"]
    site.world.inbound.refuses = True
    assert site.ask("DELETE", path, tag='"1"').status == 503
    assert site.ask("GET", path).status == 404
    site.world.inbound.refuses = False
    assert site.ask("DELETE", path, tag='"1"').status == 204
    assert deletions(site) == [(chat, "deletion") for chat in CHATS]
    assert not list(site.table)


def test_a_deletion_of_another_version_deletes_no_chat(site):
    path = "/users/" + site.post(conversations=CHATS).body["userId"]
    assert site.ask("DELETE", path, tag='"2"').status == 412
    assert deletions(site) == []
    assert site.ask("GET", path).status == 200


def test_a_chat_that_is_a_users_no_more_is_left_alone(site):
    path = "/users/" + site.post(conversations=CHATS).body["userId"]
    site.ask("PATCH", path, {"conversations": CHATS[:1]})
    site.users.forget(CHATS[1])
    assert site.ask("GET", path).status == 200
    site.users.forget(CHATS[0])
    assert site.ask("GET", path).status == 404
    assert deletions(site) == [(CHATS[0], "deletion")]
