"""The Python client of docs/examples, against a server that plays tricks."""

import json

import pytest
import requests
from requests.adapters import BaseAdapter

from docs.examples.guestlist import ATTEMPTS, ChangedMeanwhile, Conflict, Guestlist, NotFound, Problem

SHIRT = {"productId": "shirt", "stock": 5}


class Server(BaseAdapter):
    """Answers with what it is given, in order; an exception is a lost answer."""

    def __init__(self):
        super().__init__()
        self.answers = []
        self.requests = []

    def send(self, request, **_):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        answer.request, answer.url = request, request.url
        return answer

    def close(self):
        """Nothing is open."""


def an_answer(status=200, body=SHIRT, **headers):
    answer = requests.Response()
    answer.status_code = status
    answer.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    answer._content = json.dumps(body).encode() if body is not None else b""  # noqa: SLF001  # it has no other way in
    return answer


def a_problem(status, **members):
    return an_answer(status, {"status": status, "detail": "No.", **members})


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def guestlist(server, pauses):
    with requests.Session() as session:
        session.mount("https://", server)
        yield Guestlist("https://guestlist.example/", "secret", session=session, sleep=pauses.append)


def test_a_call_carries_the_token_and_gets_the_thing_with_its_version(guestlist, server):
    server.answers = [an_answer(ETag='"3"')]
    shirt = guestlist.get("/products/shirt")
    assert (shirt, shirt.etag) == (SHIRT, '"3"')
    assert server.requests[0].url == "https://guestlist.example/products/shirt"
    assert server.requests[0].headers["Authorization"] == "Bearer secret"


LOST = [requests.ConnectionError(), requests.ReadTimeout(), a_problem(503), a_problem(429), a_problem(500)]


@pytest.mark.parametrize("lost", LOST)
def test_what_got_no_answer_is_sent_again_as_the_same(guestlist, server, pauses, lost):
    server.answers = [lost, an_answer(201)]
    assert guestlist.create("/products", SHIRT) == SHIRT
    first, second = server.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert json.loads(first.body) == json.loads(second.body) == SHIRT
    assert len(pauses) == 1


def test_two_things_have_two_keys_unless_the_caller_gives_one(guestlist, server):
    server.answers = [an_answer(201) for _ in range(3)]
    for key in ("", "", "order-7"):
        guestlist.create("/products", SHIRT, key)
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert len(set(keys)) == 3
    assert keys[2] == "order-7"


def test_while_the_first_request_is_being_done_the_client_waits_as_long_as_it_is_told(guestlist, server, pauses):
    server.answers = [an_answer(409, {"detail": "Being done"}, Retry_After="20"), an_answer(201)]
    assert guestlist.create("/products", SHIRT) == SHIRT
    assert pauses == [20]


@pytest.mark.parametrize(("lost", "raised"), [(LOST[0], requests.ConnectionError), (a_problem(503), Problem)])
def test_the_client_gives_up_after_about_a_minute(guestlist, server, pauses, lost, raised):
    server.answers = [lost] * ATTEMPTS
    with pytest.raises(raised):
        guestlist.get("/products/shirt")
    assert server.answers == []
    assert pauses == sorted(pauses)
    assert 45 < sum(pauses) < 70


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Problem), (404, NotFound), (409, Conflict), (412, ChangedMeanwhile), (422, Problem)]
)
def test_what_is_refused_is_raised_at_once_with_all_that_was_said(guestlist, server, status, kind):
    server.answers = [a_problem(status, reason="why", errors=[{"field": "name", "message": "is missing"}])]
    with pytest.raises(kind) as refused:
        guestlist.create("/products", {})
    problem = refused.value
    assert (problem.status, problem.detail, problem.members["reason"]) == (status, "No.", "why")
    assert problem.errors == {"name": "is missing"}
    assert str(problem) == f"{status}: No.\n  name: is missing"


def test_a_page_of_a_proxy_is_a_problem_too(guestlist, server):
    answer = an_answer(403, None)
    answer._content = b"<html>Forbidden</html>"  # noqa: SLF001  # as above
    server.answers = [answer]
    with pytest.raises(Problem, match="403: <html>"):
        guestlist.get("/products/shirt")


def test_a_list_is_read_to_its_end(guestlist, server):
    server.answers = [an_answer(body={"products": [1, 2], "nextCursor": "c"}), an_answer(body={"products": [3]})]
    assert list(guestlist.every("/products", limit=2)) == [1, 2, 3]
    assert [request.path_url for request in server.requests] == ["/products?limit=2", "/products?limit=2&cursor=c"]


def test_who_is_overtaken_reads_again_and_decides_anew(guestlist, server):
    server.answers = [
        an_answer(body={"stock": 5}, ETag='"1"'),
        a_problem(412),
        an_answer(body={"stock": 4}, ETag='"2"'),
        an_answer(body={"stock": 8}, ETag='"3"'),
    ]
    assert guestlist.update("/products/shirt", lambda product: {"stock": 2 * product["stock"]}) == {"stock": 8}
    patches = [request for request in server.requests if request.method == "PATCH"]
    assert [(patch.headers["If-Match"], json.loads(patch.body)) for patch in patches] == [
        ('"1"', {"stock": 10}),
        ('"2"', {"stock": 8}),
    ]


def test_who_is_always_overtaken_is_told_so(guestlist, server):
    server.answers = [an_answer(ETag='"1"'), a_problem(412)] * ATTEMPTS
    with pytest.raises(ChangedMeanwhile):
        guestlist.update("/products/shirt", lambda _: {"stock": 1})
    assert server.answers == []


@pytest.mark.parametrize("answer", [an_answer(204, None), a_problem(404)])
def test_what_is_deleted_is_gone(guestlist, server, answer):
    server.answers = [answer]
    guestlist.delete("/products/shirt")
    assert server.requests[0].method == "DELETE"
