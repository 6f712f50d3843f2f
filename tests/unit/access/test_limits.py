"""What a token that is limited to campaigns may call, on three routes of a small application."""

import json

import pytest
from chalice.app import AuthResponse
from pytest_chalice.handlers import RequestHandler

from chalicelib import http
from chalicelib.http import ORGANISER


@pytest.fixture
def client():
    app = http.Application("sample")
    app.api.binary_types = ["*/*"]

    @app.authorizer()
    def authorise(request):
        return AuthResponse(["*"], "x", {"name": "Anna", "role": ORGANISER, "campaigns": request.token})

    def declare(path, **options):
        options |= {"who": (ORGANISER,), "authorizer": authorise, "name": path}
        app.route(path, **options)(lambda **_: {"sees": http.principal(app.current_request).campaigns})

    declare("/campaigns/{campaign}")
    declare("/campaigns", scoped=True)
    declare("/users")
    return RequestHandler(app)


def asked(client, path, campaigns):
    return client.get(path, headers={"Authorization": campaigns})


@pytest.mark.parametrize("path", ["/campaigns/bash", "/campaigns/none-such", "/campaigns", "/users"])
def test_a_token_without_a_limit_is_let_in_everywhere(client, path):
    assert asked(client, path, "").json == {"sees": []}


@pytest.mark.parametrize("path", ["/campaigns/bash", "/campaigns/b%61sh", "/campaigns/ball"])
def test_a_limited_token_is_let_in_to_its_own_campaigns(client, path):
    assert asked(client, path, "bash ball").status_code == 200


@pytest.mark.parametrize(
    "path", ["none-such", "bas", "Bash", "bash%20", "bash%20ball", "bash%252F", "bash%2F..%2Fball", "%00", "*"]
)
def test_a_limited_token_is_not_let_in_to_any_other_name(client, path):
    refused = asked(client, f"/campaigns/{path}", "bash ball")
    assert refused.status_code == 403
    assert "limited to: bash, ball" in json.loads(refused.body)["detail"]


def test_a_route_that_looks_for_itself_is_told_the_limit(client):
    assert asked(client, "/campaigns", "bash ball").json == {"sees": ["bash", "ball"]}


def test_a_route_for_all_campaigns_is_not_for_a_limited_token(client):
    refused = asked(client, "/users", "bash")
    assert refused.status_code == 403
    assert "for all campaigns" in json.loads(refused.body)["detail"]
