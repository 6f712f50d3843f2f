"""The Graph API calls behind the operators' `messenger profile|subscribe|status`."""

import pytest
import requests

from tests.unit.simulator.fake_application import a_simulator

PAGE = {"access_token": "local-page-token"}
APP = {"access_token": "2000|local-messenger-app-secret"}
PROFILE = {
    "get_started": {"payload": "start"},
    "greeting": [{"locale": "default", "text": "Hi {{user_first_name}}!"}],
    "ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "What is this?", "payload": "help"}]}],
    "persistent_menu": [
        {"locale": "default", "call_to_actions": [{"type": "postback", "title": "Help", "payload": "help"}]}
    ],
}


@pytest.fixture
def graph():
    with a_simulator() as simulator:

        def call(method, path, json=None, **query):
            return requests.request(method, f"{simulator.url}/v23.0{path}", params=query, json=json, timeout=5)

        call.app_url = simulator.app_url
        yield call


def code(response):
    assert response.status_code == 400
    return response.json()["error"]["code"]


def test_a_profile_that_is_set_can_be_read_and_deleted(graph):
    assert graph("POST", "/me/messenger_profile", PROFILE, **PAGE).json() == {"result": "success"}
    fields = "get_started,greeting,ice_breakers,persistent_menu"
    assert graph("GET", "/me/messenger_profile", fields=fields, **PAGE).json() == {"data": [PROFILE]}
    assert graph("GET", "/me/messenger_profile", fields="greeting", **PAGE).json()["data"] == [
        {"greeting": PROFILE["greeting"]}
    ]
    graph("DELETE", "/me/messenger_profile", {"fields": list(PROFILE)}, **PAGE)
    assert graph("GET", "/me/messenger_profile", fields=fields, **PAGE).json() == {"data": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"greetings": []},
        {"get_started": {}},
        {"get_started": {"payload": "p" * 1001}},
        {"greeting": "Hi"},
        {"greeting": ["Hi"]},
        {"greeting": [{"locale": "nl_NL", "text": "Hoi"}]},
        {"greeting": [{"locale": "default", "text": "x" * 161}]},
        {"ice_breakers": [{"question": "Why?", "payload": "why"}] * 5},
        {"ice_breakers": [{"locale": "default", "call_to_actions": [{"question": "x" * 81, "payload": "why"}]}]},
        {"persistent_menu": PROFILE["persistent_menu"]},
    ],
)
def test_a_profile_that_breaks_a_rule_is_refused_whole(graph, wrong):
    assert (
        code(graph("POST", "/me/messenger_profile", {**wrong, "whitelisted_domains": ["https://a.example"]}, **PAGE))
        == 100
    )
    assert graph("GET", "/me/messenger_profile", fields="whitelisted_domains", **PAGE).json() == {"data": []}


def test_the_page_is_subscribed_and_unsubscribed(graph):
    assert graph("GET", "/me/subscribed_apps", **PAGE).json() == {"data": []}
    fields = "messages,messaging_postbacks"
    assert graph("POST", "/1000/subscribed_apps", subscribed_fields=fields, **PAGE).json() == {"success": True}
    [app] = graph("GET", "/me/subscribed_apps", **PAGE).json()["data"]
    assert app["subscribed_fields"] == ["messages", "messaging_postbacks"]
    graph("DELETE", "/me/subscribed_apps", **PAGE)
    assert graph("GET", "/me/subscribed_apps", **PAGE).json() == {"data": []}
    assert code(graph("POST", "/me/subscribed_apps", subscribed_fields="gossip", **PAGE)) == 100
    assert code(graph("POST", "/1001/subscribed_apps", subscribed_fields=fields, **PAGE)) == 100


def test_the_app_is_subscribed_only_when_its_webhook_gives_the_challenge_back(graph):
    wanted = {
        "object": "page",
        "callback_url": f"{graph.app_url}/webhooks/messenger",
        "fields": ["messages"],
        "verify_token": "local-verify-token",
    }
    assert code(graph("POST", "/2000/subscriptions", wanted | {"verify_token": "other"}, **APP)) == 2200
    assert code(graph("POST", "/2000/subscriptions", wanted | {"callback_url": "http://127.0.0.1:1/"}, **APP)) == 2200
    assert code(graph("POST", "/2000/subscriptions", {"object": "page"}, **APP)) == 100
    assert code(graph("POST", "/2000/subscriptions", wanted, **PAGE)) == 190
    assert graph("GET", "/2000/subscriptions", **APP).json() == {"data": []}
    assert graph("POST", "/2000/subscriptions", wanted, **APP).json() == {"success": True}
    [subscription] = graph("GET", "/2000/subscriptions", **APP).json()["data"]
    assert (subscription["object"], subscription["active"]) == ("page", True)
    assert subscription["fields"] == [{"name": "messages", "version": "v23.0"}]


def test_a_form_will_do_as_well_as_json(graph):
    answer = requests.post(
        f"{graph('GET', '/me', **PAGE).url.split('?')[0]}/subscribed_apps",
        params=PAGE,
        data={"subscribed_fields": '["messages"]'},
        timeout=5,
    )
    assert answer.json() == {"success": True}


def test_the_page_has_a_name(graph):
    assert graph("GET", "/me", **PAGE).json() == {"id": "1000", "name": "Guestlist"}
    assert graph("GET", "/1000", fields="name", **PAGE).json() == {"id": "1000", "name": "Guestlist"}
    assert code(graph("GET", "/me")) == 2500


def test_a_token_says_whether_it_is_alive(graph):
    alive = graph("GET", "/debug_token", input_token="local-page-token", **APP).json()["data"]
    assert (alive["is_valid"], alive["profile_id"]) == (True, "1000")
    assert "pages_messaging" in alive["scopes"]
    dead = graph("GET", "/debug_token", input_token="stolen", **PAGE).json()["data"]
    assert (dead["is_valid"], dead["error"]["code"]) == (False, 190)
    assert code(graph("GET", "/debug_token", input_token="local-page-token", access_token="stolen")) == 190
