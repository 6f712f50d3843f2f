"""What API Gateway gets from us, which was told that anything may be binary."""

import base64
import json

import pytest
from pytest_chalice.handlers import RequestHandler

from tests.fakes.web import application
from tests.world import World


@pytest.fixture
def client():
    return RequestHandler(application(World()))


@pytest.mark.parametrize(
    "path", ["/chat/birthday-bash", "/chat/nowhere", "/t/nothing", "/t/nothing.png", "/static/chat.css", "/static/none"]
)
def test_text_goes_out_as_it_is(client, path):
    answer = client.get(path, headers={"accept": "text/html"}).values
    assert isinstance(answer["body"], str)
    assert "is_base64_encoded" not in answer


def test_a_caller_that_does_not_say_what_it_accepts_is_answered(client):
    answer = client.get("/tickets/keys", headers={})
    assert answer.status_code == 200
    assert answer.json["keys"]


def test_a_picture_goes_out_encoded_even_so():
    world = World()
    code = world.play()[-1].ticket
    answer = RequestHandler(application(world)).get(f"/t/{code}.png", headers={}).values
    assert answer["is_base64_encoded"]
    assert base64.b64decode(answer["body"]).startswith(b"\x89PNG")


def test_a_body_that_the_gateway_encoded_is_read_as_it_was():
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/chat/{campaign}/messages"},
        "headers": {"Content-Type": "application/json"},
        "multiValueQueryStringParameters": None,
        "pathParameters": {"campaign": "birthday-bash"},
        "stageVariables": None,
        "body": base64.b64encode(json.dumps({"messageId": "m1", "text": "start"}).encode()).decode(),
        "isBase64Encoded": True,
    }
    assert application(World())(event, None)["statusCode"] == 200
