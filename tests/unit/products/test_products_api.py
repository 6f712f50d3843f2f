"""Products over HTTP: what is taken, what is answered, what is refused and why."""

import itertools
import json
import math

import pytest
from pytest_chalice.handlers import RequestHandler

from chalicelib import http
from chalicelib.aws.tables import Change
from chalicelib.idempotency import Idempotency
from chalicelib.products.api import ProductsApi
from chalicelib.products.service import Products
from chalicelib.products.store import ProductStore
from tests.fakes.clock import Clock
from tests.fakes.table import Killed, MortalTable

SHIRT = {"productId": "shirt", "name": "Shirt", "priceCents": 1999, "stock": 5}
SHOWN = SHIRT | {"currency": "EUR", "reserved": 0, "sold": 0}


@pytest.fixture
def table():
    return MortalTable()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(table, clock):
    ids = map("{:03}".format, itertools.count())
    idempotency = Idempotency(table, clock, ids.__next__)
    api = ProductsApi(Products(ProductStore(table)), idempotency, "https://fans.example", clock, ids.__next__)
    app = http.Application("guestlist")
    app.api.binary_types = ["*/*"]

    @app.authorizer()
    def anna(request):
        return http.authorise(request, lambda _token: http.Principal("anna", http.ORGANISER))

    def route(method, path, view):
        types = [http.JSON, http.MERGE_PATCH] if method == "PATCH" else [http.JSON]
        declare = app.route(
            path, methods=[method], who=(http.ORGANISER,), authorizer=anna, content_types=types, name=f"{method} {path}"
        )
        declare(lambda product="": view(product) if product else view())

    route("GET", "/products", lambda: api.list(app.current_request))
    route("POST", "/products", lambda: api.create(app.current_request))
    route("GET", "/products/{product}", lambda product: api.show(product, app.current_request))
    route("PUT", "/products/{product}", lambda product: api.replace(product, app.current_request))
    route("PATCH", "/products/{product}", lambda product: api.change(product, app.current_request))
    route("DELETE", "/products/{product}", lambda product: api.delete(product, app.current_request))
    route("GET", "/products/{product}/stock", lambda product: api.adjustments(product, app.current_request))
    route("POST", "/products/{product}/stock", lambda product: api.adjust(product, app.current_request))
    return Client(RequestHandler(app))


class Client:
    def __init__(self, handler):
        self._handler = handler

    def __call__(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers = {"Content-Type": http.JSON, "Authorization": "Bearer x"} | headers
        call = getattr(self._handler, method.lower())
        answer = call(path, headers=headers, body=b"" if body is None else json.dumps(body).encode())
        return Answer(answer.status_code, answer.headers, json.loads(answer.body or "null"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


@pytest.fixture
def shirt(client):
    return client("POST", "/products", SHIRT)


def test_a_product_is_made_and_shown(client, shirt):
    assert (shirt.status, shirt.body) == (201, SHOWN)
    assert (shirt.headers["Location"], shirt.headers["ETag"]) == ("https://fans.example/products/shirt", '"1"')
    shown = client("GET", "/products/shirt")
    assert (shown.status, shown.body, shown.headers["ETag"]) == (200, SHOWN, '"1"')


def test_a_product_needs_a_name_and_a_price_and_gets_an_id(client):
    made = client("POST", "/products", {"name": "Poster", "priceCents": 0})
    assert made.body == SHOWN | {"productId": made.body["productId"], "name": "Poster", "priceCents": 0, "stock": 0}
    path = f"/products/{made.body['productId']}"
    assert made.headers["Location"] == f"https://fans.example{path}"
    assert client("GET", path).body == made.body


def test_every_wrong_field_is_told_at_once_and_nothing_is_made(client):
    body = {"name": " ", "priceCents": 19.99, "stock": -1, "currency": "USD", "productId": "A/B", "colour": "red"}
    refused = client("POST", "/products", body)
    assert refused.status == 400
    assert {wrong["field"] for wrong in refused.body["errors"]} == body.keys()
    assert client("GET", "/products").body == {"products": []}


def test_an_id_that_is_taken_is_refused(client, shirt):
    refused = client("POST", "/products", SHIRT | {"name": "Another"})
    assert (refused.status, refused.body["reason"]) == (409, "product_exists")
    assert client("GET", "/products/shirt").body == SHOWN


@pytest.mark.parametrize(
    ("path", "body", "left"), [("/products", SHIRT, 5), ("/products/shirt/stock", {"delta": -2, "reason": "Lost"}, 3)]
)
def test_a_request_with_an_idempotency_key_counts_once(client, path, body, left):
    if path != "/products":
        client("POST", "/products", SHIRT)
    first, second = (client("POST", path, body, Idempotency_Key="key-1") for _ in range(2))
    assert (first.status, first.body) == (second.status, second.body)
    assert first.body["stock"] == left
    assert second.headers["ETag"] == first.headers["ETag"]
    assert client("GET", "/products/shirt").body["stock"] == left
    another = client("POST", path, body | {"reason": "Found", "name": "x"}, Idempotency_Key="key-1")
    assert another.status in (400, 422)


@pytest.mark.parametrize("dies_at", [0.5, 1, 1.5, 2, 2.5, 3])  # a half: just before the next write is done
@pytest.mark.parametrize(
    ("path", "body", "left"), [("/products", SHIRT, 5), ("/products/shirt/stock", {"delta": -4, "reason": "Lost"}, 1)]
)
def test_wherever_the_first_request_dies_the_next_one_does_the_rest(client, table, clock, path, body, left, dies_at):
    if path != "/products":
        client("POST", "/products", SHIRT)
    table.dies_at = dies_at
    with pytest.raises(Killed):
        client("POST", path, body, Idempotency_Key="key-1")
    table.dies_at = math.inf
    clock.now += 60
    answer = client("POST", path, body, Idempotency_Key="key-1")
    assert (answer.status // 100, answer.body["stock"]) == (2, left)
    assert client("GET", "/products/shirt").body["stock"] == left
    told = client("GET", "/products/shirt/stock").body["adjustments"]
    assert sum(one["delta"] for one in told) == left
    assert client("POST", path, body, Idempotency_Key="key-1").body == answer.body


def test_a_product_is_replaced(client, shirt):
    answer = client("PUT", "/products/shirt", {"name": "Cap", "priceCents": 999})
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.body == SHOWN | {"name": "Cap", "priceCents": 999}, "the stock is left out, so it stays"
    assert client("PUT", "/products/shirt", {"name": "Cap"}).status == 400, "all of a product has a price"


def test_what_was_read_can_be_sent_back(client, shirt):
    answer = client("PUT", "/products/shirt", SHOWN | {"stock": 7})
    assert (answer.status, answer.body) == (200, SHOWN | {"stock": 7})


@pytest.mark.parametrize("change", [{"productId": "cap"}, {"reserved": 1}, {"sold": 1}])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_only_we_change_is_not_changed(client, shirt, method, change):
    refused = client(method, "/products/shirt", {"name": "Cap", "priceCents": 1} | change)
    assert (refused.status, refused.body["reason"]) == (409, "not_yours")
    assert client("GET", "/products/shirt").body == SHOWN
    assert client("POST", "/products", {"name": "Cap", "priceCents": 1, "sold": 1}).status == 409


@pytest.mark.parametrize("media", ["application/json", "application/merge-patch+json"])
def test_a_patch_changes_what_it_names(client, shirt, media):
    answer = client("PATCH", "/products/shirt", {"priceCents": 1499}, Content_Type=media)
    assert (answer.status, answer.body) == (200, SHOWN | {"priceCents": 1499})
    assert client("PATCH", "/products/shirt", {}).headers["ETag"] == '"2"'
    refused = client("PATCH", "/products/shirt", {"name": None})
    assert refused.body["errors"][0]["field"] == "name"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_with_an_old_etag_nothing_is_changed(client, shirt, method):
    client("PATCH", "/products/shirt", {"name": "Cap"})
    body = None if method == "DELETE" else {"name": "Bag", "priceCents": 1}
    assert client(method, "/products/shirt", body, If_Match='"1"').status == 412
    assert client("GET", "/products/shirt").body == SHOWN | {"name": "Cap"}
    assert client(method, "/products/shirt", body, If_Match='"2"').status in (200, 204)


def test_a_product_is_deleted(client, shirt):
    answer = client("DELETE", "/products/shirt")
    assert (answer.status, answer.body) == (204, None)
    for method, body in (("GET", None), ("DELETE", None), ("PUT", SHIRT), ("PATCH", {})):
        assert client(method, "/products/shirt", body).status == 404


def test_a_product_in_orders_is_not_deleted_and_the_answer_says_why(client, shirt, table):
    table.write(Change("products", "shirt", add={"stock": -2, "reserved": 2}))
    refused = client("DELETE", "/products/shirt")
    assert (refused.status, refused.body["reason"], refused.body["reserved"]) == (409, "in_orders", 2)


def test_the_stock_is_adjusted_with_a_reason_and_the_list_tells_who_did_it(client, shirt):
    answer = client("POST", "/products/shirt/stock", {"delta": -2, "reason": "Damaged"})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (200, SHOWN | {"stock": 3}, '"2"')
    told = client("GET", "/products/shirt/stock").body["adjustments"]
    assert [(one["by"], one["delta"], one["reason"]) for one in told] == [("anna", 5, "Made"), ("anna", -2, "Damaged")]
    assert told[0].keys() == {"adjustmentId", "at", "by", "delta", "reason"}


def test_the_stock_stops_at_zero_and_the_answer_tells_how_much_there_is(client, shirt):
    refused = client("POST", "/products/shirt/stock", {"delta": -6, "reason": "Damaged"})
    assert (refused.status, refused.body["reason"], refused.body["stock"]) == (409, "below_zero", 5)
    assert client("GET", "/products/shirt").body == SHOWN


@pytest.mark.parametrize("body", [{}, {"delta": 1}, {"delta": "1", "reason": "x"}, {"delta": 1, "reason": ""}])
def test_an_adjustment_needs_a_number_and_a_reason(client, shirt, body):
    assert client("POST", "/products/shirt/stock", body).status == 400


@pytest.mark.parametrize("product", ["no-such", "x" * 3000, "%2e%2e%2fshirt", "%F0%9F%8E%89"])
def test_of_a_product_that_is_not_there_everything_is_404(client, shirt, product):
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", SHIRT),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/stock", None),
        ("POST", "/stock", {"delta": 1, "reason": "x"}),
    ):
        assert client(method, f"/products/{product}{path}", body).status == 404


def test_lists_have_pages(client, shirt):
    for name in ("bag", "cap"):
        client("POST", "/products", SHIRT | {"productId": name})
    first = client("GET", "/products?limit=2").body
    assert [product["productId"] for product in first["products"]] == ["bag", "cap"]
    rest = client("GET", f"/products?limit=2&cursor={first['nextCursor']}").body
    assert rest == {"products": [SHOWN]}
    client("POST", "/products/shirt/stock", {"delta": 1, "reason": "Found"})
    first = client("GET", "/products/shirt/stock?limit=1").body
    rest = client("GET", f"/products/shirt/stock?limit=1&cursor={first['nextCursor']}").body
    assert sorted(one["delta"] for page in (first, rest) for one in page["adjustments"]) == [1, 5]
    assert "nextCursor" not in rest
    assert client("GET", f"/products/bag/stock?cursor={first['nextCursor']}").status == 400, "another list's"
